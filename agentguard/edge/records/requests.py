"""The list of requests that wait for a person: a table of the same database as the audit log."""

from __future__ import annotations

import os
import time

from ...approval.question import Question, quoted
from ...approval.recorded import recorded
from ...approval.request import REQUEST_LIFE, SILENCE, Filed, Request, caller_key, group_key
from ...core.effect import Target
from ...errors import RecordError, UsageError
from ...lean.canonical import canonical, parsed
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from ...policy.denials import Denial
from ...policy.settings import APPROVAL_LIFE
from ..caller.agents import agent, interpreter
from ..caller.processes import has_ended
from .audit_log import append_row, row_body
from .database import storable
from .sessions import is_named
from .short_id import ALPHABET, short_id
from .spool import DENIAL_LIFE, deny

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...approval.request import State
    from ...core.caller import Origin, Session
    from ...lean.sqlite import sqlite3
    from .database import Database

#: How often a waiting call looks whether it was answered, in seconds.
GLANCE = 0.15
#: A loop's next call comes before so many seconds have passed since its question was answered.
PAUSE = 60

_COLUMNS = "SELECT id, digest, session, created, sheet, state, answered, answer, lead, proof FROM requests"
#: An open request that can still be answered; takes now, twice. A time to come is none that a clock gave honestly.
_PENDING = f"state = 'open' AND created <= ? AND created > ? - {REQUEST_LIFE}"
#: An approval that can still be spent; takes now, twice, and how long it is good. A clock set back does not stretch it.
_GOOD = "state = 'approved' AND answered <= ? AND answered > ? - ?"

#: The last question of one caller's alike calls, while its loop may go on; takes the keys of both, now, thrice.
_LAST_OF_CALLER = (
    f"{_COLUMNS} WHERE parent = ? AND kin = ? AND lead = '' AND state <> 'withdrawn' "
    f"AND created <= ? AND created > ? - {REQUEST_LIFE} AND (state = 'open' OR answered > ? - {PAUSE}) "
    "ORDER BY rowid DESC LIMIT 1"
)


#: The request at which a person denied whatever a session asks; takes the session, now, twice.
_SILENCED = (
    "SELECT request FROM record WHERE kind = 'silenced' AND session = ? "
    f"AND time <= ? AND time > ? - {SILENCE} ORDER BY seq DESC LIMIT 1"
)


class Requests:
    """The list of requests in a database: a `ports.Requests`, and a person's side of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, question: Question, digest: str, caller: Origin, hits: tuple[Target, ...] = ()) -> Filed:
        """Put a request on the list, or join the one that is open for the same digest.

        Alike calls of one process are one question. While one is open, the others join it without a
        wait of their own. A loop that has had its answer does not wait again: what comes after a
        denial is denied, what comes after an approval is gathered, if it comes within PAUSE. Only an
        agent itself, or what may be one, has each of its calls answered. `hits` is what the call would
        hit for good, kept for the memory of a denial.
        """
        if self._database.foreign:
            raise RecordError(
                f"{self._database.path}: uid {os.geteuid()} cannot put requests on another user's list",
                "a person must run it themselves",
            )
        now, alike, who = self._database.now(), group_key(question), caller_key(caller)
        remembered = canonical((caller.session.known, hits))
        with self._database.writing() as connection:
            silenced = _silenced(connection, caller.session.id, now)
            if silenced:
                return Filed(silenced, waits=False)
            before = connection.execute(_LAST_OF_CALLER, (who, alike, now, now, now)).fetchone() if who else None
            last = _request(before) if before else None
            joined = last.id if last and last.state == "open" else ""
            waits = not last or (not joined and _one_by_one(connection, caller))
            if last and last.state == "denied" and not waits:
                return Filed(last, waits)
            same = connection.execute(f"{_COLUMNS} WHERE digest = ? AND {_PENDING}", (digest, now, now)).fetchone()
            if same:
                return Filed(_request(same), waits)
            name = short_id()
            while connection.execute("SELECT 1 FROM requests WHERE id = ?", (name,)).fetchone():
                name = short_id()
            connection.execute(
                "INSERT INTO requests (id, digest, session, created, sheet, parent, kin, lead, hits) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, digest, storable(caller.session.id), now, _written(question), who, alike, joined, remembered),
            )
        return Filed(Request(name, digest, caller.session.id, now, question, group_leader=joined), waits)

    def denials(self, session: Session) -> tuple[Denial, ...]:
        """What a person has denied lately, in that session or where nobody can tell the session.

        An answer from a time to come, by a clock that was set back, counts as late.
        """
        since = self._database.now() - DENIAL_LIFE
        query = (
            "SELECT id, session, sheet, answered, answer, hits FROM requests WHERE state = 'denied' AND answered > ?"
        )
        with self._database.reading() as connection:
            found = connection.execute(query, (since,)).fetchall()
        denied = []
        for id, whose, written, answered, answer, hits in found:
            known, targets = parsed(hits) if hits else (False, ())
            if whose == session.id or not (known and session.known):
                things = tuple(Target(kind, name, tuple(identity)) for kind, name, identity in targets)
                command = quoted(tuple(parsed(written)["argv"]))[:500]
                when = time.strftime("%H:%M", time.localtime(answered))
                denied.append(Denial(id, when, command, answer, things))
        return tuple(denied)

    def approved(self, digest: str, life: float = APPROVAL_LIFE) -> Request | None:
        """An approval for exactly this digest that has neither been spent nor expired after `life` seconds."""
        now = self._database.now()
        with self._database.reading() as connection:
            found = connection.execute(
                f"{_COLUMNS} WHERE digest = ? AND {_GOOD} ORDER BY answered DESC", (digest, now, now, life)
            ).fetchone()
        return _request(found) if found else None

    def wait(self, request: Request, seconds: float) -> Request:
        """The request as it is once it is no longer open, or after that many seconds."""
        end = time.monotonic() + seconds
        while True:
            with self._database.reading() as connection:
                found = connection.execute(
                    "SELECT state, answered, answer, proof FROM requests WHERE id = ?", (request.id,)
                ).fetchone()
            if found is None:
                raise RecordError(f"{self._database.path}: request {request.id} is gone")
            left = end - time.monotonic()
            if found[0] != "open" or left <= 0:
                return request.replace(state=found[0], answered=found[1], answer=found[2], proof=found[3])
            time.sleep(min(GLANCE, left))

    def consume(self, request: Request, life: float = APPROVAL_LIFE) -> bool:
        """Use up an approval; False if another process was first or it has expired after `life` seconds."""
        now = self._database.now()
        with self._database.writing() as connection:
            changed = connection.execute(
                f"UPDATE requests SET state = 'spent' WHERE id = ? AND digest = ? AND {_GOOD}",
                (request.id, request.digest, now, now, life),
            )
            return changed.rowcount == 1

    def withdraw(self, request: Request) -> None:
        """The caller has gone away: take an open request off the list, and what has joined it."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE requests SET state = 'withdrawn' WHERE (id = ? OR lead = ?) AND state = 'open'",
                (request.id, request.id),
            )

    def pending(self) -> tuple[Request, ...]:
        """The requests that a person can answer now, the oldest first."""
        now = self._database.now()
        with self._database.reading() as connection:
            found = connection.execute(f"{_COLUMNS} WHERE {_PENDING} ORDER BY created", (now, now)).fetchall()
        return tuple(map(_request, found))

    def abandoned(self) -> frozenset[str]:
        """The ids of pending requests of which what made the call has ended: only a repeated call can use an answer."""
        now = self._database.now()
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT id, parent FROM requests WHERE {_PENDING} AND parent <> ''", (now, now)
            ).fetchall()
        return frozenset(id for id, parent in found if has_ended(*map(int, parent.split())))

    def request(self, id: str) -> Request:
        """The request of that id, or whose id alone starts so; one that waits is preferred. Raises UsageError."""
        wanted, now = storable(id.strip().lower()), self._database.now()
        query = f"{_COLUMNS} WHERE substr(id, 1, length(?)) = ?"
        with self._database.reading() as connection:
            found = connection.execute(f"{query} AND {_PENDING}", (wanted, wanted, now, now)).fetchall()
            if not found:
                found = connection.execute(query, (wanted, wanted)).fetchall()
        exact = [row for row in found if row[0] == wanted] or found
        if not wanted or not exact:
            raise UsageError(f"there is no request {id!r}", "see `agentguard audit`")
        if len(exact) > 1:
            raise UsageError(f"{id} could be any of {', '.join(row[0] for row in exact)}", "give more of it")
        return _request(exact[0])

    def group(self, request: Request) -> tuple[Request, ...]:
        """A request and those that have joined it and wait as well, the oldest first: one question."""
        now, leader = self._database.now(), request.group_leader or request.id
        with self._database.reading() as connection:
            found = connection.execute(
                f"{_COLUMNS} WHERE (id = ? OR lead = ?) AND {_PENDING} ORDER BY rowid", (leader, leader, now, now)
            ).fetchall()
        return tuple(map(_request, found))

    def answer(
        self, requests: tuple[Request, ...], approved: bool, by: dict[str, Any], words: str = "", proof: str = ""
    ) -> tuple[Request, ...]:
        """Answer requests that wait, all at once, and put each on the record with who it was; those answered.

        `words` are for the agent, `proof` is a signed `Grant`. Raises UsageError if none waits any more.
        """
        now = self._database.now()
        state: State = "approved" if approved else "denied"
        with self._database.writing() as connection:
            answers = [
                request.replace(state=state, answered=now, answer=storable(words), proof=proof) for request in requests
            ]
            answered = _settle(connection, answers, by)
            if not approved:
                deny(self._database.data)
        return answered

    def silence(self, request: Request, by: dict[str, Any], words: str = "") -> tuple[Request, ...]:
        """Deny all that waits of a request's session, and whatever it asks within SILENCE; those denied.

        Raises UsageError if that request does not wait any more.
        """
        now = self._database.now()
        query = f"{_COLUMNS} WHERE session = ? AND {_PENDING} ORDER BY id <> ?, rowid"
        with self._database.writing() as connection:
            found = connection.execute(query, (request.session, now, now, request.id)).fetchall()
            others = [one.replace(state="denied", answered=now, answer=storable(words)) for one in map(_request, found)]
            if request.id not in {one.id for one in others}:
                raise UsageError(f"request {request.id} no longer waits: {_why_not(connection, request.id)}")
            answered = _settle(connection, others, by)
            told = _facts(answered[0]) | {"by": by, "until": now + SILENCE}
            append_row(connection, row_body("silenced", told, now))
            deny(self._database.data)
        return answered


def _settle(connection: sqlite3.Connection, answers: Iterable[Request], by: dict[str, Any]) -> tuple[Request, ...]:
    """Put answers to requests that still wait, and each on the record; those put. Raises UsageError if none waits."""
    answered, late = [], ""
    for after in answers:
        now = after.answered
        changed = connection.execute(
            f"UPDATE requests SET state = ?, answered = ?, answer = ?, proof = ? WHERE id = ? AND {_PENDING}",
            (after.state, now, after.answer, after.proof, after.id, now, now),
        )
        if changed.rowcount == 1:
            append_row(connection, row_body(after.state, _facts(after) | {"by": by}, now))
            answered.append(after)
        late = late or after.id
    if not answered:
        raise UsageError(f"request {late} no longer waits: {_why_not(connection, late)}")
    return tuple(answered)


def _silenced(connection: sqlite3.Connection, session: str, now: float) -> Request | None:
    """The denied request that answers whatever a session asks now; None if nothing does."""
    row = connection.execute(_SILENCED, (session, now, now)).fetchone()
    found = connection.execute(f"{_COLUMNS} WHERE id = ? AND state = 'denied'", row).fetchone() if row else None
    return _request(found) if found else None


def _one_by_one(connection: sqlite3.Connection, caller: Origin) -> bool:
    """Whether the parent is, or may be, an agent itself: each of its calls is a deed of its own."""
    parent = caller.ancestry[0]
    if agent(parent) or interpreter(parent):
        return True
    return is_named(connection, parent)


def _written(question: Question) -> str:
    """A question by field names, so that one with other fields, of another version, can still be read."""
    return canonical(dict(zip(question._fields, question.astuple(), strict=True)))


def _request(row: tuple[Any, ...]) -> Request:
    """A row as what it says. Raises RecordError for one that agentguard did not write."""
    from ...core.effect import Reason

    id, digest, session, created, written, *rest = row
    try:
        fields = {name: value for name, value in parsed(written).items() if name in Question._fields}
        fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        fields["reasons"] = tuple(Reason(*reason) for reason in fields["reasons"])
        question = Question(**fields)
        if not id or not set(id) <= set(ALPHABET) or not all(map(_is_text, question.astuple())):
            raise ValueError(written)
        return Request(id, digest, session, created, question, *rest)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise RecordError(f"request {id!r} is none that agentguard wrote", "look at who could write to it") from fault


def _is_text(value: Any) -> bool:
    """Whether a field of a question can be shown."""
    if isinstance(value, Value):
        value = value.astuple()
    return all(map(_is_text, value)) if isinstance(value, tuple) else isinstance(value, (str, bool))


def _facts(request: Request) -> dict[str, Any]:
    """What the record keeps of an answer, under the names that a call's own rows use."""
    question = request.question
    return {
        "request": request.id,
        "session": request.session,
        "session_name": question.session,
        **recorded(question),
        "digest": request.digest,
        "answer": request.answer,
        **({"group": request.group_leader} if request.group_leader else {}),
        **({"proof": request.proof} if request.proof else {}),
    }


def _why_not(connection: sqlite3.Connection, id: str) -> str:
    state = connection.execute("SELECT state FROM requests WHERE id = ?", (id,)).fetchone()
    if state is None:
        return "it is gone"
    return "it is too old" if state[0] == "open" else f"it is {state[0]}"
