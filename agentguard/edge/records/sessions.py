"""The sessions that `agentguard run` named: a table of the same database as the audit log."""

from __future__ import annotations

import os

from ...core.caller import Session
from ...lean.typing import TYPE_CHECKING
from ..caller.processes import has_ended
from .database import storable
from .short_id import short_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.caller import Process
    from ...lean.sqlite import sqlite3
    from .database import Database

#: How many of the last named sessions are still told apart: more do not run at once.
MOST = 256
#: How many of the last rows of the record are looked at for sessions that nobody named.
ROWS = 2000
#: Those of these rows' sessions that are below a known process (what a shim noted down by itself does not say which).
_ROWS = (
    "SELECT session, json_extract(body, '$.session_name'), json_extract(body, '$.below[0]') AS pid, "
    "json_extract(body, '$.below[1]'), max(seq) FROM (SELECT seq, session, body FROM record ORDER BY seq DESC "
    f"LIMIT {ROWS}) WHERE pid > 0 GROUP BY session ORDER BY seq"
)


class NamedSessions:
    """The list of named sessions in a database. Every method raises RecordError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, pid: int, start: int, name: str) -> Session:
        """Name the session of everything below a process; see `core.caller.Process` for `start`."""
        session = Session(short_id(), storable(name))
        with self._database.writing() as connection:
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (session.id, pid, start, session.name))
        return session

    def keep(self, sessions: Mapping[tuple[int, int], Session]) -> None:
        """Put sessions that were named elsewhere onto the list, by pid and start of the process that they are below."""
        rows = [(one.id, pid, start, storable(one.name)) for (pid, start), one in sessions.items()]
        with self._database.writing() as connection:
            connection.executemany("INSERT INTO sessions VALUES (?, ?, ?, ?)", rows)

    def recent(self) -> dict[tuple[int, int], Session]:
        """Those that were named lately, by pid and start of the process that they are below."""
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT pid, start, id, name FROM sessions ORDER BY rowid DESC LIMIT {MOST}"
            ).fetchall()
        return {(pid, start): Session(id, name) for pid, start, id, name in reversed(found)}


def is_named(connection: sqlite3.Connection, process: Process) -> bool:
    """Whether a session was named for that very process; within the caller's transaction."""
    query = "SELECT 1 FROM sessions WHERE pid = ? AND start = ?"
    return connection.execute(query, (process.pid, process.start)).fetchone() is not None


def running(database: Database) -> tuple[Session, ...]:
    """The sessions that are there now: those that were named, and agents that called lately. Raises RecordError."""
    if not os.path.lexists(database.path):
        return ()
    with database.reading() as connection:
        rows = connection.execute(_ROWS).fetchall()
    found = {one.id: one.replace(below=place) for place, one in NamedSessions(database).recent().items()}
    for id, name, pid, start, _ in rows:
        if isinstance(pid, int) and isinstance(start, int) and any((pid, start)):
            found.setdefault(str(id), Session(str(id), str(name), below=(pid, start)))
    return tuple(one for one in found.values() if not has_ended(*one.below))
