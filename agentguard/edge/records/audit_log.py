"""The audit log: what happened, in order, each row holding the hash of the one before.

A row's hash is SHA-256 over the hash before it and its body, so that a row that was edited,
taken out or put elsewhere no longer fits. What the file alone cannot prove is that nobody wrote
all of it anew: for that, keep the head somewhere else.
"""

from __future__ import annotations

import os

from ...approval.request import REQUEST_LIFE
from ...errors import RecordError, UsageError
from ...lean.canonical import canonical, fingerprint
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from ...policy.settings import LONGEST_APPROVAL
from . import spool, tally
from .database import Database, checked_directory
from .spool import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from ...lean.sqlite import sqlite3

#: How many rows that shims have noted down a call takes into the record, at most.
AT_A_TIME = 200
#: How many rows are read at a time.
_BATCH = 500
#: How long a request can matter at most, in seconds.
REQUEST_MEMORY = REQUEST_LIFE + LONGEST_APPROVAL
_COLUMNS = "SELECT seq, CAST(prev AS BLOB), CAST(hash AS BLOB), CAST(body AS BLOB) FROM record"


class Row(Value):
    """One thing that happened; `body` holds its kind, its time (seconds since the epoch) and its facts."""

    seq: int
    hash: str
    body: dict[str, Any]


class Broken(Value):
    """The first row that does not fit, and why."""

    seq: int
    why: str


class Extent(Value):
    """How much of the record is here: its rows, the last one's number, and its hash, which is the head."""

    rows: int
    seq: int
    head: str


class AuditLog:
    """The chain of rows in a database: a `ports.Log`, and what a person looks at. Every method raises RecordError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        """Add one row; once this returns, the death of any process cannot undo it."""
        body = row_body(kind, facts, self._database.now())
        pids = tuple(above["pid"] for above in facts.get("ancestry", ()))
        caller = Caller(facts.get("session", ""), facts.get("session_name", ""), facts.get("agent", ""), pids)
        with self._database.writing() as connection:
            self._take_in(connection, caller, AT_A_TIME)
            append_row(connection, body)

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        """Keep one row in the spool: it comes into the record with the next that can be added."""
        database = self._database
        if database.foreign:
            raise RecordError(f"{database.path}: a row of another user's is not kept beside it")
        try:
            checked_directory(database.data)
            spool.note(database.data, row_body(kind, facts, database.now()))
        except OSError as fault:
            raise RecordError(f"{database.data}/spool: {fault.strerror or fault}") from fault

    def miss(self) -> None:
        """Count a call of which no row could be kept; the next row that can be added says so."""
        tally.add(self._database.data)

    def catch_up(self) -> None:
        """Take in everything that shims have noted down by themselves."""
        data = self._database.data
        if not self._database.foreign and (spool.pending(data) or tally.counted(data)):
            with self._database.writing() as connection:
                self._take_in(connection, Caller("", "", "", ()), 0)

    def _take_in(self, connection: sqlite3.Connection, caller: Caller, most: int) -> None:
        """Put rows of the spool into the record, within the caller's transaction."""
        if self._database.foreign:
            return
        now, data = self._database.now(), self._database.data
        for facts in spool.drain(connection, data, now, most, caller):
            append_row(connection, canonical(facts))
        missed = tally.untold(connection, data)
        if missed:
            why = f"{missed} calls that change nothing ran without a row, as none could be written"
            append_row(connection, row_body("unrecorded", {"program": "agentguard", "calls": missed, "why": why}, now))
        spool.calm(connection, data, now)

    def rows(
        self,
        *,
        kinds: tuple[str, ...] = (),
        since: float = 0,
        program: str = "",
        rating: str = "",
        session: str = "",
        request: str = "",
        newest: bool = True,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """The rows that fit all that is given, the newest or the oldest first.

        `since` is in seconds since the epoch. Rows that others append meanwhile may appear.
        """
        tests: list[str] = []
        bound: list[Any] = []
        if since:
            tests.append("time >= ?")
            bound.append(since)
        for column, wanted in (("program", program), ("rating", rating), ("session", session), ("request", request)):
            if wanted:  # by way of JSON, which can hold what is not valid Unicode
                tests.append(f"{column} = json_extract(?, '$')")
                bound.append(canonical(wanted))
        if kinds:
            tests.append(f"kind IN ({', '.join('?' * len(kinds))})")
            bound += kinds
        order = "seq < ? ORDER BY seq DESC" if newest else "seq > ? ORDER BY seq"
        query = f"{_COLUMNS} WHERE {' AND '.join([*tests, order])} LIMIT ?"
        last, left = (1 << 62) if newest else 0, limit if limit is not None else 1 << 62
        while left > 0:
            with self._database.reading() as connection:
                batch = connection.execute(query, [*bound, last, min(left, _BATCH)]).fetchall()
            for seq, _, hash, body in batch:
                yield self._row(seq, hash, body)
                last = seq
            left -= len(batch)
            if len(batch) < _BATCH:
                return

    def _row(self, seq: int, hash: bytes, body: bytes) -> Row:
        import json

        try:
            facts = json.loads(body)
            if isinstance(facts, dict):
                return Row(seq, hash.decode("ascii"), facts)
        except ValueError:
            pass  # named below, like anything else that no `append` wrote
        raise RecordError(f"{self._database.path}: row {seq} cannot be read", "see `agentguard audit verify`")

    def extent(self) -> Extent:
        """How much is here now."""
        with self._database.reading() as connection:
            seq, head = connection.execute("SELECT seq, hash FROM head").fetchone()
            return Extent(connection.execute("SELECT count(*) FROM record").fetchone()[0], seq, head)

    def holds(self, seq: int, hash: str) -> bool:
        """Whether the row of that number and hash is here, or is the last that was pruned."""
        query = (
            "SELECT 1 FROM record WHERE seq = ?1 AND hash = ?2 UNION SELECT 1 FROM sealed WHERE seq = ?1 AND hash = ?2"
        )
        with self._database.reading() as connection:
            return connection.execute(query, (seq, hash)).fetchone() is not None

    def verify(self) -> Broken | None:
        """Walk the whole chain; the first row that is missing, moved or changed, or None."""
        with self._database.reading() as connection:
            seq, head = connection.execute("SELECT seq, hash FROM sealed").fetchone()
            pruned = (seq, head)
            for found, prev, hash, body in connection.execute(f"{_COLUMNS} ORDER BY seq"):
                broken = _fault((seq, head.encode()), found, prev, hash, body)
                if broken:
                    return broken
                seq, head = found, hash.decode("ascii")
            written = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
            if written and written[0] > seq:
                return Broken(seq + 1, "it is missing, and so is all after it")
            if pruned[0] and not _attested(connection, *pruned):
                return Broken(pruned[0], "it and all before it were taken away, but not by `audit prune`")
        return None

    def prune(self, before: float, path: str, by: dict[str, Any]) -> int:
        """Move the rows older than `before` (seconds since the epoch) into a new file; how many.

        The file is JSON Lines: first the head that it continues from, then the rows, last a seal
        with the new head and the SHA-256 of all lines above. Rows leave the record only after the
        file is safely on disk, together with one row that says so; `by` says who wanted it.
        Requests of that age go too, when they can no longer be of use. Raises UsageError if `path` exists.
        """
        with self._database.reading() as connection:
            sealed = connection.execute("SELECT seq, hash FROM sealed").fetchone()
            kept = connection.execute("SELECT min(seq) FROM record WHERE time >= ?", (before,)).fetchone()[0]
            last = connection.execute(
                "SELECT seq, hash FROM record WHERE seq < ? ORDER BY seq DESC LIMIT 1", (kept or 1 << 62,)
            ).fetchone()
            if last is None:
                return 0
            count = self._seal(connection, sealed, last, path)
        useless = min(before, self._database.now() - REQUEST_MEMORY)
        seal = {"seq": last[0], "hash": last[1]}
        body = row_body("pruned", {"sealed": seal, "rows": count, "file": path, "by": by}, self._database.now())
        try:
            with self._database.writing() as connection:
                if connection.execute("SELECT seq, hash FROM sealed").fetchone() != sealed:
                    raise RecordError(f"{self._database.path}: somebody else pruned it meanwhile")
                connection.execute("UPDATE sealed SET seq = ?, hash = ?", last)
                connection.execute("DELETE FROM record WHERE seq <= ?", (last[0],))
                connection.execute("DELETE FROM requests WHERE created < ?", (useless,))
                append_row(connection, body)
        except RecordError as fault:
            raise RecordError(f"nothing was pruned: {fault.message}", f"{path} holds copies, delete it") from fault
        return count

    def _seal(self, connection: sqlite3.Connection, sealed: tuple[int, str], last: tuple[int, str], path: str) -> int:
        """Write the rows after `sealed` up to `last` into a new file and onto the disk, or leave no file."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise UsageError(f"{path}: exists already", "name a new file") from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                count = _write_rows(connection, sealed, last, file)
                file.flush()
                os.fsync(file.fileno())
            _sync_directory(path)
        except BaseException:
            os.unlink(path)
            raise
        return count


def _chained(prev: bytes, body: bytes) -> str:
    return fingerprint(prev + body)


def row_body(kind: str, facts: dict[str, Any], now: float) -> str:
    """The body of a row: what happened, at `now` (seconds since the epoch)."""
    return canonical({**facts, "kind": kind, "time": round(now, 3)})


def append_row(connection: sqlite3.Connection, body: str) -> None:
    """Add a row within the caller's transaction."""
    seq, prev = connection.execute("SELECT seq, hash FROM head").fetchone()
    row = (seq + 1, prev, _chained(prev.encode(), body.encode()), body)
    connection.execute("INSERT INTO record (seq, prev, hash, body) VALUES (?, ?, ?, ?)", row)


def _fault(before: tuple[int, bytes], seq: int, prev: bytes, hash: bytes, body: bytes) -> Broken | None:
    """What is wrong with a row that should follow the row number and hash `before`."""
    if seq != before[0] + 1:
        return Broken(before[0] + 1, f"it is missing: row {seq} follows row {before[0]}")
    if prev != before[1]:
        return Broken(seq, f"it does not continue row {before[0]}: one of them was changed or moved")
    if hash != _chained(prev, body).encode():
        return Broken(seq, "its hash does not fit: it was changed")
    return None


def _attested(connection: sqlite3.Connection, seq: int, head: str) -> bool:
    """Whether a row that is still here says that all up to `seq` was pruned."""
    said = "json_extract(body, '$.sealed.seq') = ? AND json_extract(body, '$.sealed.hash') = ?"
    query = f"SELECT 1 FROM record WHERE kind = 'pruned' AND {said}"
    return connection.execute(query, (seq, head)).fetchone() is not None


def _write_rows(connection: sqlite3.Connection, sealed: tuple[int, str], last: tuple[int, str], file: BinaryIO) -> int:
    """The lines of a sealed file. Only rows that fit are sealed; raises RecordError at the first that does not."""
    from hashlib import sha256

    total = sha256()

    def write(line: bytes) -> None:
        total.update(line + b"\n")
        file.write(line + b"\n")

    write(canonical({"agentguard": "sealed record", "continues": {"hash": sealed[1], "seq": sealed[0]}}).encode())
    before, count = (sealed[0], sealed[1].encode()), 0
    for seq, prev, hash, body in connection.execute(f"{_COLUMNS} WHERE seq <= ? ORDER BY seq", (last[0],)):
        broken = _fault(before, seq, prev, hash, body)
        if broken:
            raise RecordError(f"row {broken.seq} is broken: {broken.why}", "a broken record is not sealed")
        write(b'{"body":%b,"hash":"%b","prev":"%b","seq":%d}' % (body, hash, prev, seq))
        before, count = (seq, hash), count + 1
    digest = total.hexdigest()
    write(canonical({"rows": count, "sealed": {"hash": last[1], "seq": last[0]}, "sha256": digest}).encode())
    return count


def _sync_directory(path: str) -> None:
    descriptor = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
