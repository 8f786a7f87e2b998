"""Start shells as agents do, to see which programs PATH leads to, and which line of a start-up file changes it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping

from ...lean.value import Value

#: The ways in which an agent starts a shell for one command.
WAYS = ("-c", "-lc", "-ic")
#: How long a shell may take to start, in seconds.
PATIENCE = 30

_SAYS_PATH = "printf '\\nagentguard-path=%s\\n' "
_POSIX = _SAYS_PATH + '"$PATH"; for n in {names}; do printf "agentguard-found=%s %s\\n" "$n" "$(command -v "$n")"; done'
_FISH = _SAYS_PATH + '(string join : $PATH); for n in {names}; printf "agentguard-found=%s %s\\n" $n (type -t $n); end'

# Each line of the trace begins with: line number, file, PATH before the line runs.
_BASH_TRACE = "PS4=$'+agentguard\\t$LINENO\\t${BASH_SOURCE-}\\t$PATH\\t'; set -x; "
_ZSH_TRACE = "setopt promptsubst; unsetopt evallineno; PS4=$'+agentguard\\t%I\\t%x\\t$PATH\\t'; set -x; "
_TRACED = re.compile(r"^(\++)agentguard\t(\d+)\t([^\t]*)\t([^\t]*)\t(eval )?", re.MULTILINE)
_FISH_PATH = re.compile(r"PATH|fish_user_paths|fish_add_path|shellenv|\| *source|conda|nix")


class Seen(Value):
    """What a shell sees once it has started.

    `path` is None if it could not be made to say; then `fault` says why. `hidden` are the names
    that it takes for a function, an alias or a builtin before it looks at PATH.
    """

    path: str | None
    fault: str = ""
    hidden: tuple[str, ...] = ()


def look(shell: str, way: str, names: Iterable[str], environment: Mapping[str, str]) -> Seen:
    """Start a shell (by its executable) that way, and have it say what it sees."""
    script = (_FISH if _is(shell, "fish") else _POSIX).format(names=" ".join(names))
    try:
        ran = run([shell, way, script], environment)
    except subprocess.TimeoutExpired:
        return Seen(None, f"it did not start within {PATIENCE} s")
    except OSError as fault:
        return Seen(None, f"{shell}: {fault.strerror}")
    paths = re.findall(r"^agentguard-path=(.*)$", ran.stdout, re.MULTILINE)
    if not paths:
        said = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
        return Seen(None, f"it ended with {ran.returncode} before it ran its command, and said: {said}")
    found = re.findall(r"^agentguard-found=(\S+) (.*)$", ran.stdout, re.MULTILINE)
    return Seen(paths[-1], hidden=tuple(name for name, kind in found if kind != "file" and kind[:1] not in ("", "/")))


def run(argv: list[str], environment: Mapping[str, str], cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a shell as an agent does: no terminal, nothing to read. Raises OSError, TimeoutExpired."""
    with subprocess.Popen(
        argv,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        encoding="utf-8",
        errors="surrogateescape",
    ) as shell:
        try:
            output, errors = shell.communicate(timeout=PATIENCE)
        except BaseException:
            os.killpg(shell.pid, signal.SIGKILL)  # with all that its start-up files began
            raise
    return subprocess.CompletedProcess(argv, shell.returncode, output, errors)


def elsewhere(path: str, names: Iterable[str], shims: str) -> dict[str, str]:
    """Which of the names that PATH leads past the shims, and where to."""
    found = ((name, shutil.which(name, path=path)) for name in names)
    return {name: place for name, place in found if place and not _same(os.path.dirname(place), shims)}


def culprit(shell: str, way: str, names: tuple[str, ...], shims: str, environment: Mapping[str, str]) -> str:
    """The file and line after which the shims are no longer found first; "" if it cannot be told.

    The start-up files are read once more, traced: by bash for sh and bash, by zsh for zsh.
    """
    files = [file for file in _reads(shell, way, environment) if os.path.isfile(file)]
    if _is(shell, "fish"):
        return _suspect(files)
    tracer = shell if _is(shell, "zsh") else shutil.which("bash", path=environment.get("PATH"))
    if not files or tracer is None:
        return ""
    sourced = "; ".join(f". '{file}'" for file in files if "'" not in file)
    if _is(shell, "zsh"):
        argv = [tracer, "-f", way, _ZSH_TRACE + sourced]
    elif _is(shell, "bash"):
        argv = [tracer, "--norc", "--noprofile", way, _BASH_TRACE + sourced]
    else:
        argv = [tracer, "--norc", "--noprofile", way, "unset BASH; " + _BASH_TRACE + sourced]
    try:
        trace = run(argv, environment).stderr
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _blamed(trace, files, names, shims)


def _blamed(trace: str, files: list[str], names: tuple[str, ...], shims: str) -> str:
    """The last line that was reached with the shims first, and the start-up file's line that led to it."""
    blamed = via = top = ""
    evals: dict[int, str] = {}  # bash counts the lines in an `eval` on from its own
    for signs, line, file, path, evaluates in _TRACED.findall(trace):
        depth = len(signs)
        line = evals.get(depth - 1, line)
        evals = {level: at for level, at in evals.items() if level < depth} | ({depth: line} if evaluates else {})
        place = f"{file}:{line}"
        top = place if file in files else top
        if file and not elsewhere(path, names, shims):
            blamed, via = place, top
    return blamed if via in ("", blamed) else f"{blamed}, from {via}"


def _suspect(files: list[str]) -> str:
    """fish does not trace with lines: the last line that deals with PATH and is not agentguard's."""
    found = ""
    for file in files:
        ours = False
        with open(file, encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                ours = (ours or line.startswith("# >>> agentguard")) and not line.startswith("# <<< agentguard")
                if not ours and not line.lstrip().startswith("#") and _FISH_PATH.search(line):
                    found = f"{file}:{number}"
    return found


def _reads(shell: str, way: str, environment: Mapping[str, str]) -> list[str]:
    """The start-up files of a shell started that way, in order: dash(1), bash(1), zsh(1), fish(1)."""
    home = environment.get("HOME", "")
    login, interactive = "l" in way, "i" in way
    if _is(shell, "fish"):
        folder = f"{environment.get('XDG_CONFIG_HOME') or f'{home}/.config'}/fish"
        own = [f"{folder}/conf.d/{name}" for name in _names(f"{folder}/conf.d")]
        return [*own, *(f"/etc/fish/conf.d/{n}" for n in _names("/etc/fish/conf.d")), f"{folder}/config.fish"]
    if _is(shell, "zsh"):
        own_folder = environment.get("ZDOTDIR") or home
        stages = ["zshenv", *(["zprofile"] * login), *(["zshrc"] * interactive), *(["zlogin"] * login)]
        system = "/etc/zsh" if os.path.isdir("/etc/zsh") else "/etc"
        return [file for stage in stages for file in (f"{system}/{stage}", f"{own_folder}/.{stage}")]
    if _is(shell, "bash"):
        logins = [f"{home}/.bash_profile", f"{home}/.bash_login", f"{home}/.profile"]
        if login:
            return ["/etc/profile", *list(filter(os.path.isfile, logins))[:1]]
        return ["/etc/bash.bashrc", f"{home}/.bashrc"] if interactive else []
    return ["/etc/profile", f"{home}/.profile"] if login else []


def _names(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".fish")) if os.path.isdir(folder) else []


def _is(shell: str, name: str) -> bool:
    return os.path.basename(shell) == name


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
