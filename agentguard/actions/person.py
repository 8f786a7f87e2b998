"""Proof of a person, for verbs that an agent must not use (`approve`): a trusted terminal, else a factor.

A trusted terminal is one that a person holds, with no agent above it. Whoever can type into it is trusted
as well: this is what a factor is for, such as a passphrase.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..approval.terminal_trust import Trust
from ..core.caller import Origin
from ..core.text.redact import masked
from ..edge.caller.agents import mark
from ..edge.caller.controlling_terminal import is_own_terminal, own_terminal
from ..edge.caller.marked import marked_sessions
from ..edge.caller.processes import beside, origin
from ..edge.caller.runners import beside_in_doubt
from ..edge.factors.proof import chosen, passphrase_for, sign_grant, signed, usable
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog, Extent
from ..edge.records.sessions import NamedSessions
from ..edge.terminal.prompt import answer, say
from ..edge.terminal.trust import terminal_trust
from ..errors import NotAPerson, RecordError, Unproven, WrongPassphrase
from ..lean.canonical import canonical
from ..lean.value import Value
from ..policy.settings import TRIES
from .owner import owners_record

if TYPE_CHECKING:
    from ..edge.caller.processes import Sessions

Proof = TypeVar("Proof")

#: What is left where nobody can prove themselves.
ELSEWHERE = "do it in the foreground of a terminal of your own, outside any agent"
_FACTOR = (
    f"{ELSEWHERE}; or add a factor there (`agentguard factor add passphrase`), which proves you on this one, too. "
    "Where you have none, as in a container, docs/approvals.md says what is left"
)


class Place(Value):
    """Where a verb is called. `why` says what speaks against a person there, "" for nothing.

    `provable` says that a factor can prove them all the same.
    """

    trust: Trust
    why: str = ""
    provable: bool = True


class Person(Value):
    """Who uses a verb, as facts for the record.

    `sign` says that their terminal alone does not prove them, and `why` what speaks against it; `lost` that the record
    may be broken.
    """

    by: dict[str, Any]
    sign: bool = False
    lost: bool = False
    why: str = ""


def require_person(root: Root, deed: str, lost: bool = False, *, by_word: bool = False) -> Person:
    """Who the person is. `deed` completes "only a person may …".

    Raises NotAPerson where an agent could be the one who calls, after putting the attempt on the
    record; RecordError if sessions cannot be looked up. Where the terminal is in doubt, a factor must
    be there to prove them: also to add the first one, which `install --factor` makes elsewhere. Where
    it visibly is no person's, they may prove themselves, too (no list of terminals is complete), but
    that they are asked to is an attempt already. What may be an agent that nobody knows by name is no person, unless a
    word is typed besides, `by_word`. With `lost`, the record may be broken: which sessions run is
    then told by the marks that they left in environments.
    """
    caller, sessions = _caller(root, lost)
    place = _place(caller, sessions)
    if not place.why and not by_word and (doubt := caller.in_doubt or beside_in_doubt(beside())):
        place = place.replace(why=f"{doubt} called this, and may be an agent")
    factor = place.provable and bool(usable(root))
    if place.why and not factor:
        raise _refused(root, caller, deed, place.why, _FACTOR if place.provable else ELSEWHERE)
    if place.trust.level == "not":
        _put_on_record(root, caller, deed, place.why, asked="a factor")
    return Person(_facts(caller, place.trust), factor and bool(place.why), lost, place.why)


def place() -> Place:
    """Where this was called, before there is a guard: of sessions nothing is known yet."""
    return _place(_claimed(origin({}, os.environ), {}), {})


def prove(root: Root, person: Person, deed: str) -> dict[str, Any]:
    """The person's facts for the record, after they have proved themselves by a factor if there is one.

    Raises NotAPerson if they do not, after putting the attempt on the record.
    """
    with proving(root, deed, person.lost):
        if not usable(root) and not person.sign:
            return person.by
        return _tried(root, deed, lambda: _proved(root, person, deed), person.lost)


def sign(root: Root, deed: str, digests: tuple[str, ...]) -> str:
    """Have the person at the terminal sign that the calls of these digests may run; the grant's text.

    Raises NotAPerson as `prove` does.
    """
    with proving(root, deed):
        return _tried(root, deed, lambda: sign_grant(root, digests, answer, say))


@contextmanager
def proving(root: Root, deed: str, lost: bool = False) -> Iterator[None]:
    """Who does not prove themselves below this has made an attempt: it is recorded, and NotAPerson raised."""
    try:
        yield
    except Unproven as fault:
        raise _refused(root, _caller(root, lost)[0], deed, fault.message, fault.hint) from fault


def _proved(root: Root, person: Person, deed: str) -> dict[str, Any]:
    """Their facts, once they have signed the deed by a factor. Raises Unproven."""
    factor = chosen(root, answer)
    signed(factor, _challenge(root, deed, person.lost), passphrase_for(factor, answer, say))
    return {**person.by, "factor": factor.fingerprint}


def _tried(root: Root, deed: str, proof: Callable[[], Proof], lost: bool = False) -> Proof:
    """What the proof gives; where a passphrase is mistyped, that is an attempt, and it is asked for again."""
    for _ in range(TRIES - 1):
        try:
            return proof()
        except WrongPassphrase as fault:
            try:
                _put_on_record(root, _caller(root, lost)[0], deed, fault.message)
            except RecordError:
                raise fault from None
            say("That is not the passphrase.")
    return proof()


def _place(caller: Origin, sessions: Sessions) -> Place:
    """Where a verb was called by that caller."""
    trust = terminal_trust(sessions)
    why = _agent(caller) or _no_terminal()
    return Place(trust, why or trust.why, not why)


def _caller(root: Root, lost: bool = False) -> tuple[Origin, Sessions]:
    """Who calls, and the sessions that are known."""
    try:
        with owners_record(root) as database:
            sessions: Sessions = NamedSessions(database).recent()
    except RecordError:
        if not lost:
            raise
        sessions = marked_sessions()
    return _claimed(origin(sessions, os.environ), sessions), sessions


def _claimed(caller: Origin, sessions: Sessions) -> Origin:
    """What has left its agent's tree (a double fork, a tmux of its own) is still of the session that its marks name.

    A claim only makes it an agent's: nothing is let pass for one.
    """
    if caller.session.known:
        return caller
    claim = os.environ.get("AGENTGUARD_SESSION", "")
    session = next((session for session in sessions.values() if session.id == claim), None)
    return caller.replace(session=session) if session else caller


def _agent(caller: Origin) -> str:
    """The sign of an agent that called this, or ""."""
    if caller.session.known:
        return f"this was called below {caller.session.name}"
    variable, agent = mark(os.environ)
    if variable:
        return f"{variable} in the environment says that {agent} called this"
    if not caller.ancestry and os.getppid():
        return "the processes that called this cannot be seen"
    return ""


def _no_terminal() -> str:
    """Why nobody can be asked here, or ""."""
    if not own_terminal():
        return "this was not called in the foreground of a terminal"
    if not is_own_terminal(0):
        return "standard input is not the terminal"
    return ""


def _facts(caller: Origin, trust: Trust) -> dict[str, Any]:
    return {"uid": caller.uid, "user": _user(caller.uid), "terminal": trust.terminal, "place": trust.level}


def _challenge(root: Root, deed: str, lost: bool = False) -> bytes:
    """What is signed to prove a person for one deed, at this point of the record, once."""
    try:
        with owners_record(root) as database:
            extent = AuditLog(database).extent()
    except RecordError:
        if not lost:
            raise
        extent = Extent(0, 0, "")
    return ("agentguard proof 1\n" + canonical((os.urandom(16).hex(), deed, extent.seq, extent.head))).encode()


def _refused(root: Root, caller: Origin, deed: str, why: str, hint: str) -> NotAPerson:
    """Put an attempt on the record; what to raise."""
    try:
        _put_on_record(root, caller, deed, why)
    except RecordError as fault:
        hint = f"{hint}; the attempt could not be put on the record: {fault.message}".removeprefix("; ")
    return NotAPerson(f"only a person may {deed}: {why}", hint)


def _put_on_record(root: Root, caller: Origin, deed: str, why: str, asked: str = "") -> None:
    """An attempt, of whoever it was; `asked` is what they are asked for instead of being refused."""
    facts = {
        "program": "agentguard",
        "argv": masked(("agentguard", *sys.argv[1:])),
        "cwd": os.getcwd(),
        "uid": caller.uid,
        "session": caller.session.id,
        "session_name": caller.session.name,
        "agent": caller.agent,
        "ancestry": [{"pid": above.pid, "start": above.start, "name": above.name} for above in caller.ancestry],
        "deed": deed,
        "why": why,
        **({"asked": asked} if asked else {}),
        **({"terminal": caller.terminal} if caller.terminal else {}),
    }
    with owners_record(root) as database:
        AuditLog(database).append("attempt", facts)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
