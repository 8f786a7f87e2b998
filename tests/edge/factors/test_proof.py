"""A signed approval on its way to the shim: whatever is forged, edited, moved or too old lets nothing run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fakes import LAUNCHED, FakeLauncher
from support.records import Records

from agentguard.approval.grant import Grant
from agentguard.approval.request import Request
from agentguard.core.call import Invocation
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Effect, Reading, Target
from agentguard.core.world import World
from agentguard.edge.factors import factors
from agentguard.edge.factors.factors import Factor
from agentguard.edge.factors.proof import grant, sign_grant
from agentguard.edge.installation import shims
from agentguard.edge.layout import Root
from agentguard.edge.system.deadline import Deadline
from agentguard.errors import REFUSED, InstallError, Unproven
from agentguard.pipeline import guard
from agentguard.policy.settings import APPROVAL_LIFE
from agentguard.shim import RealAsker, RealFacts

PASSPHRASE = "correct horse battery"
CALL = Invocation.of(("tool", "drop"), "/", {"CI": "1"})  # nobody is waited for
DROP = Effect("remove", Target("thing", "x"), rule="tool-drop", program="tool", reason="drops it")


class Facts(RealFacts):
    """The real policy and place of a shim; what the call is and does is invented."""

    def read(self, call: Invocation, world: World) -> Reading:
        return Reading((DROP,))

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        return "/bin/tool", ("1", "2")

    def ahead(self, call: Invocation, caller: Origin) -> Iterator[Invocation]:
        return iter(())


class Asker(RealAsker):
    """The real proofs, and a person who types the word if `typed`."""

    typed = True

    def __init__(self, *real: Any) -> None:
        super().__init__(*real)
        self.told: list[str] = []

    def is_persons(self, terminal: str) -> bool:
        return True

    def prompt(self, terminal: str, question: Any, by: str, **more: Any) -> bool:
        return self.typed

    def tell(self, *lines: str) -> None:
        self.told += lines


@pytest.fixture(scope="module")
def keys() -> tuple[Factor, Factor]:
    """The person's factor, and another one's."""
    return factors.by_passphrase("mine", PASSPHRASE), factors.by_passphrase("other", PASSPHRASE)


class Scene:
    """A root with a factor, a shim made with it, and a call that waits."""

    def __init__(self, place: Path, keys: tuple[Factor, Factor]) -> None:
        self.root, (self.mine, self.other) = Root(str(place)), keys
        Path(self.root.config).write_text('factor = ["destructive"]\n')
        factors.add(self.root, self.mine)
        shims.put(shims.wanted(self.root, ["tool"], [self.mine.fingerprint]))
        self.records = Records(self.root)
        assert self.call() == REFUSED

    @property
    def request(self) -> Request:
        return self.records.requests.pending()[-1]

    def call(self, terminal: str = "", typed: bool = True) -> int:
        pins = tuple(shims.pins(self.root))
        world: Any = World()
        world.deadline = Deadline(60)
        facts, log = Facts(self.root, world, bool(pins)), self.records.log
        self.asker = Asker(self.root, log, {}, pins)
        self.asker.typed = typed
        origin = Origin(0, Session("s", "claude (pid 1)"), (Process(7, 7, "claude"),), "claude", terminal)
        return guard(CALL, origin, facts, log, self.records.requests, self.asker, FakeLauncher([]))

    def sign(self, *digests: str, by: Factor | None = None) -> Grant:
        return grant(self.root, digests or (self.request.digest,), by or self.mine, PASSPHRASE)

    def signed_anew(self, given: Grant, **changes: Any) -> Grant:
        """Another grant, with a true signature of the person's own key."""
        plain = given.replace(signature="", **changes)
        return plain.replace(signature=factors.sign(self.mine, plain.message, PASSPHRASE))

    def answer(self, proof: str) -> None:
        self.records.requests.answer((self.request,), True, {}, proof=proof)

    def forge(self, **columns: Any) -> None:
        """Edit all requests, as any program of the same user can."""
        with self.records.database.writing() as connection:
            for name, value in columns.items():
                connection.execute(f"UPDATE requests SET {name} = ?", (value,))

    @property
    def why(self) -> str:
        rows = [row.body for row in self.records.log.rows(kinds=("refused",), limit=1)]
        assert rows[0]["why"] in "\n".join(self.asker.told)
        return str(rows[0]["why"])


@pytest.fixture
def scene(tmp_path: Path, keys: tuple[Factor, Factor]) -> Scene:
    return Scene(tmp_path, keys)


def asking(*answers: str | None) -> Callable[[str, bool], str | None]:
    """A person who answers so, one question after the other."""
    given = iter(answers)
    return lambda question, hidden: next(given)


def test_what_the_person_signed_runs_once(scene: Scene) -> None:
    scene.answer(scene.sign().written())
    assert scene.call() == LAUNCHED
    assert scene.call() == REFUSED
    assert scene.records.log.verify() is None


def test_one_signature_is_good_for_each_call_that_was_shown_with_it(scene: Scene) -> None:
    scene.answer(scene.sign("another", scene.request.digest, "and more").written())
    assert scene.call() == LAUNCHED


def test_what_happens_between_signing_and_running_does_not_matter(scene: Scene) -> None:
    proof = scene.sign().written()
    scene.records.log.append("ran", {"program": "other"})
    scene.answer(proof)
    scene.records.log.append("ran", {"program": "other"})
    assert scene.call() == LAUNCHED


def edited(scene: Scene) -> str:
    return scene.sign("another").replace(digests=(scene.request.digest,)).written()


def expired(scene: Scene) -> str:
    return scene.signed_anew(scene.sign(), until=time.time() - 1).written()


def moved(scene: Scene, **place: Any) -> str:
    return scene.signed_anew(scene.sign(), **place).written()


FORGED = {
    # what is put into the row as proof, and why it is none
    "nothing": (lambda scene: "", "it is not signed"),
    "no grant": (lambda scene: "[1]", "it is not signed"),
    "what is no JSON": (lambda scene: "yes", "it is not signed"),
    "another call's": (lambda scene: scene.sign("another").written(), "what was signed is another call"),
    "an edited digest": (edited, "its signature does not hold"),
    "another factor's": (
        lambda scene: scene.sign(by=scene.other).written(), "signed by a factor that this guard was not made for"
    ),
    "another factor's, under this one's name": (
        lambda scene: scene.sign(by=scene.other).replace(factor=scene.mine.fingerprint).written(),
        "its signature does not hold",
    ),
    "an expired one": (expired, "what was signed has expired"),
    "one that never ends": (
        lambda scene: moved(scene, until=time.time() + APPROVAL_LIFE + 60), "what was signed has expired"
    ),
    "one that ends at no time": (lambda scene: moved(scene, until=float("nan")), "it is not signed"),
    "one with its end edited": (
        lambda scene: scene.sign().replace(until=time.time() + 5).written(), "its signature does not hold"
    ),
    "one of another record": (lambda scene: moved(scene, head="0" * 64), "signed at another state of the record"),
    "one of a later record": (lambda scene: moved(scene, seq=999), "signed at another state of the record"),
}  # fmt: skip


@pytest.mark.parametrize(("proof", "why"), FORGED.values(), ids=FORGED.keys())
def test_a_proof_that_is_none_lets_nothing_run(scene: Scene, proof: Callable[[Scene], str], why: str) -> None:
    scene.answer(proof(scene))
    assert scene.call() == REFUSED
    assert scene.why.startswith("its approval does not prove a person: ") and why in scene.why
    assert not [row for row in scene.records.log.rows(kinds=("ran",))]
    # It is used up: the next call asks again, and a true answer holds.
    assert scene.call() == REFUSED
    scene.answer(scene.sign().written())
    assert scene.call() == LAUNCHED


def test_a_row_that_nobody_answered_lets_nothing_run(scene: Scene) -> None:
    scene.forge(state="approved", answered=time.time(), proof=scene.sign().written())
    assert scene.call() == REFUSED
    assert "the record does not say that it was approved" in scene.why


def test_a_row_put_back_after_it_was_used_lets_nothing_run(scene: Scene) -> None:
    scene.answer(scene.sign().written())
    assert scene.call() == LAUNCHED
    scene.forge(state="approved")
    assert scene.call() == REFUSED
    assert "or says that it was used" in scene.why


def test_a_signature_of_after_the_answer_is_not_the_answers(scene: Scene) -> None:
    scene.answer("")
    with scene.records.database.reading() as connection:
        digest = connection.execute("SELECT digest FROM requests").fetchone()[0]
    scene.forge(proof=scene.sign(digest).written())
    assert scene.call() == REFUSED
    assert "the record does not say that it was approved with this signature" in scene.why


def test_a_key_put_in_place_of_the_persons_is_not_believed(scene: Scene) -> None:
    proof = scene.sign(by=scene.other).written()
    true = scene.sign().written()
    Path(scene.root.factors).unlink()
    factors.add(scene.root, scene.other.replace(name="mine"))
    scene.answer(proof)
    assert scene.call() == REFUSED and "a factor that this guard was not made for" in scene.why
    assert scene.call() == REFUSED
    scene.answer(true)
    assert scene.call() == REFUSED and f"the factor {scene.mine.fingerprint} is gone" in scene.why
    with pytest.raises(InstallError, match="is missing here"):
        sign_grant(scene.root, ("d",), asking(PASSPHRASE), print)


def test_a_key_under_the_persons_fingerprint_is_not_believed(scene: Scene) -> None:
    told = scene.sign(by=scene.other).replace(factor=scene.mine.fingerprint, signature="")
    proof = told.replace(signature=factors.sign(scene.other, told.message, PASSPHRASE)).written()
    Path(scene.root.factors).unlink()
    factors.add(scene.root, scene.other)
    text = Path(scene.root.factors).read_text().replace(scene.other.fingerprint, scene.mine.fingerprint)
    Path(scene.root.factors).write_text(text)
    scene.answer(proof)
    assert scene.call() == REFUSED
    assert "its signature cannot be checked" in scene.why


def test_a_key_added_beside_the_persons_is_not_believed(scene: Scene) -> None:
    factors.add(scene.root, scene.other)
    scene.answer(scene.sign(by=scene.other).written())
    assert scene.call() == REFUSED and "a factor that this guard was not made for" in scene.why


# Signing


def test_the_person_chooses_among_several(scene: Scene) -> None:
    factors.add(scene.root, scene.other)
    shims.put(shims.wanted(scene.root, ["tool"], [scene.mine.fingerprint, scene.other.fingerprint]))
    for typed, factor in (("1", scene.mine), (" 2 ", scene.other)):
        proof = sign_grant(scene.root, (scene.request.digest,), asking(typed, PASSPHRASE), print)
        assert Grant.read(proof).factor == factor.fingerprint
    for typed in ("0", "3", "", "mine", None):
        with pytest.raises(Unproven, match="no factor was chosen"):
            sign_grant(scene.root, ("d",), asking(typed, PASSPHRASE), print)
    scene.answer(proof)
    assert scene.call() == LAUNCHED


@pytest.mark.parametrize(("answer", "why"), [("wrong", "not the passphrase"), (None, "no passphrase was given")])
def test_who_does_not_know_the_passphrase_signs_nothing(scene: Scene, answer: str | None, why: str) -> None:
    with pytest.raises(Unproven, match=why):
        sign_grant(scene.root, (scene.request.digest,), asking(answer), print)


# At the caller's own terminal


@pytest.mark.parametrize(
    ("typed", "passphrase", "status", "why"),
    [
        (True, PASSPHRASE, LAUNCHED, ""),
        (True, "wrong", REFUSED, "that is not the passphrase"),
        (True, None, REFUSED, "no passphrase was given"),
        (False, PASSPHRASE, REFUSED, "DELETE was not typed"),
    ],
)
def test_at_a_persons_own_terminal_the_factor_is_asked_for_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, typed: bool, passphrase: str | None, status: int, why: str
) -> None:
    monkeypatch.setattr("agentguard.edge.caller.controlling_terminal.own_terminal", lambda: "/dev/pts/7")
    monkeypatch.setattr("agentguard.edge.terminal.prompt.answer", asking(*[passphrase] * 3))
    assert scene.call("/dev/pts/7", typed) == status
    if why:
        assert scene.why == why
    else:
        (ran,) = [row.body for row in scene.records.log.rows(kinds=("ran",))]
        assert Grant.read(ran["proof"]).factor == scene.mine.fingerprint
