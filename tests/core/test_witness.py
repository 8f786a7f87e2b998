"""What stands between rating and the world: a witness of every answer, and a host that cannot be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentguard.core.call import Call, Invocation
from agentguard.core.effect import RECOVERIES, Target
from agentguard.core.unseen import TooWide, Unseen
from agentguard.core.word import known
from agentguard.core.world import PATH_STATES, Answer, Destination, OtherHost, PathState, Witness, World

CALL = Call("git", ("status",), (), (), Invocation.of(("git", "status"), "/srv", {}))
OTHER = CALL.replace(invocation=CALL.invocation.replace(argv=known(("git", "log"))))


class Said(World):
    """Gives one answer to everything, or none."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def stream(self, path: str, cwd: str) -> Any:
        yield self._say()

    def _say(self, *question: Any) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    read = stdin = paths = expand = destination = unpacking = below = ask = lookup = ambient = _say


#: Each question: how it is asked, the same of something else, and an answer to it.
QUESTIONS: dict[str, tuple[Callable[[World], Any], Callable[[World], Any] | None, Any, Any]] = {
    "read": (lambda w: w.read("a", "/"), lambda w: w.read("a", "/b"), b"x", b"y"),
    "stdin": (lambda w: w.stdin(), None, b"x", b"y"),
    "paths": (
        lambda w: w.paths(("a",), "/", False),
        lambda w: w.paths(("a",), "/", True),
        (PathState("/a", "tracked"),),
        (PathState("/a", "modified"),),
    ),
    "expand": (lambda w: w.expand("*", "/"), lambda w: w.expand("?", "/"), ("a",), ()),
    "destination": (
        lambda w: w.destination(("a",), "b", "/", True),
        lambda w: w.destination(("a",), "b", "/", False),
        Destination(("/b/a",)),
        Destination(("/b/a",), ("/b/a",)),
    ),
    "unpacking": (
        lambda w: w.unpacking("a.tar", "b", "/", 0),
        lambda w: w.unpacking("a.tar", "b", "/", 1),
        Destination(("/b",)),
        Destination(("/b",), ("/b/a",)),
    ),
    "below": (lambda w: w.below(("a",), ("*",), "/"), lambda w: w.below(("a",), ("x",), "/"), ("a/x",), ()),
    "stream": (lambda w: b"".join(w.stream("a", "/")), lambda w: b"".join(w.stream("b", "/")), b"x", b"y"),
    "ask": (lambda w: w.ask("probe", CALL), lambda w: w.ask("probe", OTHER), Answer(), Answer((Target("ref", "x"),))),
    "lookup": (lambda w: w.lookup("git-alias", "st", CALL), lambda w: w.lookup("git-alias", "s", CALL), "status", None),
    "ambient": (
        lambda w: w.ambient(("PGHOST",), (), CALL),
        lambda w: w.ambient(("PGHOST",), (), CALL.replace(program="psql")),
        (),
        (("$PGHOST", "digest"),),
    ),
}


def test_every_question_is_here() -> None:
    assert set(QUESTIONS) == {name for name in vars(World) if not name.startswith("_")}


def evidence(ask: Callable[[World], Any], answer: Any) -> Any:
    witness = Witness(Said(answer))
    if isinstance(answer, Unseen):
        with pytest.raises(type(answer), match=str(answer)):
            ask(witness)
    else:
        assert ask(witness) == answer
    assert len(witness.evidence) == 1
    return witness.evidence


@pytest.mark.parametrize("name", QUESTIONS)
def test_evidence_is_the_question_and_its_answer(name: str) -> None:
    ask, ask_other, answer, other = QUESTIONS[name]
    assert evidence(ask, answer) == evidence(ask, answer)
    assert evidence(ask, answer) != evidence(ask, other)
    assert ask_other is None or evidence(ask, answer) != evidence(ask_other, answer)
    assert evidence(ask, answer)[0][0] == name


@pytest.mark.parametrize("name", QUESTIONS)
def test_that_there_was_no_answer_is_evidence(name: str) -> None:
    ask, _, answer, _ = QUESTIONS[name]
    unseen = evidence(ask, Unseen("locked"))
    assert unseen != evidence(ask, Unseen("gone")) and unseen != evidence(ask, answer)
    assert evidence(ask, TooWide("all of /")) != unseen


def test_evidence_keeps_the_order_of_what_was_asked() -> None:
    witness = Witness(Said(b"x"))
    witness.read("b", "/")
    witness.stdin()
    witness.read("a", "/")
    assert [(question, subject) for question, subject, _ in witness.evidence] == [
        ("read", ("b", "/")),
        ("stdin", ()),
        ("read", ("a", "/")),
    ]


#: What another host answers at all; everything else is unseen.
ANSWERED = {
    "paths": (PathState("a", "unseen", OtherHost.WHY),),
    "ask": Answer(unseen=OtherHost.WHY),
    "ambient": (),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_of_another_host_nothing_is_seen(name: str) -> None:
    ask = QUESTIONS[name][0]
    if name in ANSWERED:
        assert ask(OtherHost()) == ANSWERED[name]
        return
    with pytest.raises(Unseen, match=OtherHost.WHY):
        ask(OtherHost())


def test_a_path_is_lost_unless_something_brings_it_back() -> None:
    assert set(PATH_STATES.values()) <= set(RECOVERIES)
    lost = {state for state, recovery in PATH_STATES.items() if not recovery}
    assert lost == {"modified", "untracked", "ignored", "unversioned", "special", "unseen"}
