"""The facts by which a terminal is judged: who holds its other end, who started what runs there, who is attached.

What a process does not let be read (another user's, one that sshd protects) is not seen.
"""

from __future__ import annotations

import os

from ...approval.terminal_trust import SSH, Facts, Holder
from ...core.caller import Process
from ...lean.typing import TYPE_CHECKING
from ..caller import agents
from ..caller.environ import started_with
from ..caller.executables import replaceable
from ..caller.processes import line_of
from ..caller.runners import in_doubt
from .clients import CONSOLE_MAJORS, PTS_MAJORS, clients
from .hidden import suspect
from .masters import masters
from .ssh import of_the_system, peer, serves
from .standing import standing, standings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...approval.terminal_trust import Peer
    from ...core.caller import Session
    from .standing import Standing

_TRIES = 20  # a process above that ends meanwhile makes the look up start again
#: Variables that make a terminal program run what its user chose.
_LOADING = ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "ELECTRON_RUN_AS_NODE", "NODE_OPTIONS", "GTK_PATH")


def users_are_mapped() -> bool:
    """Whether this runs in a user namespace, where any user can be root and own what root owns."""
    try:
        with open("/proc/self/uid_map") as file:
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return True


class Seen(Facts):
    """This machine, as the calling user sees it now. `sessions` are those that `agentguard run` named."""

    def __init__(self, sessions: Mapping[tuple[int, int], Session]) -> None:
        self._sessions = sessions
        self._masters = masters()
        self._standings = standings()

    def is_console(self, terminal: int) -> bool:
        """See Facts: virtual consoles and serial lines."""
        return os.major(terminal) in CONSOLE_MAJORS

    def holders(self, terminal: int) -> tuple[Holder, ...]:
        """See Facts."""
        if os.major(terminal) not in PTS_MAJORS:
            return ()
        found = [holder for pid in self._masters.holders.get(_index(terminal), ()) if (holder := self._holder(pid))]
        return tuple(found) or tuple(self._protected(terminal))

    def starter(self, terminal: int) -> tuple[int, int]:
        """See Facts: a terminal has one session, whose leader is not to be replaced."""
        leader = self._leader(terminal)
        parent = standing(leader.parent) if leader else None
        return (parent.pid, parent.start) if leader and parent and parent.start <= leader.start else (0, 0)

    def hidden(self) -> Process | None:
        """See Facts."""
        return suspect(self._masters.closed, of_the_system)

    def clients(self, server: Holder) -> tuple[int, ...] | None:
        """See Facts."""
        return clients(server.process, self._standings, self._is_persons)

    def peer(self, holder: Holder, terminal: int) -> Peer:
        """See Facts."""
        return peer(line_of(holder.process.pid), _index(terminal))

    def _is_persons(self, client: Standing) -> bool:
        """Whether a person's shell started it, with no agent between, or their terminal program did."""
        line = line_of(client.pid)
        own = client.pid == client.session or not in_doubt(line[1:], client.session)
        return bool(line) and own and not self._starter(line)

    def _holder(self, pid: int) -> Holder | None:
        line = next(filter(None, (line_of(pid) for _ in range(_TRIES))), ())
        if not line:
            return None
        this = line[0]
        program = this.exe.rpartition("/")[2]
        starter = self._starter(line)
        if program in SSH and not of_the_system(line):
            starter = starter or "a user, not by the system"
        at = standing(pid)
        return Holder(this, program, replaceable(this), starter, at.terminal if at else None, _loading(this))

    def _protected(self, terminal: int) -> Iterator[Holder]:
        """The process of sshd that serves this terminal, which hides what it holds, but not whose child it is."""
        leader = self._leader(terminal)
        line = line_of(leader.pid) if leader else ()
        if of_the_system(line[1:]) and serves(line[1], _index(terminal)):
            yield Holder(line[1], line[1].name, "", self._starter(line[1:]), None)

    def _leader(self, terminal: int) -> Standing | None:
        """The first process of the session that a terminal controls; None if that cannot be told.

        A terminal controls one session. Where several sessions have one of that number, all but one of these are of
        other instances of devpts, which any program can make and hand out.
        """
        found = [one for one in self._standings if one.terminal == terminal]
        if len({one.session for one in found}) > 1:
            return None
        return next((one for one in found if one.pid == one.session), None)

    def _starter(self, line: tuple[Process, ...]) -> str:
        """The agent that started the first process of a line, or whose marks it carries; "" for none."""
        for process in line:
            run = self._sessions.get((process.pid, process.start))
            if run or agents.agent(process):
                return run.name if run else agents.agent(process)
        return _marked(line[0].pid)


def _index(terminal: int) -> int:
    """The number of a pseudo-terminal in /dev/pts."""
    return (os.major(terminal) - PTS_MAJORS.start) * 256 + os.minor(terminal)


def _marked(pid: int) -> str:
    """The agent whose marks are in the environment that a process was started with."""
    environment = started_with(pid)
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
    environment = started_with(process.pid)
    return next((name for name in _LOADING if environment.get(name)), "")
