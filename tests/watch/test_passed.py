"""The log of what passes, from rows as calls leave them; and the columns of the table."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from agentguard.edge.records.audit_log import Row
from agentguard.watch.passed import Passed
from agentguard.watch.render import WIDE, columns, log_line

NUMBERS = itertools.count(1)


def row(kind: str, call: str = "rm data", **facts: Any) -> Row:
    argv = call.split()
    body = {"kind": kind, "time": 0.0, "program": argv[0], "argv": argv, "session_name": "claude", "session": "s"}
    return Row(next(NUMBERS), "", {**body, **facts})


def told(*rows: Row, at_a_time: int = 100) -> list[str]:
    """The log after these rows, by outcome, call and why."""
    passed = Passed(100)
    for start in range(0, len(rows), at_a_time):
        passed.take(rows[start : start + at_a_time])
    return [" | ".join(filter(None, (one.label, one.text, one.why))) for one in passed.entries]


ASKED, ELSEWHERE = row("asked", request="a"), row("asked", "rm b", request="b")
DENIED, REFUSED = (
    row("denied", request="a", answer="use it"),
    row("refused", request="a", why="a person said no: use it"),
)
LATE = row("refused", request="a", why="no person has answered yet")


@pytest.mark.parametrize(
    ("rows", "log"),
    [
        ([ASKED], ["waiting | rm data"]),
        ([ASKED, DENIED, REFUSED], ["denied | rm data | use it"]),
        ([ASKED, DENIED, ELSEWHERE, REFUSED], ["waiting | rm b", "denied | rm data | use it"]),
        ([ASKED, LATE], ["timed out | rm data | no person has answered yet"]),
        ([ASKED, LATE, row("approved", request="a")], ["approved | rm data"]),
        ([ASKED, row("approved", request="a"), row("ran", request="a")], ["approved and run | rm data"]),
        ([REFUSED], ["refused | rm data | a person said no: use it"]),
        # at a terminal: each is a call of its own
        (
            [row("asked"), row("refused", why="DELETE was not typed")] * 2,
            ["refused | rm data | DELETE was not typed"] * 2,
        ),
        ([row("asked"), row("ran", confirmed="typed at /dev/pts/1")], ["approved and run | rm data"]),
        # a loop
        (
            [row("asked", f"rm {n}", request=f"r{n}", **({"group": "r0"} if n else {})) for n in range(87)],
            ["waiting | rm 0  and 86 more"],
        ),
        (
            [
                row(kind, f"rm {n}", request=f"r{n}", **({"group": "r0"} if n else {}))
                for kind in ("asked", "denied", "refused")
                for n in range(3)
            ],
            ["denied | rm 0  and 2 more"],
        ),
        # what ran without a question
        ([row("ran", confirmed="a person typed it")] * 2, ["ran | 2 rm, last: rm data"]),
        ([row("ran", "git status")], ["ran | git status"]),
        ([row("ran", f"git log {n}") for n in range(9)] + [row("ran", "rm x")], ["ran | 9 git, 1 rm, last: rm x"]),
        (
            [row("ran", "git status"), ASKED, row("ran", "git diff"), row("ran", "git log")],
            ["ran | git status", "waiting | rm data", "ran | 2 git, last: git log"],
        ),
        (
            [row("ran", f"git {n}", session_name=who) for n in range(3) for who in ("claude", "codex")],
            ["ran | 3 git, last: git 2"] * 2,
        ),
        (
            [row("attempt", "agentguard approve", why="below claude")] * 2,
            ["attempt | agentguard approve | below claude"] * 2,
        ),
    ],
)
@pytest.mark.parametrize("at_a_time", [1, 100])
def test_the_log(rows: list[Row], log: list[str], at_a_time: int) -> None:
    rows = [Row(next(NUMBERS), "", one.body) for one in rows]
    assert told(*rows, at_a_time=at_a_time) == log


def test_it_keeps_the_newest() -> None:
    passed = Passed(3)
    passed.take(tuple(row("asked", f"rm {n}", request=str(n)) for n in range(9)))
    assert [one.text for one in passed.entries] == ["rm 6", "rm 7", "rm 8"]


def test_a_row_may_hold_anything() -> None:
    passed = Passed(9)
    passed.take(
        tuple(
            Row(n, "", {"kind": kind, "argv": 7, "time": "x", "request": [], "session_name": {"a": 1}, "program": None})
            for n, kind in enumerate(("ran", "asked", "denied", "\x1b[2J"))
        )
    )
    lines = [log_line(one, 60).plain for one in passed.entries]
    assert all(line.isprintable() for line in lines) and len(lines) == 3


@pytest.mark.parametrize("width", [40, 60, 80, 90, 120, 150, 200, 300])
def test_the_columns_fill_the_screen_and_no_more(width: int) -> None:
    shown = columns(width)
    assert sum(shown.values()) + 2 * len(shown) in range(width - 3, width + 1) or width < 60
    assert {"waits", "program", "operands"} <= set(shown)
    assert ("in" in shown) == (width >= WIDE)
