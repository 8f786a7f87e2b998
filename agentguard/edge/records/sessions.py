"""The sessions that `agentguard run` named: a table of the same database as the audit log."""

from __future__ import annotations

from ...core.caller import Session
from ...lean.typing import TYPE_CHECKING
from .database import storable
from .short_id import short_id

if TYPE_CHECKING:
    from ...core.caller import Process
    from ...lean.sqlite import sqlite3
    from .database import Database

#: How many of the last named sessions are still told apart: more do not run at once.
MOST = 256


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
