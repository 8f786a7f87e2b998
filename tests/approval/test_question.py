"""What a person is shown: every field of a question, with nothing in it that a terminal would obey."""

from __future__ import annotations

import subprocess

import pytest

from agentguard.approval.question import Question, in_full, lines, question_for, quoted
from agentguard.core.call import Invocation
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Effect, Environment, Reading, Reason, Target
from agentguard.policy.settings import Policy

STEERING = {
    "clears the screen": "\x1b[2J\x1b[H",
    "sets the title": "\x1b]0;safe\x07",
    "goes back": "\r\x08\x7f",
    "makes lines": "\n\x0b\x0c\x85\u2028\u2029",
    "C1 control": "\x9b31m",
    "turns direction": "\u202e\u202d\u202a\u2066\u2067\u2069\u200f\u061c",
    "has no width": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "tags": "\U000e0041\U000e007f",
    "no character": "\ud800\udcff\ufdd0",
}


def hostile(text: str) -> Question:
    return Question(
        program=text,
        argv=("rm", text),
        cwd=f"/srv/{text}",
        real=f"/bin/{text}",
        rating="destructive",
        catastrophic=text,
        reasons=(Reason(text, "rm", text, text),),
        targets=(f"file {text}",),
        environment=text,
        session=text,
        agent=text,
        earlier=(f"rm {text} was denied",),
    )


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_nothing_in_a_question_steers_a_terminal(text: str) -> None:
    shown = lines(hostile(f"a{text}b"))
    assert all(line.isprintable() and label.isprintable() for label, line in shown)
    assert all("a" in line and "b" in line for _, line in shown if "rated" not in line)


DECEIVING = {
    "nothing to be seen": "\u2800\u3164\u115f\uffa0\ufe0f",
    "a mark": "\u0301\u0338",
    "like another letter": "\u0430\u0440\u0441",
    "like a slash": "\u2215",
}


@pytest.mark.parametrize("text", DECEIVING.values(), ids=DECEIVING)
def test_what_deceives_is_shown_and_named(text: str) -> None:
    shown = lines(hostile(f"a{text}b"))
    assert not any(set(line) & set(text) for _, line in shown)
    named = shown[[label for label, _ in shown].index("letters") :]
    assert [line.split()[0] for _, line in named] == [f"U+{ord(char):04X}" for char in text]


@pytest.mark.parametrize("text", [*STEERING.values(), *DECEIVING.values()])
def test_no_such_text_is_a_word_to_be_typed(text: str) -> None:
    lost = Effect("remove", Target("directory", f"/srv/{text}x"), rule="rm-removes", catastrophic="a home directory")
    assert Policy().word(Reading((lost,))) == "DELETE"


def test_a_call_that_could_be_undone_is_shown_with_what_it_hits_and_the_denial() -> None:
    gone = Effect("remove", Target("file", "data"), "git-objects", Environment(), "git-rm", "git", "removes data")
    call = Invocation.of(("git", "rm", "data"), "/srv", {})
    question = question_for(
        call, Reading((gone,)), Origin(0, Session("s", "claude")), "/usr/bin/git", Policy(), True, ("denied before",)
    )
    assert (question.rating, question.word, question.factor) == ("reversible", "DELETE", True)
    assert {("hits", "file data"), ("earlier", "denied before")} <= set(lines(question))


def test_many_things_are_few_lines_and_each_in_full() -> None:
    hits = (*(f"file /x/{n}.tmp" for n in range(299)), "file /x/payroll.db", "directory /home/me")
    asked = hostile("x").replace(targets=hits)
    shown = [line for label, line in lines(asked)]
    assert {"file /x/payroll.db", "directory /home/me"} <= set(shown)
    assert "299 alike: file /x/*.tmp, from /x/0.tmp to /x/298.tmp" in shown and len(shown) < 20
    assert {line for _, line in in_full((asked,))} >= set(hits)
    assert in_full((hostile("x"),)) == ()


def test_the_gravest_comes_first() -> None:
    lost = [Effect("remove", Target("file", f"/x/{n}"), rule="rm-removes") for n in range(3)]
    grave = lost[2].replace(catastrophic="a home directory")
    call = Invocation.of(("rm", "x"), "/srv", {})
    origin = Origin(0, Session("s", "claude"))
    asked = question_for(call, Reading((*lost[:2], grave)), origin, "/bin/rm", Policy())
    assert asked.targets[0] == "file /x/2"


@pytest.mark.parametrize(
    "word",
    [
        "",
        "a b",
        "it's",
        "$HOME",
        "a\\x41",
        "\n\\x41'",
        "\\",
        "\n\\",
        "\x1b2",
        "\x9b1",
        "\u202ea",
        "~",
        "=x",
        "\u0430",
        "e\u0301",
    ],
)
def test_a_shell_reads_the_words_that_are_shown(word: str) -> None:
    printed = subprocess.run(
        ["bash", "-c", f"printf %s {quoted((word,))}"], env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=True
    )
    assert printed.stdout.decode() == word
