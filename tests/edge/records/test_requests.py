"""The record and the requests, on real SQLite files."""

from __future__ import annotations

import json
import os
import pwd
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import REQUEST_LIFE, SILENCE, Asked, Request, phrase
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Reason
from agentguard.edge.layout import Root
from agentguard.edge.records.database import LONGEST_LOG
from agentguard.edge.records.loops import PAUSE
from agentguard.edge.records.short_id import ALPHABET
from agentguard.errors import RecordError, UsageError
from agentguard.policy.settings import APPROVAL_LIFE, LONGEST_APPROVAL

PROJECT = Path(__file__).parents[3]
#: What programs of their own import for `-c`.
EDGE = (
    "from agentguard.edge.records.database import Database; from agentguard.edge.records.requests import Requests; "
    "from agentguard.edge.records.audit_log import AuditLog; from agentguard.edge.layout import Root"
)
NOON = 1_800_000_000.0
ASKED = Question(
    program="rm",
    argv=("rm", "-rf", "caf\udce9\n"),
    cwd="/work",
    real="/usr/bin/rm",
    rating="destructive",
    catastrophic="",
    reasons=(Reason("rm.untracked", "rm", "it is gone", "git add it"), Reason("rm.b", "rm", "b")),
    targets=("file x",),
    environment="",
    session="claude",
    agent="claude",
)
BY = {"uid": 0, "terminal": "/dev/pts/7"}
CALLER = Origin(0, Session("s1", "claude (pid 7)"))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


@pytest.fixture
def records(root: Root, clock: Clock) -> Iterator[Records]:
    with closing(Records(root, clock, busy=0.2)) as records:
        yield records


def fill(records: Records, clock: Clock, rows: int) -> None:
    for i in range(rows):
        clock.now = NOON + i
        records.log.append(
            "ran", {"program": "git" if i % 2 else "rm", "n": i, "rating": "read", "session": f"s{i % 3}"}
        )


@contextmanager
def tampering(records: Records) -> Iterator[sqlite3.Connection]:
    """Write to the file as somebody who takes the trouble to remove the triggers."""
    records.close()
    connection = sqlite3.connect(records.database.path, isolation_level=None)
    for name in ("record_follows", "record_stays", "record_remains"):
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


# The chain


def test_rows_continue_each_other(records: Records, clock: Clock) -> None:
    records.log.append("asked", {"program": "rm", "argv": ("rm", "\udce9"), "kind": "forged", "time": 0})
    fill(records, clock, 3)
    with sqlite3.connect(records.database.path) as connection:
        rows = connection.execute("SELECT seq, prev, hash, body, kind, program, time FROM record").fetchall()
    prev = ""
    for i, (seq, before, hash, body, *_) in enumerate(rows, 1):
        assert (seq, before, hash) == (i, prev, sha256((prev + body).encode()).hexdigest())
        prev = hash
    assert rows[0][3:] == (
        '{"argv":["rm","\\udce9"],"kind":"asked","program":"rm","time":1800000000.0}',
        "asked",
        "rm",
        NOON,
    )
    assert records.log.verify() is None
    assert records.log.extent().astuple() == (4, 4, prev)


def test_an_empty_record_is_whole(records: Records) -> None:
    assert records.log.verify() is None
    assert records.log.extent().astuple() == (0, 0, "")
    assert list(records.log.rows()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET body = '{}' WHERE seq = 2",
        "UPDATE record SET seq = 9 WHERE seq = 2",
        "DELETE FROM record WHERE seq = 3",
        "DELETE FROM record",
        "INSERT OR REPLACE INTO record (seq, prev, hash, body) VALUES (2, '', '', '{}')",
        "INSERT INTO record (seq, prev, hash, body) VALUES (9, '', '', '{}')",
        "INSERT INTO record (prev, hash, body) VALUES ('', '', '{}')",
    ],
)
def test_the_file_itself_refuses_to_change_rows(records: Records, clock: Clock, statement: str) -> None:
    fill(records, clock, 3)
    with sqlite3.connect(records.database.path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert records.log.extent().rows == 3


#: what somebody does to rows 1 to 5 ─► the first broken row
TAMPERED = {
    "edited": ("UPDATE record SET body = replace(body, 'rm', 'ls') WHERE seq = 3", 3, "it was changed"),
    "hash edited": ("UPDATE record SET hash = 'x' WHERE seq = 3", 3, "it was changed"),
    "deleted": ("DELETE FROM record WHERE seq = 3", 3, "missing"),
    "first deleted": ("DELETE FROM record WHERE seq = 1", 1, "missing"),
    "last deleted": ("DELETE FROM record WHERE seq = 5", 5, "missing"),
    "all deleted": ("DELETE FROM record", 1, "missing"),
    "swapped": ("UPDATE record SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)", 2, "not continue"),
    "bodies swapped": (
        "UPDATE record SET body = (SELECT body FROM record o WHERE o.seq = 5 - record.seq) WHERE seq IN (2, 3)",
        2,
        "it was changed",
    ),
    "deleted and renumbered": (
        "DELETE FROM record WHERE seq = 2; UPDATE record SET seq = seq - 1 WHERE seq > 2",
        2,
        "not continue",
    ),
    "sealed by hand": (
        "UPDATE sealed SET seq = 2, hash = (SELECT hash FROM record WHERE seq = 2); DELETE FROM record WHERE seq < 3",
        2,
        "not by `audit prune`",
    ),
    "not text": ("UPDATE record SET hash = x'ff' WHERE seq = 4", 4, "it was changed"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_verify_names_the_first_broken_row(records: Records, clock: Clock, name: str) -> None:
    statements, seq, why = TAMPERED[name]
    fill(records, clock, 5)
    with tampering(records) as connection:
        connection.executescript(statements)
        if name == "swapped":
            connection.execute("UPDATE record SET seq = -seq WHERE seq < 0")
    broken = records.log.verify()
    assert broken is not None
    assert broken.seq == seq
    assert why in broken.why


def test_rows_filter(records: Records, clock: Clock) -> None:
    fill(records, clock, 8)
    records.log.append("asked", {"program": "caf\udce9", "request": "abc"})

    def found(**filters: Any) -> list[int]:
        return [row.seq for row in records.log.rows(**filters)]

    assert found() == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert found(newest=False, limit=2) == [1, 2]
    assert found(program="git") == [8, 6, 4, 2]
    assert found(program="git", session="s1") == [8, 2]
    assert found(program="caf\udce9") == [9]
    assert found(rating="read", since=NOON + 6) == [8, 7]
    assert found(kinds=("asked", "refused")) == [9]
    assert found(request="abc") == [9]
    assert found(program="' OR 1 --") == []
    assert found(limit=0) == []


def test_rows_of_more_than_one_batch(records: Records, clock: Clock) -> None:
    fill(records, clock, 1203)
    rows = records.log.rows(newest=False)
    assert next(rows).body["n"] == 0
    records.log.append("ran", {"n": 1203})  # while the rest is being read
    assert [row.body["n"] for row in rows] == list(range(1, 1204))
    assert len(list(records.log.rows(limit=777))) == 777


WRITER = """
import sys
from agentguard.edge.records.database import Database
from agentguard.edge.records.audit_log import AuditLog
from agentguard.edge.layout import Root
for i in range(int(sys.argv[3])):
    database = Database(Root(sys.argv[1]), busy=60)
    AuditLog(database).append("ran", {"who": sys.argv[2], "n": i})
    if i % 2:
        database.close()
"""


def started(*argv: str, code: str = WRITER) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *argv], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_sixteen_processes_lose_nothing(root: Root) -> None:
    writers = [started(root.path, str(i), "40") for i in range(16)]  # the first to come makes the file
    assert [(w.communicate()[1], w.returncode) for w in writers] == [("", 0)] * 16
    records = Records(root)
    assert records.log.verify() is None
    told = [(row.body["who"], row.body["n"]) for row in records.log.rows(newest=False)]
    assert sorted(told) == sorted((str(i), n) for i in range(16) for n in range(40))
    for i in range(16):
        assert [n for who, n in told if who == str(i)] == list(range(40)), "each in its own order"
    assert sorted(os.listdir(root.data))[0] == "record.db"
    assert not [name for name in os.listdir(root.data) if name not in ("record.db", "record.db-wal", "record.db-shm")]


def test_a_row_survives_the_sudden_death_of_its_writer(root: Root) -> None:
    code = WRITER + "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    assert started(root.path, "x", "3", code=code).wait() == -9
    assert Records(root).log.extent().rows == 3


# The file


@pytest.mark.parametrize("umask", [0, 0o777])
def test_its_owner_and_nobody_else_may_read_it(records: Records, root: Root, umask: int) -> None:
    os.makedirs(root.path, exist_ok=True)
    before = os.umask(umask)
    try:
        records.log.append("ran", {})
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(root.data).st_mode) == 0o700
    for name in os.listdir(root.data):
        assert stat.S_IMODE(os.stat(f"{root.data}/{name}").st_mode) == 0o600, name


def refusal(records: Records) -> str:
    """The one line that an append to a broken record gives."""
    with pytest.raises(RecordError) as caught:
        records.log.append("ran", {"program": "rm"})
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_symbolic_link_is_not_followed(records: Records, root: Root, tmp_path: Path) -> None:
    os.makedirs(root.data, 0o700)
    (tmp_path / "elsewhere.db").touch()
    os.symlink(tmp_path / "elsewhere.db", root.record)
    assert refusal(records) == f"{root.record}: not a regular file"


def test_a_linked_directory_is_not_followed(records: Records, root: Root, tmp_path: Path) -> None:
    os.makedirs(root.path)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    os.symlink(tmp_path / "elsewhere", root.data)
    assert refusal(records) == f"{root.data}: not a directory"
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_directory_where_others_write_is_refused(records: Records, root: Root) -> None:
    os.makedirs(root.data)
    os.chmod(root.data, 0o777)
    assert refusal(records) == f"{root.data}: others can write there"


@pytest.mark.parametrize(
    ("left", "cause"),
    [(0, "holds no record"), (500, "it is damaged"), (4096, "it is damaged"), (9000, "it is damaged")],
)
def test_a_truncated_file(records: Records, clock: Clock, root: Root, left: int, cause: str) -> None:
    fill(records, clock, 200)
    records.close()
    os.truncate(root.record, left)
    assert refusal(records) == f"{root.record}: {cause}"
    with pytest.raises(RecordError, match=cause):
        records.log.verify()


def test_a_file_that_is_no_database(records: Records, root: Root) -> None:
    os.makedirs(root.data, 0o700)
    Path(root.record).write_text("something else entirely" * 100)
    assert refusal(records) == f"{root.record}: it is not a database"


def test_another_program_holds_the_lock(records: Records, root: Root) -> None:
    records.log.append("ran", {})
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE');"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, root.record], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        assert refusal(records) == f"{root.record}: it is locked by another program"
        assert len(list(records.log.rows())) == 1, "reading goes on"
        other.communicate()
    records.log.append("ran", {})
    assert records.log.extent().rows == 2


@contextmanager
def immutable(path: str) -> Iterator[None]:
    """What a read-only disk looks like, also to root."""
    if subprocess.run(["chattr", "+i", path], capture_output=True).returncode:
        pytest.skip("chattr cannot make a file immutable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_a_read_only_file(records: Records, root: Root) -> None:
    records.log.append("ran", {})
    records.close()
    with immutable(root.record):
        assert refusal(records) == f"{root.record}: it is read-only"
    records.close()
    records.log.append("ran", {})


def test_a_read_only_directory(records: Records, root: Root) -> None:
    os.makedirs(root.data, 0o700)
    with immutable(root.data):
        assert refusal(records).endswith("record.db: Operation not permitted")
    records.log.append("ran", {})
    records.close()
    with immutable(root.data):
        assert root.record in refusal(records)


def test_no_room_is_left(records: Records, root: Root) -> None:
    records.log.append("ran", {})
    code = (
        f"import resource, sys; {EDGE};"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));"
        "AuditLog(Database(Root(sys.argv[1]))).append('ran', {'argv': ['x' * 500_000]})"
    )
    message = started(root.path, code=code).communicate()[1].splitlines()[-1]
    assert message.startswith(f"agentguard.errors.RecordError: {root.record}: its disk ")
    assert records.log.extent().rows == 1
    assert records.log.verify() is None


def test_a_full_disk(tmp_path: Path) -> None:
    code = (
        f"import os, sys; {EDGE};"
        "log = AuditLog(Database(Root(sys.argv[1] + '/root'))); log.append('ran', {});\n"
        "try: log.append('ran', {'argv': ['x' * 2_000_000]})\n"
        "except Exception as fault: print(fault.message)\n"
        "print(log.extent().rows, log.verify())"
    )
    mounted = ["sh", "-c", 'mount -t tmpfs -o size=300k none "$1" && exec "$2" -c "$3" "$1"', "sh"]
    command = ["unshare", "--mount", *mounted, str(tmp_path), sys.executable, code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("a small disk cannot be mounted here")
    assert done.stdout.splitlines() == [f"{tmp_path}/root/data/record.db: its disk is full", "1 None"]


def test_a_read_only_file_system(records: Records, root: Root, tmp_path: Path) -> None:
    records.log.append("ran", {})
    records.close()
    code = (
        f"import sys; {EDGE};\n"
        "try: AuditLog(Database(Root(sys.argv[1]))).append('ran', {})\n"
        "except Exception as fault: print(fault)"
    )
    mounted = ["sh", "-c", 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$4"', "sh"]
    command = ["unshare", "--mount", *mounted, str(tmp_path), sys.executable, code, root.path]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.stdout == f"{root.record}: Read-only file system (make that file system writable)\n"


def test_a_newer_schema_says_so(records: Records, root: Root) -> None:
    records.log.append("ran", {})
    records.close()
    with sqlite3.connect(root.record) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "written by a newer agentguard (schema 99" in refusal(records)


def test_another_uid_keeps_its_own_record(root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a directory that is another's")
    os.makedirs(root.data, 0o700)
    os.chown(root.data, 12345, 12345)
    home = tmp_path / "passwd-home"
    home.mkdir()
    entry = list(pwd.getpwuid(0))
    entry[5] = str(home)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(entry))
    monkeypatch.setenv("HOME", str(tmp_path / "forged"))
    records = Records(root)
    assert records.database.foreign
    records.log.append("refused", {"program": "rm"})
    records.close()
    assert os.listdir(root.data) == []
    assert records.database.path.startswith(f"{home}/.local/share/agentguard/other-roots/")
    assert [row.body["program"] for row in Records(root).log.rows()] == ["rm"]
    with pytest.raises(RecordError, match="cannot put requests on another user's list"):
        records.requests.submit(Asked(ASKED, "d"), CALLER)


def test_an_ordinary_user_owns_what_it_installs(records: Records) -> None:
    assert not records.database.foreign


# Requests


def test_a_request_comes_back_as_it_was_filed(records: Records) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    assert len(request.id) == 6
    assert set(request.id) <= set(ALPHABET)
    assert request == Request(request.id, "d1", "s1", NOON, ASKED)
    assert records.requests.pending() == (request,)
    assert records.requests.request(request.id) == request


def test_the_same_call_joins_an_open_request(records: Records, clock: Clock) -> None:
    first = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    assert records.requests.submit(Asked(ASKED, "d1"), CALLER).request.id == first.id
    assert records.requests.submit(Asked(ASKED, "d2"), CALLER).request.id != first.id
    clock.now += REQUEST_LIFE
    later = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    assert later.id != first.id
    assert [r.id for r in records.requests.pending()] == [later.id]
    records.requests.withdraw(later)
    assert records.requests.pending() == ()
    assert records.requests.submit(Asked(ASKED, "d1"), CALLER).request.id not in (first.id, later.id)


def test_an_approval_is_spent_once(records: Records) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    assert records.requests.approved("d1") is None
    assert not records.requests.consume(request)
    (answered,) = records.requests.answer((request,), True, BY)
    assert answered.state == "approved"
    assert records.requests.approved("d2") is None
    assert records.requests.approved("d1") == answered
    assert not records.requests.consume(request.replace(digest="d2"))
    assert records.requests.consume(answered)
    assert not records.requests.consume(answered)
    assert records.requests.approved("d1") is None
    assert records.requests.request(request.id).state == "spent"


@pytest.mark.parametrize(
    ("passed", "good"),
    [(0, True), (APPROVAL_LIFE - 1, True), (APPROVAL_LIFE, False), (APPROVAL_LIFE + 9, False), (-1, False)],
)
def test_an_approval_ends(records: Records, clock: Clock, passed: float, good: bool) -> None:
    (request,) = records.requests.answer((records.requests.submit(Asked(ASKED, "d1"), CALLER).request,), True, BY)
    clock.now += passed
    assert (records.requests.approved("d1") is not None) == good
    assert records.requests.consume(request) == good


def test_an_approval_ends_when_it_is_chosen_to(records: Records, clock: Clock) -> None:
    (request,) = records.requests.answer((records.requests.submit(Asked(ASKED, "d1"), CALLER).request,), True, BY)
    clock.now += 30
    assert records.requests.approved("d1", 30) is None and not records.requests.consume(request, 30)
    assert records.requests.approved("d1", 31) and records.requests.consume(request, 31)


def test_an_answer_is_on_the_record(records: Records) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    records.requests.answer((request,), False, BY, "use git rm \udce9")
    (row,) = records.log.rows()
    expected = {
        "kind": "denied",
        "request": request.id,
        "session": "s1",
        "session_name": "claude",
        "program": "rm",
        "by": BY,
        "answer": "use git rm \\udce9",
        "argv": ["rm", "-rf", "caf\udce9\n"],
    }
    assert {key: row.body[key] for key in expected} == expected
    first = {"rule": "rm.untracked", "program": "rm", "text": "it is gone", "instead": "git add it"}
    assert row.body["reasons"][0] == first
    denied = records.requests.request(request.id)
    assert (denied.state, denied.answered, denied.answer) == ("denied", NOON, "use git rm \\udce9")


@pytest.mark.parametrize("before", ["approved", "denied", "withdrawn", "too old"])
def test_what_no_longer_waits_cannot_be_answered(records: Records, clock: Clock, before: str) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    if before == "too old":
        clock.now += REQUEST_LIFE
    elif before == "withdrawn":
        records.requests.withdraw(request)
    else:
        records.requests.answer((request,), before == "approved", BY)
    rows = records.log.extent().rows
    with pytest.raises(UsageError, match=f"no longer waits: it is {before}"):
        records.requests.answer((request,), True, BY)
    assert records.log.extent().rows == rows


def test_a_session_is_silenced_for_ten_minutes(records: Records, clock: Clock) -> None:
    asked = [records.requests.submit(Asked(ASKED, f"d{n}"), CALLER).request for n in range(3)]
    other = CALLER.replace(session=Session("s2", "codex"))
    records.requests.submit(Asked(ASKED, "other"), other)
    denied = records.requests.silence(asked[1], BY, "stop")
    assert {one.id for one in denied} == {one.id for one in asked} and denied[0].id == asked[1].id
    clock.now += SILENCE - 1
    filed = records.requests.submit(Asked(ASKED, "later"), CALLER)
    assert not filed.waits and (filed.request.state, filed.request.answer) == ("denied", "stop")
    assert records.requests.submit(Asked(ASKED, "later"), other).waits
    clock.now += 1
    assert records.requests.submit(Asked(ASKED, "later"), CALLER).request.state == "open"
    rows = [row.body for row in records.log.rows(newest=False)]
    assert [row["kind"] for row in rows] == ["denied"] * 3 + ["silenced"]
    assert (rows[-1]["session"], rows[-1]["by"], rows[-1]["answer"], rows[-1]["until"]) == (
        "s1",
        BY,
        "stop",
        NOON + SILENCE,
    )
    with pytest.raises(UsageError, match="no longer waits: it is denied"):
        records.requests.silence(asked[0], BY)


def test_an_answer_that_cannot_be_recorded_is_none(records: Records, root: Root) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    with sqlite3.connect(root.record) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(RecordError):
        records.requests.answer((request,), True, BY)
    assert records.requests.request(request.id).state == "open"
    assert records.requests.approved("d1") is None


def test_a_prefix_is_enough(records: Records) -> None:
    requests = [records.requests.submit(Asked(ASKED, f"d{i}"), CALLER).request for i in range(40)]
    firsts = [r.id[0] for r in requests]
    crowded = next(first for first in firsts if firsts.count(first) > 1)
    with pytest.raises(UsageError, match="could be any of"):
        records.requests.request(crowded)
    for request in requests:
        assert records.requests.request(f" {request.id.upper()}").id == request.id
    for nothing in ("", "%", "zzzzzzz", "\udce9"):
        with pytest.raises(UsageError, match="no request"):
            records.requests.request(nothing)
    only = next(r for r in requests if r.id[0] == crowded)
    for request in requests:
        if request != only:
            records.requests.withdraw(request)
    assert records.requests.request(crowded) == only, "one that waits is meant before those that do not"


def test_settled_waits_for_the_answer(records: Records, root: Root) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    assert records.requests.wait(request, 0).state == "open"
    assert records.requests.wait(request, 0.3).state == "open"
    code = (
        f"import sys; {EDGE};"
        "sys.stdin.readline(); requests = Requests(Database(Root(sys.argv[1]), lambda: float(sys.argv[3])));"
        "requests.answer((requests.request(sys.argv[2]),), False, {}, 'no')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, root.path, request.id, str(NOON)], cwd=PROJECT, stdin=subprocess.PIPE
    ) as person:
        assert person.stdin
        person.stdin.write(b"\n")
        person.stdin.flush()
        settled = records.requests.wait(request, 60)
    assert (settled.state, settled.answer) == ("denied", "no")


def test_two_processes_cannot_spend_one_approval(root: Root) -> None:
    records = Records(root)
    ids = []
    for i in range(20):
        request = records.requests.submit(Asked(ASKED, f"d{i}"), CALLER).request
        ids.append(request.id)
        records.requests.answer((request,), True, BY)
    code = (
        f"import sys; {EDGE};"
        "requests = Requests(Database(Root(sys.argv[1]), busy=60)); sys.stdin.read();"
        "print(*[id for id in sys.argv[2:] if requests.consume(requests.request(id))])"
    )
    spenders = [
        subprocess.Popen(
            [sys.executable, "-c", code, root.path, *ids], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(8)
    ]
    for spender in spenders:
        assert spender.stdin
        spender.stdin.close()
    spent = [id for s in spenders if s.stdout for id in s.stdout.read().decode().split()]
    assert [s.wait() for s in spenders] == [0] * 8
    assert sorted(spent) == sorted(ids)


def test_a_request_of_another_version_can_be_read(records: Records, root: Root) -> None:
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    with sqlite3.connect(root.record) as connection:
        connection.execute("""UPDATE requests SET sheet = json_set(sheet, '$.colour', 'red')""")
    assert records.requests.request(request.id) == request


def test_sessions_are_told_apart_by_pid_and_start(records: Records) -> None:
    one = records.sessions.register(7, 100, "claude")
    two = records.sessions.register(7, 200, "codex \udce9")
    assert records.sessions.recent() == {(7, 100): one, (7, 200): two}
    assert (two.name, one.known) == ("codex \\udce9", True)
    assert one.id != two.id


# Pruning


def test_prune_seals_old_rows_and_the_rest_still_proves(records: Records, clock: Clock, tmp_path: Path) -> None:
    fill(records, clock, 10)
    old = [(row.seq, row.hash, row.body) for row in records.log.rows(newest=False, limit=6)]
    file = tmp_path / "old.jsonl"
    assert records.log.prune(NOON + 6, str(file), BY) == 6
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_bytes().splitlines(keepends=True)
    first, *rows, seal = map(json.loads, lines)
    assert first == {"agentguard": "sealed record", "continues": {"seq": 0, "hash": ""}}
    assert [(row["seq"], row["hash"], row["body"]) for row in rows] == old
    digest = sha256(b"".join(lines[:-1])).hexdigest()
    assert seal == {"rows": 6, "sealed": {"seq": 6, "hash": old[-1][1]}, "sha256": digest}
    for line, row in zip(lines[1:-1], rows, strict=True):
        body = line[len(b'{"body":') : line.index(b',"hash":"')]
        assert sha256(row["prev"].encode() + body).hexdigest() == row["hash"]

    assert records.log.verify() is None
    newest = list(records.log.rows())
    assert [row.seq for row in newest] == [11, 10, 9, 8, 7]
    said = {key: newest[0].body[key] for key in ("kind", "sealed", "rows", "file", "by")}
    assert said == {"kind": "pruned", "sealed": seal["sealed"], "rows": 6, "file": str(file), "by": BY}

    clock.now += 100
    assert records.log.prune(clock.now, str(tmp_path / "more.jsonl"), BY) == 5
    again = json.loads((tmp_path / "more.jsonl").read_text().splitlines()[0])
    assert again["continues"] == seal["sealed"]
    records.log.append("ran", {})
    assert records.log.verify() is None
    assert records.log.extent().seq == 13


def test_nothing_to_prune_makes_no_file(records: Records, clock: Clock, tmp_path: Path) -> None:
    fill(records, clock, 3)
    assert records.log.prune(NOON, str(tmp_path / "old"), BY) == 0
    assert not (tmp_path / "old").exists()


def test_prune_overwrites_nothing(records: Records, clock: Clock, tmp_path: Path) -> None:
    fill(records, clock, 3)
    (tmp_path / "old").write_text("mine")
    os.symlink(tmp_path / "nowhere", tmp_path / "link")
    for name in ("old", "link"):
        with pytest.raises(UsageError, match="exists already"):
            records.log.prune(NOON + 9, str(tmp_path / name), BY)
    assert (tmp_path / "old").read_text() == "mine"
    assert records.log.extent().rows == 3


def test_a_broken_record_is_not_sealed(records: Records, clock: Clock, tmp_path: Path) -> None:
    fill(records, clock, 5)
    with tampering(records) as connection:
        connection.execute("UPDATE record SET body = replace(body, 'rm', 'ls') WHERE seq = 3")
    with pytest.raises(RecordError, match="row 3 is broken"):
        records.log.prune(NOON + 9, str(tmp_path / "old"), BY)
    assert not (tmp_path / "old").exists()
    assert records.log.extent().rows == 5


def test_a_prune_that_cannot_write_loses_nothing(
    records: Records, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(records, clock, 5)

    def failing(descriptor: int) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "old"))

    with monkeypatch.context() as edge:
        edge.setattr(os, "fsync", failing)
        with pytest.raises(RecordError, match="old: No space left on device"):
            records.log.prune(NOON + 9, str(tmp_path / "old"), BY)
    assert not (tmp_path / "old").exists()
    assert records.log.extent().rows == 5
    with pytest.raises(RecordError, match="No such file or directory"):
        records.log.prune(NOON + 9, str(tmp_path / "missing" / "old"), BY)
    assert records.log.verify() is None


def test_a_prune_that_cannot_delete_loses_nothing(records: Records, clock: Clock, root: Root, tmp_path: Path) -> None:
    fill(records, clock, 5)
    other = sqlite3.connect(root.record, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordError, match=r"nothing was pruned: .* it is locked"):
        records.log.prune(NOON + 9, str(tmp_path / "old"), BY)
    other.execute("ROLLBACK")
    other.close()
    assert records.log.extent().rows == 5
    assert records.log.verify() is None
    assert records.log.prune(NOON + 9, str(tmp_path / "again"), BY) == 5


def test_prune_keeps_requests_that_still_matter(records: Records, clock: Clock, tmp_path: Path) -> None:
    old = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    records.log.append("asked", {"request": old.id})
    clock.now += REQUEST_LIFE + LONGEST_APPROVAL + 1
    fresh = records.requests.submit(Asked(ASKED, "d2"), CALLER).request
    assert records.log.prune(clock.now + 1, str(tmp_path / "old"), BY) == 1
    assert records.requests.request(fresh.id) == fresh
    with pytest.raises(UsageError):
        records.requests.request(old.id)


def test_a_shim_loads_nothing_heavy_for_its_row(root: Root) -> None:
    heavy = "typing dataclasses enum re json subprocess pathlib hashlib datetime inspect sqlite3 pwd"
    code = (
        f"import sys; before = set(sys.modules); {EDGE};"
        "from agentguard.edge.records.sessions import NamedSessions; database = Database(Root(sys.argv[1]));"
        "AuditLog(database).append('ran', {'argv': ['git', 'status']}); NamedSessions(database).recent();"
        f"print(*(set(sys.modules) - before) & set({heavy.split()!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, root.path], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def append_as_shims_do(root: Root, rows: int) -> None:
    """Each row by a process of its own, that ends without closing."""
    for _ in range(rows):
        pid = os.fork()
        if not pid:
            try:
                Records(root).log.append("ran", {"argv": ["x" * 20_000]})
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_log_stays_short_though_nobody_closes(root: Root) -> None:
    append_as_shims_do(root, 60)
    assert os.path.getsize(f"{root.record}-wal") <= LONGEST_LOG + 100_000
    with closing(Records(root)) as records:
        assert len(list(records.log.rows())) == 60 and records.log.verify() is None


def test_who_reads_keeps_nobody_waiting(root: Root) -> None:
    with closing(Records(root)) as reader:
        reader.log.append("ran", {})
        with reader.database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
            append_as_shims_do(root, 30)
            assert os.path.getsize(f"{root.record}-wal") > LONGEST_LOG
            assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
    append_as_shims_do(root, 1)
    assert not os.path.exists(f"{root.record}-wal") or os.path.getsize(f"{root.record}-wal") <= LONGEST_LOG


LOOP = CALLER.replace(ancestry=(Process(70, 1, "bash", ("bash", "-c", "for …")), Process(7, 1, "claude", ("claude",))))
AGENT = CALLER.replace(ancestry=(Process(7, 1, "claude", ("claude",)),))


def alike(number: int) -> Question:
    return ASKED.replace(argv=("rm", f"file-{number}"))


def test_the_calls_of_a_loop_are_one_question(records: Records, clock: Clock) -> None:
    assert records.requests.opens(alike(0), LOOP)
    first = records.requests.submit(Asked(alike(0), "d0"), LOOP)
    clock.now += 7
    assert not records.requests.opens(alike(1), LOOP)
    others = [records.requests.submit(Asked(alike(i), f"d{i}"), LOOP) for i in range(1, 87)]
    assert first.waits and not first.waited and not first.request.group_leader
    assert all(filed.waits and filed.waited == 7 for filed in others), "they wait with it, and no longer than it"
    assert {filed.request.group_leader for filed in others} == {first.request.id}
    group = records.requests.group(others[40].request)
    assert [r.question.argv[1] for r in group] == [f"file-{i}" for i in range(87)]
    assert phrase(group) == "DELETE 87"
    later = records.requests.submit(Asked(alike(87), "d87"), LOOP).request
    records.requests.answer(group, True, BY)
    assert records.requests.approved("d87") is None, "only what was shown is approved"
    assert [r.id for r in records.requests.pending()] == [later.id]
    for i in range(87):
        approval = records.requests.approved(f"d{i}")
        assert approval and records.requests.consume(approval) and not records.requests.consume(approval)
    assert records.log.verify() is None


def test_what_a_caller_comes_to_is_one_question_before_it_is_made(records: Records, clock: Clock) -> None:
    ahead = tuple(Asked(alike(i), f"d{i}") for i in range(1, 4))
    first = records.requests.submit(Asked(alike(0), "d0"), LOOP, ahead).request
    group = records.requests.group(first)
    assert [one.digest for one in group] == ["d0", "d1", "d2", "d3"]
    assert {one.leader for one in group} == {first.id}
    clock.now += 5
    made = records.requests.submit(Asked(alike(2), "d2"), LOOP, (Asked(alike(9), "d9"),))
    assert made.request.leader == first.id and (made.waits, made.waited) == (True, 5)
    assert len(records.requests.group(first)) == 4, "what comes to a question that is there foresees nothing"
    records.requests.answer(group[:3], True, BY)
    assert records.requests.approved("d2") and records.requests.approved("d3") is None
    left = records.requests.submit(Asked(alike(3), "d3"), LOOP)
    assert left.waits and not left.waited and not left.request.group_leader, "it was not shown, and is asked about"


def test_a_loop_that_is_run_again_leads_what_it_left_open(records: Records, clock: Clock) -> None:
    first, second, third = (records.requests.submit(Asked(alike(i), f"d{i}"), LOOP).request for i in range(3))
    clock.now += 500
    again = LOOP.replace(ancestry=(Process(71, 1, "bash", ("bash", "-c", "for …")), *LOOP.ancestry[1:]))
    asked = records.requests.submit(Asked(alike(1), "d1"), again)
    assert asked.waits and not asked.waited
    assert (asked.request.id, asked.request.leader, asked.request.created) == (second.id, second.id, clock.now)
    clock.now += 3
    other = records.requests.submit(Asked(alike(2), "d2"), again)
    assert (other.request.id, other.request.leader, other.waited) == (third.id, second.id, 3)
    assert {one.id for one in records.requests.group(other.request)} == {first.id, second.id, third.id}


def test_no_to_a_list_is_no_to_what_has_joined_it_since(records: Records) -> None:
    first = records.requests.submit(Asked(alike(0), "d0"), LOOP).request
    shown = records.requests.group(first)
    late = records.requests.submit(Asked(alike(1), "d1"), LOOP).request
    other = records.requests.submit(Asked(alike(2), "d2"), AGENT).request
    denied = records.requests.answer(shown, False, BY, "none of it")
    assert {one.id for one in denied} == {first.id, late.id}
    assert records.requests.wait(late, 0).state == "denied"
    assert [one.id for one in records.requests.pending()] == [other.id]


@pytest.mark.parametrize(
    ("other", "caller"),
    [
        (ASKED.replace(program="git"), LOOP),
        (ASKED.replace(cwd="/elsewhere"), LOOP),
        (ASKED.replace(catastrophic="the filesystem root"), LOOP),
        (ASKED.replace(reasons=(Reason("other", "rm", "why"),)), LOOP),
        (ASKED, LOOP.replace(ancestry=(Process(71, 1, "bash"),))),
        (ASKED, LOOP.replace(ancestry=(Process(70, 2, "bash"),))),
        (ASKED, CALLER),
    ],
)
def test_what_is_not_alike_is_a_question_of_its_own(records: Records, other: Question, caller: Origin) -> None:
    first = records.requests.submit(Asked(ASKED, "d0"), LOOP).request
    second = records.requests.submit(Asked(other, "d1"), caller)
    assert second.waits and not second.request.group_leader
    assert records.requests.group(first) == (first,)


def test_a_loop_that_has_had_its_answer_does_not_wait_again(records: Records) -> None:
    records.requests.answer((records.requests.submit(Asked(alike(0), "d0"), LOOP).request,), True, BY)
    second, third = (records.requests.submit(Asked(alike(i), f"d{i}"), LOOP) for i in (1, 2))
    assert not second.waits and not second.request.group_leader, "it is gathered, and asked about"
    assert third.request.group_leader == second.request.id
    records.requests.answer(records.requests.group(second.request), False, BY, "none of them")
    fourth = records.requests.submit(Asked(alike(3), "d3"), LOOP)
    assert (fourth.waits, fourth.request.state, fourth.request.answer) == (False, "denied", "none of them")


@pytest.mark.parametrize("approved", [True, False])
def test_a_shell_that_stays_is_asked_anew_about_what_it_does_later(
    records: Records, clock: Clock, approved: bool
) -> None:
    records.requests.answer((records.requests.submit(Asked(alike(0), "d0"), LOOP).request,), approved, BY)
    clock.now += PAUSE
    later = records.requests.submit(Asked(alike(1), "d1"), LOOP)
    assert later.waits and later.request.state == "open" and not later.request.group_leader


@pytest.mark.parametrize("caller", [AGENT, AGENT.replace(ancestry=(Process(9, 1, "python3", ("python3", "bot.py")),))])
def test_each_call_of_an_agent_itself_is_answered(records: Records, caller: Origin) -> None:
    records.requests.answer((records.requests.submit(Asked(alike(0), "d0"), caller).request,), False, BY)
    second = records.requests.submit(Asked(alike(1), "d1"), caller)
    assert second.waits and second.request.state == "open"


def test_a_group_goes_with_the_caller_that_began_it(records: Records) -> None:
    first = records.requests.submit(Asked(alike(0), "d0"), LOOP).request
    records.requests.submit(Asked(alike(1), "d1"), LOOP)
    records.requests.withdraw(first)
    assert records.requests.pending() == ()
    assert records.requests.submit(Asked(alike(2), "d2"), LOOP).waits


def test_a_database_of_the_first_schema_is_brought_up_to_date(root: Root) -> None:
    records = Records(root)
    request = records.requests.submit(Asked(ASKED, "d1"), CALLER).request
    with records.database.writing() as connection:
        for column in ("parent", "kin", "lead", "hits", "proof"):
            connection.execute(f"ALTER TABLE requests DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 1")
    records.close()
    records = Records(root)
    assert records.requests.request(request.id) == request
    assert records.requests.submit(Asked(alike(1), "d2"), LOOP).waits
