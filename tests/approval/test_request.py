"""Requests as questions: which are one, what a person types, and that what is shown is what was asked."""

from __future__ import annotations

import pytest
from support.questions import REMOVES_DATA

from agentguard.approval.caller import Caller, standing
from agentguard.approval.question import Question
from agentguard.approval.request import (
    Request,
    age,
    bound,
    caller_key,
    faithful,
    group_key,
    grouped,
    phrase,
    wanted,
)
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Reason
from agentguard.errors import UsageError

REMOVES, NOT_OURS = Reason("rm-removes", "rm", "removes data"), Reason("rm-other", "rm", "is another's")
ASKED = REMOVES_DATA.replace(reasons=(REMOVES, NOT_OURS))


def request(id: str, question: Question = ASKED, found: str = "", leader: str = "") -> Request:
    return Request(id, bound(found or f"found of {id}", question), "s", 1000.0, question, group_leader=leader)


# What is shown is what was asked


def test_what_is_shown_as_it_was_asked_is_faithful() -> None:
    group = (request("a"), request("b", ASKED.replace(argv=("rm", "-rf", "more"))))
    assert faithful(group) is group
    assert faithful(group[:1]) == group[:1]


@pytest.mark.parametrize(
    "change",
    [
        {"argv": ("rm", "-rf", "junk")},
        {"cwd": "/tmp"},
        {"real": "/bin/ls"},
        {"rating": "read"},
        {"reasons": ()},
        {"targets": ()},
        {"environment": "staging"},
        {"session": "a person"},
        {"agent": ""},
        {"word": "yes"},
        {"factor": True},
        {"catastrophic": "your home directory"},
        {"earlier": ("denied",)},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_sheet_that_is_not_the_digested_one_is_not_shown(change: dict[str, object], place: int) -> None:
    group = [request("a"), request("b")]
    group[place] = group[place].replace(question=ASKED.replace(**change))
    with pytest.raises(UsageError, match=f"request {'ab'[place]} was changed|request b was put to a after") as caught:
        faithful(tuple(group))
    assert "look at who could write to the database" in caught.value.hint
    alone = group[place]
    with pytest.raises(UsageError, match=f"request {alone.id} was changed after it was asked"):
        faithful((alone,))


@pytest.mark.parametrize("digest", ["", "found", "found:", f":{bound('', ASKED).rpartition(':')[2]}x"])
def test_a_digest_that_says_nothing_of_the_sheet_is_none(digest: str) -> None:
    with pytest.raises(UsageError, match="request a was changed"):
        faithful((request("a").replace(digest=digest),))


def test_what_is_no_part_of_the_question_is_not_answered_with_it() -> None:
    other = request("b", ASKED.replace(cwd="/srv/other"))
    with pytest.raises(UsageError, match="request b was put to a after it was asked"):
        faithful((request("a"), other))


def test_a_digest_is_of_the_call_and_of_what_is_shown() -> None:
    assert bound("x", ASKED) == bound("x", ASKED.replace())
    assert bound("x", ASKED) != bound("y", ASKED)
    assert bound("x", ASKED) != bound("x", ASKED.replace(argv=("rm",)))


# Which calls are one question


@pytest.mark.parametrize(
    ("change", "alike"),
    [
        ({"argv": ("rm", "-rf", "other")}, True),
        ({"targets": ()}, True),
        ({"reasons": (NOT_OURS, REMOVES, REMOVES.replace(text="removes others"))}, True),
        ({"program": "psql"}, False),
        ({"cwd": "/srv/other"}, False),
        ({"catastrophic": "your home directory"}, False),
        ({"factor": True}, False),
        ({"reasons": (REMOVES,)}, False),
    ],
)
def test_which_calls_are_alike(change: dict[str, object], alike: bool) -> None:
    assert (group_key(ASKED) == group_key(ASKED.replace(**change))) is alike


def test_two_grave_calls_are_alike_whatever_makes_them_so() -> None:
    one, other = (ASKED.replace(catastrophic=why) for why in ("your home directory", "the filesystem root"))
    assert group_key(one) == group_key(other)


def test_a_caller_is_the_process_right_above_and_no_later_one_of_its_pid() -> None:
    shell, agent = Process(20, 5, "bash"), Process(10, 3, "claude")
    key = caller_key(Origin(0, Session("s", "s"), (shell, agent)))
    assert key == caller_key(Origin(1, Session("t", "t"), (shell.replace(name="sh"),)))
    for other in (shell.replace(pid=21), shell.replace(start=6), agent):
        assert key != caller_key(Origin(0, Session("s", "s"), (other, agent)))
    assert caller_key(Origin(0, Session("s", "s"))) == ""


def test_what_joined_is_one_question_with_its_leader_also_once_that_is_gone() -> None:
    a, b, c, d = request("a"), request("b", leader="a"), request("c"), request("d", leader="a")
    assert grouped((a, b, c, d)) == {"a": (a, b, d), "c": (c,)}
    assert grouped((b, d)) == {"a": (b, d)}
    assert grouped(()) == {}


# What a person is asked


def test_what_is_typed() -> None:
    one, two = request("a"), request("b")
    assert phrase((one,)) == "DELETE"
    assert phrase((one, two)) == "DELETE 2"
    assert wanted((one,)) == "Type DELETE to approve it, anything else to leave it"
    assert wanted((one, two)) == "Type DELETE 2 to approve exactly these 2, anything else to leave it"
    named = (request("a", ASKED.replace(word="a\x1b[2J")),)
    assert phrase(named) == "a\x1b[2J" and "\x1b" not in wanted(named)


@pytest.mark.parametrize(
    ("seconds", "told"), [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (179, "2 min"), (180, "3 min")]
)
def test_how_long_it_has_waited(seconds: float, told: str) -> None:
    assert age(request("a"), 1000 + seconds) == told
    assert standing(request("a"), Caller(), 1000 + seconds) == f"a, asked {told} ago. It cannot be undone."
