"""Who calls: the processes above this one, the session they belong to, and when this very call began.

On Linux the facts come from /proc (proc(5)). Elsewhere `ps` is asked, which knows less: starts
to the second (a pid that is used again within it is not told apart), command lines without the
boundaries of their words, no path of the executable; and it costs some milliseconds.
"""

from __future__ import annotations

import os
import sys
import time

from ...core.caller import Origin, Process, Session
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...lean.canonical import digest
from ...lean.typing import TYPE_CHECKING
from . import agents
from .controlling_terminal import has_terminal, own_terminal
from .runners import in_doubt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    #: What `agentguard run` named, by pid and start of the process that became its command. A
    #: session's name begins with that command's.
    Sessions = Mapping[tuple[int, int], Session]

#: How much of an ancestor's command line is kept, in bytes.
SHOWN_ARGV = 4096
#: How old the outermost process of a call may be, in seconds. An older one is rather a server, or a shell that was
#: left running: what has been made meanwhile need not be its own.
LONGEST_CALL = 3600.0
_UNSEEN = "/proc does not show this process"


def ancestry() -> tuple[Process, ...]:
    """The processes above this one, from the parent up; raises Unseen if they cannot be seen.

    It ends at the first process of another user where those are hidden (hidepid in proc(5)):
    an agent that this user started is never above one.
    """
    return _lineage()[1:]


def this_process() -> Process:
    """The calling process itself; raises Unseen if it cannot be seen."""
    if sys.platform != "linux":
        return _asked_ps()[0]
    seen = _seen(os.getpid())
    if seen is None:
        raise Unseen(_UNSEEN)
    return seen[0]


def origin(sessions: Sessions, environment: Mapping[str, str]) -> Origin:
    """Who makes a call with that environment.

    The session is the topmost process above that is an agent or registered, so that nothing
    started below it begins a session of its own. `agent` is the lowest one: the agent that made
    this call. A mark in the environment names an agent where none is seen above. Processes that
    cannot be seen count as an agent's: there is nobody to ask at the terminal.
    """
    uid = os.getuid()
    _, marked = agents.mark(environment)
    try:
        this, *rest = _lineage()
    except Unseen:
        return Origin(uid, _anybody(uid, ()), (), marked)
    above = tuple(rest)
    # A run's command may be this very call, or a shell that has become it.
    session = _session(above, sessions) or _registered(this, sessions) or _anybody(uid, above)
    agent = next(filter(None, map(agents.agent, above)), "") or marked
    if not session.known and not agent and environment.get("AGENTGUARD_SESSION"):
        agent = "an agent of `agentguard run`"  # which has left the process that was registered
    terminal = "" if session.known or agent else own_terminal()
    doubt = in_doubt(above, os.getsid(0)) if terminal else ""
    return Origin(uid, session, above, agent, terminal, doubt, (this.pid, this.start))


def call_started(caller: Origin, sessions: Sessions) -> float | None:
    """When the outermost process of this very call began, in seconds since the epoch; None if nobody can tell.

    It is never earlier than the truth (a start is known to a clock tick), so that a file of an
    earlier call is not taken for one of this call. Nobody can tell of what began more than LONGEST_CALL ago.
    """
    try:
        line = (*caller.ancestry[::-1], this_process())
    except Unseen:
        return None
    first = _outermost(line, caller, sessions)
    if first is None:
        return None
    began = started(first)
    return began if time.time() - began <= LONGEST_CALL else None


def _outermost(line: tuple[Process, ...], caller: Origin, sessions: Sessions) -> Process | None:
    """The outermost process of the call, in a line from the topmost process down to this one."""
    for place in range(len(line) - 2, -1, -1):
        process, below = line[place], line[place + 1 :]
        run = sessions.get((process.pid, process.start))
        if agents.agent(process):
            return _agents_call(below)
        if run and _one_shot(process, run.name):
            return process
        if run:
            return _agents_call(below, persistent=agents.shell(process) == "stays")
    if caller.agent or not has_terminal():
        return None
    leader = os.getsid(0)
    pids = [process.pid for process in line]
    return _command(line[pids.index(leader) + 1 :]) if leader in pids else None


def _agents_call(below: tuple[Process, ...], persistent: bool = False) -> Process | None:
    """The call's outermost process below an agent or, if `persistent`, below a shell that stays.

    Agents start a shell for each call, most of them in a session of its own; that shell may have
    become the command itself. Another child of the agent may be a server that outlives many calls.
    """
    child = below[0]
    if persistent or agents.shell(child) or _leads(child):
        return _command(below)
    return None


def _command(below: tuple[Process, ...]) -> Process | None:
    """The first process that is not a shell which outlives its commands."""
    return next((process for process in below if agents.shell(process) != "stays"), None)


def _one_shot(process: Process, name: str) -> bool:
    """Whether a registered process is a shell for one command, also when it has become its last command.

    An interpreter that a shell has become may be an agent that nobody knows by name: what it
    starts are calls of their own.
    """
    how = agents.shell(process)
    if how or agents.interpreter(process):
        return how == "once"
    return name.partition(" ")[0].rpartition("/")[2] in agents.SHELLS


def _leads(process: Process) -> bool:
    try:
        return os.getsid(process.pid) == process.pid
    except OSError:
        return False


def _session(above: tuple[Process, ...], sessions: Sessions) -> Session | None:
    for process in reversed(above):
        run = _registered(process, sessions)
        if run:
            return run
        agent, place = agents.agent(process), (process.pid, process.start)
        if agent:
            return Session(digest([_boot(above), *place])[:12], f"{agent} (pid {process.pid})", below=place)
    return None


def _registered(process: Process, sessions: Sessions) -> Session | None:
    place = (process.pid, process.start)
    run = sessions.get(place)
    return run.replace(below=place) if run else None


def _anybody(uid: int, above: tuple[Process, ...]) -> Session:
    return Session(digest([_boot(above), uid])[:12], f"every program of user {uid}", known=False)


def _boot(above: tuple[Process, ...]) -> str:
    """What tells this boot from others: the kernel's random id, or the start of the first process."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return str(above[-1].start) if above else ""


def started(process: Process) -> float:
    """A process's start in seconds since the epoch, rounded up to what its clock can tell."""
    if sys.platform != "linux":
        return process.start / 1_000_000 + 1
    # In this order: what passes between the two readings makes the answer later.
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    now = time.clock_gettime(time.CLOCK_REALTIME)
    return now - since_boot + (process.start + 1) / os.sysconf("SC_CLK_TCK")


def has_ended(pid: int, start: int) -> bool:
    """Whether a process is there no more. Where only `ps` could tell, a later one of its pid passes for it."""
    if sys.platform == "linux":
        seen = _seen(pid)
        return seen is None or seen[0].start != start
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is another user's
        return False
    return False


def running() -> Iterator[Process]:
    """Every process that is shown; raises Unseen if none can be seen."""
    if sys.platform != "linux":
        yield from (process for process, _ in _table().values())
        return
    this_process()  # which is always shown, if anything is
    for name in os.listdir("/proc"):
        seen = _seen(int(name)) if name.isdecimal() else None
        if seen is not None:
            yield seen[0]


def beside() -> tuple[Process, ...]:
    """The other processes of this one's process group: of its pipeline, where a shell started it."""
    if sys.platform != "linux":
        return ()
    group, found = os.getpgrp(), []
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        try:
            own = pid != os.getpid() and os.getpgid(pid) == group
        except OSError:  # it has ended
            continue
        if own and (seen := _seen(pid)):
            found.append(seen[0])
    return tuple(found)


def line_of(pid: int) -> tuple[Process, ...]:
    """A process and those above it, from itself up, as /proc shows them; empty if it cannot be seen."""
    try:
        return _walk(pid)
    except Unseen:
        return ()


def _lineage() -> tuple[Process, ...]:
    """This process and those above it, from itself up; raises Unseen."""
    if sys.platform != "linux":
        return _asked_ps()
    for _ in range(20):  # an ancestor that ends meanwhile makes the walk start again
        line = _walk(os.getpid())
        if line:
            return line
    raise Unseen("the processes above this one change too fast to be seen")


def _walk(pid: int) -> tuple[Process, ...]:
    """One walk up /proc from a process; empty if the processes changed on the way."""
    line: list[Process] = []
    while pid:
        seen = _seen(pid)
        if seen is None:
            if not line:
                raise Unseen(_UNSEEN)
            # Hidden if it still is the parent, gone if it is not.
            return tuple(line) if _seen(line[-1].pid) == (line[-1], pid) else ()
        process, parent = seen
        if line and process.start > line[-1].start:  # a later process under the pid of a parent that has ended
            return ()
        line.append(process)
        pid = parent
    return tuple(line)


def _seen(pid: int) -> tuple[Process, int] | None:
    """A process and its parent's pid, from /proc; None if it is not there."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            head, _, rest = file.read().rpartition(b")")  # the name itself may hold spaces and parentheses
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            argv = file.read(SHOWN_ARGV).rstrip(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = rest.split()
    try:
        exe = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:  # another user's process, a kernel thread
        exe = ""
    name = decode(head.partition(b"(")[2])
    words = tuple(map(decode, argv.split(b"\0"))) if argv else ()
    return Process(pid, int(fields[19]), name, words, exe), int(fields[1])


def _asked_ps() -> tuple[Process, ...]:
    """The lineage as `ps` tells it."""
    table = _table()
    line: list[Process] = []
    above = os.getpid()
    while above in table:
        process, above = table.pop(above)
        line.append(process)
    if not line:
        raise Unseen("ps does not show this process")
    return tuple(line)


def _table() -> dict[int, tuple[Process, int]]:
    """Every process and its parent's pid, by its own pid, as `ps` tells it."""
    import calendar
    import subprocess

    command = ["/bin/ps", "-axww", "-o", "pid=,ppid=,lstart=,command="]
    try:
        told = subprocess.run(command, env={"LC_ALL": "C", "TZ": "UTC"}, capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as fault:
        raise Unseen(f"ps does not show the processes: {fault}") from fault
    table: dict[int, tuple[Process, int]] = {}
    try:
        for row in decode(told.stdout).splitlines():
            pid, parent, *day, words = row.split(None, 7)
            start = calendar.timegm(time.strptime(" ".join(day), "%a %b %d %H:%M:%S %Y")) * 1_000_000
            argv = tuple(words[:SHOWN_ARGV].split())
            table[int(pid)] = Process(int(pid), start, argv[0].rpartition("/")[2], argv), int(parent)
    except ValueError as fault:
        raise Unseen(f"ps answers in a form that is not understood: {fault}") from fault
    return table
