"""The spool: rows that shims write without Python, or where the record cannot be written, until they are put into it.

    data/spool/current  → the file that is written to, "1", "2", …
    data/unrecorded     see tally.py
    data/denied         is there while a denial is fresh: then shims let nothing through that could share its aim

A shim appends one row in one write (shims/plain.sh); what Python notes is a whole row as JSON. Files are never renamed
or cut while somebody may write to them: how far each was read is kept in the database, in the transaction that puts
its rows into the chain; a large one is followed by another, and goes when nobody has written to it for long. Until
then its rows are not chained: who edits them before they are put into the record is not found out.
"""

from __future__ import annotations

import os
import time

from ...core.text.encoding import decode
from ...core.text.redact import masked, masked_text
from ...lean.canonical import canonical, parsed
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .tally import OFFSETS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ...lean.sqlite import sqlite3

#: What stands between the fields of a row, and for the end of a line in one.
FIELD, LINE = "\x1f", "\x1e"
#: From which size on a file is followed by the next, in bytes.
LARGE = 1 << 20
#: Which rows are noted down whole: those of calls that destroy nothing, or that were refused.
NOTED = ("asked", "ran", "refused")
#: How long nobody has written to a file that is taken away, in seconds.
QUIET = 3600.0
#: How long a denial is remembered, in seconds.
DENIAL_LIFE = 3600.0


class Caller(Value):
    """Which session and agent a row belongs to, by its parent process, one of `pids`."""

    session: str
    session_name: str
    agent: str
    pids: tuple[int, ...]


def prepare(data: str) -> None:
    """Make the spool below the data directory, which is there, unless it is there already; raises OSError."""
    folder = f"{data}/spool"
    if os.path.lexists(f"{folder}/current"):
        return
    os.makedirs(folder, 0o700, exist_ok=True)
    _begin(folder, 1)


def is_sound(data: str) -> bool:
    """Whether what is written to is a file of the spool."""
    try:
        name = os.readlink(f"{data}/spool/current")
    except OSError:
        return False
    path = f"{data}/spool/{name}"
    return name.isdigit() and os.path.isfile(path) and not os.path.islink(path)


def renew(data: str) -> None:
    """Have a new file of the spool written to, after all that are there; raises OSError."""
    folder = f"{data}/spool"
    os.makedirs(folder, 0o700, exist_ok=True)
    _begin(folder, max((int(name) for name in os.listdir(folder) if name.isdigit()), default=0) + 1)


def note(data: str, body: str) -> None:
    """Add the whole body of a row, as the record would keep it; raises OSError."""
    prepare(data)
    name = os.readlink(f"{data}/spool/current")
    if not name.isdigit():
        raise OSError(f"{name} is no file of the spool")
    descriptor = os.open(f"{data}/spool/{name}", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        line = f"\n{body}\n".encode("ascii")
        if os.write(descriptor, line) != len(line):
            raise OSError("its disk is full")
    finally:
        os.close(descriptor)


def pending(data: str) -> bool:
    """Whether shims have noted anything down that may not be on the record yet."""
    return any(size for _, size in _files(f"{data}/spool"))


def drain(connection: sqlite3.Connection, data: str, now: float, most: int, caller: Caller) -> Iterator[dict[str, Any]]:
    """The facts of rows that were not given before, at most that many (0: all of them), the oldest first.

    Within the caller's transaction, which must put all of them into the record. `now` is in seconds
    since the epoch.
    """
    folder = f"{data}/spool"
    files = [(name, size) for name, size in _files(folder) if size]
    if not files:
        return
    connection.execute(OFFSETS)
    read = dict(connection.execute("SELECT file, offset FROM spooled").fetchall())
    fresh = any(read.get(name, 0) < size for name, size in files)
    sessions = dict(connection.execute("SELECT id, name FROM sessions").fetchall()) if fresh else {}
    given = 0
    for name, size in files:
        offset = read.get(name, 0)
        if offset < size and not (most and given >= most):
            rows, offset, written = _rows(f"{folder}/{name}", offset, size, most and most - given)
            connection.execute("INSERT OR REPLACE INTO spooled VALUES (?, ?)", (name, offset))
            given += len(rows)
            for row in rows:
                yield _facts(row, now, written, caller, sessions)
        _tidy(connection, folder, name, size, offset, now)


def deny(data: str) -> None:
    """From now on shims let nothing through that could share a denial's aim, until `calm` finds that they may."""
    descriptor = os.open(f"{data}/denied", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.close(descriptor)


def calm(connection: sqlite3.Connection, data: str, now: float) -> None:
    """Take the mark of a denial away if none is fresh; in a transaction, so that none comes in between."""
    if os.path.lexists(f"{data}/denied"):
        query = "SELECT 1 FROM requests WHERE state = 'denied' AND answered > ? LIMIT 1"
        if connection.execute(query, (now - DENIAL_LIFE,)).fetchone() is None:
            os.unlink(f"{data}/denied")


def _files(folder: str) -> list[tuple[str, int]]:
    """The files of the spool with their sizes, the oldest first.

    The newest is looked at first: then what was written to an older one before it, by whoever had that one still
    open, is there as well, and each caller's rows stay in their order.
    """
    try:
        numbers = sorted(int(name) for name in os.listdir(folder) if name.isdigit())
    except FileNotFoundError:
        return []
    return [(str(number), os.lstat(f"{folder}/{number}").st_size) for number in reversed(numbers)][::-1]


def _rows(path: str, offset: int, end: int, most: int) -> tuple[list[bytes], int, float]:
    """The whole rows between those places, how far that is, and when the file was last written to."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        written = os.fstat(file.fileno()).st_mtime
        file.seek(offset)
        rows = []
        for line in file:
            if not line.endswith(b"\n") or offset + len(line) > end:  # somebody is writing it
                break
            offset += len(line)
            if line != b"\n":
                rows.append(line[:-1])
                if len(rows) == most:
                    break
    return rows, offset, written


def _facts(row: bytes, now: float, written: float, caller: Caller, sessions: dict[str, str]) -> dict[str, Any]:
    """What the record keeps of a row: what it keeps of any call, as far as a shim knows it."""
    try:
        if row.startswith(b"{"):
            return _noted(row)
        when, _, parent, session, rating, rules, real, cwd, program, *words = decode(row).split(FIELD)
        above = [int(parent)]
        moment = _moment(when, now, written)
        if rating not in ("read", "reversible"):
            raise ValueError(rating)
    except ValueError:
        return {"kind": "unreadable", "program": "agentguard", "time": now, "why": masked_text(decode(row[:200]))}
    if session not in sessions:
        session = caller.session if not set(above).isdisjoint(caller.pids) else ""
    argv = tuple(word.replace(LINE, "\n") for word in (program, *words))
    return {
        "kind": "ran",
        "time": moment,
        "program": program,
        "argv": masked(argv),
        "cwd": cwd.replace(LINE, "\n"),
        "real": real,
        "uid": os.getuid(),
        "session": session,
        "session_name": sessions.get(session, caller.session_name if session else ""),
        "agent": caller.agent if session and session == caller.session else "",
        "ancestry": [{"pid": pid, "start": 0, "name": ""} for pid in above],
        "rating": rating,
        "catastrophic": "",
        "reasons": [
            {"rule": rule, "program": program, "text": "its words alone decide", "instead": ""}
            for rule in rules.split()
        ],
        "effects": [],
        "decision": "run",
    }


def _noted(row: bytes) -> dict[str, Any]:
    """A row that was noted down whole; raises ValueError for what `note` was not given."""
    text = decode(row)
    try:
        facts = parsed(text)
        is_one = canonical(facts) == text and facts["kind"] in NOTED and facts["time"] >= 0 and "proof" not in facts
        if not is_one or (facts["kind"] == "ran" and facts["rating"] not in ("read", "reversible")):
            raise ValueError(text[:200])
    except (KeyError, TypeError, RecursionError) as fault:
        raise ValueError(text[:200]) from fault
    return dict(facts)


def _moment(when: str, now: float, written: float) -> float:
    """When a row was written, in seconds since the epoch; it says seconds since boot, or `@` and since the epoch."""
    if when.startswith("@"):
        return float(when[1:])
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    booted = now - since_boot
    # Of a boot before this one nothing is left to tell more than the file's own time.
    return round(booted + float(when) if float(when) <= since_boot and written >= booted else min(written, now), 3)


def _tidy(connection: sqlite3.Connection, folder: str, name: str, size: int, offset: int, now: float) -> None:
    """Go on in a new file after a large one; take away an old one that has been read to its end."""
    if os.readlink(f"{folder}/current") == name:
        if size > LARGE:
            _begin(folder, int(name) + 1)
    elif offset == size and os.lstat(f"{folder}/{name}").st_mtime < now - QUIET:
        os.unlink(f"{folder}/{name}")
        connection.execute("DELETE FROM spooled WHERE file = ?", (name,))


def _begin(folder: str, number: int) -> None:
    """Make a file of that number, and have it written to from now on."""
    descriptor = os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    link = f"{folder}/.current.{os.getpid()}"
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(str(number), link)
    os.replace(link, f"{folder}/current")
