"""Who stands behind a request, by the rows that calls leave and by processes that are there or have ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.questions import REMOVES_DATA
from support.records import Records

from agentguard.approval.caller import Caller
from agentguard.approval.request import Asked
from agentguard.core.caller import Origin, Process, Session
from agentguard.edge.caller.processes import this_process
from agentguard.edge.layout import Root
from agentguard.edge.records.callers import callers

NOW = 1_800_000_000.0
HERE = (os.getpid(), this_process().start)
#: A process of our own pid that has ended, and one that is not there at all.
EARLIER, NEVER = (os.getpid(), 1), (2**22 + 1, 5)
BY_CLAUDE = {"agent": "claude", "session_name": "claude (pid 7)"}
WAITS = {"pid": HERE[0], "start": HERE[1], "seconds": 100.0}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(Records(Root(str(tmp_path / "root")), lambda: NOW)) as records:
        yield records


def caller(records: Records, parent: tuple[int, int] | None, *rows: dict[str, Any]) -> Caller:
    """Of a request whose call left these rows."""
    above = (Process(*parent, "bash"),) if parent else ()
    request = records.requests.submit(Asked(REMOVES_DATA, "d"), Origin(0, Session("s", "s"), above)).request
    for row in rows:
        records.log.append("asked", {"request": request.id, **row})
    return callers(records.database, (request,))[request.id]


@pytest.mark.parametrize(
    ("parent", "row", "presence", "left"),
    [
        (HERE, {"waits": WAITS}, "waiting", 100),
        (HERE, {"waits": {**WAITS, "seconds": 7.5}}, "waiting", 7.5),
        (HERE, {"waits": {**WAITS, "seconds": 0.0}}, "given up", 0),
        (HERE, {"waits": {**WAITS, "start": 1}}, "given up", 0),
        (EARLIER, {"waits": {**WAITS, "start": 1}}, "gone", 0),
        (EARLIER, {"waits": WAITS}, "waiting", 100),
        (EARLIER, {"waits": {**WAITS, "seconds": 0.0}, "below": HERE}, "given up", 0),
        (HERE, {"waits": {**WAITS, "seconds": 0.0}, "below": NEVER}, "gone", 0),
        (HERE, {"waits": {**WAITS, "pid": 0, "start": 0}}, "waiting", 100),  # it could not be seen
        (None, {"waits": {**WAITS, "seconds": 0.0}}, "given up", 0),
        (HERE, {}, "waiting", None),  # by an agentguard that did not note it
        (EARLIER, {}, "gone", 0),
    ],
)
def test_presence(records: Records, parent: tuple[int, int] | None, row: dict, presence: str, left: float) -> None:
    found = caller(records, parent, {**BY_CLAUDE, **row})
    assert (found.presence, found.left) == (presence, left)


def test_the_last_one_who_asked_counts(records: Records) -> None:
    assert caller(records, HERE, {"waits": {**WAITS, "start": 1}}, {"waits": WAITS}).left == 100


def test_what_was_foreseen_waits_as_long_as_the_one_that_leads_it(records: Records) -> None:
    by = Origin(0, Session("s", "s"), (Process(*HERE, "bash"),))
    lead = records.requests.submit(Asked(REMOVES_DATA, "d"), by, (Asked(REMOVES_DATA, "d2"),)).request
    for waits, presence in ((WAITS, "waiting"), ({**WAITS, "seconds": 0.0}, "given up")):
        records.log.append("asked", {"request": lead.id, **BY_CLAUDE, "waits": waits})
        found = callers(records.database, records.requests.group(lead))
        assert [one.presence for one in found.values()] == [presence] * 2


def test_before_it_has_left_a_row(records: Records) -> None:
    assert caller(records, HERE) == Caller()


@pytest.mark.parametrize(
    ("names", "row", "who"),
    [
        ("make bash tmux systemd", {}, "make, below bash, below tmux"),
        ("bash bash bash python3", {}, "bash, below python3"),
        ("timeout bash", {"agent": "claude"}, "timeout, below bash, below claude"),
        ("bash claude", {"agent": "claude", "session_name": "claude (pid 7)", "below": HERE}, "claude (pid 7)"),
        ("bash", {"session_name": "mine", "below": HERE}, "mine"),
    ],
)
def test_who_and_where(records: Records, names: str, row: dict[str, Any], who: str) -> None:
    above = [{"pid": 9, "start": 1, "name": name} for name in names.split()]
    nobody = {"ancestry": above, "session_name": "every program of user 0", "agent": "", "terminal": "/dev/pts/3"}
    found = caller(records, HERE, {**nobody, **row})
    assert (found.who, found.where) == (who, "/dev/pts/3")


@pytest.mark.parametrize(
    "row",
    [
        {"waits": 7, "ancestry": []},
        {"waits": {"pid": "x"}, "ancestry": []},
        {"ancestry": [{"pid": 1}]},
        {"below": [1, 1]},
    ],
)
def test_a_row_may_hold_anything(records: Records, row: dict[str, Any]) -> None:
    assert caller(records, HERE, row) == Caller()


def test_a_call_that_is_killed_no_longer_waits(records: Records) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        with open(f"/proc/{child.pid}/stat") as file:
            start = int(file.read().rpartition(")")[2].split()[19])
        waits = {"waits": {**WAITS, "pid": child.pid, "start": start}}
        assert caller(records, HERE, waits).presence == "waiting"
        child.kill()
        child.wait()
        assert caller(records, HERE, waits).presence == "given up"
