"""The database file of one installation: where it lies, who may write it, and what its faults mean."""

from __future__ import annotations

import errno
import os
import stat
import time

from ...errors import DamagedRecord, RecordError
from ...lean.canonical import digest
from ...lean.sqlite import sqlite3
from ...lean.typing import TYPE_CHECKING
from ..layout import Root

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

#: How long a shim waits for another one's write, in seconds.
BUSY = 5.0
#: How long the write-ahead log may get, in bytes, before a writer puts it into the file. A shim does
#: not close the database, so that whoever opens it next reads all of the log anew, and SQLite's own
#: checkpoint would never begin it from the start.
LONGEST_LOG = 400_000
#: What `PRAGMA user_version` says. Add to it whenever a program of the version before would go wrong.
SCHEMA = 2

#: Columns that schema 1 did not have: `parent` is the caller key, `kin` the group key, `lead` the id of the
#: group's leader (see approval/request.py), `hits` what the call aims at, as JSON, `proof` a signed approval.
_COLUMNS = tuple(f"{name} TEXT NOT NULL DEFAULT ''" for name in ("parent", "kin", "lead", "hits", "proof"))
_LATER = ",\n  ".join(_COLUMNS)

# A row is its body; the columns to search by are computed from it, so that nothing can disagree
# with what is hashed. `sealed` is the last row that `prune` took away. A row can be deleted only
# once it is sealed, and only a row that continues the head can be added: this stops mistakes and
# `INSERT OR REPLACE`; who changes the schema itself is found out by the hashes.
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE record (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  time REAL GENERATED ALWAYS AS (json_extract(body, '$.time')) VIRTUAL,
  kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL,
  program TEXT GENERATED ALWAYS AS (json_extract(body, '$.program')) VIRTUAL,
  rating TEXT GENERATED ALWAYS AS (json_extract(body, '$.rating')) VIRTUAL,
  session TEXT GENERATED ALWAYS AS (json_extract(body, '$.session')) VIRTUAL,
  request TEXT GENERATED ALWAYS AS (json_extract(body, '$.request')) VIRTUAL
);
CREATE INDEX record_time ON record (time);
CREATE INDEX record_kind ON record (kind);
CREATE INDEX record_program ON record (program);
CREATE INDEX record_rating ON record (rating);
CREATE INDEX record_session ON record (session);
CREATE INDEX record_request ON record (request) WHERE request <> '';
CREATE TABLE sealed (seq INTEGER NOT NULL, hash TEXT NOT NULL);
INSERT INTO sealed VALUES (0, '');
CREATE VIEW head AS
  SELECT seq, hash FROM record UNION ALL SELECT seq, hash FROM sealed ORDER BY seq DESC LIMIT 1;
CREATE TRIGGER record_follows BEFORE INSERT ON record
  WHEN NEW.seq IS NOT (SELECT seq + 1 FROM head) OR NEW.prev IS NOT (SELECT hash FROM head)
  BEGIN SELECT RAISE(ABORT, 'a row must continue the record'); END;
CREATE TRIGGER record_stays BEFORE UPDATE ON record
  BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
CREATE TRIGGER record_remains BEFORE DELETE ON record WHEN OLD.seq > (SELECT seq FROM sealed)
  BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',
  session TEXT NOT NULL,
  created REAL NOT NULL,
  answered REAL NOT NULL DEFAULT 0,
  answer TEXT NOT NULL DEFAULT '',
  sheet TEXT NOT NULL,
  {_LATER}
);
CREATE INDEX requests_digest ON requests (digest, state);
CREATE INDEX requests_state ON requests (state);
CREATE TABLE sessions (id TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL, name TEXT NOT NULL);
PRAGMA user_version = {SCHEMA};
COMMIT;
"""

_WRITE = "BEGIN IMMEDIATE"
_OWNER = "it must belong to whom agentguard was installed for, who must have the right to it: see `agentguard doctor`"
_WRITABLE = "make that file system writable"
_LOOK = "a person must look at what has become of it"
_ASIDE = "`agentguard doctor --mend` puts it aside, sealed, and begins a new one that says so"

#: SQLite's result codes by their first words, each with what a person calls it and what helps.
_FAULTS = (
    ("SQLITE_READONLY", "it is read-only", "give its owner the right to write to it and to its directory"),
    ("SQLITE_FULL", "its disk is full", "free some space"),
    ("SQLITE_BUSY", "it is locked by another program", "end what holds it: `fuser -v` on the file names it"),
    ("SQLITE_LOCKED", "it is locked by another program", "end what holds it: `fuser -v` on the file names it"),
    ("SQLITE_PERM", "permission denied", _OWNER),
    ("SQLITE_IOERR", "its disk cannot be read or written", "look at the disk, and how much of it is left"),
)
#: What SQLite says where the file system takes nothing: it also makes files beside the record.
_UNWRITTEN = ("SQLITE_READONLY", "SQLITE_CANTOPEN")
#: The same for what is no record any more. SQLITE_ERROR is a table that is missing, or a row that no `append` wrote.
_DAMAGE = (
    ("SQLITE_NOTADB", "it is not a database"),
    ("SQLITE_CORRUPT", "it is damaged"),
    ("SQLITE_ERROR", "it is not laid out as a record"),
)


class Database:
    """One installation's database, opened when it is first needed.

    Only the owner of `Root.data` writes there. Under any other uid (sudo) `foreign` is True, and
    everything goes to that uid's own database, found by the passwd entry: nothing below the root
    is opened, because even reading would leave files of the wrong owner behind.

    `now` gives seconds since the epoch, `busy` is how long a write waits for its turn. Everything
    but making one raises RecordError.
    """

    def __init__(self, root: Root, now: Callable[[], float] = time.time, busy: float = BUSY) -> None:
        self.now = now
        self.data = root.data
        self._root = root
        self._busy = busy
        self._connection: sqlite3.Connection | None = None
        self._place: tuple[str, bool] | None = None

    @property
    def path(self) -> str:
        """Where the file lies."""
        return self._located()[0]

    @property
    def foreign(self) -> bool:
        """Whether it is another user's root, and this the own record of what was done under it."""
        return self._located()[1]

    def _located(self) -> tuple[str, bool]:
        """Path and `foreign`, looked up once."""
        if self._place is None:
            try:
                foreign = _owner(self._root) != os.geteuid()
                self._place = (_elsewhere(self._root) if foreign else self._root.record), foreign
            except OSError as fault:
                raise _named(fault, self._root.record) from fault
        return self._place

    def close(self) -> None:
        """Close the file. The last one to close also tidies it, which waits for the disk; `exec` does not."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with _Translated(self):
                connection.close()

    def reading(self) -> Transaction:
        """`with database.reading() as connection:` one unchanging view."""
        return Transaction(self, "BEGIN")

    def writing(self) -> Transaction:
        """`with database.writing() as connection:` all of it or nothing, one writer at a time."""
        return Transaction(self, _WRITE)

    def opened(self) -> sqlite3.Connection:
        """The connection; the first use checks the file, and makes it if there is none."""
        if self._connection is None:
            checked_directory(os.path.dirname(self.path))
            try:
                found = os.lstat(self.path)
            except FileNotFoundError:
                _create(self.path)
                found = os.lstat(self.path)
            if not stat.S_ISREG(found.st_mode):
                raise DamagedRecord(f"{self.path}: not a regular file", _ASIDE)
            if found.st_uid != os.geteuid():
                raise RecordError(f"{self.path}: belongs to uid {found.st_uid}", _OWNER)
            connection = _connect(self.path, self._busy)
            try:
                self._check_version(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def check(self) -> None:
        """Read all of the file; raises DamagedRecord if its pages do not fit together."""
        with self.reading() as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise DamagedRecord(f"{self.path}: it is damaged: {found}", _ASIDE)

    def shorten(self) -> None:
        """Put a long log into the file. Not while somebody reads: whoever writes next will do it."""
        connection = self.opened()
        try:
            if os.stat(f"{self.path}-wal").st_size > LONGEST_LOG:
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.execute(f"PRAGMA busy_timeout = {self._busy * 1000:.0f}")
        except (OSError, sqlite3.Error):
            return  # what has been written is safe: the log only stays long

    def _check_version(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise RecordError(
                f"{self.path}: written by a newer agentguard (schema {version}, this one knows {SCHEMA})",
                "use the newer one",
            )
        if version == 0:
            raise DamagedRecord(f"{self.path}: holds no record", _ASIDE)
        if version < SCHEMA:
            _upgrade(connection)


class _Translated:
    """Turns what SQLite and the system say into RecordError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(fault, (sqlite3.Error, OSError)):
            raise _named(fault, self._database.path) from fault


class Transaction:
    """Begun when entered; committed at the end, rolled back on any exception."""

    def __init__(self, database: Database, begin: str) -> None:
        self._database = database
        self._begin = begin

    def __enter__(self) -> sqlite3.Connection:
        with _Translated(self._database):
            self._connection = self._database.opened()
            self._connection.execute(self._begin)
        return self._connection

    def __exit__(self, kind: object, fault: BaseException | None, trace: TracebackType | None) -> None:
        with _Translated(self._database):
            try:
                if fault is None:
                    self._connection.execute("COMMIT")
                    if self._begin == _WRITE:
                        self._database.shorten()
                elif isinstance(fault, (sqlite3.Error, OSError)):
                    raise fault
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def _named(fault: BaseException, path: str) -> RecordError:
    """One line for a fault of the file at `path`: which file, and why."""
    if isinstance(fault, OSError):
        where = str(fault.filename or path)
        where = path if where.startswith(path) else where  # not the name it has while it is made
        return RecordError(f"{where}: {fault.strerror or fault}", _WRITABLE if fault.errno == errno.EROFS else _OWNER)
    code = getattr(fault, "sqlite_errorname", None) or ""
    if code.startswith(_UNWRITTEN) and _is_read_only(path):
        return RecordError(f"{path}: {os.strerror(errno.EROFS)}", _WRITABLE)
    for start, cause, hint in _FAULTS:
        if code.startswith(start):
            return RecordError(f"{path}: {cause}", hint)
    for start, cause in _DAMAGE:
        if code.startswith(start):
            return DamagedRecord(f"{path}: {cause}", _ASIDE)
    if code.startswith("SQLITE_CANTOPEN"):
        return RecordError(f"{path}: cannot be opened: {_obstacle(path)}", _OWNER)
    return RecordError(f"{path}: {fault}")


def storable(text: str) -> str:
    """`text` with undecodable bytes shown as escapes: SQLite takes only Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _owner(root: Root) -> int:
    """The uid that may write below the root; one's own where there is nothing yet."""
    for place in (root.data, root.path):
        try:
            return os.lstat(place).st_uid
        except FileNotFoundError:
            continue
    return os.geteuid()


def _elsewhere(root: Root) -> str:
    """Where this uid keeps what it did under another's root; HOME is the caller's word and not asked."""
    import pwd

    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        raise RecordError(f"uid {os.geteuid()} has no passwd entry, so there is no place for its record") from None
    return f"{home}/.local/share/agentguard/other-roots/{digest(root.path)[:16]}/record.db"


def checked_directory(path: str) -> None:
    """Make sure that the directory is there, and that nobody else can put files into it."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        os.makedirs(path, 0o700, exist_ok=True)
        os.chmod(path, 0o700)  # whatever the caller's umask is: a record that its owner cannot open is none
        found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise RecordError(f"{path}: not a directory", _LOOK)
    if found.st_uid != os.geteuid():
        raise RecordError(f"{path}: belongs to uid {found.st_uid}", _OWNER)
    if found.st_mode & 0o022:
        raise RecordError(f"{path}: others can write there", f"chmod 700 {path}")


def _create(path: str) -> None:
    """Make the database beside its place and link it there whole: nobody ever opens half a schema."""
    new = f"{path}.{os.urandom(4).hex()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    try:
        connection = _connect(new, 0)
        try:
            connection.executescript(_SCHEMA)
        finally:
            connection.close()
        _link(new, path)
    finally:
        for leftover in (new, f"{new}-wal", f"{new}-shm"):
            if os.path.lexists(leftover):
                os.unlink(leftover)


def _upgrade(connection: sqlite3.Connection) -> None:
    """From schema 1. Another process may be at it as well: whoever is first does it all."""
    connection.execute(_WRITE)
    if connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA:
        for column in _COLUMNS:
            connection.execute(f"ALTER TABLE requests ADD COLUMN {column}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")


def _link(new: str, path: str) -> None:
    try:
        os.link(new, path)
    except FileExistsError:
        return  # another process was first, and its file is as good


def _connect(path: str, busy: float) -> sqlite3.Connection:
    """A connection to a file that exists (SQLite would make one that does not, readable by all)."""
    name = "".join(f"%{byte:02x}" for byte in os.fsencode(path))
    return sqlite3.connect(f"file:{name}?mode=rw", timeout=busy, isolation_level=None, uri=True)


def _is_read_only(path: str) -> bool:
    """Whether the file system there is read-only."""
    try:
        return bool(os.statvfs(os.path.dirname(path)).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _obstacle(path: str) -> str:
    """Why a file cannot be opened; SQLite itself does not say."""
    try:
        os.stat(path)
    except OSError as fault:
        return fault.strerror or str(fault)
    return "its permissions or those of its directory do not let it"
