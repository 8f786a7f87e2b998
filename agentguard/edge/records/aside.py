"""Putting a record aside that cannot be understood: nothing of it is lost, and the new one says where it lies.

What the old one still tells of what goes on now is carried over: which sessions run, and what was denied lately.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import closing

from ...errors import RecordError
from ...lean.typing import TYPE_CHECKING
from .audit_log import append_row, row_body
from .database import Database
from .sessions import NamedSessions
from .spool import DENIAL_LIFE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...core.caller import Session
    from ..layout import Root

_DENIED = "SELECT * FROM requests WHERE state = 'denied' AND answered > ?"
#: What SQLite keeps beside a database.
_PARTS = ("", "-wal", "-shm", "-journal")


def put_aside(root: Root, why: str, by: Mapping[str, Any], running: Mapping[tuple[int, int], Session]) -> str:
    """Move the record aside, for reading only, and begin a new one with a row that says so; where the old one lies.

    `running` are the sessions that are known to run, should the record not tell. Raises RecordError, OSError.
    """
    sessions, denied = _kept(root, running)
    new = f"{root.record}.sealed-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    while os.path.lexists(new):
        new += "x"
    parts = [part for part in _PARTS if os.path.lexists(root.record + part)]
    try:
        for part in parts:
            os.rename(root.record + part, new + part)
        facts = {"program": "agentguard", "file": new, "sha256": _sealed(new, parts), "why": why, "by": dict(by)}
        with closing(Database(root)) as database:
            with database.writing() as connection:
                append_row(connection, row_body("sealed-aside", facts, database.now()))
                for row in denied:
                    connection.execute(f"INSERT OR IGNORE INTO requests VALUES ({', '.join('?' * len(row))})", row)
            NamedSessions(database).keep(sessions)
    except BaseException:
        if not os.path.lexists(root.record):  # no new one can be made, as on a full disk: all is as it was
            for part in filter(lambda part: os.path.lexists(new + part), parts):
                os.rename(new + part, root.record + part)
        raise
    return new


def _sealed(new: str, parts: list[str]) -> dict[str, str]:
    """Take the right to write from what was put aside; the SHA-256 of each file."""
    sums = {}
    for path in (new + part for part in parts):
        if os.path.isfile(path) and not os.path.islink(path):
            os.chmod(path, 0o400)
            with open(path, "rb") as file:
                sums[os.path.basename(path)] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums


def _kept(
    root: Root, running: Mapping[tuple[int, int], Session]
) -> tuple[Mapping[tuple[int, int], Session], list[Any]]:
    """The sessions and the late denials that the record still tells, as far as it does."""
    with closing(Database(root)) as database:
        try:
            sessions = {**running, **NamedSessions(database).recent()}
        except RecordError:
            sessions = dict(running)
        try:
            with database.reading() as connection:
                return sessions, connection.execute(_DENIED, (database.now() - DENIAL_LIFE,)).fetchall()
        except RecordError:
            return sessions, []
