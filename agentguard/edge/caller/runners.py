"""Programs that run nothing of their own accord: between a person's shell and a call, they make it no agent's.

Any other program there may be an agent that nobody knows by name (`python3 helper.py`, a binary of one's own): its
calls count as an agent's. What it is, is told by its executable, which it cannot choose as it can its own name; of an
interpreter by its script; of another user's program (sudo), whose executable is hidden, by its name, and so of every
program where there is no /proc.
"""

from __future__ import annotations

import sys

from ...lean.typing import TYPE_CHECKING
from . import agents

if TYPE_CHECKING:
    from ...core.caller import Process

#: They start what they are told on their command line, or by a file that a person's project holds.
RUNNERS = frozenset(
    (
        *agents.SHELLS,
        *("busybox", "chrt", "coreutils", "entr", "env", "fd", "fdfind", "find", "flock", "gfind", "gxargs", "ionice"),
        *("nice", "nohup", "setsid", "stdbuf", "strace", "taskset", "time", "timeout", "watch", "watchexec", "xargs"),
        *("git", "gh", "glab", "gitui", "hub", "jj", "lazygit", "tig"),
        *("bmake", "cmake", "ctest", "gmake", "just", "make", "meson", "ninja", "scons", "task"),
        *("npm", "npm-cli", "npx", "npx-cli", "pnpm", "pnpx", "yarn", "yarnpkg", "turbo", "lerna", "nx"),
        *("husky", "lint-staged", "pre-commit", "cargo", "go", "rustup"),
        *("nox", "pdm", "pip", "pip3", "pipx", "poetry", "tox", "uv", "uvx"),
        *("apk", "apt", "apt-get", "brew", "dnf", "dpkg", "makepkg", "nix", "nix-shell", "pacman", "yay", "yum"),
        *("asdf", "direnv", "mise", "chezmoi", "stow", "fzf", "lf", "mc", "nnn", "ranger", "yazi"),
    )
)
#: Programs of root's that start a shell or a command for a user; they hide their executables from others.
_OF_ROOT = frozenset(("doas", "login", "su", "sudo", "sshd", "sshd-session", "pkexec", "run0"))


def in_doubt(line: tuple[Process, ...], leader: int) -> str:
    """The name of what may be an agent among the processes from a call's parent up to its terminal's session leader.

    "" if all of them are known to run only what they are told; `line` runs from the parent up.
    """
    for process in line:
        if not _is_told(process):
            return process.argv[0].rpartition("/")[2] or process.name if process.argv else process.name
        if process.pid == leader:
            return ""
    return "a program that left its terminal's session"


def _is_told(process: Process) -> bool:
    if not process.exe:
        named = process.name.lstrip("-")
        return named in _OF_ROOT or (sys.platform != "linux" and named in RUNNERS)
    program = _file(process.exe)
    if program.rstrip("0123456789.") not in agents.INTERPRETERS:
        return program in RUNNERS or program in _OF_ROOT
    title = process.argv[0].partition(" ")[0] if process.argv else ""  # npm calls itself "npm run build"
    return _file(agents.script(process.argv)) in RUNNERS or (_file(title) in RUNNERS and " " in process.argv[0])


def _file(path: str) -> str:
    return path.rpartition("/")[2]
