"""Who makes a call: the process, those above it, the session, and whether a person sits there."""

from __future__ import annotations

from ..lean.value import Value


class Process(Value):
    """One process, told apart from a later one of the same pid by its start.

    `start` is in clock ticks since boot on Linux (proc(5), stat field 22), in microseconds
    since the epoch elsewhere. `name` is its name as `ps` shows it, `argv` at most its first
    4 KiB, `exe` the path of its executable; each is empty where it may not be seen.
    """

    pid: int
    start: int
    name: str = ""
    argv: tuple[str, ...] = ()
    exe: str = ""


class Session(Value):
    """The calls that belong together: below one agent, or one `agentguard run`.

    `id` is stable for the session's life and says nothing secret. `name` is for people.
    `known` is False when neither agent nor run was found above the call, and the session is
    only "this user since boot". `below` is the pid and start of the process that it is below, as
    the kernel has them: unlike the others they are nobody's to say. (0, 0) where none was found.
    """

    id: str
    name: str
    known: bool = True
    below: tuple[int, int] = (0, 0)


class Origin(Value):
    """Everything about the caller that the record keeps and the decision needs.

    `ancestry` runs from the caller's parent up. `agent` names the agent program above the
    call, or is empty. `terminal` is the path of the caller's own controlling terminal where no agent
    is above, else "" (also if there is none, or not in its foreground); whether a person sits there,
    approval/terminal_trust.py judges. `in_doubt` names what may be an agent that nobody knows, between that terminal's
    first process and the call; "" if nothing there may. `this` is the pid and start of the calling process itself,
    which waits for an answer and then becomes the program; (0, 0) where it cannot be seen.
    """

    uid: int
    session: Session
    ancestry: tuple[Process, ...] = ()
    agent: str = ""
    terminal: str = ""
    in_doubt: str = ""
    this: tuple[int, int] = (0, 0)
