"""Polls the requests and the audit log for the view, also while the database cannot be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from ..approval.caller import Caller
from ..approval.request import Request
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog, Row
from ..edge.records.callers import callers
from ..edge.records.database import Database
from ..edge.records.requests import Requests
from ..errors import RecordError, UsageError
from ..lean.value import Value

#: How many rows of the record a look brings at most; the first one, of what was there before.
ROWS, EARLIER = 300, 20
#: How long a look waits for whoever has locked the database, in seconds.
BUSY = 1.0


class Glance(Value):
    """One look. `waiting` is None if the requests could not be read; `trouble` says why something could not.

    `rows` are new, the oldest first. `callers` has who made each request that waits. `gone` says what has become
    of requests that waited at the last look: their state, "" if they are not there any more.
    """

    waiting: tuple[Request, ...] | None
    rows: tuple[Row, ...] = ()
    callers: Mapping[str, Caller] = MappingProxyType({})
    gone: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


class Feed:
    """Looks at one installation. It belongs to the thread that uses it, as SQLite's connections do."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._database: Database | None = None
        self._file = (0, 0)
        self._last: int | None = None
        self._waited: frozenset[str] = frozenset()

    def look(self) -> Glance:
        """Never raises for what a database can be like."""
        try:
            database = self._open()
            requests = Requests(database)
            waiting = requests.pending()
            ids = frozenset(request.id for request in waiting)
            gone = tuple((id, _state(requests, id)) for id in sorted(self._waited - ids))
            self._waited = ids
            known = callers(database, waiting)
        except (RecordError, OSError) as fault:
            return Glance(None, trouble=f"The requests cannot be read: {fault}. Trying on.")
        try:
            log = AuditLog(database)
            log.catch_up()
            return Glance(waiting, self._new(log), known, gone)
        except (RecordError, OSError) as fault:
            return Glance(waiting, callers=known, gone=gone, trouble=f"The record cannot be read: {fault}. Trying on.")

    def close(self) -> None:
        """Let go of the database. What cannot be tidied up now is left to whoever opens it next."""
        database, self._database = self._database, None
        if database is not None:
            with suppress(RecordError):
                database.close()

    def _open(self) -> Database:
        """The database that lies in its place now; a file that was put there meanwhile is another one."""
        try:
            facts = os.stat(self._root.record)
        except OSError as fault:
            raise RecordError(f"{self._root.record}: {fault.strerror}") from fault
        file = (facts.st_dev, facts.st_ino)
        if self._database is None or file != self._file:
            self.close()
            self._database, self._file, self._last = Database(self._root, busy=BUSY), file, None
        return self._database

    def _new(self, log: AuditLog) -> tuple[Row, ...]:
        """The rows since the last look."""
        newest = next(log.rows(limit=1), None)
        last = newest.seq if newest else 0
        known = max(0, last - EARLIER) if self._last is None else self._last
        count = min(last - known, ROWS)
        rows = tuple(log.rows(limit=count))[::-1] if count > 0 else ()
        self._last = last
        return tuple(row for row in rows if row.seq <= last)


def _state(requests: Requests, id: str) -> str:
    try:
        return requests.request(id).state
    except UsageError:
        return ""
