"""Counts calls that ran without any row, where neither the record nor the spool could be written: a byte for each.

It is kept beside the record or, where nothing can be written there, in this user's file in memory. Nothing is ever
taken away from either: how far each was told is kept in the database, as it is for the spool.
"""

from __future__ import annotations

import os
import stat

from ...lean.canonical import digest
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...lean.sqlite import sqlite3

#: How far each file of the spool was read, and each tally was told.
OFFSETS = "CREATE TABLE IF NOT EXISTS spooled (file TEXT PRIMARY KEY, offset INTEGER NOT NULL)"


def add(data: str) -> None:
    """Count one call; where even that cannot be kept, it is lost."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for place in _places(data):
        try:
            descriptor = os.open(place, flags, 0o600)
        except OSError:
            continue
        try:
            if _is_own(os.fstat(descriptor)) and os.write(descriptor, b".") == 1:
                return
        except OSError:
            continue
        finally:
            os.close(descriptor)


def counted(data: str) -> bool:
    """Whether anything was ever counted."""
    return any(_sizes(data))


def untold(connection: sqlite3.Connection, data: str) -> int:
    """How many calls were counted since this was asked last; within the caller's transaction, which must record it."""
    total = 0
    for place, size in _sizes(data):
        connection.execute(OFFSETS)
        told = connection.execute("SELECT offset FROM spooled WHERE file = ?", (place,)).fetchone()
        if told is None or told[0] != size:
            total += size - told[0] if told and told[0] < size else size  # smaller: memory was lost, all of it is new
            connection.execute("INSERT OR REPLACE INTO spooled VALUES (?, ?)", (place, size))
    return total


def _places(data: str) -> tuple[str, str]:
    return f"{data}/unrecorded", f"/dev/shm/agentguard-{os.geteuid()}-{digest(data)[:16]}"


def _sizes(data: str) -> Iterator[tuple[str, int]]:
    """The tallies that are there."""
    for place in _places(data):
        try:
            facts = os.lstat(place)
        except OSError:
            continue
        if facts.st_size and _is_own(facts):
            yield place, facts.st_size


def _is_own(facts: os.stat_result) -> bool:
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid()
