"""Requests as questions, and the note on the desktop, without a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.records import Records

from agentguard.approval.request import Request
from agentguard.watch.inbox import Inbox, grouped
from agentguard.watch.notify import title

Put = Callable[..., Request]


def names(records: Records) -> list[list[str]]:
    return [[request.question.argv[1] for request in group] for group in grouped(records.requests.pending()).values()]


def test_what_joined_is_one_question_also_after_the_first_was_answered(put: Put, records: Records) -> None:
    first, *_ = (put("rm", name, loop=True) for name in "abc")
    put("rm", "d")
    assert names(records) == [["a", "b", "c"], ["d"]]
    records.requests.answer((first,), True, {})
    assert names(records) == [["b", "c"], ["d"]]


def test_a_question_is_new_once(put: Put, records: Records) -> None:
    inbox = Inbox()
    first = put("rm", "a", loop=True)
    assert [group[0].id for group in inbox.take(records.requests.pending())] == [first.id]
    put("rm", "b", loop=True)
    assert inbox.take(records.requests.pending()) == ()
    assert inbox.joined((first,)) == 1
    records.requests.answer((first,), False, {})
    assert inbox.take(records.requests.pending(), ((first.id, "denied"),)) == ()
    assert not inbox.waits((first,))
    assert inbox.fate(first) == "it was denied elsewhere"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("rm", "-rf", "data"), "destructive: rm -rf data"),
        (("rm", "<b>\x1b[2J\n"), "destructive: rm $'<b>\\x1b[2J\\n'"),
        (("rm", "x" * 500), f"destructive: rm {'x' * 116}…"),
    ],
)
def test_a_note_is_one_plain_line(put: Put, argv: tuple[str, ...], told: str) -> None:
    assert title(((put(*argv),),)) == told


def test_a_note_of_several(put: Put) -> None:
    assert title(((put("rm", "a"),), (put("rm", "b"),))) == "2 calls wait"
    assert title(((put("rm", "c", catastrophic="the home directory"),),)) == "catastrophic: rm c"
