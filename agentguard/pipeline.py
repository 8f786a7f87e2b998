"""The path of one call, in order; nothing else.

    argv ─► Invocation ─► Reading ─► Decision ─► Confirmation ─► Record ─► exec

The edges are seen through the Protocols below, so that tests can judge invented callers.
"""

from __future__ import annotations

from .core.call import Invocation
from .core.canonical import digest
from .core.decide import Decision, decide
from .core.effect import Reading
from .core.origin import Origin
from .core.request import WORD, Request
from .core.sheet import Sheet, sheet
from .core.value import TYPE_CHECKING, Value
from .core.world import Witness, World
from .errors import REFUSED

if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Protocol = object


class Journal(Protocol):
    """The record of what happened, and the requests that wait. Every method raises RecordError."""

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        """Add one row, durably, before returning."""
        raise NotImplementedError

    def file(self, asked: Sheet, digest: str, session: str) -> Request:
        """Put a request on the list; one that is still open for the same digest is joined."""
        raise NotImplementedError

    def approved(self, digest: str) -> Request | None:
        """An approval for exactly this digest that has neither been spent nor expired."""
        raise NotImplementedError

    def settled(self, request: Request, seconds: float) -> Request:
        """The request as it is once a person has answered, or after that many seconds."""
        raise NotImplementedError

    def spend(self, request: Request) -> bool:
        """Use up an approval; False if another process was first or it has expired."""
        raise NotImplementedError

    def withdraw(self, request: Request) -> None:
        """The caller has gone away: take an open request off the list."""
        raise NotImplementedError


class Edges(Protocol):
    """Everything outside that one call needs."""

    journal: Journal
    #: How long a call waits for a person, in seconds.
    patience: float

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

    def prompt(self, terminal: str, asked: Sheet, word: str) -> bool:
        """Ask the person at that terminal to type the word."""
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
    asked = sheet(call, reading, origin, real)
    exact = digest(
        [call.argv, call.cwd, edges.directory(call), real, identity, origin.uid, origin.session.id, witness.evidence, asked]
    )
    return Judged(call, reading, decide(reading), origin, real, asked, exact)


def guard(call: Invocation, edges: Edges) -> int:
    """Take one call from its argv to the real program, or to a refusal; the exit status."""
    judged = judge(call, edges.origin(), edges)
    if judged.decision.action == "run":
        return _run(judged, edges)
    if judged.decision.action == "refuse":
        return _refuse(judged, edges, judged.decision.why)

    request = edges.journal.approved(judged.digest)
    if request is None:
        if judged.origin.terminal:
            return _ask_here(judged, edges)
        request = _ask_elsewhere(judged, edges)
    if request.state != "approved":
        return _refuse(judged, edges, _why_not(request), request)
    if not _unchanged(judged, edges):
        return _refuse(judged, edges, "what it would do has changed since it was approved: ask again", request)
    if not edges.journal.spend(request):
        return _refuse(judged, edges, "its approval has been used or has expired", request)
    return _run(judged, edges, request)


def _ask_here(judged: Judged, edges: Edges) -> int:
    """The caller's own terminal belongs to a person: ask there."""
    _record(judged, edges, "asked", terminal=judged.origin.terminal)
    if not edges.prompt(judged.origin.terminal, judged.asked, WORD):
        return _refuse(judged, edges, f"{WORD} was not typed")
    if not _unchanged(judged, edges):
        return _refuse(judged, edges, "what it would do changed while it was being asked")
    return _run(judged, edges, confirmed=f"typed at {judged.origin.terminal}")


def _ask_elsewhere(judged: Judged, edges: Edges) -> Request:
    """File a request, and wait for a person at another terminal."""
    request = edges.journal.file(judged.asked, judged.digest, judged.origin.session.id)
    _record(judged, edges, "asked", request=request.id)
    if edges.patience > 0:
        edges.tell(*_refusal(judged, f"waiting up to {edges.patience:.0f} s for a person, as request {request.id}"))
    try:
        return edges.journal.settled(request, edges.patience)
    except KeyboardInterrupt:
        edges.journal.withdraw(request)
        _record(judged, edges, "refused", why="interrupted while waiting", request=request.id)
        raise


def _unchanged(judged: Judged, edges: Edges) -> bool:
    """Judge again, just before running: the approval is for exactly what was shown."""
    return judge(judged.call, judged.origin, edges).digest == judged.digest


def _run(judged: Judged, edges: Edges, request: Request | None = None, confirmed: str = "") -> int:
    _record(judged, edges, "ran", request=request.id if request else "", confirmed=confirmed)
    return edges.launch(judged.real, judged.call)


def _refuse(judged: Judged, edges: Edges, why: str, request: Request | None = None) -> int:
    _record(judged, edges, "refused", why=why, request=request.id if request else "")
    edges.tell(*_refusal(judged, why))
    return REFUSED


def _record(judged: Judged, edges: Edges, kind: str, **facts: str) -> None:
    """One row before anything happens. A destructive call without a row does not run."""
    raise NotImplementedError


def _why_not(request: Request) -> str:
    raise NotImplementedError


def _refusal(judged: Judged, why: str) -> tuple[str, ...]:
    """What the agent gets to read: no way around, only the reason and the safer way."""
    raise NotImplementedError
