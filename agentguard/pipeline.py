"""The path of one call, in order; nothing else.

    argv ─► Invocation ─► Reading ─► Decision ─► Confirmation ─► Record ─► exec

The world outside is seen through the ports in ports.py: each stage is given those that it needs.
"""

from __future__ import annotations

from .approval.messages import refusal, refusal_to_person, unanswered, unproven_terminal, waiting
from .approval.question import Question, printable, question_for
from .approval.recorded import recorded
from .approval.request import Asked, Request, bound, faithful, group_key
from .core.call import Invocation
from .core.caller import Origin
from .core.effect import Effect, Reading
from .core.text.redact import masked_text
from .core.text.shorten import MOST_OF_NAME, shortened
from .core.world import Witness
from .errors import BROKEN, REFUSED, InstallError, RecordError, Unproven, UsageError, WrongPassphrase
from .lean.canonical import digest
from .lean.typing import TYPE_CHECKING
from .lean.value import Value
from .policy.decide import Decision, decide, decide_for_person
from .policy.denials import Denial, earlier, hits, may_share
from .policy.settings import TRIES, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .ports import Asker, Facts, Launcher, Log, Requests

#: How many times as long as the first the look before running may take, so that what was seen is seen again.
AGAIN = 2
#: How many effects of one call a row keeps.
RECORDED_EFFECTS = 50
#: How many processes above a call a row keeps, from its parent up.
RECORDED_ANCESTORS = 50


class Judged(Value):
    """A call with all that was found out about it.

    `cut_short` is None, or, where looking took too long, what had been seen by then to be beyond repair.
    """

    call: Invocation
    reading: Reading
    decision: Decision
    origin: Origin
    real: str
    policy: Policy
    question: Question
    digest: str
    cut_short: tuple[Effect, ...] | None = None


class Confirmation(Value):
    """Whether a call may run, and if not, why; by which request, or at which terminal it was asked on the spot."""

    runs: bool
    why: str = ""
    request: Request | None = None
    at: str = ""
    proof: str = ""


def guard(
    call: Invocation, origin: Origin, facts: Facts, log: Log, requests: Requests, asker: Asker, launcher: Launcher
) -> int:
    """Take one call from its argv to the real program, or to a refusal; the exit status."""
    judged = left_to_person(judge(call, origin, facts, requests), asker)
    try:
        confirmation = confirm(judged, facts, log, requests, asker)
        record(judged, confirmation, log, asker)
    except RecordError as fault:
        why = f"it cannot be put on the record: {fault.for_agent}"
        _unrecorded(judged, log, why)
        asker.tell(*refusal(judged.question, why))
        return REFUSED
    if not confirmation.runs and confirmation.at and is_person(judged.origin, asker):
        asker.tell(*refusal_to_person(judged.question, confirmation.why))
        return REFUSED
    if not confirmation.runs:
        theirs = _to_person(judged, confirmation.request, facts, asker)
        asker.tell(*refusal(judged.question, confirmation.why, confirmation.request), *theirs)
        return REFUSED
    return launcher.launch(judged.real, call)


# Judging


def judge(call: Invocation, origin: Origin, facts: Facts, requests: Requests, before: Judged | None = None) -> Judged:
    """Rate a call and decide. Judging again, after `before`, gives the same digest unless something has changed."""
    real, identity = facts.real(call)
    reading, evidence, cut_short = _look(call, facts, before)
    denied = earlier(reading, call.cwd.guess, _denials(reading, origin, requests), facts.located)
    policy, decision = Policy(), decide(reading, denied)
    if reading.rating == "destructive" or denied:
        try:
            policy = facts.policy
        except InstallError:  # nobody knows what was chosen: nobody can be asked by it
            decision = Decision("refuse", BROKEN)
    question = question_for(call, reading, origin, real, policy, facts.has_factors, denied)
    where = (call.cwd.guess, facts.directory())
    who = (origin.uid, origin.session.id, origin.session.below)
    exact = bound(digest((call.texts, where, real, identity, who, evidence)), question)
    return Judged(call, reading, decision, origin, real, policy, question, exact, cut_short)


def left_to_person(judged: Judged, asker: Asker) -> Judged:
    """The same, decided anew where a person makes the call themselves."""
    terminal = judged.origin.terminal
    if judged.decision.action == "run" or not is_person(judged.origin, asker):
        return judged
    decision = decide_for_person(judged.reading, judged.decision, judged.policy.guard, asker.types(terminal))
    return judged.replace(decision=decision)


def is_person(origin: Origin, asker: Asker) -> bool:
    """Whether a person makes the call themselves: at their own terminal, with no agent between."""
    return bool(origin.terminal) and not origin.in_doubt and asker.is_alone(origin.terminal)


def _look(
    call: Invocation, facts: Facts, before: Judged | None
) -> tuple[Reading, list[tuple[Any, ...]], tuple[Effect, ...] | None]:
    """What the call would do, the answers that this rests on, and what `Judged.cut_short` is.

    How far a slow look gets is chance. So where it takes too long, only what is seen at once counts, and the
    rest is unknown, however much of it was seen: then the same call is the same each time that it is judged,
    and a person can approve it. What was already seen to be beyond repair stays so.
    """
    grave = before.cut_short if before else None
    if grave is None:
        facts.begin(AGAIN if before else 1)
        witness = Witness(facts.world)
        reading = facts.read(call, witness)
        if not facts.cut:
            return reading, witness.evidence, None
        grave = tuple(effect for effect in reading.effects if effect.catastrophic)
    facts.begin(0)
    witness = Witness(facts.world)
    return facts.read(call, witness) + Reading(grave), witness.evidence, grave


def _denials(reading: Reading, origin: Origin, requests: Requests) -> tuple[Denial, ...]:
    """What a person has denied lately; of no interest to a call that changes nothing."""
    if not may_share(reading):
        return ()
    try:
        return requests.denials(origin.session)
    except RecordError:
        return ()  # a destructive call needs the record anyway, and is refused without it


def _unchanged(judged: Judged, facts: Facts, requests: Requests) -> bool:
    """Judge again, just before running: the approval is for exactly what was shown.

    What took too long to be seen was shown as unknown, and is not looked at now either.
    """
    again = judge(judged.call, judged.origin, facts, requests, judged)
    return (again.digest, again.decision) == (judged.digest, judged.decision)


# Confirming


def confirm(judged: Judged, facts: Facts, log: Log, requests: Requests, asker: Asker) -> Confirmation:
    """Whether the call may run, by what was decided and, where that is to ask, by a person's word."""
    if judged.decision.action == "run":
        return Confirmation(True)
    if judged.decision.action == "refuse":
        return Confirmation(False, judged.decision.why)

    request, at = requests.approved(judged.digest, judged.policy.approval), ""
    if request is None:
        if judged.origin.terminal and asker.is_persons(judged.origin.terminal):
            try:
                answer = _ask_here(judged, facts, log, requests, asker)
            except KeyboardInterrupt:
                _append(judged, "refused", log, asker, why="interrupted while it was asked")
                raise
            if isinstance(answer, Confirmation):
                return answer
            request, at = answer, judged.origin.terminal
        else:
            request = _ask_elsewhere(judged, facts, log, requests, asker)
    if request.state != "approved":
        return Confirmation(False, unanswered(request), request, at)
    if not _unchanged(judged, facts, requests):
        return Confirmation(False, "what it would do has changed since it was approved", request)
    if not requests.consume(request, judged.policy.approval):
        return Confirmation(False, "its approval has been used or has expired", request)
    unproven = _unproven(judged, asker, request)
    return Confirmation(not unproven, unproven, request)


def _ask_here(judged: Judged, facts: Facts, log: Log, requests: Requests, asker: Asker) -> Confirmation | Request:
    """The caller's own terminal belongs to a person: ask there, one call at a time; what is one list, at once."""
    denied = requests.denied_here(judged.question, judged.origin)
    if denied:
        return Confirmation(False, unanswered(denied), at=judged.origin.terminal)
    is_first = asker.take_turn(judged.origin.terminal, wait=False)
    ahead = tuple(_asked(one, facts) for one in _ahead(judged, facts, requests)) if is_first else ()
    if is_first and not ahead:
        return _ask_alone(judged, facts, log, requests, asker)
    request = requests.ask_here(_asked(judged, facts), judged.origin, ahead)
    try:
        if not is_first:
            asker.take_turn(judged.origin.terminal, wait=True)
        return _ask_in_line(judged, request, log, requests, asker)
    except (KeyboardInterrupt, UsageError):
        requests.withdraw(request)
        raise
    except (Unproven, InstallError) as fault:
        requests.withdraw(request)
        return Confirmation(False, fault.message, request, judged.origin.terminal)


def _ask_alone(judged: Judged, facts: Facts, log: Log, requests: Requests, asker: Asker) -> Confirmation:
    """Ask about this call and nothing else."""
    terminal = judged.origin.terminal
    _append(judged, "asked", log, asker, terminal=terminal)
    if not _prompted(judged, asker):
        return Confirmation(False, f"{judged.question.word} was not typed", at=terminal)
    answer = Request("", judged.digest, judged.origin.session.id, 0, judged.question, "approved")
    if judged.question.factor:
        try:
            answer = answer.replace(proof=_signed(judged, log, asker, judged.digest))
        except (Unproven, InstallError) as fault:
            return Confirmation(False, fault.message, at=terminal)
    unproven = _unproven(judged, asker, answer)
    if unproven:
        return Confirmation(False, unproven, at=terminal)
    if not _unchanged(judged, facts, requests):
        return Confirmation(False, "what it would do changed while it was being asked", at=terminal)
    return Confirmation(True, at=terminal, proof=answer.proof)


def _ask_in_line(judged: Judged, request: Request, log: Log, requests: Requests, asker: Asker) -> Request:
    """Ask about this call, what its caller comes to next, and what is called beside it and stands in line by now.

    The others find their answer when it is their turn, or when they are made. Raises Unproven, InstallError.
    """
    terminal = judged.origin.terminal
    group = faithful(requests.here(request))
    if group[0].state != "here":
        return group[0]
    _append(judged, "asked", log, asker, terminal=terminal, request=request.id, group=request.group_leader)
    typed = _prompted(judged, asker, tuple(one.question for one in group[1:]))
    signed = typed and judged.question.factor
    proof = _signed(judged, log, asker, *(one.digest for one in group)) if signed else ""
    return requests.answer_here(group, typed, terminal, proof)[0]


def _prompted(judged: Judged, asker: Asker, more: tuple[Question, ...] = ()) -> bool:
    """Whether the person at the caller's own terminal has typed the word for this and for `more`."""
    by = "you" if is_person(judged.origin, asker) else _doubt(judged.origin, asker)
    return asker.prompt(judged.origin.terminal, judged.question, by, more=more)


def _signed(judged: Judged, log: Log, asker: Asker, *digests: str) -> str:
    """The grant of the person at the caller's own terminal. Each mistyped passphrase is on the record as an attempt.

    Raises Unproven, InstallError, RecordError.
    """
    terminal = judged.origin.terminal
    for _ in range(TRIES - 1):
        try:
            return asker.signed(terminal, *digests)
        except WrongPassphrase as fault:
            tried = {"program": "agentguard", "deed": "approve a call", "why": fault.message}
            log.append("attempt", _whose(judged.origin) | tried)  # a row of its own: it is no outcome of the call
    return asker.signed(terminal, *digests)


def _ask_elsewhere(judged: Judged, facts: Facts, log: Log, requests: Requests, asker: Asker) -> Request:
    """Put a request on the list, and wait for a person at another terminal."""
    asked = _asked(judged, facts)
    opens = requests.opens(judged.question, judged.origin)
    ahead = tuple(_asked(one, facts) for one in _ahead(judged, facts, requests)) if opens else ()
    filed = requests.submit(asked, judged.origin, ahead)
    request, patience = filed.request, judged.policy.patience(judged.call.variable("CI")) - filed.waited
    if request.state != "open":
        return request
    try:
        waits = _waits(judged.origin, max(0.0, patience) if filed.waits else 0)
        whose = {"request": request.id, "group": request.group_leader, "terminal": judged.origin.terminal}
        _append(judged, "asked", log, asker, **whose, waits=waits)
        if not filed.waits or (filed.waited and patience <= 0):
            return request
        if patience > 0:
            lines = waiting(judged.question, request, patience, len(ahead))
            asker.tell(*lines, *_to_person(judged, request, facts, asker))
        return requests.wait(request, patience)
    except KeyboardInterrupt:
        requests.withdraw(request)
        _append(judged, "refused", log, asker, why="interrupted while waiting", request=request.id)
        raise


def _to_person(judged: Judged, request: Request | None, facts: Facts, asker: Asker) -> tuple[str, ...]:
    """What a person at the call's terminal is told where its request waits for an answer from another one."""
    terminal = judged.origin.terminal
    if not terminal or request is None or request.state != "open" or asker.is_persons(terminal):
        return ()
    return (unproven_terminal(_doubt(judged.origin, asker), facts.has_factors),)


def _doubt(origin: Origin, asker: Asker) -> str:
    """Who else than a person may have made a call at a terminal, with no known agent above it."""
    between = f"{origin.in_doubt}, which may be an agent" if origin.in_doubt else ""
    return "; ".join(filter(None, (between, asker.doubt(origin.terminal))))


def _asked(judged: Judged, facts: Facts) -> Asked:
    """The call as it is put before a person."""
    aim = hits(judged.reading, judged.call.texts, judged.call.cwd.guess, facts.located)
    return Asked(judged.question, judged.digest, aim)


def _ahead(judged: Judged, facts: Facts, requests: Requests) -> Iterator[Judged]:
    """What the caller comes to next that is one question with this call, each as it would be judged now."""
    for call in facts.ahead(judged.call, judged.origin):
        after = judge(call, judged.origin, facts, requests)
        if after.cut_short is not None:  # what follows takes too long to be looked at ahead
            return
        alike = after.decision == judged.decision and group_key(after.question) == group_key(judged.question)
        if alike and requests.approved(after.digest, judged.policy.approval) is None:
            yield after


def _waits(origin: Origin, seconds: float) -> dict[str, Any]:
    """Which process waits for the answer from now on, and for how long."""
    pid, start = origin.this
    return {"pid": pid, "start": start, "seconds": seconds}


def _unproven(judged: Judged, asker: Asker, request: Request) -> str:
    """Why an approval is none, where it wants more than a word; "" if nothing is missing."""
    why = asker.proven(request, judged.digest) if judged.question.factor else ""
    return f"its approval does not prove a person: {why}" if why else ""


# Recording


def record(judged: Judged, confirmation: Confirmation, log: Log, asker: Asker) -> None:
    """One row before anything happens; see `_append` for where that cannot be. Raises RecordError."""
    request = confirmation.request.id if confirmation.request else ""
    if confirmation.runs:
        confirmed = f"typed at {confirmation.at}" if confirmation.at else judged.decision.why
        _append(judged, "ran", log, asker, request=request, confirmed=confirmed, proof=confirmation.proof)
    else:
        _append(judged, "refused", log, asker, why=confirmation.why, request=request)


def _append(judged: Judged, kind: str, log: Log, asker: Asker, **facts: Any) -> None:
    """Add a row. Where the record cannot be written, one of a call that destroys nothing is noted beside it.

    Where that fails, too, only what changes nothing runs, and is counted. Raises RecordError for the rest.
    """
    row = _row(judged, **facts)
    try:
        log.append(kind, row)
    except RecordError as fault:
        if judged.reading.rating == "destructive":
            raise
        kept = "is noted beside the record"
        try:
            log.note(kind, row)
        except RecordError:
            if judged.reading.rating != "read":
                raise
            log.miss()
            kept = "runs without a record"
        asker.tell(f"agentguard: {judged.question.program} {kept}: {printable(fault.for_agent)}")


def _unrecorded(judged: Judged, log: Log, why: str) -> None:
    """Note a call that is refused because it cannot be put on the record, if that can be."""
    try:
        log.note("refused", _row(judged, why=why))
    except RecordError:
        return  # it does not run, and its caller is told


def _row(judged: Judged, **facts: Any) -> dict[str, Any]:
    """What the record keeps of a call, besides the kind of the row."""
    question, origin = judged.question, judged.origin
    return {
        **recorded(question),
        **_whose(origin),
        "effects": [_effect(effect) for effect in judged.reading.effects[:RECORDED_EFFECTS]],
        "decision": judged.decision.action,
        **({"earlier": question.earlier} if question.earlier else {}),
        **{name: value for name, value in facts.items() if value},
    }


def _whose(origin: Origin) -> dict[str, Any]:
    """What the record keeps of who makes a call."""
    above = origin.ancestry[:RECORDED_ANCESTORS]
    return {
        "uid": origin.uid,
        "session": origin.session.id,
        "session_name": origin.session.name,
        **({"below": origin.session.below} if origin.session.known else {}),
        "ancestry": [{"pid": one.pid, "start": one.start, "name": one.name} for one in above],
    }


def _effect(effect: Effect) -> dict[str, str]:
    return {
        "verb": effect.verb,
        "kind": effect.thing,
        "target": shortened(masked_text(effect.target.name), MOST_OF_NAME),
        "rule": effect.rule,
        "recoverable_by": effect.recoverable_by,
    }
