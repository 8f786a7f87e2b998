"""Stand-ins for the edges of the pipeline, all in memory. tests/contracts holds them to the real ones.

Each writes down what is done with it in `events`, a list that all of one scene share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from agentguard.approval.question import Question, quoted
from agentguard.approval.request import REQUEST_LIFE, Asked, Filed, Request, State, caller_key, group_key
from agentguard.core.call import Invocation
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Reading, Target
from agentguard.core.world import PathState, World
from agentguard.edge.records.loops import PAUSE
from agentguard.edge.records.spool import DENIAL_LIFE
from agentguard.errors import RecordError, Unproven, UsageError, WrongPassphrase
from agentguard.lean.canonical import canonical
from agentguard.policy.denials import Denial
from agentguard.policy.settings import APPROVAL_LIFE, Policy

LAUNCHED = 77


class FakeWorld(World):
    """Every path is in the first of `states`; each look but the last takes one away.

    A look takes the first of `takes` (each but the last is taken away), in times of what one may take.
    """

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.takes = [0.0]
        self.times, self.cut = 1.0, False

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        takes = self.takes.pop(0) if len(self.takes) > 1 and self.times else self.takes[0]
        if takes > self.times:
            self.cut = True
            return tuple(PathState(path, "unseen", "looking took too long") for path in paths)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return tuple(PathState(path, state) for path in paths)  # type: ignore[arg-type]


class FakeFacts:
    """A place where every call is read alike, once it has looked at what its operands are."""

    def __init__(self, reading: Reading) -> None:
        self.world = FakeWorld("untracked")
        self.policy = Policy()
        self.has_factors = False
        self.reading = reading
        self.inode = ("8", "1")
        self.program = ("8", "9")
        self.following: tuple[Invocation, ...] = ()

    def begin(self, times: float) -> None:
        self.world.times, self.world.cut = times, False

    @property
    def cut(self) -> bool:
        return self.world.cut

    def read(self, call: Invocation, world: World) -> Reading:
        world.paths(call.argv[2:], call.cwd, False)
        return self.reading

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        return f"/bin/{call.name}", self.program

    def directory(self) -> tuple[str, ...]:
        return self.inode

    def ahead(self, call: Invocation, caller: Origin) -> tuple[Invocation, ...]:
        return self.following

    def located(self, path: str) -> tuple[str, tuple[str, ...]]:
        return path, ()


class Failing:
    """What is named in `fails` cannot be put on the record."""

    fails: Collection[str] = ()

    def _may_fail(self, what: str) -> None:
        if what in self.fails:
            raise RecordError("record.db: its disk is full", "free some space")


class FakeLog(Failing):
    """Rows in a list, each as its kind and its facts. A kind of row can fail."""

    def __init__(self, events: list[str], fails: Collection[str] = ()) -> None:
        self.events, self.fails = events, fails
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self.noted: list[tuple[str, dict[str, Any]]] = []

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        self._may_fail(kind)
        canonical(facts)  # nothing that a record could not hold
        self.rows.append((kind, facts))
        self.events.append(kind)

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        self._may_fail("note")
        canonical(facts)
        self.noted.append((kind, facts))
        self.events.append(f"note {kind}")

    def miss(self) -> None:
        self.events.append("miss")


class FakeRequests(Failing):
    """Requests in a list. `outcome` is what becomes of one while its call waits, `words` what a person says."""

    def __init__(self, events: list[str], fails: Collection[str] = (), now: Callable[[], float] = time.time) -> None:
        self.events, self.fails, self.now = events, fails, now
        self.outcome, self.words = "open", ""
        self._all: dict[str, Request] = {}
        self._callers: dict[str, Origin] = {}
        self._in_line: set[str] = set()
        self._aims: dict[str, tuple[Target, ...]] = {}

    # What a call needs

    def denials(self, session: Session) -> tuple[Denial, ...]:
        def concerns(request: Request) -> bool:
            whose = self._callers[request.id].session
            return whose.id == session.id or not (whose.known and session.known)

        late = self.now() - DENIAL_LIFE
        denied = (one for one in self._all.values() if one.state == "denied" and one.answered > late)
        return tuple(self._denial(one) for one in denied if concerns(one))

    def opens(self, question: Question, caller: Origin) -> bool:
        return self._last(question, caller) is None

    def submit(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...] = ()) -> Filed:
        self._may_fail("submit")
        last = self._last(asked.question, caller)
        if last and last.state == "denied":
            return Filed(last, False)
        joined = last if last and last.state == "open" else None
        answered = {one.id for one in self._all.values() if one.state != "open"} - self._in_line
        goes_on = bool(self._last(asked.question, caller, answered))
        for request in self.pending():
            if request.digest == asked.digest:
                if joined and joined.id == request.leader:
                    return Filed(request, waited=self.now() - joined.created)
                return Filed(self._asked_anew(request, caller))
        request = self._file(asked, caller, joined.id if joined else "")
        for one in ahead if not joined else ():
            self._file(one, caller, request.id)
        self.events.append("submit")
        return Filed(request, not goes_on, self.now() - joined.created if joined else 0.0)

    def _file(self, asked: Asked, caller: Origin, leader: str, state: State = "open") -> Request:
        name = f"r{len(self._all) + 1}"
        request = Request(name, asked.digest, caller.session.id, self.now(), asked.question, state, group_leader=leader)
        self._in_line |= {name} if state == "here" else set()
        self._all[name], self._callers[name], self._aims[name] = request, caller, asked.hits
        return request

    def _asked_anew(self, request: Request, caller: Origin) -> Request:
        for one in self.pending():
            if one.leader == request.leader:
                self._callers[one.id] = caller
                self._change(one, created=self.now(), group_leader="" if one.id == request.id else request.id)
        return self._all[request.id]

    def denied_here(self, question: Question, caller: Origin) -> Request | None:
        last = self._last(question, caller, self._in_line)
        return last if last and last.state == "denied" else None

    def ask_here(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...] = ()) -> Request:
        last = self._last(asked.question, caller, self._in_line)
        request = self._file(asked.replace(hits=()), caller, last.id if last and last.state == "here" else "", "here")
        for one in ahead:
            self._file(one.replace(hits=()), caller, request.leader, "here")
        return request

    def here(self, request: Request) -> tuple[Request, ...]:
        own = self._all[request.id]
        return (own, *self._beside(own)) if own.state == "here" else (own,)

    def answer_here(self, group: tuple[Request, ...], approved: bool, terminal: str, proof: str) -> tuple[Request, ...]:
        state = "approved" if approved else "denied"
        group += () if approved else tuple(one for one in self._beside(group[0]) if one not in group)
        return tuple(self._change(one, state=state, answered=self.now(), proof=proof) for one in group)

    def _beside(self, own: Request) -> list[Request]:
        others = (one for one in self._all.values() if one.leader == own.leader and one.id != own.id)
        return [one for one in others if one.state == "here"]

    def approved(self, digest: str, life: float) -> Request | None:
        self._may_fail("approved")
        return next((one for one in self._all.values() if one.digest == digest and self._is_good(one, life)), None)

    def wait(self, request: Request, seconds: float) -> Request:
        self.events.append(f"wait {seconds:g}")
        if self.outcome == "interrupt":
            raise KeyboardInterrupt
        if seconds and self.outcome in ("approved", "denied"):
            self.answer((request,), self.outcome == "approved", {}, self.words)
        elif seconds:
            self._change(request, state=self.outcome)
        return self._all[request.id]

    def consume(self, request: Request, life: float) -> bool:
        self._may_fail("consume")
        self.events.append("consume")
        now = self._all[request.id]
        if now.digest != request.digest or not self._is_good(now, life):
            return False
        self._change(request, state="spent")
        return True

    def withdraw(self, request: Request) -> None:
        self.events.append("withdraw")
        for one in tuple(self._all.values()):
            if request.id in (one.id, one.group_leader) and one.state in ("open", "here"):
                self._change(one, state="withdrawn")

    # What a person needs

    def pending(self) -> tuple[Request, ...]:
        now = self.now()
        return tuple(one for one in self._all.values() if one.state == "open" and 0 <= now - one.created < REQUEST_LIFE)

    def answer(
        self, requests: tuple[Request, ...], approved: bool, by: dict[str, Any], words: str = "", proof: str = ""
    ) -> tuple[Request, ...]:
        waiting = {one.id for one in self.pending()}
        leaders = {one.leader for one in requests}
        if not approved:
            requests += tuple(one for one in self.pending() if one.leader in leaders and one not in requests)
        answered = tuple(one for one in requests if one.id in waiting)
        if not answered:
            raise UsageError(f"request {requests[0].id} no longer waits")
        state = "approved" if approved else "denied"
        return tuple(self._change(one, state=state, answered=self.now(), answer=words, proof=proof) for one in answered)

    def _change(self, request: Request, **changes: Any) -> Request:
        self._all[request.id] = changed = self._all[request.id].replace(**changes)
        return changed

    def _is_good(self, request: Request, life: float = APPROVAL_LIFE) -> bool:
        return request.state == "approved" and 0 <= self.now() - request.answered < life

    def _last(self, question: Question, caller: Origin, among: Collection[str] | None = None) -> Request | None:
        """The last question of this caller's alike calls, while its loop may go on: on the list, or `among` these."""
        key, now = (caller_key(caller), group_key(question)), self.now()
        for one in reversed(self._all.values()):
            same = (caller_key(self._callers[one.id]), group_key(one.question)) == key and not one.group_leader
            meant = one.id not in self._in_line if among is None else one.id in among
            fresh = now - one.created < REQUEST_LIFE and (not one.answered or now - one.answered < PAUSE)
            if key[0] and same and meant and fresh and one.state != "withdrawn":
                return one
        return None

    def _denial(self, request: Request) -> Denial:
        when = time.strftime("%H:%M", time.localtime(request.answered))
        return Denial(request.id, when, quoted(request.question.argv), request.answer, self._aims[request.id])


class FakeAsker:
    """A person who types the word if `typed`, and signs if `has_key`; and a caller who is told what is in `told`."""

    def __init__(self, events: list[str], typed: bool = False, has_key: bool = True) -> None:
        self.events, self.typed, self.has_key = events, typed, has_key
        self.sits = True
        self.free, self.interrupts = True, False
        self.more: tuple[Question, ...] = ()
        self.signs: list[tuple[str, int]] = []
        self.alone = False
        self.doubts = ""
        self.slips = 0
        self.at_terminal = False
        self.told: list[str] = []
        self.shown: Question | None = None
        self.shown_by = ""
        self._used: set[str] = set()

    def is_persons(self, terminal: str) -> bool:
        return self.sits

    def is_alone(self, terminal: str) -> bool:
        return self.sits and self.alone

    def doubt(self, terminal: str) -> str:
        return self.doubts

    def types(self, terminal: str) -> bool:
        return self.at_terminal

    def take_turn(self, terminal: str, wait: bool) -> bool:
        return self.free or wait

    def prompt(self, terminal: str, question: Question, by: str, *, more: tuple[Question, ...] = ()) -> bool:
        self.more = more
        if self.interrupts:
            raise KeyboardInterrupt
        self.events.append(f"prompt {terminal} {question.word}")
        self.shown, self.shown_by = question, by
        return self.typed

    def signed(self, terminal: str, *digests: str) -> str:
        self.events.append(f"sign {terminal}")
        self.signs.append((terminal, len(digests)))
        if self.slips:
            self.slips -= 1
            raise WrongPassphrase("that is not the passphrase")
        if not self.has_key:
            raise Unproven("no passphrase was given")
        return self.signature(digests[0])

    def signature(self, digest: str) -> str:
        """What the person's key makes of a digest."""
        return f"signed {digest}"

    def proven(self, request: Request, digest: str) -> str:
        if request.proof != self.signature(digest):
            return "what was signed is another call" if request.proof.startswith("signed ") else "it is not signed"
        if request.proof in self._used:
            return "what was signed has been used"
        self._used.add(request.proof)
        return ""

    def tell(self, *lines: str) -> None:
        self.told += lines
        self.events.append("tell")


class FakeLauncher:
    """Keeps what was launched."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.launched: Invocation | None = None

    def launch(self, program: str, call: Invocation) -> int:
        self.events.append(f"launch {program}")
        self.launched = call
        return LAUNCHED
