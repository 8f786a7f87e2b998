"""Argument vectors that nobody thought of: reading them never fails, and what is destructive stays so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rules import shipped

from agentguard.core.effect import RATINGS
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()
GIT = RULEBOOK.program("git")
assert GIT is not None
COMMANDS = sorted(" ".join(path) for path in GIT.commands)
VALUES = ("x", "HEAD~1", "-", "--", "+main", ":x", "a:b", "now", "core.pager=cat", "alias.x=!rm y", "", "\udcff", "*")
DESTRUCTIVE = ("; rm -rf src", " && git reset --hard", " | xargs rm", "; git push --force", "; git clean -fdx")


def _spelled(option: str, data: st.DataObject) -> list[str]:
    """An option as it may be written: whole, abbreviated, taken back, with a value attached or apart."""
    value = data.draw(st.sampled_from(VALUES))
    if not option.startswith("--"):
        return data.draw(st.sampled_from([[option], [option + value], [option, value]]))
    short = option[: data.draw(st.integers(3, max(3, len(option))))]
    back, attached = f"--no-{option[2:]}", f"{option}={value}"
    return data.draw(st.sampled_from([[option], [short], [back], [attached], [short, value]]))


@st.composite
def calls(draw):
    data = draw(st.data())
    path = draw(st.sampled_from(COMMANDS)).split()
    command = GIT.commands[tuple(path)]
    options = sorted({*command.options, *GIT.commands[()].options})
    words = [word for name in draw(st.lists(st.sampled_from(options), max_size=4)) for word in _spelled(name, data)]
    return ("git", *path, *words, *draw(st.lists(st.sampled_from(VALUES), max_size=3)))


@settings(max_examples=400, deadline=None)
@given(calls())
def test_every_call_has_a_rating(words):
    reading = rate(RULEBOOK, Example(words, "read", {}))
    assert reading.effects
    assert all(effect.rule or effect.program != "git" for effect in reading.effects)


@settings(max_examples=100, deadline=None)
@given(calls(), st.sampled_from(DESTRUCTIVE))
def test_what_comes_after_never_lowers_a_rating(words, more):
    from shlex import join

    line = join(word for word in words if "\udcff" not in word)
    before, after = (rate(RULEBOOK, Example(one, "read", {})) for one in (line, line + more))
    assert RATINGS.index(after.rating) >= RATINGS.index(before.rating)
    assert after.rating == "destructive"


@settings(max_examples=100, deadline=None)
@given(calls())
def test_wrapping_never_lowers_a_rating(words):
    plain = RATINGS.index(rate(RULEBOOK, Example(words, "read", {})).rating)
    for wrapper in (("env",), ("nohup",), ("timeout", "5"), ("sudo",)):
        assert RATINGS.index(rate(RULEBOOK, Example((*wrapper, *words), "read", {})).rating) >= plain


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_known(path):
    """No command of the grammar is left to the words that no rule speaks."""
    reading = rate(RULEBOOK, Example(("git", *path.split()), "read", {}))
    assert "agentguard-no-rule" not in [effect.rule for effect in reading.effects]
