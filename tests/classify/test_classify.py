"""How deep calls that carry calls are followed, and that what lies deeper counts as the worst."""

from __future__ import annotations

import shlex

import pytest

from agentguard.classify.classifier import MAX_DEPTH, Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import Reading
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import StatedWorld

HARMLESS = ("git", "status")


def carried(times: int, call: tuple[str, ...] = HARMLESS) -> tuple[str, ...]:
    """A call below so many others."""
    return ("env",) * times + call


def in_shells(times: int) -> tuple[str, ...]:
    """A harmless call in so many shells, each the text of the one around it."""
    call = HARMLESS
    for _ in range(times):
        call = ("sh", "-c", shlex.join(call))
    return call


def read(rulebook: Rulebook, *calls: tuple[str, ...]) -> list[Reading]:
    """How one classifier reads these calls, one after the other."""
    classifier = Classifier(rulebook, StatedWorld({}))
    return [classifier.command(Invocation.of(call, "/srv", {"PATH": "/bin"})) for call in calls]


def rules(reading: Reading) -> set[str]:
    return {effect.rule for effect in reading.effects if effect.rating == "destructive"}


def test_the_limit() -> None:
    assert MAX_DEPTH == 24


@pytest.mark.parametrize("times", [0, 1, MAX_DEPTH - 1])
def test_what_is_carried_is_followed_as_deep_as_that(rulebook: Rulebook, times: int) -> None:
    (reading,) = read(rulebook, carried(times))
    assert reading.rating != "destructive"


@pytest.mark.parametrize("times", [MAX_DEPTH, MAX_DEPTH + 1, 3 * MAX_DEPTH])
def test_what_lies_deeper_is_not_known(rulebook: Rulebook, times: int) -> None:
    (reading,) = read(rulebook, carried(times))
    assert rules(reading) == {"agentguard-too-deep"}


def test_a_text_is_as_deep_as_a_call(rulebook: Rulebook) -> None:
    levels = 2 * 2 + 1  # each shell and its text, and the call; more shells would meet the lexer's own limit
    shallow, deep = read(
        rulebook,
        carried(MAX_DEPTH - levels, in_shells(2)),
        carried(MAX_DEPTH - levels + 1, in_shells(2)),
    )
    assert shallow.rating != "destructive"
    assert rules(deep) == {"agentguard-too-deep"}


def test_what_is_too_deep_does_not_count_for_the_next_call(rulebook: Rulebook) -> None:
    first, second, third = read(rulebook, carried(MAX_DEPTH), carried(MAX_DEPTH - 1), carried(MAX_DEPTH))
    assert (first.rating, second.rating != "destructive", third.rating) == ("destructive", True, "destructive")
