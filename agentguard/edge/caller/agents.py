"""Recognises AI coding agents by their processes and by the variables that they set.

The names come from the agents' packages and installers, the marks from their documentation and
source. A mark can be set or unset by anybody: it may name an agent and make the guard stricter,
and its absence proves nothing.
"""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...core.caller import Process

#: Program file names, and the agent each one is. Editors are not here: a person's own terminal
#: may be inside one.
PROGRAMS = {
    "acli": "rovodev",
    "agy": "antigravity",
    "aider": "aider",
    "amp": "amp",
    "auggie": "auggie",
    "claude": "claude",
    "claude-agent-acp": "claude",
    "claude-code": "claude",
    "claude-code-acp": "claude",
    "cline": "cline",
    "codebuff": "codebuff",
    "codex": "codex",
    "codex-acp": "codex",
    "codex-linux-sandbox": "codex",
    "copilot": "copilot",
    "crush": "crush",
    "cursor-agent": "cursor",
    "devin": "devin",
    "droid": "droid",
    "gemini": "gemini",
    "goose": "goose",
    "goosed": "goose",
    "iflow": "iflow",
    "junie": "junie",
    "kilo": "kilo",
    "kilocode": "kilo",
    "kimi": "kimi",
    "kiro-cli": "kiro",
    "kiro-cli-chat": "kiro",
    "opencode": "opencode",
    "openhands": "openhands",
    "plandex": "plandex",
    "q": "q",
    "qchat": "q",
    "qwen": "qwen",
    "vibe": "vibe",
}

#: Directories that only an agent's program lies in: for programs called by a version or as "index.js".
PACKAGES = {
    "/@anthropic-ai/claude-agent-sdk/": "claude",
    "/@anthropic-ai/claude-code/": "claude",
    "/claude/versions/": "claude",
    "/@openai/codex/": "codex",
    "/@google/gemini-cli/": "gemini",
    "/opencode-ai/": "opencode",
    "/@github/copilot/": "copilot",
    "/@sourcegraph/amp/": "amp",
    "/@qwen-code/qwen-code/": "qwen",
    "/cursor-agent/versions/": "cursor",
    "/@charmland/crush/": "crush",
    "/@kilocode/cli/": "kilo",
    "/@augmentcode/auggie/": "auggie",
}

#: Environment variables that an agent sets for what it runs, the telling ones first: Amp also sets
#: Claude Code's, Qwen Code Gemini's and Kilo OpenCode's.
MARKS = (
    ("AMP_CURRENT_THREAD_ID", "amp"),
    ("CLAUDE_CODE_CHILD_SESSION", "claude"),
    ("CLAUDECODE", "claude"),
    ("CURSOR_AGENT", "cursor"),
    ("CODEX_THREAD_ID", "codex"),
    ("CODEX_CI", "codex"),
    ("QWEN_CODE", "qwen"),
    ("GEMINI_CLI", "gemini"),
    ("ANTIGRAVITY_AGENT", "antigravity"),
    ("COPILOT_CLI", "copilot"),
    ("COPILOT_AGENT_SESSION_ID", "copilot"),
    ("KILO", "kilo"),
    ("OPENCODE", "opencode"),
    ("CLINE_ACTIVE", "cline"),
    ("AGENT_SESSION_ID", "goose"),
)

#: Two conventions for any agent: the value is its name, with a version after `@` or `_`, or just "1".
GENERAL_MARKS = ("AI_AGENT", "AGENT")

#: Where the open files of a process lie.
_OPEN_FILES = ("/dev/stdin", "/dev/fd/", "/proc/")

SHELLS = frozenset(
    (
        *("ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "ksh93", "mksh", "nu", "oksh", "rbash", "sh", "tcsh"),
        *("yash", "zsh"),
    )
)

#: Programs that run another program in a language of theirs.
INTERPRETERS = ("node", "nodejs", "bun", "deno", "python", "pypy")
#: Options of shells and interpreters whose value is the next word.
_VALUED = frozenset(
    (
        *("-o", "+o", "-O", "+O", "--rcfile", "--init-file"),  # bash
        *("-C", "--init-command"),  # fish
        *("-r", "--require", "--import", "--loader", "--experimental-loader", "--conditions", "--env-file"),  # node
        *("-W", "-X"),  # python
    )
)


def agent(process: Process) -> str:
    """The name of the agent that a process is; "" if it is none."""
    for path in _paths(process):
        name = PROGRAMS.get(_file(path))
        if name:
            return name
        for package, owner in PACKAGES.items():
            if package in path:
                return owner
    return ""


def mark(environment: Mapping[str, str]) -> tuple[str, str]:
    """The first mark that an agent has left in the environment, and the agent's name; else two empty strings."""
    for variable, name in MARKS:
        if environment.get(variable):
            return variable, name
    for variable in GENERAL_MARKS:
        value = environment.get(variable, "")
        if value:
            name = value.split("@")[0].split("_")[0][:32]
            return variable, "an agent" if name in ("", "1", "true") else name
    return "", ""


def shell(process: Process) -> str:
    """Whether it is a shell: "once" for `-c` or a script, "stays" if it takes command after command, else ""."""
    if not process.argv or _file(process.argv[0]).lstrip("-") not in SHELLS:
        return ""
    words = iter(process.argv[1:])
    for word in words:
        if word in ("--", "-"):
            return _of_script(next(words, ""))
        if word[:1] not in ("-", "+"):
            return _of_script(word)
        if word in _VALUED:
            next(words, "")
        elif word.startswith("--"):
            if word in ("--command", "--commands"):
                return "once"
        elif word.startswith("-") and "c" in word:
            return "once"
        elif "s" in word:
            return "stays"
    return "stays"


def _of_script(path: str) -> str:
    """The same for a shell that is given that script; what is written into an open file may come line by line."""
    return "stays" if not path or path.startswith(_OPEN_FILES) else "once"


def interpreter(process: Process) -> bool:
    """Whether it runs a program in a language of its own: an agent that is not known by name may be one."""
    called = _file(process.argv[0]) if process.argv else ""
    return called.rstrip("0123456789.") in INTERPRETERS


def _paths(process: Process) -> Iterator[str]:
    """Everything by which a process may be known: its name, its executable, what it was called as, its script."""
    yield process.name
    yield process.exe
    if not process.argv:
        return
    yield process.argv[0].partition(" ")[0]
    called = _file(process.argv[0]).lstrip("-")
    if called in SHELLS:
        yield _script(process.argv, code="c")
    elif interpreter(process):
        yield _script(process.argv)
        # Of an option that nobody knows, the next word may be the value, and the script may come later.
        yield from (word for word in process.argv[1:] if any(package in word for package in PACKAGES))


def _script(argv: tuple[str, ...], code: str = "cep") -> str:
    """The script or module that is interpreted; "" for code given by an option that ends in a letter of `code`."""
    words = iter(argv[1:])
    for word in words:
        if word in _VALUED:
            next(words, "")
        elif word in ("--eval", "--print"):
            return ""
        elif word.startswith("-") and not word.startswith("--"):
            if word.endswith("m"):
                return next(words, "").partition(".")[0]
            if word.endswith(tuple(code)):
                return ""
        elif not word.startswith("-") and word != "run":
            return word.removesuffix(".js").removesuffix(".mjs").removesuffix(".py")
    return ""


def _file(path: str) -> str:
    return path.rpartition("/")[2]
