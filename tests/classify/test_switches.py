"""A switch that makes a call milder, and is taken back or may be, does not: each such example of each program."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import RATINGS
from agentguard.core.word import Unknown, Word, known
from agentguard.rulebook.model import Example, Option, Program, Rule
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld

RULEBOOK = shipped()
PROGRAMS = sorted(RULEBOOK, key=lambda program: program.name)


def option_of(program: Program, word: str) -> Option | None:
    """The option of any of the program's commands that a word is."""
    return next((one.options[word] for one in program.commands.values() if word in one.options), None)


def rehearsals(program: Program) -> Iterator[tuple[Example, tuple[str, ...], int]]:
    """The examples that are one call, and where the switch stands in them by which some rule makes them milder."""
    for rule in program.rules:
        names = switches(program, rule)
        for example in rule.examples if names else ():
            words = shlex.split(example.run) if isinstance(example.run, str) else list(example.run)
            if words[0] not in program.names or set("|;&<>$`") & set(" ".join(words)):
                continue
            for at, word in enumerate(words):
                option = option_of(program, word) if at else None
                if option and option.name in names and word[:1] == "-" and program.name != "zip":  # `-sf=0` is `-s f=0`
                    yield example, tuple(words), at


def switches(program: Program, rule: Rule) -> set[str]:
    """The names of options without a value by which a rule that loses nothing speaks."""
    if rule.is_stricter:
        return set()
    named = {name for choice in rule.given for one in choice for name in one.names if not one.value}
    options = (option for command in program.commands.values() for option in command.options.values())
    return named & {option.name for option in options if option.takes == "nothing" or option.role == "SWITCH"}


def taken_back(program: Program, words: tuple[str, ...], at: int) -> Iterator[tuple[Word, ...]]:
    """The call with the switch turned off, or followed by what turns it off, or where it may be another's value."""
    before, switch, after = known(words[:at]), words[at], known(words[at + 1 :])
    yield *before, *known((f"{switch}=false",)), *after
    yield *before, Unknown(f"{switch}=", f"{switch}=$X", f"{switch}="), *after
    yield *before, *known((switch, f"{switch}=0")), *after
    if program.grammar.permute:
        yield *before, *known((switch,)), *after, Unknown(f"{switch}=", f"{switch}=$X", f"{switch}=")
    if program.grammar.negate and switch.startswith("--"):
        yield *before, *known((switch, f"--no-{switch[2:]}")), *after
    if program.grammar.switches == "next":
        yield *before, *known((switch, "false")), *after
        yield *before, *known((switch,)), Unknown("", "$X"), *after
    yield *before, *known(("--unheard-of", switch)), *after


def rating(argv: tuple[Word, ...], example: Example) -> int:
    env = {"HOME": HOME, "PWD": CWD, **example.given.get("env", {})}
    call = Invocation.of((), CWD, env).replace(argv=argv)
    return RATINGS.index(Classifier(RULEBOOK, StatedWorld(example.given)).command(call).rating)


def test_there_are_enough_of_them() -> None:
    assert sum(1 for program in PROGRAMS for _ in rehearsals(program)) > 100


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_switch_that_is_taken_back_makes_nothing_milder(program: Program) -> None:
    milder = [
        (" ".join(word.written for word in made), RATINGS[bare])
        for example, words, at in rehearsals(program)
        for bare in [rating(known((*words[:at], *words[at + 1 :])), example)]
        for made in taken_back(program, words, at)
        if rating(made, example) < bare
    ]
    assert milder == []
