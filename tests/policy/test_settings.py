"""What must be typed, and when a factor is wanted."""

from __future__ import annotations

import pytest

from agentguard.core.effect import Effect, Reading, Target
from agentguard.policy.settings import Policy


def reading(name: str, catastrophic: str = "", rule: str = "psql-drop") -> Reading:
    lost = Effect("remove", Target("database", name), rule=rule, program="psql", catastrophic=catastrophic)
    return Reading((Effect("observe", Target("call", "before")), lost))


GRAVE = "a production database"


@pytest.mark.parametrize(
    ("chosen", "read", "word"),
    [
        (Policy(), reading("customers"), "DELETE"),
        (Policy(), reading("customers", GRAVE), "customers"),
        (Policy(), reading("/home/me", GRAVE), "/home/me"),
        (Policy(), reading("", GRAVE), "DELETE"),
        (Policy(), reading("two words", GRAVE), "two words"),
        (Policy(), reading(" ends with a blank ", GRAVE), "DELETE"),
        (Policy(), reading("esc\x1b[2Jape", GRAVE), "DELETE"),
        (Policy(), reading("right\u202eleft", GRAVE), "DELETE"),
        (Policy(), reading("x" * 101, GRAVE), "DELETE"),
        (Policy(words=(("psql-*", "name"),)), reading("customers"), "customers"),
        (Policy(words=(("psql-drop", "GONE"),)), reading("customers", GRAVE), "GONE"),
        (Policy(words=(("git-*", "GONE"),)), reading("customers"), "DELETE"),
    ],
)
def test_the_word(chosen: Policy, read: Reading, word: str) -> None:
    assert chosen.word(read) == word


def test_a_secret_is_no_word() -> None:
    word = Policy().word(reading("postgres://me:hunter2@db/app", GRAVE))
    assert "hunter2" not in word


@pytest.mark.parametrize(
    ("wanted", "read", "wants"),
    [
        (("catastrophic",), reading("customers"), False),
        (("catastrophic",), reading("customers", GRAVE), True),
        (("destructive",), reading("customers"), True),
        (("psql-drop",), reading("customers"), True),
        (("psql-*",), reading("customers"), True),
        (("git-*",), reading("customers", GRAVE), False),
        ((), reading("customers", GRAVE), False),
        (Policy().factor, reading("customers"), True),  # unless somebody says otherwise
    ],
)
def test_when_a_factor_is_wanted(wanted: tuple[str, ...], read: Reading, wants: bool) -> None:
    assert Policy(factor=wanted).wants_factor(read) is wants


def test_every_call_that_asks_wants_the_factor_that_destructive_ones_want() -> None:
    """Another way to what a person denied may be one that could be undone."""
    undone = Reading((Effect("remove", Target("file", "x"), "git-objects", rule="git-rm"),))
    assert Policy(factor=("destructive",)).wants_factor(undone, denied=True)
    assert not Policy(factor=("destructive",)).wants_factor(undone)
    assert Policy().wants_factor(undone, denied=True) and not Policy().wants_factor(undone)
    assert not Policy(factor=("catastrophic",)).wants_factor(undone, denied=True)


@pytest.mark.parametrize(("ci", "patience"), [("", 7), ("0", 7), ("false", 7), ("true", 0), ("1", 0), ("no", 0)])
def test_nobody_comes_in_continuous_integration(ci: str, patience: float) -> None:
    assert Policy(wait=7).patience(ci) == patience
    assert Policy(wait=7).patience(None) == 7
