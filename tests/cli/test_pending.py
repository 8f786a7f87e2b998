"""`agentguard pending` at a terminal, in a pipe and as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.desk import Desk
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import Asked, Request
from agentguard.cli.pending import pending
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Reason
from agentguard.edge.caller.processes import this_process
from agentguard.edge.layout import Root
from agentguard.errors import InstallError

pytestmark = pytest.mark.real

HERE = this_process().start
WAITS = {"pid": os.getpid(), "start": HERE, "seconds": 100.0}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


def ask(records: Records, *argv: str, parent: int = 0, **facts: Any) -> Request:
    """Put a call on the list, and leave the row that it leaves."""
    reason = Reason("rm-removes", "rm", "it is gone")
    question = Question(argv[0], argv, "/srv/app", "/bin/rm", "destructive", "", (reason,), (), "", "claude", "claude")
    above = (Process(parent, HERE, "bash"),) if parent else ()
    request = records.requests.submit(Asked(question, f"{argv}"), Origin(0, Session("s", "claude"), above)).request
    row = {
        "request": request.id,
        "agent": "claude",
        "session_name": "claude (pid 7)",
        "below": (os.getpid(), HERE),
        "waits": WAITS,
        **facts,
    }
    records.log.append("asked", row)
    return request


def told(root: Root, *args: str) -> str:
    return CliRunner().invoke(pending, args, obj=root, catch_exceptions=False).stdout


def test_in_a_pipe_it_is_fields_between_tabs_those_that_wait_first(root: Root, records: Records) -> None:
    left = ask(records, "rm", "old", waits={**WAITS, "seconds": 0.0})
    gone = ask(records, "rm", "gone", below=(1, 1), waits={**WAITS, "seconds": 0.0})
    here = ask(records, "rm", "a\tb\nc\x1b", parent=os.getpid())
    ask(records, "rm", "second", parent=os.getpid(), waits={**WAITS, "seconds": 0.0})
    lines = [line.split("\t") for line in told(root).splitlines()]
    assert [line[:2] for line in lines] == [[here.id, "waiting"], [left.id, "given up"], [gone.id, "gone"]]
    assert lines[0][4:] == ["claude (pid 7)", "/srv/app", "2", r"rm $'a\tb\nc\x1b'"]
    assert 90 < int(lines[0][2]) <= 100 and lines[1][2] == "0"
    assert time.strptime(lines[0][3][:19], "%Y-%m-%dT%H:%M:%S")


def test_as_json_nothing_is_left_out(root: Root, records: Records) -> None:
    first = ask(records, "rm", "one", parent=os.getpid(), terminal="/dev/pts/3")
    second = ask(records, "rm", "two", parent=os.getpid(), waits={**WAITS, "seconds": 0.0})
    (told_of,) = map(json.loads, told(root, "--json").splitlines())
    assert told_of.pop("left") > 90
    assert told_of.pop("asked") == first.created
    assert {name: told_of[name] for name in ("id", "state", "by", "terminal", "cwd", "session_name", "rating")} == {
        "id": first.id,
        "state": "waiting",
        "by": "claude (pid 7)",
        "terminal": "/dev/pts/3",
        "cwd": "/srv/app",
        "session_name": "claude",
        "rating": "destructive",
    }
    assert told_of["calls"] == [{"id": first.id, "argv": ["rm", "one"]}, {"id": second.id, "argv": ["rm", "two"]}]


def test_a_person_reads_a_table(root: Root, records: Records, desk: Desk) -> None:
    command = f"{sys.executable} -m agentguard.cli.main --root {root.path} pending"
    with records.database.reading():
        pass
    assert desk.run(command).endswith("Nothing waits.\n")
    ask(records, "rm", "old", waits={**WAITS, "seconds": 0.0})
    ask(records, "rm", "evil\x1b[2J", parent=os.getpid())
    head, first, whose, second, _ = desk.run(command).splitlines()
    assert head.split() == ["ID", "waits", "call"]
    assert "s left" in first and r"evil\x1b[2J" in first
    assert "by claude (pid 7), in /srv/app, " in whose
    assert "gave up" in second and "rm old" in second


def test_looking_makes_no_record(root: Root) -> None:
    with pytest.raises(InstallError, match="nothing is installed"):
        told(root)
    os.makedirs(root.data, 0o700)
    assert told(root) == told(root, "--json") == ""
    assert not os.path.exists(root.record)
