"""A word that nobody knows never makes a call milder: each example that loses something, with one word hidden.

Hidden is a word behind "$X", behind $X, or behind its first letters and $X: it may still be what it was, so that the
call may still lose what it lost, and is rated so. Left out are words in the place of an option of which nothing at all
is known (`log $X`): that each of those may be an option is believed only of guarded programs, and only of options
without a value (docs/rules.md), or no line with a variable could be let through; and so are operands by which a rule
goes (`git clone "$URL"`), and scripts of languages.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import Reading
from agentguard.core.word import Unknown, Word, known
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld, rate

RULEBOOK = shipped()
#: Programs whose operands are a language.
SCRIPTED = ("sed", "awk", "tar")


def words(example: Example) -> tuple[str, ...]:
    """The words of an example that is one call; none of one that is a line of several, or has variables."""
    if not isinstance(example.run, str):
        return example.run
    signs = "|&;<>$`(){}*?#\n~" if example.run.startswith("git ") else "|&;<>$`(){}*?#\n~="
    if any(sign in example.run for sign in signs):
        return ()
    try:
        return tuple(shlex.split(example.run))
    except ValueError:
        return ()


DESTRUCTIVE = [
    (program.name, example, words(example), bool(rule.operand))
    for program in RULEBOOK
    for rule in program.rules
    for example in rule.examples
    if program.name not in SCRIPTED and example.rating == "destructive" and len(words(example)) > 1
    if "--unheard-of" not in words(example)
]


def hidden(word: str, kept: int, written: str) -> Word:
    """A word of which only the first characters are known."""
    return Unknown(word[:kept], written, word[:kept])


def reading(argv: tuple[Word, ...], example: Example) -> Reading:
    env = {"HOME": HOME, "PWD": CWD, **example.given.get("env", {})}
    call = Invocation.of((), CWD, env).replace(argv=argv)
    return Classifier(RULEBOOK, StatedWorld(example.given)).command(call)


def test_there_are_enough_of_them() -> None:
    assert len(DESTRUCTIVE) > 500
    assert len({name for name, *_ in DESTRUCTIVE}) > 50


def hiding(argv: tuple[str, ...], goes_by_operands: bool) -> Iterator[tuple[Word, ...]]:
    """The call with one word hidden, all of it or behind some first letters."""
    for at, word in enumerate(argv[1:], 1):
        for kept in sorted({0, 1, 2, len(word) // 2} & {*range(max(1, len(word)))}):
            if kept or not (word.startswith("-") or goes_by_operands):
                yield *known(argv[:at]), hidden(word, kept, f"{word[:kept]}$X"), *known(argv[at + 1 :])


@pytest.mark.parametrize("name", sorted({name for name, *_ in DESTRUCTIVE}))
def test_a_hidden_word_does_not_make_a_loss_milder(name: str) -> None:
    milder = [
        " ".join(word.written for word in made)
        for program, example, argv, goes_by_operands in DESTRUCTIVE
        if program == name and rate(RULEBOOK, Example(argv, "read", example.given)).rating == "destructive"
        for made in hiding(argv, goes_by_operands)
        if reading(made, example).rating != "destructive"
    ]
    assert milder == []
