"""A value of an option means the same attached to its name or apart from it: known, unknown or empty."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Call, Invocation
from agentguard.core.word import Known, Unknown, Word, known
from agentguard.rulebook.argv import parse
from agentguard.rulebook.model import Program
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld

RULEBOOK = shipped()
PROGRAMS = sorted(RULEBOOK, key=lambda program: program.name)
VALUES: dict[str, Word] = {
    "unknown": Unknown("", '"$VALUE"'),
    "partly known": Unknown("x", 'x"$VALUE"', "x"),
    "known": Known("x"),
    "empty": Known(""),
}


def attached(program: Program, name: str, value: Word, names: Collection[str]) -> Word | None:
    """The option with its value as one word; None where it cannot be: a short one needs something to attach.

    Nor may that be another option of one dash, where it is not known: `-n$X` is `-nw` as well.
    """
    if isinstance(value, Unknown) and any(one != name and one.startswith(name + value.start) for one in names):
        return None
    if name.startswith("--") or (program.grammar.long == "-" and len(name) > 2):
        return f"{name}=" + value
    return name + value if len(name) == 2 and value != Known("") and program.grammar.long != "-" else None


def calls(program: Program) -> Iterator[tuple[str, Invocation, Invocation]]:
    """Pairs of calls that must come to the same: each option of each command apart and attached."""
    for path, command in program.commands.items():
        before = known((program.names[0], *path))
        options = [one for one in command.options.items() if one[1].takes in ("value", "next") and one[0][0] == "-"]
        for name, _option in options:
            for kind, value in VALUES.items():
                whole = attached(program, name, value, [one for one in command.options if one[:2] != "--"])
                if whole is not None:
                    apart = (*before, Known(name), value, Known("x"))
                    described = f"{' '.join((program.name, *path))} {name} {kind}"
                    yield described, invocation(apart), invocation((*before, whole, Known("x")))


def invocation(argv: tuple[Word, ...]) -> Invocation:
    return Invocation.of((), CWD, {"HOME": HOME}).replace(argv=argv)


def meaning(call: Call) -> tuple[object, ...]:
    """What the grammar makes of a call, however it is written."""
    arguments = tuple(argument.replace(written="") for argument in call.arguments)
    return call.command, tuple((a.option, a.role, shape(a.value)) for a in arguments), bool(call.unknown)


def shape(value: Word | None) -> object:
    return (type(value), value.guess, value.start) if value is not None else None


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_both_spellings_of_an_option_are_the_same_call(program: Program) -> None:
    found = [
        (name, str(one), str(other))
        for name, apart, whole in calls(program)
        if (one := meaning(parse(program, apart))) != (other := meaning(parse(program, whole)))
    ]
    assert not found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_both_spellings_of_an_option_are_rated_alike(program: Program) -> None:
    def rating(call: Invocation) -> str:
        return Classifier(RULEBOOK, StatedWorld({})).command(call).rating

    found = [
        (name, *ratings)
        for name, apart, whole in calls(program)
        if len(set(ratings := (rating(apart), rating(whole)))) > 1
    ]
    assert not found


def test_there_are_as_many_spellings_as_it_seems() -> None:
    assert sum(1 for program in PROGRAMS for _ in calls(program)) > 5_000


#: What no program may be believed of: a word that may be the option or the command which does harm.
UNCERTAIN = (
    'git log "${X:---output=f}"',
    'git send-pack "${X:---force}" host:x main',
    'git --"$X" status',
    'railway code "${X:---rm}"',
    "npx \"${X:--c}\" 'railway delete -y'",
    'dd if=a "${X:-of=b}"',
    'sed -i"$X" s/a/b/ f',  # which may be empty: then nothing is kept
    'curl "https://api.telegram.org/bot$TOKEN/deleteMessage?chat_id=1&message_id=2"',
)


@pytest.mark.parametrize("line", UNCERTAIN)
def test_what_may_be_a_harmful_option_or_address_is_not_milder_than_it(line: str) -> None:
    world = StatedWorld({"paths": {"f": "modified", "b": "untracked"}})
    call = Invocation.of(("sh", "-c", line), CWD, {"HOME": HOME})
    assert Classifier(RULEBOOK, world).text("shell", Known(line), call).rating == "destructive"
