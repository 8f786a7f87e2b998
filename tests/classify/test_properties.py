"""What must hold of every argument vector of every grammar in the rulebook.

Vectors are made from the grammars themselves: any command, any of its options in any of its
spellings, values by their roles. Reading never raises. A rating never falls when something
destructive follows on the line, when the call is carried by another, or when options change places.
"""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.hunting import hunt
from support.rules import shipped

from agentguard.core.call import Invocation
from agentguard.core.effect import RATINGS, Reading
from agentguard.rulebook.argv import parse
from agentguard.rulebook.model import Command, Example, Option, Program
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()
PROGRAMS = sorted(RULEBOOK, key=lambda program: program.name)
#: More commands, more examples; the numbers keep the whole within half a minute. `make hunt` makes ten times as many.
EXAMPLES, EXAMPLES_A_COMMAND, MOST_EXAMPLES = 8, 1, 50

#: The world: some files in every state, and probes that find nothing to lose.
PATHS = {"a": "tracked", "b": "untracked", "c": "missing", "build": "regenerable", "/tmp/t": "temporary"}
PROBES = {rule.asks for program in RULEBOOK for rule in program.rules if rule.asks}
FILES = {"a": "rm b\n", "c.sql": "select 1"}
GIVEN: dict[str, Any] = {"paths": PATHS, "files": FILES, **{probe: [] for probe in PROBES}}

#: What stands for a value of some roles; others are plain words.
VALUES = {
    "PATH": tuple(PATHS),
    "SHELL": ("ls", "rm a", "rm b", "echo 'rm b'"),
    "SCRIPT": ("a", "c"),
    "SQL": ("select 1", "drop table t", "selec"),
    "URL": ("https://example.com/x", "file:///etc/passwd", "example.com"),
    "METHOD": ("GET", "DELETE", "post"),
    "CONFIG": ("core.pager=rm b", "user.name=x", "alias.x=!rm b"),
    "ASSIGN": ("A=1", "PATH=/x"),
}
WORDS = ("x", "a", "b", "1", "", "-", "a b", "main", "HEAD~1", "--", "é", "*", "$X", "a=b")
CARRIED = (("ls",), ("rm", "a"), ("rm", "-f", "b"), ("sh", "-c", "rm b"), ("git", "status"))

#: None of their variables has a name that is in WORDS.
WRAPPERS = (("env", "W=1"), ("sudo",), ("nohup",), ("timeout", "5"), ("nice", "-n", "5"), ("stdbuf", "-oL"))

#: Programs whose options are an order of work, or a language of their own: moving one makes it another call.
ORDERED = {"find", "psql", "curl"}


def reorders(program: Program) -> bool:
    """Whether the program has options of which it does not matter which comes first."""
    return bool(commands(program.name, 2)) and program.grammar.permute and program.name not in ORDERED


def rating(run: str | tuple[str, ...]) -> int:
    return RATINGS.index(reading(run).rating)


def reading(run: str | tuple[str, ...]) -> Reading:
    return rate(RULEBOOK, Example(run, "read", GIVEN))


def value(role: str) -> st.SearchStrategy[str]:
    return st.sampled_from(VALUES.get(role.removesuffix("..."), WORDS))


@st.composite
def given_option(draw: st.DrawFn, option: Option, program: Program) -> tuple[str, ...]:
    """An option as one would write it: words that belong together."""
    name = draw(st.sampled_from(option.names))
    if option.role == "SWITCH":
        return (name + draw(st.sampled_from(("", "=true", "=false", "=x"))),)
    if option.takes == "nothing" or (option.takes == "optional" and draw(st.booleans())):
        return (name,)
    if option.takes == "command":
        return (name, *draw(st.sampled_from(CARRIED)), ";")
    text = draw(value(option.role))
    if name.startswith("--") and name != "--":
        attached = option.takes == "optional" or draw(st.booleans())
        return (f"{name}={text}",) if attached else (name, text)
    if not name.startswith("-") and program.grammar.long == "--":
        return (f"{name}={text}",)
    return (f"{name}{text}",) if option.takes == "optional" else (name, text)


@st.composite
def operands(draw: st.DrawFn, command: Command) -> tuple[str, ...]:
    """Operands by their roles, sometimes too few or too many."""
    words: list[str] = []
    for role in command.operands:
        if role == "ARGV...":
            words += draw(st.sampled_from(CARRIED))
        else:
            words += draw(st.lists(value(role), max_size=3 if role.endswith("...") else 1))
    return (*words, *draw(st.lists(value(""), max_size=1)))


Vector = tuple[tuple[str, ...], list[tuple[str, ...]], tuple[str, ...]]


def options_of(program: Program, command: Command) -> dict[str, Option]:
    """The options that may be given to a command, by their spellings."""
    above = [command.path[:length] for length in range(len(command.path))] if command.inherit else []
    allowed: dict[str, Option] = {}
    for path in (*above, command.path):
        allowed |= program.commands[path].options
    return allowed


@st.composite
def vectors(draw: st.DrawFn, program: Program, least: int = 0) -> Vector:
    """Program with its command, at least so many options each in its words, operands."""
    command = draw(st.sampled_from(commands(program.name, least)))
    name = draw(st.sampled_from(program.names))
    allowed = options_of(program, command)
    chosen = (
        draw(st.lists(st.sampled_from(sorted(allowed)), unique=True, min_size=least, max_size=4)) if allowed else []
    )
    options = {allowed[one].name: allowed[one] for one in chosen}
    written = [draw(given_option(option, program)) for option in options.values()]
    return (name, *command.path), written, draw(operands(command))


@cache
def commands(name: str, least: int) -> list[Command]:
    """The commands of a program that have so many options, each counted by one of its names."""
    program = next(program for program in PROGRAMS if program.name == name)
    found = [program.commands[path] for path in sorted(program.commands)]
    return [one for one in found if len({option.name for option in options_of(program, one).values()}) >= least]


def budget(program: Program) -> int:
    return min(EXAMPLES + EXAMPLES_A_COMMAND * len(program.commands), MOST_EXAMPLES)


def argv(vector: Vector) -> tuple[str, ...]:
    start, options, rest = vector
    return (*start, *(word for option in options for word in option), *rest)


@pytest.mark.hunt
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_ratings_do_not_fall(program: Program) -> None:
    @hunt(budget(program))
    @given(vectors(program), st.sampled_from(WRAPPERS))
    def holds(vector: Vector, wrapper: tuple[str, ...]) -> None:
        call = argv(vector)
        line = shlex.join(call)
        base = rating(line)
        assert rating(call) <= base, "a line is at least as strict as the call that it is"
        assert rating(f"{line}; rm -rf /") == RATINGS.index("destructive")
        assert rating(f"rm -rf /; {line}") == RATINGS.index("destructive")
        assert rating(shlex.join(("bash", "-c", line))) >= base
        assert rating(shlex.join((*wrapper, *call))) >= base

    holds()


@pytest.mark.hunt
@pytest.mark.parametrize("program", list(filter(reorders, PROGRAMS)), ids=lambda program: program.name)
def test_options_may_change_places(program: Program) -> None:
    @hunt(budget(program))
    @given(vectors(program, least=2), st.data())
    def holds(vector: Vector, data: st.DataObject) -> None:
        start, options, rest = vector
        other = data.draw(st.permutations(options))
        assume(other != options and not opposed(program, argv(vector)))
        assert rating(argv((start, other, rest))) == rating(argv(vector))

    holds()


def opposed(program: Program, call: tuple[str, ...]) -> bool:
    """Whether the call has something that its order decides: an option and its opposite, words left over."""
    parsed = parse(program, Invocation.of(call, "/home/dev/project", {}))
    names = {argument.option for argument in parsed.arguments}
    return bool(parsed.unknown) or any(name.startswith("--no-") for name in names)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=8), st.sampled_from(["rm", "git", "sh", "-c", "|", ";", "$(", ")", "<<", "'", "{", "}"])
        )
    )
)
def test_no_line_raises(words: list[str]) -> None:
    line = " ".join(words).replace("\0", "")
    rating(line)
    assert rating(f"rm -rf /\n{line}") == RATINGS.index("destructive")
