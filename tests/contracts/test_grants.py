"""What the pipeline relies on in a person's signed word: held by the stand-in and by the real proofs alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.fakes import FakeAsker, FakeLog, FakeRequests
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import Asked, Request
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Reason
from agentguard.edge.factors import factors
from agentguard.edge.factors.factors import Factor
from agentguard.edge.factors.proof import grant
from agentguard.edge.installation import shims
from agentguard.edge.layout import Root
from agentguard.errors import Unproven
from agentguard.shim import RealAsker

TERMINAL = "/dev/pts/7"
PASSPHRASE = "correct horse battery"
ASKED = Question(
    "tool", ("tool", "drop"), "/", "/bin/tool", "destructive", "", (Reason("r", "tool", "drops it", ""),), (), "",
    "agent-one", "claude", factor=True,
)  # fmt: skip
CALLER = Origin(0, Session("s", "agent-one"))


class Side(NamedTuple):
    """An asker, the log and the requests beside it, and how a person signs a digest at a terminal of their own."""

    asker: Any
    log: Any
    requests: Any
    sign: Callable[[str], str]

    def approved(self, digest: str, proof: str) -> Request:
        """A request for that digest, approved with that proof, and used up as `guard` does before it looks at it."""
        request = self.requests.submit(Asked(ASKED, digest), CALLER).request
        (answered,) = self.requests.answer((request,), True, {}, proof=proof)
        assert self.requests.consume(answered, 600)
        return answered

    def ran(self, request: Request) -> None:
        """The row of a call that was let run by that request, or here; see `pipeline.record`."""
        self.log.append("ran", {"request": request.id} if request.id else {"proof": request.proof})


@pytest.fixture(scope="module")
def key() -> Factor:
    return factors.by_passphrase("mine", PASSPHRASE)


@pytest.fixture(params=["fake", "real"])
def side(request: pytest.FixtureRequest, tmp_path: Path, key: Factor, monkeypatch: pytest.MonkeyPatch) -> Side:
    if request.param == "fake":
        asker = FakeAsker([])
        return Side(asker, FakeLog([]), FakeRequests([]), asker.signature)
    root = Root(str(tmp_path))
    factors.add(root, key)
    shims.put(shims.wanted(root, ["tool"], [key.fingerprint]))
    records = Records(root)
    monkeypatch.setattr("agentguard.edge.caller.controlling_terminal.own_terminal", lambda: TERMINAL)
    monkeypatch.setattr("agentguard.edge.terminal.prompt.answer", lambda question, hidden: PASSPHRASE)
    real = RealAsker(root, records.log, {}, tuple(shims.pins(root)))
    return Side(real, records.log, records.requests, lambda digest: grant(root, (digest,), key, PASSPHRASE).written())


def here(digest: str, proof: str) -> Request:
    """What was asked and answered at the caller's own terminal: on no list."""
    return Request("", digest, "s", 0, ASKED, "approved", proof=proof)


def test_a_signed_approval_proves_its_call_once(side: Side) -> None:
    request = side.approved("d1", side.sign("d1"))
    assert side.asker.proven(request, "d1") == ""
    side.ran(request)
    assert side.asker.proven(request, "d1") != ""


def test_what_is_signed_here_proves_its_call_once(side: Side) -> None:
    request = here("d1", side.asker.signed(TERMINAL, "d1"))
    assert side.asker.proven(request, "d1") == ""
    side.ran(request)
    assert side.asker.proven(request, "d1") != ""


def test_a_signature_proves_no_other_call(side: Side) -> None:
    request = side.approved("d1", side.sign("d2"))
    assert side.asker.proven(request, "d1") == "what was signed is another call"
    assert side.asker.proven(here("d1", side.asker.signed(TERMINAL, "d2")), "d1") == "what was signed is another call"


@pytest.mark.parametrize("proof", ["", "yes", "[1]", "\udce9"])
def test_what_is_no_signature_proves_nothing(side: Side, proof: str) -> None:
    assert side.asker.proven(here("d1", proof), "d1") == "it is not signed"


def test_who_gives_no_factor_signs_nothing(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentguard.edge.terminal.prompt.answer", lambda question, hidden: None)
    side.asker.has_key = False
    with pytest.raises(Unproven, match="no passphrase was given"):
        side.asker.signed(TERMINAL, "d1")
