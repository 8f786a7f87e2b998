"""A person's signed approval: made where they sit, checked by the shim before it lets the call run."""

from __future__ import annotations

import time

from ...approval.grant import Grant
from ...approval.request import Request
from ...errors import LOOK, AgentguardError, RecordError, Unproven
from ...lean.typing import TYPE_CHECKING
from ..installation.config import policy
from ..layout import Root
from ..records.audit_log import AuditLog
from ..records.database import Database
from ..records.used_grants import first_use
from .factors import Factor, believed, factors, sign, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    #: Puts a question to the person; the second argument says whether the answer is to be unseen.
    #: None if they give none.
    Ask = Callable[[str, bool], str | None]
    #: Says something to the person.
    Tell = Callable[[str], None]


def usable(root: Root) -> tuple[Factor, ...]:
    """The factors that the shims of an installation believe; raises InstallError if one is missing."""
    from ..installation.shims import pins

    return believed(root, pins(root))


def sign_grant(root: Root, digests: tuple[str, ...], ask: Ask, tell: Tell) -> str:
    """Ask the person for a factor, and sign that the calls of these digests may run; the grant's text.

    Raises Unproven if they do not prove themselves.
    """
    factor = chosen(root, ask)
    return grant(root, digests, factor, passphrase_for(factor, ask, tell)).written()


def grant(root: Root, digests: tuple[str, ...], factor: Factor, passphrase: str | None) -> Grant:
    """Sign that the calls of these digests may run, at the record's present head. Raises Unproven."""
    from contextlib import closing

    with closing(Database(root)) as database:
        extent = AuditLog(database).extent()
    plain = Grant(digests, extent.seq, extent.head, time.time() + policy(root).approval, factor.fingerprint)
    return plain.replace(signature=signed(factor, plain.message, passphrase))


def choice(root: Root) -> tuple[Factor, ...]:
    """The factors that the person can use, at least one. Raises Unproven."""
    there = usable(root)
    if not there:
        raise Unproven("there is no factor to sign with", "`agentguard factor add passphrase` adds one")
    return there


def chosen(root: Root, ask: Ask) -> Factor:
    """The factor that the person wants to use: the only one, or the one they name."""
    there = choice(root)
    if len(there) == 1:
        return there[0]
    listed = ", ".join(f"{place}: {factor.name}" for place, factor in enumerate(there, 1))
    typed = (ask(f"Prove yourself by which factor ({listed})? ", False) or "").strip()
    if not typed.isdecimal() or not 1 <= int(typed) <= len(there):
        raise Unproven("no factor was chosen")
    return there[int(typed) - 1]


def passphrase_for(factor: Factor, ask: Ask, tell: Tell) -> str | None:
    """The passphrase of a factor; for an SSH key it is only said that it is needed. Raises Unproven."""
    if factor.kind == "ssh-key":
        tell(f"Signing with the SSH key {factor.path}: touch it if it blinks.")
        return None
    passphrase = ask(f"{factor.wanted}: ", True)
    if passphrase is None:
        raise Unproven("no passphrase was given")
    return passphrase


def signed(factor: Factor, message: bytes, passphrase: str | None) -> str:
    """A signature by that factor, verified once. Raises Unproven."""
    signature = sign(factor, message, passphrase)
    if not verify(factor, message, signature):
        raise Unproven(f"what {factor.name} signed does not hold")
    return signature


def fault(root: Root, log: AuditLog, pins: Collection[str], request: Request, digest: str) -> str:
    """Why a request's proof does not prove that a person let the call of that digest run; "" if it does.

    A request without an id was asked and answered within this very call: the record has nothing of it yet.
    """
    if not pins:
        return "no factor has been set up that could prove a person"
    try:
        given = Grant.read(request.proof)
        if digest not in given.digests:
            return "what was signed is another call"
        if given.factor not in pins:
            return "it is signed by a factor that this guard was not made for"
        if not 0 <= given.until - time.time() <= policy(root).approval:
            return "what was signed has expired"
        if not log.holds(given.seq, given.head):
            return "it was signed at another state of the record"
        if not _answered(log, request, given):
            return "the record does not say that it was approved with this signature, or says that it was used"
        factor = next((one for one in factors(root) if one.fingerprint == given.factor), None)
        if factor is None:
            return f"the factor {given.factor} is gone"
        return "" if verify(factor, given.message, given.signature) else "its signature does not hold"
    except ValueError:
        return "it is not signed"
    except AgentguardError:  # which names the files that are trusted: not for an agent
        return f"its signature cannot be checked ({LOOK})"


def used(root: Root, log: AuditLog, pins: Collection[str], request: Request, digest: str) -> str:
    """Use up a request's proof; why it does not let the call of that digest run, or "" if it does. See `fault`."""
    why = fault(root, log, pins, request, digest)
    if why:
        return why
    try:
        return "" if first_use(root, _message(request.proof), digest) else "what was signed has been used"
    except RecordError:
        return f"that it is used cannot be noted ({LOOK})"


def _answered(log: AuditLog, request: Request, given: Grant) -> bool:
    """Whether the record has this answer after the row that was signed, for no other request, and no use of it."""
    uses = []
    for row in log.rows(kinds=("approved", "ran")):
        if row.seq <= given.seq:
            break
        kind, name, proof = (row.body.get(key) or "" for key in ("kind", "request", "proof"))
        is_same_call = row.body.get("digest", request.digest) == request.digest
        if (request.id and name == request.id) or (is_same_call and _message(proof) == given.message):
            uses.append((kind, name, _message(proof)))
    return uses == ([("approved", request.id, given.message)] if request.id else [])


def _message(proof: str) -> bytes:
    """What was signed, however its proof is written; nothing if it is none."""
    try:
        return Grant.read(proof).message
    except ValueError:
        return b""
