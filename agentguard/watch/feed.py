"""What the view is told: a look at the journal, again and again, also while its database is away."""

from __future__ import annotations

import os
from contextlib import suppress

from ..approval.request import Request
from ..edge.layout import Root
from ..edge.records.audit_log import Row
from ..edge.records.requests import Journal
from ..errors import RecordError, UsageError
from ..lean.value import Value

#: How many rows of the record a look brings at most; the first one, of what was there before.
ROWS, EARLIER = 300, 20
#: How long a look waits for whoever has locked the database, in seconds.
BUSY = 1.0


class Glance(Value):
    """One look. `waiting` is None if the requests could not be read; `trouble` says why something could not.

    `rows` are new, the oldest first. `gone` says what has become of requests that waited at the last look:
    their state, "" if they are not there any more.
    """

    waiting: tuple[Request, ...] | None
    rows: tuple[Row, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


class Feed:
    """Looks at one installation. It belongs to the thread that uses it, as SQLite's connections do."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._journal: Journal | None = None
        self._file = (0, 0)
        self._last: int | None = None
        self._waited: frozenset[str] = frozenset()

    def look(self) -> Glance:
        """Never raises for what a database can be like."""
        try:
            journal = self._open()
            waiting = journal.pending()
            ids = frozenset(request.id for request in waiting)
            gone = tuple((id, _state(journal, id)) for id in sorted(self._waited - ids))
            self._waited = ids
        except (RecordError, OSError) as fault:
            return Glance(None, trouble=f"The requests cannot be read: {fault}. Trying on.")
        try:
            journal.catch_up()
            return Glance(waiting, self._new(journal), gone)
        except (RecordError, OSError) as fault:
            return Glance(waiting, gone=gone, trouble=f"The record cannot be read: {fault}. Trying on.")

    def close(self) -> None:
        """Let go of the database. What cannot be tidied up now is left to whoever opens it next."""
        journal, self._journal = self._journal, None
        if journal is not None:
            with suppress(RecordError):
                journal.close()

    def _open(self) -> Journal:
        """The journal that lies in its place now; a file that was put there meanwhile is another one."""
        try:
            facts = os.stat(self._root.record)
        except OSError as fault:
            raise RecordError(f"{self._root.record}: {fault.strerror}") from fault
        file = (facts.st_dev, facts.st_ino)
        if self._journal is None or file != self._file:
            self.close()
            self._journal, self._file, self._last = Journal(self._root, busy=BUSY), file, None
        return self._journal

    def _new(self, journal: Journal) -> tuple[Row, ...]:
        """The rows since the last look."""
        newest = next(journal.rows(limit=1), None)
        last = newest.seq if newest else 0
        known = max(0, last - EARLIER) if self._last is None else self._last
        count = min(last - known, ROWS)
        rows = tuple(journal.rows(limit=count))[::-1] if count > 0 else ()
        self._last = last
        return tuple(row for row in rows if row.seq <= last)


def _state(journal: Journal, id: str) -> str:
    try:
        return journal.request(id).state
    except UsageError:
        return ""
