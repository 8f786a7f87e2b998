"""Proof of a person, for every verb that an agent must not use: a terminal of their own, and no agent above it.

It stops an agent that calls such a verb. It does not stop one that takes the trouble to make a
terminal and to detach from its own processes: an approval that is signed elsewhere would.
"""

from __future__ import annotations

import os
import pwd
import sys
from typing import Any

from ..core.origin import Origin
from ..core.secrets import masked
from ..edge.agents import mark
from ..edge.journal import Journal
from ..edge.processes import origin
from ..edge.root import Root
from ..edge.terminal import is_own_terminal
from ..errors import NotAPerson, RecordError


def require_person(root: Root, deed: str) -> dict[str, Any]:
    """Who the person is, as facts for the record.

    `deed` completes "only a person may …". Raises NotAPerson where an agent could be the one who
    calls, after putting the attempt on the record; RecordError if sessions cannot be looked up.
    """
    journal = Journal(root)
    try:
        caller = origin(journal.sessions(), os.environ)
        why = _doubt(caller)
        if not why:
            return {"uid": caller.uid, "user": _user(caller.uid), "terminal": caller.terminal}
        hint = "do it in the foreground of a terminal of your own, outside any agent"
        try:
            journal.append("attempt", _attempt(caller, deed, why))
        except RecordError as fault:
            hint = f"{hint}; the attempt could not be put on the record: {fault.message}"
        raise NotAPerson(f"only a person may {deed}: {why}", hint)
    finally:
        journal.close()


def _doubt(caller: Origin) -> str:
    """Why this may be no person, or ""."""
    if caller.session.known:
        return f"this was called below {caller.session.name}"
    variable, agent = mark(os.environ)
    if variable:
        return f"{variable} in the environment says that {agent} called this"
    if not caller.ancestry and os.getppid():
        return "the processes that called this cannot be seen"
    if not caller.terminal:
        return "this was not called in the foreground of a terminal"
    if not is_own_terminal(0):
        return "standard input is not the terminal"
    return ""


def _attempt(caller: Origin, deed: str, why: str) -> dict[str, Any]:
    return {
        "program": "agentguard",
        "argv": masked(("agentguard", *sys.argv[1:])),
        "cwd": os.getcwd(),
        "uid": caller.uid,
        "session": caller.session.id,
        "session_name": caller.session.name,
        "agent": caller.agent,
        "ancestry": [{"pid": above.pid, "start": above.start, "name": above.name} for above in caller.ancestry],
        "deed": deed,
        "why": why,
    }


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
