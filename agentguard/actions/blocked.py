"""Stopped calls, each put together from its rows in the audit log: "asked", then "approved", then "ran"."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

from ..approval.outcome import call_key, outcome
from ..edge.records.audit_log import REQUEST_MEMORY, AuditLog, Row
from ..edge.records.callers import callers
from ..edge.records.database import Database
from ..edge.records.requests import Requests
from ..errors import UsageError

#: The rows that a stopped call can leave, besides those of its running.
_KINDS = ("asked", "approved", "denied", "refused", "attempt")


def blocked(database: Database, since: float) -> Iterator[dict[str, Any]]:
    """One object for each stopped call whose last row is not older than `since`, the newest first.

    Each is the facts of the call's first row, with "seq" and "hash" of that row; "why" and "answer"
    of later ones; "outcome", what became of it; and "open", whether a person can still approve it.
    """
    log = AuditLog(database)
    early = max(0.0, since - REQUEST_MEMORY)  # what was asked before `since` may have been answered after it
    rows = heapq.merge(
        log.rows(kinds=_KINDS, since=early, newest=False),
        log.rows(kinds=("ran",), rating="destructive", since=early, newest=False),
        key=lambda row: row.seq,
    )
    calls: list[_Call] = []
    unfinished: dict[str, _Call] = {}
    for row in rows:
        key = call_key(row.body)
        kind, request = row.body["kind"], row.body.get("request")
        if kind == "asked" and not request:
            unfinished.pop(key, None)  # the same was asked before, and the terminal went away
        if key not in unfinished:
            if kind == "ran" and not request:
                continue  # nothing stopped it
            unfinished[key] = _Call(row)
            calls.append(unfinished[key])
        unfinished[key].goes_on(row)
        if kind != "asked" and not request:
            del unfinished[key]
    for call in reversed(calls):
        if call.last >= since:
            yield call.told(database)


class _Call:
    """One stopped call on its way."""

    def __init__(self, first: Row) -> None:
        self._facts = {"seq": first.seq, "hash": first.hash, **first.body}
        self._outcome = ""
        self.last = 0.0

    def goes_on(self, row: Row) -> None:
        """Take in the next row of this call."""
        self.last = row.body.get("time", 0.0)
        self._outcome = outcome(self._outcome, row.body)
        if row.body["kind"] == "ran":
            self._facts.pop("why", None)  # why it was refused before holds no more
        self._facts |= {name: row.body[name] for name in ("why", "answer", "by") if row.body.get(name)}

    def told(self, database: Database) -> dict[str, Any]:
        """The finished object. What still hangs on a request is asked of the request itself."""
        outcome, is_open = self._outcome, False
        if outcome in ("waiting", "timed out") and self._facts.get("request"):
            state = _state(database, str(self._facts["request"]))
            is_open = state in ("open", "left")
            if state == "withdrawn" or (state == "left" and outcome == "waiting"):
                outcome = "interrupted"
            elif not is_open:
                outcome = "timed out"
        return {**self._facts, "outcome": outcome, "open": is_open}


def _state(database: Database, id: str) -> str:
    """A request's state; "left" if it is open and its call waits no more, "too old" if it can no longer be answered.

    "gone" if it was pruned.
    """
    requests = Requests(database)
    try:
        request = requests.request(id)
    except UsageError:
        return "gone"
    if request.state == "open" and request not in requests.pending():
        return "too old"
    if request.state == "open" and callers(database, (request,))[request.id].presence != "waiting":
        return "left"
    return request.state
