"""Words: nothing that is made of an unknown one is known, but for what surely stands on the line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown, Word, joined, known, replaced, text_of

TEXT = st.text("ab=-/ ", max_size=6)
KNOWN = st.builds(Known, TEXT)


@st.composite
def unknowns(draw: st.DrawFn) -> Unknown:
    """What is certain, and a guess at what follows."""
    start = draw(TEXT)
    return Unknown(start + draw(TEXT), draw(TEXT), start)


#: Each makes words of one or two others.
OPERATIONS = {
    "cut": lambda one, _other, at: [one.cut(at)],
    "cut to": lambda one, _other, at: [one.cut(0, at)],
    "cut from the end": lambda one, _other, at: [one.cut(-at)],
    "cut but for the end": lambda one, _other, at: [one.cut(0, -at)],
    "map": lambda one, _other, at: [one.map(str.upper)],
    "partition": lambda one, _other, at: [one.partition("=")[0], one.partition("=")[2]],
    "add": lambda one, other, at: [one + other],
    "add a text": lambda one, _other, at: [one + "x"],
    "add to a text": lambda one, _other, at: ["x" + one],
    "join": lambda one, other, at: [joined((one, other), "/"), joined((other, one))],
    "replace": lambda one, other, at: [replaced(one, "a", other)],
}


def meanings(word: Word) -> list[str]:
    """Texts that a word may turn out to have."""
    if isinstance(word, Known):
        return [word.text]
    return [word.start + rest for rest in ("", "a", "=", "b=a", "--", "aaaaaaa", "/=/=")] + [word.guess]


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=400, deadline=None, derandomize=True)
@given(one=st.one_of(KNOWN, unknowns()), other=st.one_of(KNOWN, unknowns()), at=st.integers(1, 7))
def test_what_comes_out_known_is_the_same_whatever_the_word_turns_out_to_be(
    name: str, one: Word, other: Word, at: int
) -> None:
    made = OPERATIONS[name](one, other, at)
    for first in meanings(one):
        for second in meanings(other):
            truth = OPERATIONS[name](Known(first), Known(second), at)
            for word, really in zip(made, truth, strict=True):
                assert isinstance(really, Known)
                if isinstance(word, Known):
                    assert word.text == really.text
                else:
                    assert really.text.startswith(word.start)


@settings(deadline=None, derandomize=True)
@given(one=st.one_of(KNOWN, unknowns()))
def test_the_parts_of_a_word_are_all_of_it(one: Word) -> None:
    before, found, after = one.partition("=")
    assert before.guess + "=" * found + after.guess == one.guess
    assert one.guess.startswith(one.start)


@pytest.mark.parametrize("word", [Known("x"), Known(""), Unknown("x", "$X"), Unknown("", "$X")], ids=repr)
@pytest.mark.parametrize(
    "use",
    [str, bool, "{}".format, lambda word: word == "x", lambda word: word in ("x", "y"), lambda word: word != "x"],
    ids=["str", "bool", "format", "equal", "in", "unequal"],
)
def test_a_word_is_never_taken_for_its_text(word: Word, use) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError):
        use(word)


def test_words_are_values() -> None:
    assert Known("x") == Known("x") != Unknown("x", "$X")
    assert {Known("x"): 1}[Known("x")] == 1
    assert known(("a", "b")) == (Known("a"), Known("b"))


def test_the_name_of_an_option_stays_known_though_its_value_is_not() -> None:
    name, equals, value = Unknown("--data=", '--data="$BODY"', "--data=").partition("=")
    assert (name, equals) == (Known("--data"), True)
    assert isinstance(value, Unknown)
    assert value.written == '--data="$BODY"'


def test_text_that_there_is_no_going_on_without() -> None:
    assert text_of(Known("x")) == "x"
    with pytest.raises(Unseen, match=r"\$X is not known before the line runs"):
        text_of(Unknown("", "$X"))


@pytest.mark.parametrize(
    ("word", "may_be"),
    [(Unknown("", "$X"), True), (Unknown("-", "-$X", "-"), True), (Unknown("v", "v$X", "v"), False)],
    ids=["nothing is certain", "a dash", "a letter"],
)
def test_whether_a_word_may_be_an_option(word: Unknown, may_be: bool) -> None:
    assert word.may_be_option is may_be
