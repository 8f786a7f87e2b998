"""The processes that hold the other end of a pseudo-terminal, such as xterm or tmux, by /proc.

A pseudo-terminal's master shows its number in /proc/PID/fdinfo/FD as `tty-index` (Linux 5.0 on).
What a process does not let be read (another user's, one that sshd protects) is not seen.
"""

from __future__ import annotations

import itertools
import os
import stat

from ...approval.terminal_trust import SSH, Facts, Holder
from ...core.caller import Process
from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from ..caller import agents
from ..caller.processes import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...core.caller import Session

_PTS_MAJORS = range(136, 144)  # Documentation/admin-guide/devices.txt of Linux
_CONSOLE_MAJORS = (4, 204)
_TRIES = 20  # a process above that ends meanwhile makes the look up start again
_TTY = os.makedev(5, 0)  # /dev/tty, which does not say whose it is
#: Variables that make a terminal program run what its user chose.
_LOADING = ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "ELECTRON_RUN_AS_NODE", "NODE_OPTIONS", "GTK_PATH")
_TCP = ("/proc/net/tcp", "/proc/net/tcp6")
#: The start of an IPv4 address in the form of IPv6, in the digits of /proc/net/tcp6.
_MAPPED = "0000000000000000FFFF0000"


def users_are_mapped() -> bool:
    """Whether this runs in a user namespace, where any user can be root and own what root owns."""
    try:
        with open("/proc/self/uid_map") as file:
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return True


def controlling_terminal(pid: int) -> int | None:
    """The device number of a process's controlling terminal; None if it has none or is not there."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            number = int(file.read().rpartition(b")")[2].split()[4])
    except (OSError, ValueError, IndexError):
        return None
    return os.makedev(number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)) if number else None


class Seen(Facts):
    """This machine, as the calling user sees it. `sessions` are those that `agentguard run` named."""

    def __init__(self, sessions: Mapping[tuple[int, int], Session]) -> None:
        self._sessions = sessions

    def is_console(self, terminal: int) -> bool:
        """See Facts: virtual consoles and serial lines."""
        return os.major(terminal) in _CONSOLE_MAJORS

    def holders(self, terminal: int) -> tuple[Holder, ...]:
        """See Facts."""
        if os.major(terminal) not in _PTS_MAJORS:
            return ()
        index = (os.major(terminal) - _PTS_MAJORS.start) * 256 + os.minor(terminal)
        found = [holder for pid in _masters(index) if (holder := self._holder(pid))]
        return tuple(found) or tuple(self._protected(terminal))

    def clients(self, server: Holder) -> tuple[int, ...] | None:
        """See Facts: tmux and screen have a descriptor of each terminal that they are shown in, and keep it that long.

        They are not asked by their sockets: under those names another server may answer.
        """
        folder = f"/proc/{server.process.pid}/fd"
        shown = set()
        try:
            ours = os.stat("/dev/pts").st_dev
            for number in os.listdir(folder):
                facts = os.stat(f"{folder}/{number}")
                device = facts.st_rdev if stat.S_ISCHR(facts.st_mode) else 0
                if device == _TTY or (os.major(device) in _PTS_MAJORS and facts.st_dev != ours):
                    return None
                if os.major(device) in (*_PTS_MAJORS, *_CONSOLE_MAJORS):
                    shown.add(device)
        except OSError:
            return None
        return tuple(sorted(shown))

    def comes_from_here(self) -> bool:
        """See Facts: both ends of a connection to a port that root listens on are here."""
        ports, ends = set(), set()
        for local, remote, state, uid in _connections():
            if state == "0A" and uid == "0":
                ports.add(local.rpartition(":")[2])
            elif state == "01":
                ends.add((local, remote))
        return any((remote, local) in ends for local, remote in ends if local.rpartition(":")[2] in ports)

    def _holder(self, pid: int) -> Holder | None:
        line = next(filter(None, (line_of(pid) for _ in range(_TRIES))), ())
        if not line:
            return None
        this = line[0]
        program = this.exe.rpartition("/")[2]
        starter = self._starter(line)
        if program in SSH and not _of_the_system(line):
            starter = starter or "a user, not by the system"
        return Holder(this, program, _replaceable(this), starter, controlling_terminal(pid), _loading(this))

    def _protected(self, terminal: int) -> Iterator[Holder]:
        """The process of sshd that serves this terminal, which hides what it holds, but not whose child it is."""
        leader = next((pid for pid in _pids() if controlling_terminal(pid) == terminal and _leads(pid)), None)
        line = line_of(leader) if leader else ()
        if _of_the_system(line[1:]):
            yield Holder(line[1], line[1].name, "", self._starter(line[1:]), None)

    def _starter(self, line: tuple[Process, ...]) -> str:
        """The agent that started the first process of a line, or whose marks it carries; "" for none."""
        for process in line:
            run = self._sessions.get((process.pid, process.start))
            if run or agents.agent(process):
                return run.name if run else agents.agent(process)
        return _marked(line[0].pid)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _masters(index: int) -> Iterator[int]:
    """The processes that hold the master of that pseudo-terminal."""
    wanted = f"tty-index:\t{index}\n"
    for pid in _pids():
        try:
            for number in os.listdir(f"/proc/{pid}/fd"):
                link = os.readlink(f"/proc/{pid}/fd/{number}")
                if not link.endswith("/ptmx") or _of_another_instance(f"/proc/{pid}/fd/{number}", link):
                    continue
                with open(f"/proc/{pid}/fdinfo/{number}") as file:
                    if wanted in file.read():
                        yield pid
                        break
        except OSError:  # it has ended, or may not be looked at
            continue


def _of_another_instance(path: str, link: str) -> bool:
    """Whether a master belongs to another devpts, a container's: there the same numbers mean other terminals."""
    if link != "/dev/pts/ptmx":
        return False
    return os.stat(path).st_dev != os.stat("/dev/pts").st_dev


def _replaceable(process: Process) -> str:
    """The path of a process's executable, unless only root can have put it there; "" then.

    What runs must be what lies there: in a mount namespace of its own, a process can give any path
    to any program.
    """
    try:
        paths = (f"/proc/{process.pid}/exe", process.exe, os.path.dirname(process.exe))
        runs, lies, folder = map(os.stat, paths)
    except OSError:
        return process.exe
    same = (runs.st_dev, runs.st_ino) == (lies.st_dev, lies.st_ino)
    safe = all(facts.st_uid == 0 and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for facts in (lies, folder))
    return "" if same and safe else process.exe


def _environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with; empty where it is hidden."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = (decode(pair).partition("=") for pair in file.read().split(b"\0") if pair)
            return {name: value for name, _, value in pairs}
    except OSError:
        return {}


def _marked(pid: int) -> str:
    """The agent whose marks are in the environment that a process was started with."""
    environment = _environment(pid)
    variable, agent = agents.mark(environment)
    if variable:
        return agent
    return "an agent of `agentguard run`" if environment.get("AGENTGUARD_SESSION") else ""


def _loading(process: Process) -> str:
    """What makes a process run code that its user chose, or ""."""
    if process.exe.endswith("/kitty"):  # `kitty +runpy` is an interpreter of Python
        word = next((word for word in process.argv[1:] if word.startswith("+")), "")
        if word:
            return word
    environment = _environment(process.pid)
    return next((name for name in _LOADING if environment.get(name)), "")


def _of_the_system(line: tuple[Process, ...]) -> bool:
    """Whether the first of a line of processes is of the system's sshd, and not of one that a user runs.

    Names are anybody's to choose, so a user's process needs two of root's above it that bear them:
    the one that watches over its connection and the one that listens.
    """
    named = [process.pid for process in itertools.takewhile(lambda process: process.name in SSH, line)]
    roots = [pid for pid in named if _owner(pid) == 0]
    enough = len(roots) >= (1 if named[:1] == roots[:1] else 2)
    return bool(roots) and enough and all(_owner(above.pid) == 0 for above in line[1:])


def _leads(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except OSError:
        return False


def _owner(pid: int) -> int | None:
    """The real user of a process."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("Uid:")), None)
    except (OSError, ValueError):
        return None


def _connections() -> Iterator[tuple[str, str, str, str]]:
    """Local end, remote end, state and user of every TCP socket (proc(5)), as hexadecimal digits."""
    for path in _TCP:
        try:
            with open(path) as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        for row in rows:
            local, remote = (end.removeprefix(_MAPPED) for end in row[1:3])
            yield local, remote, row[3], row[7]
