"""A word that nobody knows never makes a call milder: each example that loses something, with one word hidden.

Hidden is a word behind "$X", behind $X, or behind its first letters and $X: it may still be what it was, so that the
call may still lose what it lost, and is rated so. Left out are words in the place of an option of which nothing at all
is known (`log $X`): that each of those may be an option is believed only of guarded programs, and only of options
without a value (docs/rules.md), or no line with a variable could be let through; and so are operands by which a rule
goes (`git clone "$URL"`), and scripts of languages.
"""

from __future__ import annotations

import shlex

from hypothesis import assume, given
from hypothesis import strategies as st
from support.hunting import hunt
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import Reading
from agentguard.core.word import Unknown, Word, known
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld, rate

RULEBOOK = shipped()
#: How many calls in the suite.
CALLS = 700
#: Programs whose operands are a language.
SCRIPTED = ("sed", "awk", "tar")


def words(example: Example) -> tuple[str, ...]:
    """The words of an example that is one call; none of one that is a line of several, or has variables."""
    if not isinstance(example.run, str):
        return example.run
    if any(sign in example.run for sign in "|&;<>$`(){}*?#\n~=") and not example.run.startswith("git "):
        return ()
    if any(sign in example.run for sign in "|&;<>$`(){}*?#\n~"):
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


@hunt(CALLS)
@given(st.sampled_from(DESTRUCTIVE), st.data())
def test_a_hidden_word_does_not_make_a_loss_milder(
    one: tuple[str, Example, tuple[str, ...], bool], data: st.DataObject
) -> None:
    _name, example, argv, goes_by_operands = one
    at = data.draw(st.integers(1, len(argv) - 1))
    kept = data.draw(st.sampled_from(sorted({0, 1, 2, len(argv[at]) // 2} & {*range(max(1, len(argv[at])))})))
    assume(kept or not (argv[at].startswith("-") or goes_by_operands))
    made = (*known(argv[:at]), hidden(argv[at], kept, f"{argv[at][:kept]}$X"), *known(argv[at + 1 :]))
    if rate(RULEBOOK, Example(argv, "read", example.given)).rating == "destructive":
        assert reading(made, example).rating == "destructive", [word.written for word in made]
