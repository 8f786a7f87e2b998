"""Argument vectors that are not getopt's: dd's, tar's and find's."""

import pytest
from support.rules import shipped

from agentguard.core.call import UNENDED, Invocation
from agentguard.core.word import Known, Unknown, known
from agentguard.rulebook.argv import parse

RULEBOOK = shipped()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("dd if=a of=b=c", [("if", "FILE", "a"), ("of", "PATH", "b=c")]),
        ("tar fC a d m", [("--file", "ARCHIVE", "a"), ("--directory", "DEST", "d"), ("", "MEMBER", "m")]),
        ("tar -fC a", [("--file", "ARCHIVE", "C"), ("", "MEMBER", "a"), ("DEST", "DEST", ".")]),
        ("tar t", [("--list", "", None), ("DEST", "DEST", "."), ("ARCHIVE", "ARCHIVE", "-")]),
        ("find -true", [("-true", "", None), ("START", "START", ".")]),
        ("find d ( -true )", [("", "START", "d"), ("(", "", None), ("-true", "", None), (")", "", None)]),
        (
            "find d -exec a {} + -exec b + ;",
            [("", "START", "d"), *(("-exec", "ARGV", word) for word in ("a", "{}", "b", "+"))],
        ),
        ("rsync a/ b/", [("", "SOURCE", "a/."), ("", "DEST", "b/")]),
        ("cp a b c", [("", "SOURCE", "a"), ("", "SOURCE", "b"), ("", "DEST", "c")]),
        ("cp -t c a b", [("--target-directory", "DEST", "c"), ("", "SOURCE", "a"), ("", "SOURCE", "b")]),
        ("ln a", [("", "SOURCE", "a"), ("DEST", "DEST", ".")]),
    ],
)
def test_arguments(words, expected):
    argv = tuple(words.split())
    call = parse(RULEBOOK.program(argv[0]), Invocation.of(argv, "/", {}))
    assert not call.unknown
    wanted = [(option, role, None if value is None else Known(value)) for option, role, value in expected]
    assert [(a.option, a.role, a.value) for a in call.arguments] == wanted


def test_what_is_not_understood():
    assert parse(RULEBOOK.program("tar"), Invocation.of(("tar", "x!"), "/", {})).unknown


@pytest.mark.parametrize("words", ["find . -exec rm {}", "find . -exec rm {} x +", "find . -exec ls ; -ok rm {} +;"])
def test_a_command_without_its_end_is_no_command(words):
    call = parse(RULEBOOK.program("find"), Invocation.of(tuple(words.split()), "/", {}))
    assert not call.unknown
    assert call.has(UNENDED)
    assert Known("rm") not in {argument.value for argument in call.arguments}


def test_a_command_whose_end_may_be_a_word_that_is_not_known_is_not_understood():
    argv = (*known(("find", ".", "-exec", "rm", "{}")), Unknown("", "$END"))
    call = parse(RULEBOOK.program("find"), Invocation.of((), "/", {}).replace(argv=argv))
    assert [one.written for one in call.unknown] == ["-exec without its end"]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("gcloud compute instances list", ("compute", "*s", "list")),
        ("gcloud compute instances frobnicate", ("compute", "instances", "*")),
        ("gcloud compute frobnicate list", ("compute", "*")),
        ("gcloud compute ssh vm list", ("compute", "ssh")),
        ("az vm list", ("*", "list")),
        ("az vm list-sizes", ("*", "list-*")),
        ("az storage account show", ("*", "*", "show")),
        ("az rest -u /x", ("rest",)),
        ("kubectl get pods", ("get",)),
    ],
)
def test_a_command_may_be_a_pattern_and_the_last_word_says_most(line, path):
    words = line.split()
    assert parse(RULEBOOK.program(words[0]), Invocation.of(words, "/", {})).command == path


def test_an_option_is_judged_by_the_command_that_it_is_given_to():
    (misfit,) = parse(RULEBOOK.program("az"), Invocation.of(["az", "vm", "frobnicate", "-n", "list"], "/", {})).unknown
    assert (misfit.word, misfit.command) == (Known("-n"), ("*", "*"))
