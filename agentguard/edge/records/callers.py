"""Whether those who made requests still stand there: by what the record noted of them, and by their processes."""

from __future__ import annotations

from ...approval.caller import Caller
from ...lean.canonical import parsed
from ...lean.typing import TYPE_CHECKING
from ..caller.processes import has_ended

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...approval.request import Request
    from .database import Database

#: How many of the programs above a call are named.
NAMED = 3

#: What a caller noted when it last asked; takes the id of the request. The index is over rows that have one.
_ASKED = "SELECT body FROM record WHERE request = ? AND request <> '' AND kind = 'asked' ORDER BY seq DESC LIMIT 1"


def callers(database: Database, requests: Iterable[Request]) -> dict[str, Caller]:
    """The caller of each of these requests, by its id. Raises RecordError."""
    now, found = database.now(), {}
    with database.reading() as connection:
        for request in requests:
            rows = (connection.execute(_ASKED, (id,)).fetchone() for id in (request.id, request.leader))
            row = next(filter(None, rows), None)  # what was foreseen has not asked yet: the one that leads it waits
            above = connection.execute("SELECT parent FROM requests WHERE id = ?", (request.id,)).fetchone()
            try:
                parent = tuple(map(int, above[0].split())) if above else ()
                found[request.id] = _caller(parsed(row[0]) if row else {}, parent, now)
            except (AttributeError, KeyError, TypeError, ValueError):  # a row that agentguard did not write
                found[request.id] = Caller()
    return found


def _caller(asked: dict[str, Any], parent: tuple[int, ...], now: float) -> Caller:
    """By the row that a caller left when it asked; `parent` is the pid and start of what had started it."""
    told = Caller("waiting", None, _who(asked), asked.get("terminal", ""))
    waits, below = asked.get("waits"), tuple(asked.get("below", ()))
    if waits:
        left = asked["time"] + waits["seconds"] - now
        if left > 0 and not _ended((waits["pid"], waits["start"])):
            return told.replace(left=left)
        told = told.replace(presence="given up", left=0.0)
    return told.replace(presence="gone", left=0.0) if _ended(below if any(below) else parent) else told


def _who(asked: dict[str, Any]) -> str:
    """The session, where one was found above the call; else the programs above it, and the agent that left its mark."""
    if asked.get("below"):
        return str(asked["session_name"])
    names = list(dict.fromkeys(above["name"] for above in asked.get("ancestry", ())))[:NAMED]
    return ", below ".join(filter(None, (*names, asked.get("agent"))))


def _ended(process: tuple[int, ...]) -> bool:
    """Whether a process, by pid and start, was seen and is there no more."""
    return any(process) and has_ended(*process)
