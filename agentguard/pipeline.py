"""The path of one call, in order; nothing else.

    argv ─► Invocation ─► Reading ─► Decision ─► Confirmation ─► Record ─► exec

The edges are seen through the Protocols below, so that tests can judge invented callers.
"""

from __future__ import annotations

from .approval.messages import refusal, unanswered, waiting
from .approval.request import Filed, Request, bound
from .approval.sheet import Sheet, printable, sheet
from .core.call import Invocation
from .core.caller import Origin, Session
from .core.effect import Effect, Reading, Target
from .core.text.redact import masked_text
from .core.word import text_of
from .core.world import Witness, World
from .errors import REFUSED, InstallError, RecordError, Unproven
from .lean.canonical import digest
from .lean.typing import TYPE_CHECKING, Protocol
from .lean.value import Value
from .policy.decide import Decision, decide
from .policy.denials import Denial, earlier, hits, may_share
from .policy.settings import Policy

if TYPE_CHECKING:
    from typing import Any

#: How many effects of one call a row keeps.
RECORDED_EFFECTS = 50


class Journal(Protocol):
    """The record of what happened, and the requests that wait. Every method raises RecordError."""

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        """Add one row, durably, before returning."""
        raise NotImplementedError

    def denials(self, session: Session) -> tuple[Denial, ...]:
        """What a person has denied lately, in that session or where nobody can tell the session."""
        raise NotImplementedError

    def file(self, asked: Sheet, digest: str, caller: Origin, hits: tuple[Target, ...] = ()) -> Filed:
        """Put a request on the list; one that is still open for the same digest, or an alike one, is joined."""
        raise NotImplementedError

    def approved(self, digest: str, life: float) -> Request | None:
        """An approval for exactly this digest that has neither been spent nor expired after `life` seconds."""
        raise NotImplementedError

    def settled(self, request: Request, seconds: float) -> Request:
        """The request as it is once a person has answered, or after that many seconds."""
        raise NotImplementedError

    def spend(self, request: Request, life: float) -> bool:
        """Use up an approval; False if another process was first or it has expired after `life` seconds."""
        raise NotImplementedError

    def withdraw(self, request: Request) -> None:
        """The caller has gone away: take an open request off the list."""
        raise NotImplementedError


class Edges(Protocol):
    """Everything outside that one call needs."""

    @property
    def journal(self) -> Journal:
        """The record and the requests."""
        raise NotImplementedError

    @property
    def policy(self) -> Policy:
        """What the owner has chosen; raises InstallError."""
        raise NotImplementedError

    @property
    def factors(self) -> tuple[str, ...]:
        """The fingerprints of the keys that prove a person."""
        raise NotImplementedError

    @property
    def patience(self) -> float:
        """How long a call waits for a person, in seconds."""
        raise NotImplementedError

    def world(self, call: Invocation) -> World:
        """The facts, as seen from this call."""
        raise NotImplementedError

    def read(self, call: Invocation, world: World) -> Reading:
        """What the call would do, by the rulebook."""
        raise NotImplementedError

    def origin(self) -> Origin:
        """Who calls."""
        raise NotImplementedError

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        """The real program's path and identity; raises NoProgram."""
        raise NotImplementedError

    def directory(self, call: Invocation) -> tuple[str, ...]:
        """The working directory's identity: device and inode."""
        raise NotImplementedError

    def located(self, path: str) -> tuple[str, tuple[str, ...]]:
        """Where an absolute path really leads, with the device and inode of what is there."""
        raise NotImplementedError

    def is_persons(self, terminal: str) -> bool:
        """Whether the caller's own terminal is one that a person sits at."""
        raise NotImplementedError

    def prompt(self, terminal: str, asked: Sheet, word: str) -> bool:
        """Ask the person at that terminal to type the word."""
        raise NotImplementedError

    def signed(self, terminal: str, digest: str) -> str:
        """Have the person at that terminal sign the digest by a factor: the grant's text; raises Unproven."""
        raise NotImplementedError

    def proven(self, request: Request, digest: str) -> str:
        """Use up a request's proof; why it does not prove a person's word for that digest, "" if it does."""
        raise NotImplementedError

    def tell(self, *lines: str) -> None:
        """Say something to the caller, on standard error."""
        raise NotImplementedError

    def launch(self, program: str, call: Invocation) -> int:
        """Become the real program. Returns only if it cannot be started."""
        raise NotImplementedError


class Judged(Value):
    """A call with all that was found out about it."""

    call: Invocation
    reading: Reading
    decision: Decision
    origin: Origin
    real: str
    asked: Sheet
    digest: str


def judge(call: Invocation, origin: Origin, edges: Edges) -> Judged:
    """Rate a call and decide. Judging twice gives the same digest unless something has changed."""
    real, identity = edges.real(call)
    witness = Witness(edges.world(call))
    reading = edges.read(call, witness)
    denied = earlier(reading, text_of(call.cwd), _denials(reading, origin, edges), edges.located)
    policy = edges.policy if reading.rating == "destructive" or denied else Policy()
    asked = sheet(call, reading, origin, real, policy, bool(edges.factors), denied)
    where = (text_of(call.cwd), edges.directory(call))
    who = (origin.uid, origin.session.id, origin.session.below)
    exact = bound(digest((call.texts, where, real, identity, who, witness.evidence)), asked)
    return Judged(call, reading, decide(reading, denied), origin, real, asked, exact)


def _denials(reading: Reading, origin: Origin, edges: Edges) -> tuple[Denial, ...]:
    """What a person has denied lately; of no interest to a call that changes nothing."""
    if not may_share(reading):
        return ()
    try:
        return edges.journal.denials(origin.session)
    except RecordError:
        return ()  # a destructive call needs the record anyway, and is refused without it


def guard(call: Invocation, edges: Edges) -> int:
    """Take one call from its argv to the real program, or to a refusal; the exit status."""
    judged = judge(call, edges.origin(), edges)
    try:
        return _carry_out(judged, edges)
    except RecordError as fault:
        edges.tell(*refusal(judged.asked, f"it cannot be put on the record: {fault.told}"))
        return REFUSED


def _carry_out(judged: Judged, edges: Edges) -> int:
    if judged.decision.action == "run":
        return _run(judged, edges)
    if judged.decision.action == "refuse":
        return _refuse(judged, edges, judged.decision.why)

    life = edges.policy.approval
    request = edges.journal.approved(judged.digest, life)
    if request is None:
        if judged.origin.terminal and edges.is_persons(judged.origin.terminal):
            return _ask_here(judged, edges)
        request = _ask_elsewhere(judged, edges)
    if request.state != "approved":
        return _refuse(judged, edges, unanswered(request), request)
    if not _unchanged(judged, edges):
        return _refuse(judged, edges, "what it would do has changed since it was approved", request)
    if not edges.journal.spend(request, life):
        return _refuse(judged, edges, "its approval has been used or has expired", request)
    unproven = _unproven(judged, edges, request)
    if unproven:
        return _refuse(judged, edges, unproven, request)
    return _run(judged, edges, request)


def _ask_here(judged: Judged, edges: Edges) -> int:
    """The caller's own terminal belongs to a person: ask there."""
    _record(judged, edges, "asked", terminal=judged.origin.terminal)
    if not edges.prompt(judged.origin.terminal, judged.asked, judged.asked.word):
        return _refuse(judged, edges, f"{judged.asked.word} was not typed")
    answer = Request("", judged.digest, judged.origin.session.id, 0, judged.asked, "approved")
    if judged.asked.factor:
        try:
            answer = answer.replace(proof=edges.signed(judged.origin.terminal, judged.digest))
        except (Unproven, InstallError) as fault:
            return _refuse(judged, edges, fault.message)
    unproven = _unproven(judged, edges, answer)
    if unproven:
        return _refuse(judged, edges, unproven)
    if not _unchanged(judged, edges):
        return _refuse(judged, edges, "what it would do changed while it was being asked")
    return _run(judged, edges, confirmed=f"typed at {judged.origin.terminal}", proof=answer.proof)


def _ask_elsewhere(judged: Judged, edges: Edges) -> Request:
    """File a request, and wait for a person at another terminal."""
    aim = hits(judged.reading, judged.call.texts, text_of(judged.call.cwd), edges.located)
    filed = edges.journal.file(judged.asked, judged.digest, judged.origin, aim)
    request = filed.request
    if request.state != "open":
        return request
    try:
        _record(judged, edges, "asked", request=request.id, group=request.lead)
        if not filed.waits:
            return request
        if edges.patience > 0:
            edges.tell(*waiting(judged.asked, request, edges.patience))
        return edges.journal.settled(request, edges.patience)
    except KeyboardInterrupt:
        edges.journal.withdraw(request)
        _record(judged, edges, "refused", why="interrupted while waiting", request=request.id)
        raise


def _unproven(judged: Judged, edges: Edges, request: Request) -> str:
    """Why an approval is none, where it wants more than a word; "" if nothing is missing."""
    why = edges.proven(request, judged.digest) if judged.asked.factor else ""
    return f"its approval does not prove a person: {why}" if why else ""


def _unchanged(judged: Judged, edges: Edges) -> bool:
    """Judge again, just before running: the approval is for exactly what was shown."""
    return judge(judged.call, judged.origin, edges).digest == judged.digest


def _run(judged: Judged, edges: Edges, request: Request | None = None, **confirmed: str) -> int:
    _record(judged, edges, "ran", request=request.id if request else "", **confirmed)
    return edges.launch(judged.real, judged.call)


def _refuse(judged: Judged, edges: Edges, why: str, request: Request | None = None) -> int:
    _record(judged, edges, "refused", why=why, request=request.id if request else "")
    edges.tell(*refusal(judged.asked, why, request))
    return REFUSED


def _record(judged: Judged, edges: Edges, kind: str, **facts: str) -> None:
    """One row before anything happens. A destructive call without a row does not run."""
    asked, origin = judged.asked, judged.origin
    row: dict[str, Any] = {
        "program": asked.program,
        "argv": asked.argv,
        "cwd": asked.cwd,
        "real": asked.real,
        "uid": origin.uid,
        "session": origin.session.id,
        "session_name": origin.session.name,
        "agent": origin.agent,
        "ancestry": [{"pid": above.pid, "start": above.start, "name": above.name} for above in origin.ancestry],
        "rating": asked.rating,
        "catastrophic": asked.catastrophic,
        "reasons": [
            {"rule": reason.rule, "program": reason.program, "text": reason.text, "instead": reason.instead}
            for reason in asked.reasons
        ],
        "effects": [_effect(effect) for effect in judged.reading.effects[:RECORDED_EFFECTS]],
        "decision": judged.decision.action,
        **({"earlier": asked.earlier} if asked.earlier else {}),
        **{name: value for name, value in facts.items() if value},
    }
    try:
        edges.journal.append(kind, row)
    except RecordError as fault:
        if asked.rating == "destructive":
            raise
        edges.tell(f"agentguard: {asked.program} runs without a record: {printable(fault.told)}")


def _effect(effect: Effect) -> dict[str, str]:
    return {
        "verb": effect.verb,
        "kind": effect.target.kind,
        "target": masked_text(effect.target.name),
        "rule": effect.rule,
        "recoverable_by": effect.recoverable_by,
    }
