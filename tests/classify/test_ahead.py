"""Which calls a shell comes to after one, by its own text."""

from __future__ import annotations

import pytest

from agentguard.classify.ahead import FORESEEN, calls_ahead
from agentguard.core.call import Invocation, Stream
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import StatedWorld

ENV = {"PATH": "/shims:/bin"}
SCRIPT = "cd build\nrm a\nrm b\n"
NINETY = " ".join(map(str, range(90)))
TEN = " ".join(map(str, range(10)))


@pytest.mark.parametrize(
    ("parent", "made", "ahead"),
    [
        (("bash", "-c", "for f in a b c; do rm $f; done"), "rm a", ["rm b", "rm c"]),
        (("bash", "-c", "for f in a b c; do rm $f; done"), "rm b", ["rm c"]),
        (("bash", "-c", "for f in a b c; do rm $f; done"), "rm c", []),
        (("bash", "-c", "for f in a b; do rm $f; git rm $f; done"), "rm a", ["rm b"]),  # of the same program
        (("bash", "-c", f"for f in {NINETY}; do rm $f; done"), "rm 0", [f"rm {n}" for n in range(1, 90)]),
        (("env", "sh", "-c", "sudo rm a; sh -c 'rm a; rm b'"), "rm a", ["rm b"]),
        (("bash", "-c", "rm a; /bin/rm b; rm -f b && rm a"), "rm a", ["rm b", "rm -f b"]),  # each once
        (("bash", "-c", "source x && eval 'for f in a b; do rm $f; done' && pwd"), "rm a", ["rm b"]),
        (("bash", "-c", "rm a; cd /elsewhere; rm b"), "rm a", []),  # in the same directory
        (("bash", "-c", "rm a; rm $(ls)"), "rm a", []),  # nobody knows which
        (("bash", "-c", "ls | xargs rm"), "rm a", []),
        (("bash", "-c", "f () { rm $1; }; f a; f b"), "rm a", ["rm b"]),
        (("sh", "clean.sh"), "rm a", []),  # in another directory
        (("sh", "./clean.sh", "x"), "rm c", []),  # which it does not have
        (("bash",), "rm a", []),
        (("bash", "-s"), "rm a", []),
        (("python3", "bot.py"), "rm a", []),
        (("make", "clean"), "rm a", []),
    ],
)  # fmt: skip
def test_what_a_caller_comes_to(rulebook: Rulebook, parent: tuple[str, ...], made: str, ahead: list[str]) -> None:
    world = StatedWorld({"files": {"clean.sh": SCRIPT, "./clean.sh": SCRIPT}})
    call = Invocation.of(made.split(), "/srv", ENV)
    begun = Invocation.of(parent, "/srv", ENV, Stream("unseen", why="it is the caller's"))
    assert [" ".join(one.texts) for one in calls_ahead(begun, call, rulebook, world)] == ahead


def test_no_more_are_foreseen_than_a_person_can_read(rulebook: Rulebook) -> None:
    line = f"for a in {TEN}; do for b in {TEN}; do for c in {TEN}; do rm $a$b$c; done; done; done"
    begun = Invocation.of(("sh", "-c", line), "/srv", ENV)
    ahead = calls_ahead(begun, Invocation.of(("rm", "000"), "/srv", ENV), rulebook, StatedWorld({}))
    assert [one.texts for one in ahead] == [("rm", f"{number:03}") for number in range(1, FORESEEN + 1)]


def test_what_follows_is_called_as_the_call_itself(rulebook: Rulebook) -> None:
    """In its own directory, environment and input: these decide, not what its parent had when it began."""
    call = Invocation.of(("rm", "a"), "/srv/build", {"PATH": "/shims", "X": "1"})
    begun = Invocation.of(("sh", "clean.sh"), "/srv", ENV)
    world = StatedWorld({"files": {"clean.sh": SCRIPT}})
    assert calls_ahead(begun, call, rulebook, world) == (
        Invocation.of(("rm", "b"), "/srv/build", {"PATH": "/shims", "X": "1"}),
    )
