"""Argument vectors, read as the programs themselves read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.core.call import Invocation, Misfit
from agentguard.core.word import Known, Unknown, Word, known
from agentguard.rulebook.argv import parse
from agentguard.rulebook.build import build
from agentguard.rulebook.document import Document

RULE = {"id": "x", "effect": "observe", "reason": "x"}


def built(tables):
    return build(Document("tool.toml", tables))


GETOPT = built(
    {
        "program": {"names": ["tool"]},
        "grammar": {
            "abbreviate": True,
            "negate": True,
            "options": ["-C DIR", "-f, --force", "-v, --verbose", "-o, --output FILE", "--color[=WHEN]", "-j[=N]"],
        },
        "command": {
            "sub": {"aliases": ["s"], "options": ["-f, --force", "-m, --message TEXT", "--mirror"]},
            "sub deep": {"operands": ["ONE", "PATH...", "LAST"]},
            "run": {"operands": ["ASSIGN...", "ARGV..."]},
        },
        "rule": [RULE],
    }
)
POSIX = built(
    {
        "program": {"names": ["env"]},
        "grammar": {
            "permute": False,
            "options": ["-i, --ignore-environment", "-u, --unset NAME"],
            "operands": ["ASSIGN...", "ARGV..."],
        },
        "rule": [RULE],
    }
)


def read(program, *words):
    call = parse(program, Invocation.of(("tool", *words), "/", {}))
    values = [None if a.value is None else a.value.text for a in call.arguments]
    shown = [(a.option or a.role, value) for a, value in zip(call.arguments, values, strict=True)]
    return call.command, shown, tuple(one.written for one in call.unknown)


def test_options_behind_operands_are_doubted_where_posixly_correct_makes_them_operands():
    grammar = {"options": ["-f, --force"], "operands": ["PATH..."]}
    permuting = built({"program": {"names": ["tool"]}, "grammar": grammar, "rule": [RULE]})
    strict = Invocation.of(("tool", "a", "--force", "--", "-m"), "/", {"POSIXLY_CORRECT": ""})
    assert parse(permuting, strict).unknown == (
        Misfit(Known("--force"), "behind an operand, where POSIXLY_CORRECT is set"),
    )
    assert parse(permuting, strict.replace(env={})).unknown == ()
    assert parse(permuting, strict.replace(argv=known(("tool", "--force", "a", "--", "-m")))).unknown == ()
    assert parse(POSIX, strict.replace(argv=known(("env", "A=1", "rm", "--force")))).unknown == ()


@pytest.mark.parametrize(
    ("words", "command", "shown", "unknown"),
    [
        (["sub"], ("sub",), [], ()),
        (["s", "-f"], ("sub",), [("--force", None)], ()),
        (["-C", "sub", "sub"], ("sub",), [("-C", "sub")], ()),
        (["-Csub", "sub"], ("sub",), [("-C", "sub")], ()),
        (["sub", "-fm", "x"], ("sub",), [("--force", None), ("--message", "x")], ()),
        (["sub", "-mf"], ("sub",), [("--message", "f")], ()),
        (["sub", "--mess", "--force"], ("sub",), [("--message", "--force")], ()),
        (["sub", "--message=-f"], ("sub",), [("--message", "-f")], ()),
        (["sub", "--forc"], ("sub",), [("--force", None)], ()),
        (["sub", "--force", "--no-force"], ("sub",), [("--no-force", None)], ()),
        (["sub", "--no-force", "-f"], ("sub",), [("--no-force", None), ("--force", None)], ()),
        (["sub", "--m"], ("sub",), [], ("--m",)),
        (["sub", "--force=yes"], ("sub",), [("--force", "yes")], ("--force=yes",)),
        (["-f", "-vf=no", "sub"], ("sub",), [("--verbose", None), ("--force", "no")], ("-vf=no",)),
        (["sub", "-z"], ("sub",), [], ("-z",)),
        (["sub", "-fz"], ("sub",), [("--force", None)], ("-z in -fz",)),
        (["sub", "-m"], ("sub",), [("--message", None)], ("-m without its value",)),
        (["sub", "--", "-f"], ("sub",), [("", "-f")], ()),
        (["--color", "sub"], ("sub",), [("--color", None)], ()),
        (["--color=always", "sub"], ("sub",), [("--color", "always")], ()),
        (["-j4", "-j", "sub"], ("sub",), [("-j", "4"), ("-j", None)], ()),
        (["-v", "nope", "-f", "--bogus"], (),
         [("--verbose", None), ("", "nope"), ("", "-f"), ("", "--bogus")], ("nope",)),
        (["sub", "deep", "a", "b", "c", "d"], ("sub", "deep"),
         [("ONE", "a"), ("PATH", "b"), ("PATH", "c"), ("LAST", "d")], ()),
        (["run", "A=1", "rm", "-f", "B=2"], ("run",),
         [("ASSIGN", "A=1"), ("ARGV", "rm"), ("ARGV", "-f"), ("ARGV", "B=2")], ()),
        (["-"], (), [("", "-")], ("-",)),
        ([""], (), [("", "")], ("",)),
    ],
)  # fmt: skip
def test_getopt_long(words, command, shown, unknown):
    assert read(GETOPT, *words) == (command, shown, unknown)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["-i", "A=1", "rm", "-rf", "x"],
         [("--ignore-environment", None), ("ASSIGN", "A=1"), ("ARGV", "rm"), ("ARGV", "-rf"), ("ARGV", "x")]),
        (["-u", "X", "rm"], [("--unset", "X"), ("ARGV", "rm")]),
        (["--", "rm", "-u"], [("ARGV", "rm"), ("ARGV", "-u")]),
        (["A=1"], [("ASSIGN", "A=1")]),
    ],
)  # fmt: skip
def test_a_carried_command_keeps_its_own_options(words, shown):
    assert read(POSIX, *words) == ((), shown, ())


@given(
    st.lists(
        st.one_of(st.text(max_size=8), st.sampled_from(["sub", "--force", "-fm", "--", "-", "--no-", "run", "A=1"]))
    )
)
def test_every_word_is_accounted_for(words):
    call = parse(GETOPT, Invocation.of(("tool", *words), "/", {}))
    values = ("" if a.value is None else a.value.text for a in call.arguments)
    given = (a.written + value for a, value in zip(call.arguments, values, strict=True))
    accounted = " ".join([*given, *(one.written for one in call.unknown), *call.command, "s --"])
    assert all(word in accounted for word in words if not word.startswith("--no-"))


def test_arguments_that_together_say_what_an_option_says():
    program = built(
        {
            "program": {"names": ["tool"]},
            "grammar": {"options": ["-c CONFIG"]},
            "command": {"config": {"operands": ["KEY", "VALUE"], "joined": {"-c": ["KEY", "VALUE"]}}},
            "rule": [RULE],
        }
    )

    def settings(*words: Word) -> list[Word | None]:
        call = Invocation.of((), "/", {}).replace(argv=(*known(("tool", "config")), *words))
        made = parse(program, call)
        assert all(argument.role == "CONFIG" for argument in made.arguments if argument.option == "-c")
        return [argument.value for argument in made.arguments if argument.option == "-c"]

    assert settings(Known("a.b")) == []
    assert settings(Known("a.b"), Known("x=y")) == [Known("a.b=x=y")]
    (value,) = settings(Known("a.b"), Unknown("", "$X"))
    assert value == Unknown("a.b=", "a.b=$X", "a.b=")
