"""The requests that wait for a person, and the sessions that were named: beside the record, in one database."""

from __future__ import annotations

import os
import time

from ...approval.request import REQUEST_LIFE, Filed, Request, kin
from ...approval.sheet import Sheet, quoted
from ...core.caller import Session
from ...core.effect import Target
from ...errors import RecordError, UsageError
from ...lean.canonical import canonical, parsed
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from ...policy.denials import Denial
from ...policy.settings import APPROVAL_LIFE
from ..caller.agents import agent, interpreter
from .audit_log import Record, append_row
from .spool import DENIAL_LIFE, deny

if TYPE_CHECKING:
    from typing import Any

    from ...approval.request import State
    from ...core.caller import Origin
    from ...lean.sqlite import sqlite3

#: What ids are made of: no letter or digit that looks like another one.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: How often a waiting call looks whether it was answered, in seconds.
GLANCE = 0.15
#: A loop's next call comes before so many seconds have passed since its question was answered.
PAUSE = 60
#: How many of the last named sessions are still told apart: more do not run at once.
SESSIONS = 256

_COLUMNS = "SELECT id, digest, session, created, sheet, state, answered, answer, lead, proof FROM requests"
#: An open request that can still be answered; takes now, twice. A time to come is none that a clock gave honestly.
_PENDING = f"state = 'open' AND created <= ? AND created > ? - {REQUEST_LIFE}"
#: An approval that can still be spent; takes now, twice, and how long it is good. A clock set back does not stretch it.
_GOOD = "state = 'approved' AND answered <= ? AND answered > ? - ?"

#: The last question of a parent's calls of one kind, while its loop may go on; takes parent, kin, now, thrice.
_LAST_OF_PARENT = (
    f"{_COLUMNS} WHERE parent = ? AND kin = ? AND lead = '' AND state <> 'withdrawn' "
    f"AND created <= ? AND created > ? - {REQUEST_LIFE} AND (state = 'open' OR answered > ? - {PAUSE}) "
    "ORDER BY rowid DESC LIMIT 1"
)


class Journal(Record):
    """Everything that one installation keeps: implements `pipeline.Journal`, and the person's side of it."""

    def file(self, asked: Sheet, digest: str, caller: Origin, hits: tuple[Target, ...] = ()) -> Filed:
        """Put a request on the list, or join the one that is open for the same digest.

        Alike calls of one parent are one question. While one is open, the others join it without a
        wait of their own. A loop that has had its answer does not wait again: what comes after a
        denial is denied, what comes after an approval is gathered, if it comes within PAUSE. Only an
        agent itself, or what may be one, has each of its calls answered. `hits` is what the call would
        hit for good, kept for the memory of a denial.
        """
        if self.foreign:
            raise RecordError(
                f"{self.path}: uid {os.geteuid()} cannot put requests on another user's list",
                "a person must run it themselves",
            )
        now, alike, remembered = self._clock(), kin(asked), canonical((caller.session.known, hits))
        parent = f"{caller.ancestry[0].pid} {caller.ancestry[0].start}" if caller.ancestry else ""
        with self.writing() as connection:
            before = connection.execute(_LAST_OF_PARENT, (parent, alike, now, now, now)).fetchone() if parent else None
            last = _request(before) if before else None
            joined = last.id if last and last.state == "open" else ""
            waits = not last or (not joined and _one_by_one(connection, caller))
            if last and last.state == "denied" and not waits:
                return Filed(last, waits)
            same = connection.execute(f"{_COLUMNS} WHERE digest = ? AND {_PENDING}", (digest, now, now)).fetchone()
            if same:
                return Filed(_request(same), waits)
            name = _short_id()
            while connection.execute("SELECT 1 FROM requests WHERE id = ?", (name,)).fetchone():
                name = _short_id()
            connection.execute(
                "INSERT INTO requests (id, digest, session, created, sheet, parent, kin, lead, hits) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, digest, _storable(caller.session.id), now, _written(asked), parent, alike, joined, remembered),
            )
        return Filed(Request(name, digest, caller.session.id, now, asked, lead=joined), waits)

    def denials(self, session: Session) -> tuple[Denial, ...]:
        """What a person has denied lately, in that session or where nobody can tell the session.

        An answer from a time to come, by a clock that was set back, counts as late.
        """
        since = self._clock() - DENIAL_LIFE
        query = (
            "SELECT id, session, sheet, answered, answer, hits FROM requests WHERE state = 'denied' AND answered > ?"
        )
        with self.reading() as connection:
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
        now = self._clock()
        with self.reading() as connection:
            found = connection.execute(
                f"{_COLUMNS} WHERE digest = ? AND {_GOOD} ORDER BY answered DESC", (digest, now, now, life)
            ).fetchone()
        return _request(found) if found else None

    def settled(self, request: Request, seconds: float) -> Request:
        """The request as it is once it is no longer open, or after that many seconds."""
        end = time.monotonic() + seconds
        while True:
            with self.reading() as connection:
                found = connection.execute(
                    "SELECT state, answered, answer, proof FROM requests WHERE id = ?", (request.id,)
                ).fetchone()
            if found is None:
                raise RecordError(f"{self.path}: request {request.id} is gone")
            left = end - time.monotonic()
            if found[0] != "open" or left <= 0:
                return request.replace(state=found[0], answered=found[1], answer=found[2], proof=found[3])
            time.sleep(min(GLANCE, left))

    def spend(self, request: Request, life: float = APPROVAL_LIFE) -> bool:
        """Use up an approval; False if another process was first or it has expired after `life` seconds."""
        now = self._clock()
        with self.writing() as connection:
            changed = connection.execute(
                f"UPDATE requests SET state = 'spent' WHERE id = ? AND digest = ? AND {_GOOD}",
                (request.id, request.digest, now, now, life),
            )
            return changed.rowcount == 1

    def withdraw(self, request: Request) -> None:
        """The caller has gone away: take an open request off the list, and what has joined it."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE requests SET state = 'withdrawn' WHERE (id = ? OR lead = ?) AND state = 'open'",
                (request.id, request.id),
            )

    def pending(self) -> tuple[Request, ...]:
        """The requests that a person can answer now, the oldest first."""
        now = self._clock()
        with self.reading() as connection:
            found = connection.execute(f"{_COLUMNS} WHERE {_PENDING} ORDER BY created", (now, now)).fetchall()
        return tuple(map(_request, found))

    def request(self, id: str) -> Request:
        """The request of that id, or whose id alone starts so; one that waits is preferred. Raises UsageError."""
        wanted, now = _storable(id.strip().lower()), self._clock()
        query = f"{_COLUMNS} WHERE substr(id, 1, length(?)) = ?"
        with self.reading() as connection:
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
        now, lead = self._clock(), request.lead or request.id
        with self.reading() as connection:
            found = connection.execute(
                f"{_COLUMNS} WHERE (id = ? OR lead = ?) AND {_PENDING} ORDER BY rowid", (lead, lead, now, now)
            ).fetchall()
        return tuple(map(_request, found))

    def answer(
        self, requests: tuple[Request, ...], approved: bool, by: dict[str, Any], words: str = "", proof: str = ""
    ) -> tuple[Request, ...]:
        """Answer requests that wait, all at once, and put each on the record with who it was; those answered.

        `words` are for the agent, `proof` is a signed `Grant`. Raises UsageError if none waits any more.
        """
        now = self._clock()
        state: State = "approved" if approved else "denied"
        answered = []
        with self.writing() as connection:
            for request in requests:
                after = request.replace(state=state, answered=now, answer=_storable(words), proof=proof)
                changed = connection.execute(
                    f"UPDATE requests SET state = ?, answered = ?, answer = ?, proof = ? WHERE id = ? AND {_PENDING}",
                    (state, now, after.answer, proof, request.id, now, now),
                )
                if changed.rowcount == 1:
                    append_row(connection, self._body(state, _facts(after) | {"by": by}))
                    answered.append(after)
            if not answered:
                raise UsageError(f"request {requests[0].id} no longer waits: {_why_not(connection, requests[0].id)}")
            if not approved:
                deny(self._data)
        return tuple(answered)

    def open_session(self, pid: int, start: int, name: str) -> Session:
        """Name the session of everything below a process; see `origin.Process` for `start`."""
        session = Session(_short_id(), _storable(name))
        with self.writing() as connection:
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (session.id, pid, start, session.name))
        return session

    def sessions(self) -> dict[tuple[int, int], Session]:
        """The sessions that were named lately, by pid and start of the process that they are below."""
        with self.reading() as connection:
            found = connection.execute(
                f"SELECT pid, start, id, name FROM sessions ORDER BY rowid DESC LIMIT {SESSIONS}"
            ).fetchall()
        return {(pid, start): Session(id, name) for pid, start, id, name in reversed(found)}


def _one_by_one(connection: sqlite3.Connection, caller: Origin) -> bool:
    """Whether the parent is, or may be, an agent itself: each of its calls is a deed of its own."""
    parent = caller.ancestry[0]
    if agent(parent) or interpreter(parent):
        return True
    query = "SELECT 1 FROM sessions WHERE pid = ? AND start = ?"
    return connection.execute(query, (parent.pid, parent.start)).fetchone() is not None


def _short_id() -> str:
    """Six characters: short enough to type, and nothing secret."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(6))


def _storable(text: str) -> str:
    """`text` with undecodable bytes shown as escapes: SQLite takes only Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _written(asked: Sheet) -> str:
    """A sheet by field names, so that one with other fields, of another version, can still be read."""
    return canonical(dict(zip(asked._fields, asked.astuple(), strict=True)))


def _request(row: tuple[Any, ...]) -> Request:
    """A row as what it says. Raises RecordError for one that agentguard did not write."""
    from ...core.effect import Reason

    id, digest, session, created, sheet, *rest = row
    try:
        fields = {name: value for name, value in parsed(sheet).items() if name in Sheet._fields}
        fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        fields["reasons"] = tuple(Reason(*reason) for reason in fields["reasons"])
        asked = Sheet(**fields)
        if not id or not set(id) <= set(ALPHABET) or not all(map(_is_text, asked.astuple())):
            raise ValueError(sheet)
        return Request(id, digest, session, created, asked, *rest)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise RecordError(f"request {id!r} is none that agentguard wrote", "look at who could write to it") from fault


def _is_text(value: Any) -> bool:
    """Whether a field of a sheet can be shown."""
    if isinstance(value, Value):
        value = value.astuple()
    return all(map(_is_text, value)) if isinstance(value, tuple) else isinstance(value, (str, bool))


def _facts(request: Request) -> dict[str, Any]:
    """What the record keeps of an answer, under the names that a call's own rows use."""
    asked = request.sheet
    return {
        "request": request.id,
        "session": request.session,
        "session_name": asked.session,
        "agent": asked.agent,
        "program": asked.program,
        "argv": asked.argv,
        "cwd": asked.cwd,
        "real": asked.real,
        "rating": asked.rating,
        "catastrophic": asked.catastrophic,
        "reasons": [dict(zip(reason._fields, reason.astuple(), strict=True)) for reason in asked.reasons],
        "digest": request.digest,
        "answer": request.answer,
        **({"group": request.lead} if request.lead else {}),
        **({"proof": request.proof} if request.proof else {}),
    }


def _why_not(connection: sqlite3.Connection, id: str) -> str:
    state = connection.execute("SELECT state FROM requests WHERE id = ?", (id,)).fetchone()
    if state is None:
        return "it is gone"
    return "it is too old" if state[0] == "open" else f"it is {state[0]}"
