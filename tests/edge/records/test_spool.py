"""What shims note down by themselves comes into the record: whole, once, in order, whoever writes meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.records import Records

from agentguard.edge.layout import Root
from agentguard.edge.records import spool, tally
from agentguard.errors import RecordError
from agentguard.lean.canonical import canonical

#: One shim in a loop: what plain.sh does at its end, so many times.
WRITER = """
n=0
while [ $n -lt "$3" ]; do
    n=$((n + 1))
    read -r up rest </proc/uptime
    IFS=@
    { printf '\\n%s\\n' "$up@$$@$PPID@@read@git-observes@/usr/bin/git@/srv/app@git@log@$2-$n" | tr @ '\\037' >>"$1"; }
    IFS=' '
done
"""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    os.makedirs(tmp_path / "root" / "data", 0o700)
    found = Root(str(tmp_path / "root"))
    spool.prepare(found.data)
    return found


def row(
    *words: str, when: str = "1.00", parent: str = "7", session: str = "", rating: str = "read", cwd: str = "/srv/app"
) -> bytes:
    fields = (when, "99", parent, session, rating, "git-observes", "/usr/bin/git", cwd, "git", *words)
    return b"\n" + spool.FIELD.join(fields).encode("utf-8", "surrogateescape") + b"\n"


def note(root: Root, *rows: bytes) -> None:
    with open(f"{root.data}/spool/current", "ab") as file:
        file.write(b"".join(rows))


def recorded(root: Root) -> list[dict[str, Any]]:
    records = Records(root)
    records.log.catch_up()
    found = [row.body for row in records.log.rows(newest=False)]
    assert records.log.verify() is None
    records.close()
    return found


def words(rows: list[dict[str, Any]]) -> list[str]:
    return [" ".join(row["argv"][1:]) for row in rows if row["kind"] == "ran"]


def test_rows_come_into_the_record_once_and_in_order(root: Root) -> None:
    note(root, row("status"), row("log", "-1"))
    assert words(recorded(root)) == ["status", "log -1"]
    note(root, row("diff"))
    assert words(recorded(root)) == ["status", "log -1", "diff"]


def test_what_the_record_keeps_of_one(root: Root) -> None:
    now = f"{time.clock_gettime(time.CLOCK_BOOTTIME):.2f}"
    note(root, row("commit", "-m", f"one{spool.LINE}two", when=now, rating="reversible", cwd="/srv/my app"))
    (found,) = recorded(root)
    assert abs(found.pop("time") - time.time()) < 5
    assert found == {
        "kind": "ran",
        "program": "git",
        "argv": ["git", "commit", "-m", "one\ntwo"],
        "cwd": "/srv/my app",
        "real": "/usr/bin/git",
        "uid": os.getuid(),
        "session": "",
        "session_name": "",
        "agent": "",
        "ancestry": [{"pid": 7, "start": 0, "name": ""}],
        "rating": "reversible",
        "catastrophic": "",
        "reasons": [{"rule": "git-observes", "program": "git", "text": "its words alone decide", "instead": ""}],
        "effects": [],
        "decision": "run",
    }


def test_a_row_that_is_still_being_written_waits(root: Root) -> None:
    whole = row("status")
    note(root, row("log"), whole[:-8])
    assert words(recorded(root)) == ["log"]
    note(root, whole[-8:])
    assert words(recorded(root)) == ["log", "status"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"x\n",
        row("x", when="soon"),
        row("x", parent="me"),
        row("x", rating="destructive"),
        row("log")[:-20],
        b"\xff\n\n\n",
    ],
    ids=["no fields", "no time", "no parent", "no such rating", "torn", "odd bytes"],
)
def test_what_is_no_row_is_said_and_loses_no_other(root: Root, garbage: bytes) -> None:
    note(root, row("status"), garbage, row("diff"))
    rows = recorded(root)
    assert words(rows) == ["status", "diff"]
    assert [row["kind"] for row in rows] == ["ran", "unreadable", "ran"]


NOTED = {"kind": "ran", "time": 5.0, "program": "git", "argv": ["git", "log"], "rating": "read", "session": "s"}


def test_a_whole_row_comes_into_the_record_as_it_is(root: Root) -> None:
    note(root, row("status"))
    spool.note(root.data, canonical(NOTED))
    spool.note(root.data, canonical({**NOTED, "argv": ["git", "\udcff\n"]}))
    note(root, row("diff"))
    rows = recorded(root)
    assert words(rows) == ["status", "log", "\udcff\n", "diff"]
    assert rows[1] == NOTED


@pytest.mark.parametrize(
    "body",
    [
        canonical({**NOTED, "kind": "approved"}),
        canonical({**NOTED, "rating": "destructive"}),
        canonical({**NOTED, "proof": "signed"}),
        canonical({**NOTED, "time": "now"}),
        canonical({"kind": "ran"}),
        canonical(NOTED)[:-10],
        canonical(NOTED).replace("5.0", "NaN"),
        canonical(NOTED).replace("5.0", "1e999"),
        '{"kind":' + "[" * 100_000,
        "{}",
    ],
)
def test_what_nobody_notes_whole_is_no_row(root: Root, body: str) -> None:
    spool.note(root.data, body)
    note(root, row("diff"))
    assert [row["kind"] for row in recorded(root)] == ["unreadable", "ran"]


@pytest.mark.parametrize("current", ["/dev/null", "../record.db", "gone"])
def test_a_spool_that_leads_elsewhere_is_not_written_to(root: Root, current: str) -> None:
    os.unlink(f"{root.data}/spool/current")
    os.symlink(current, f"{root.data}/spool/current")
    with pytest.raises(OSError, match=r"no file of the spool|No such file"):
        spool.note(root.data, canonical(NOTED))


def test_the_next_row_says_how_many_have_none(root: Root, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_memory = str(tmp_path / "memory")
    monkeypatch.setattr(tally, "_places", lambda data: (f"{data}/unrecorded", in_memory))
    records = Records(root)
    records.log.miss()
    records.log.miss()
    os.rename(f"{root.data}/unrecorded", f"{root.data}/moved")
    os.mkdir(f"{root.data}/unrecorded")  # nothing can be written there
    records.log.miss()
    os.rmdir(f"{root.data}/unrecorded")
    os.rename(f"{root.data}/moved", f"{root.data}/unrecorded")
    records.log.append("ran", {"program": "rm"})
    records.log.append("ran", {"program": "rm"})
    records.log.miss()
    os.unlink(in_memory)  # as when the machine starts anew
    records.close()
    rows = recorded(root)
    assert [row["kind"] for row in rows] == ["unrecorded", "ran", "ran", "unrecorded"]
    assert [row["calls"] for row in rows if row["kind"] == "unrecorded"] == [3, 1]


def test_odd_bytes_stay(root: Root) -> None:
    note(root, row("log", "\udcff\udcfe"))
    assert recorded(root)[0]["argv"] == ["git", "log", "\udcff\udcfe"]


def test_times_of_another_boot_are_the_files(root: Root) -> None:
    note(root, row("log", when="999999999.00"))
    os.utime(f"{root.data}/spool/1", (1000.0, 1000.0))
    assert recorded(root)[0]["time"] == 1000.0


def test_a_session_is_the_one_that_was_named_or_that_the_next_caller_shares(root: Root) -> None:
    records = Records(root)
    named = records.sessions.register(4, 5, "night shift")
    note(
        root,
        row("a", session=named.id),
        row("b", session="forged"),
        row("c", parent="50"),
        row("d", session="forged", parent="50"),
    )
    mine = {
        "session": "mine",
        "session_name": "agent",
        "agent": "claude",
        "ancestry": [{"pid": 50, "start": 1, "name": "sh"}],
    }
    records.log.append("ran", {"program": "git", "argv": ["git", "e"], **mine})
    rows = {" ".join(one["argv"][1:]): one for one in recorded(root)}
    sessions = {word: (one["session"], one["session_name"], one["agent"]) for word, one in rows.items()}
    assert sessions == {
        "a": (named.id, "night shift", ""),
        "b": ("", "", ""),
        "c": ("mine", "agent", "claude"),
        "d": ("mine", "agent", "claude"),
        "e": ("mine", "agent", "claude"),
    }
    records.close()


def test_a_transaction_that_fails_gives_the_rows_again(root: Root) -> None:
    note(root, row("status"))
    records = Records(root)
    with pytest.raises(RecordError), records.database.writing() as connection:
        assert len(list(spool.drain(connection, root.data, 0, 0, spool.Caller("", "", "", ())))) == 1
        connection.execute("INSERT INTO nowhere VALUES (1)")
    records.close()
    assert words(recorded(root)) == ["status"]


def test_a_call_takes_only_so_many(root: Root) -> None:
    note(root, *(row(str(number)) for number in range(450)))
    records = Records(root)
    for _ in range(2):
        records.log.append("ran", {"program": "rm", "argv": ["rm", "x"]})
    assert len(words([row.body for row in records.log.rows(newest=False)])) == 402
    records.close()
    assert words(recorded(root))[402:] == [str(number) for number in range(400, 450)]


def test_a_large_file_is_followed_by_another_and_goes_when_it_is_quiet(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "LARGE", 100)
    folder = Path(root.data, "spool")
    note(root, row("a" * 200))
    recorded(root)
    assert os.readlink(folder / "current") == "2"
    with open(folder / "1", "ab") as late:  # a shim that had it open
        late.write(row("late"))
    note(root, row("b"))
    assert words(recorded(root)) == ["a" * 200, "late", "b"]
    assert (folder / "1").exists(), "somebody wrote to it a moment ago"
    os.utime(folder / "1", (1000.0, 1000.0))
    recorded(root)
    assert not (folder / "1").exists()
    note(root, row("c"))
    assert words(recorded(root))[-1] == "c"


def test_a_denial_leaves_its_mark_for_an_hour(root: Root) -> None:
    clock = [time.time()]
    records = Records(root, lambda: clock[0])
    spool.deny(root.data)
    records.log.append("ran", {"program": "rm", "argv": ["rm", "x"]})
    assert not os.path.exists(f"{root.data}/denied"), "nothing was denied after all"
    with records.database.writing() as connection:
        connection.execute(
            "INSERT INTO requests (id, digest, state, session, created, answered, sheet) "
            "VALUES ('a', 'b', 'denied', 'c', ?, ?, '{}')",
            (clock[0], clock[0]),
        )
    spool.deny(root.data)
    for passed, there in ((10, True), (spool.DENIAL_LIFE - 20, True), (30, False)):
        clock[0] += passed
        records.log.append("ran", {"program": "rm", "argv": ["rm", "x"]})
        assert os.path.exists(f"{root.data}/denied") == there
    records.close()


@pytest.mark.skipif(not os.path.exists("/proc/uptime"), reason="the writers read /proc/uptime")
def test_nothing_is_lost_or_doubled_while_many_write_and_drain(
    root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drainer = (
        "import sys, time; from agentguard.edge.records import spool; "
        "from agentguard.edge.records.database import Database; "
        "from agentguard.edge.records.audit_log import AuditLog; "
        "from agentguard.edge.layout import Root; spool.LARGE = 20000\n"
        "while True:\n"
        "    database = Database(Root(sys.argv[1])); AuditLog(database).catch_up(); database.close()\n"
        "    time.sleep(0.005)\n"
    )
    Records(root).log.append("ran", {"program": "rm", "argv": ["rm", "x"]})
    drainers = [subprocess.Popen([sys.executable, "-c", drainer, root.path]) for _ in range(2)]
    command = ["sh", "-c", WRITER, "sh", f"{root.data}/spool/current"]
    writers = [subprocess.Popen([*command, str(number), "100"]) for number in range(8)]
    try:
        assert [writer.wait(120) for writer in writers] == [0] * 8
    finally:
        for process in drainers:
            assert process.poll() is None
            process.terminate()
            process.wait()
    found = [words.removeprefix("log ") for words in words(recorded(root)) if words != "x"]
    assert sorted(found) == sorted(f"{number}-{n}" for number in range(8) for n in range(1, 101))
    for number in range(8):
        mine = [int(word.partition("-")[2]) for word in found if word.startswith(f"{number}-")]
        assert mine == sorted(mine), "each writer's rows are in the order in which it wrote them"
