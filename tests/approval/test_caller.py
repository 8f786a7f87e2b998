"""What a person is told of who asks: whether it waits, and what an answer is worth."""

from __future__ import annotations

import pytest
from support.questions import REMOVES_DATA

from agentguard.approval.caller import Caller, asked_by, behind, ordered, prospect, remaining, standing
from agentguard.approval.request import Request

WAITS, LATER, GAVE_UP, GONE = (
    Caller("waiting", 63.4),
    Caller("waiting", 7.0),
    Caller("given up", 0.0),
    Caller("gone", 0),
)


def group(*ids: str) -> tuple[Request, ...]:
    return tuple(Request(id, "d", "s", 1.0, REMOVES_DATA) for id in ids)


def test_a_group_is_as_good_as_the_best_of_it() -> None:
    callers = {"a": GONE, "b": LATER, "c": WAITS, "d": GAVE_UP}
    assert behind(group("a", "b", "c", "d"), callers) is WAITS
    assert behind(group("a", "d"), callers) is GAVE_UP
    assert behind(group("new"), callers) == Caller()


def test_what_nobody_waits_for_comes_last() -> None:
    callers = {"a": GONE, "b": GAVE_UP, "c": LATER, "d": WAITS, "e": GAVE_UP}
    groups = [group(id) for id in "abcde"] + [group("new")]
    assert [one[0].id for one in ordered(groups, callers)] == ["c", "d", "new", "b", "e", "a"]


@pytest.mark.parametrize(
    ("caller", "shown", "says"),
    [
        (WAITS, "63 s left", "It waits 63 s more."),
        (Caller(), "waits", ""),
        (GAVE_UP, "gave up", "once approved, the same call passes once"),
        (GONE, "gone", "What made it has ended"),
    ],
)
def test_what_an_answer_is_worth(caller: Caller, shown: str, says: str) -> None:
    assert remaining(caller) == shown
    assert says in prospect(caller) and bool(says) == bool(prospect(caller))
    told = standing(group("q7")[0], caller, 3.0)
    assert told.startswith("q7, asked 2 s ago. It cannot be undone.") and told.endswith(prospect(caller))


@pytest.mark.parametrize(
    ("agent", "session", "caller", "by"),
    [
        ("claude", "claude (pid 7)", Caller(who="claude (pid 7)"), "claude, session claude (pid 7)"),
        ("", "mine", Caller(who="mine", where="/dev/pts/3"), "a program, session mine, at /dev/pts/3"),
        ("", "every program", Caller(who="make, below bash", where="/dev/pts/3"), "make, below bash, at /dev/pts/3"),
        ("claude", "every program", Caller(who="make, below claude"), "make, below claude"),
        ("", "every program", Caller(), "a program, session every program"),
    ],
)  # fmt: skip
def test_who_asks(agent: str, session: str, caller: Caller, by: str) -> None:
    assert asked_by(REMOVES_DATA.replace(agent=agent, session=session), caller) == by
