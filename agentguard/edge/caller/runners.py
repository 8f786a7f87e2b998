"""Programs that run nothing of their own accord: between a person's shell and a call, they make it no agent's.

Any other program there may be an agent that nobody knows by name (`python3 helper.py`, a binary of one's own): its
calls count as an agent's. What it is, is told by its executable and where that lies; of an interpreter by its script;
of another user's program (sudo), whose executable is hidden, by its name, and so of every program where there is no
/proc. It is for accidents: who means to, can look like one of these.
"""

from __future__ import annotations

import os
import sys

from ...lean.typing import TYPE_CHECKING
from . import agents
from .executables import replaceable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...core.caller import Process

#: They start what they are told on their command line, or by a file that a person's project holds; none that stays and
#: runs it again when somebody changes the file (entr, watch).
RUNNERS = frozenset(
    (
        *agents.SHELLS,
        *("busybox", "chrt", "coreutils", "env", "fd", "fdfind", "find", "flock", "gfind", "gxargs", "ionice"),
        *("nice", "nohup", "setsid", "stdbuf", "strace", "taskset", "time", "timeout", "xargs"),
        *("git", "gh", "glab", "gitui", "hub", "jj", "lazygit", "tig"),
        *("bmake", "cmake", "ctest", "gmake", "just", "make", "ninja", "task"),
        *("cargo", "go", "rustup", "uv", "uvx"),
        *("apk", "apt", "apt-get", "brew", "dnf", "dpkg", "makepkg", "nix", "nix-shell", "pacman", "yay", "yum"),
        *("asdf", "direnv", "mise", "chezmoi"),
    )
)
#: The same of programs that an interpreter runs, by the names of their scripts.
SCRIPTS = frozenset(
    (
        *("npm", "npm-cli.js", "npx", "npx-cli.js", "pnpm", "pnpm.cjs", "pnpx", "yarn", "yarn.js", "yarnpkg"),
        *("turbo", "lerna", "nx", "husky", "lint-staged"),
        *("meson", "nox", "pdm", "pip", "pip3", "pipx", "poetry", "pre-commit", "scons", "stow", "tox"),
    )
)
#: What node is called while it runs one of these: they give themselves a title ("npm run build").
_TITLES = frozenset(("npm", "npx", "pnpm", "yarn"))
#: Letters of interpreters' options that take no value, as they stand in the first line of a script.
_PLAIN_FLAGS = "-BEIOPSsu"
#: Programs of root's that start a shell or a command for a user; they hide their executables from others.
_OF_ROOT = frozenset(("doas", "login", "newgrp", "sg", "su", "sudo", "sshd", "sshd-session", "pkexec", "run0"))
#: Where the system's own programs lie, and those of them that bring in what somebody else has written.
_SYSTEM = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
_BRING = frozenset(
    ("aria2c", "curl", "ftp", "lynx", "nc", "nc.openbsd", "nc.traditional", "ncat", "socat", "ssh", "wget")
)
#: Where programs that a user has installed lie, besides hidden directories of their home.
_INSTALLED = ("/home/linuxbrew/", "/nix/store/", "/opt/homebrew/")


def reads_a_terminal(process: Process) -> bool:
    """Whether a process reads from a terminal, as far as that can be seen: of another user's nobody can tell."""
    try:
        return os.readlink(f"/proc/{process.pid}/fd/0").startswith(("/dev/pts/", "/dev/tty"))
    except OSError:
        return not process.exe or sys.platform != "linux"


def in_doubt(
    line: tuple[Process, ...],
    leader: int,
    changeable: Callable[[Process], str] = replaceable,
    typed: Callable[[Process], bool] = reads_a_terminal,
) -> str:
    """The name of what may be an agent among the processes from a call's parent up to its terminal's session leader.

    "" if all of them are known to run only what they are told, and the leader is a shell that is typed into: a command
    that a terminal program was given (`tmux new-window COMMAND`) may be anybody's, and so may what a shell is fed
    (`helper | sh`). `line` runs from the parent up.
    """
    for process in line:
        stays = agents.shell(process) == "stays"
        if not _is_told(process, changeable) or (stays and not typed(process)):
            return _called(process)
        if process.pid == leader:
            return "" if stays or process.name in _OF_ROOT else _called(process)
    return "a command that a terminal program was given"


def beside_in_doubt(group: Iterable[Process], changeable: Callable[[Process], str] = replaceable) -> str:
    """The name of what may be an agent among those that run beside a call, in its process group; "" if nothing may.

    What is piped into a shell may say what it runs. The system's own filters say what they were given to read.
    """
    for process in group:
        program = _file(process.exe)
        folder = process.exe.rpartition("/")[0]
        filters = folder in _SYSTEM and program not in _BRING and not _interprets(program) and not changeable(process)
        if not filters and not _is_told(process, changeable):
            return _called(process)
    return ""


def _is_told(process: Process, changeable: Callable[[Process], str]) -> bool:
    if not process.exe:
        named = process.name.lstrip("-")
        return named in _OF_ROOT or (sys.platform != "linux" and named in RUNNERS)
    if changeable(process) and not process.exe.startswith((*_INSTALLED, f"{_home()}/.")):
        return False
    program = _file(process.exe)
    if not _interprets(program):
        return program in RUNNERS or program in _OF_ROOT
    title = process.argv[0].partition(" ") if process.argv else ("", "", "")
    if program.startswith("node") and title[0] in _TITLES and title[1]:
        return True
    words = [word for word in process.argv[1:] if word[:1] != "-" or word.strip(_PLAIN_FLAGS)]
    script = words[1:2] if words[:1] == ["-m"] else words[:1]
    return any(_file(word) in SCRIPTS for word in script)


def _home() -> str:
    """The home of this user, whatever HOME says; "/" for who has none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"


def _interprets(program: str) -> bool:
    return program.rstrip("0123456789.") in agents.INTERPRETERS


def _called(process: Process) -> str:
    return _file(process.argv[0]) if process.argv else process.name


def _file(path: str) -> str:
    return path.rpartition("/")[2]
