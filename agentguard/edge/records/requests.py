"""The list of requests that wait for a person: a table of the same database as the audit log."""

from __future__ import annotations

import os
import time

from ...approval.question import Question, quoted
from ...approval.recorded import recorded
from ...approval.request import SILENCE, Asked, Filed, Request, caller_key, group_key
from ...core.effect import Target
from ...errors import RecordError, UsageError
from ...lean.canonical import parsed
from ...lean.typing import TYPE_CHECKING
from ...policy.denials import Denial
from ...policy.settings import APPROVAL_LIFE
from .audit_log import append_row, row_body
from .database import storable
from .loops import ask_anew, file, here_key, in_line_with, joined_with, last_question, one_by_one, told_by_line
from .request_rows import COLUMNS, PENDING, request_of
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
#: An approval that can still be spent; takes now, twice, and how long it is good. A clock set back does not stretch it.
_GOOD = "state = 'approved' AND answered <= ? AND answered > ? - ?"

#: The request at which a person denied whatever a session asks; takes the session, now, twice.
_SILENCED = (
    "SELECT request FROM record WHERE kind = 'silenced' AND session = ? "
    f"AND time <= ? AND time > ? - {SILENCE} ORDER BY seq DESC LIMIT 1"
)


class Requests:
    """The list of requests in a database: a `ports.Requests`, and a person's side of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def opens(self, question: Question, caller: Origin) -> bool:
        """Whether a call begins a question: its caller has asked nothing alike that is open or was just answered."""
        with self._database.reading() as connection:
            return last_question(connection, caller_key(caller), group_key(question), self._database.now()) is None

    def submit(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...] = ()) -> Filed:
        """Put a request on the list, or join the one that is open for the same digest.

        Alike calls of one process are one question. While one is open, the others join it, and wait with it: no
        longer than it may. What its caller comes to next, `ahead`, joins it before it is made. A loop that has had
        its answer does not wait again: what comes after a denial is denied, what was not foreseen and comes after an
        approval is gathered, if it comes within PAUSE. Only an agent itself, or what may be one, has each of its calls
        answered.
        """
        if self._database.foreign:
            raise RecordError(
                f"{self._database.path}: uid {os.geteuid()} cannot put requests on another user's list",
                "a person must run it themselves",
            )
        now, alike, who = self._database.now(), group_key(asked.question), caller_key(caller)
        with self._database.writing() as connection:
            silenced = _silenced(connection, caller.session.id, now)
            if silenced:
                return Filed(silenced, waits=False)
            last = last_question(connection, who, alike, now)
            joined = last if last and last.state == "open" else None
            before = last if not joined else last_question(connection, who, alike, joined.created, "state <> 'open'")
            goes_on = before is not None and not one_by_one(connection, caller)
            if last and goes_on and last.state == "denied":
                return Filed(last, waits=False)
            same = connection.execute(f"{COLUMNS} WHERE digest = ? AND {PENDING}", (asked.digest, now, now)).fetchone()
            if same:
                request = request_of(same)
                if joined and joined.id == request.leader:
                    return Filed(request, waited=now - joined.created)
                return Filed(ask_anew(connection, request, who, now))
            request = file(connection, asked, caller, now, joined.id if joined else "")
            for one in ahead if not joined else ():
                file(connection, one, caller, now, request.id)
        return Filed(request, waits=not goes_on, waited=now - joined.created if joined else 0.0)

    def denied_here(self, question: Question, caller: Origin) -> Request | None:
        """The denial at the call's own terminal that is for what its loop asks next as well, if there is one.

        What a shell is told line by line is no loop: each line is a deed of its own.
        """
        with self._database.reading() as connection:
            last = last_question(connection, caller_key(caller), here_key(question), self._database.now())
            goes_on = last and not told_by_line(caller) and not one_by_one(connection, caller)
        return last if last and goes_on and last.state == "denied" else None

    def ask_here(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...] = ()) -> Request:
        """Have a call stand in line to be asked about at its own terminal, with what its caller comes to next."""
        now, who = self._database.now(), caller_key(caller)
        with self._database.writing() as connection:
            last = last_question(connection, who, here_key(asked.question), now)
            leader = last.id if last and last.state == "here" else ""
            aimless = asked.replace(hits=())  # who says no at their own terminal is not asked about other ways
            request = file(connection, aimless, caller, now, leader, "here")
            for one in ahead:
                file(connection, one.replace(hits=()), caller, now, request.leader, "here")
        return request

    def here(self, request: Request) -> tuple[Request, ...]:
        """What stands in line as one question with that one, which is the first; it alone, if it has its answer."""
        with self._database.reading() as connection:
            found = {one.id: one for one in in_line_with(connection, request)}
        own = found.pop(request.id, None) or self.wait(request, 0)
        return (own, *found.values()) if own.state == "here" else (own,)

    def answer_here(self, group: tuple[Request, ...], approved: bool, terminal: str, proof: str) -> tuple[Request, ...]:
        """Answer what was asked at that terminal, and put each on the record; those answered.

        A denial is for whatever has come to stand in line with it as well.
        """
        now, by = self._database.now(), {"uid": os.getuid(), "terminal": terminal, "place": "person"}
        state: State = "approved" if approved else "denied"
        with self._database.writing() as connection:
            late = () if approved else in_line_with(connection, group[0])
            answered = tuple(
                one.replace(state=state, answered=now, proof=proof)
                for one in {one.id: one for one in (*group, *late)}.values()
            )
            for one in answered:
                connection.execute(
                    "UPDATE requests SET state = ?, answered = ?, proof = ? WHERE id = ? AND state = 'here'",
                    (state, now, proof, one.id),
                )
                append_row(connection, row_body(state, _facts(one) | {"by": by}, now))
        return answered

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
        for id, whose, sheet, answered, answer, hits in found:
            known, targets = parsed(hits) if hits else (False, ())
            if whose == session.id or not (known and session.known):
                things = tuple(Target(kind, name, tuple(identity)) for kind, name, identity in targets)
                command = quoted(tuple(parsed(sheet)["argv"]))[:500]
                when = time.strftime("%H:%M", time.localtime(answered))
                denied.append(Denial(id, when, command, answer, things))
        return tuple(denied)

    def approved(self, digest: str, life: float = APPROVAL_LIFE) -> Request | None:
        """An approval for exactly this digest that has neither been spent nor expired after `life` seconds."""
        now = self._database.now()
        with self._database.reading() as connection:
            found = connection.execute(
                f"{COLUMNS} WHERE digest = ? AND {_GOOD} ORDER BY answered DESC", (digest, now, now, life)
            ).fetchone()
        return request_of(found) if found else None

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
                "UPDATE requests SET state = 'withdrawn' WHERE (id = ? OR lead = ?) AND state IN ('open', 'here')",
                (request.id, request.id),
            )

    def pending(self) -> tuple[Request, ...]:
        """The requests that a person can answer now, the oldest first."""
        now = self._database.now()
        with self._database.reading() as connection:
            found = connection.execute(f"{COLUMNS} WHERE {PENDING} ORDER BY created", (now, now)).fetchall()
        return tuple(map(request_of, found))

    def request(self, id: str) -> Request:
        """The request of that id, or whose id alone starts so; one that waits is preferred. Raises UsageError."""
        wanted, now = storable(id.strip().lower()), self._database.now()
        query = f"{COLUMNS} WHERE substr(id, 1, length(?)) = ?"
        with self._database.reading() as connection:
            found = connection.execute(f"{query} AND {PENDING}", (wanted, wanted, now, now)).fetchall()
            if not found:
                found = connection.execute(query, (wanted, wanted)).fetchall()
        exact = [row for row in found if row[0] == wanted] or found
        if not wanted or not exact:
            raise UsageError(f"there is no request {id!r}", "see `agentguard audit`")
        if len(exact) > 1:
            raise UsageError(f"{id} could be any of {', '.join(row[0] for row in exact)}", "give more of it")
        return request_of(exact[0])

    def group(self, request: Request) -> tuple[Request, ...]:
        """A request and those that have joined it and wait as well, the oldest first: one question."""
        with self._database.reading() as connection:
            return tuple(joined_with(connection, (request,), self._database.now()))

    def answer(
        self, requests: tuple[Request, ...], approved: bool, by: dict[str, Any], words: str = "", proof: str = ""
    ) -> tuple[Request, ...]:
        """Answer requests that wait, all at once, and put each on the record with who it was; those answered.

        Approved is what was shown and nothing else; a denial is for whatever has joined them since as well. `words` are
        for the agent, `proof` is a signed `Grant`. Raises UsageError if none waits any more.
        """
        now = self._database.now()
        state: State = "approved" if approved else "denied"
        with self._database.writing() as connection:
            if not approved:
                requests = tuple({one.id: one for one in (*requests, *joined_with(connection, requests, now))}.values())
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
        query = f"{COLUMNS} WHERE session = ? AND {PENDING} ORDER BY id <> ?, rowid"
        with self._database.writing() as connection:
            found = connection.execute(query, (request.session, now, now, request.id)).fetchall()
            others = [
                one.replace(state="denied", answered=now, answer=storable(words)) for one in map(request_of, found)
            ]
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
            f"UPDATE requests SET state = ?, answered = ?, answer = ?, proof = ? WHERE id = ? AND {PENDING}",
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
    found = connection.execute(f"{COLUMNS} WHERE id = ? AND state = 'denied'", row).fetchone() if row else None
    return request_of(found) if found else None


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
