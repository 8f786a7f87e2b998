"""Alike calls of one process as one question: which one a call belongs to, and what belongs to that.

Every function works within its caller's transaction.
"""

from __future__ import annotations

from ...approval.request import REQUEST_LIFE, Asked, Request, caller_key, group_key
from ...lean.canonical import canonical
from ...lean.typing import TYPE_CHECKING
from ..caller.agents import agent, interpreter, shell
from .database import storable
from .request_rows import COLUMNS, PENDING, request_of, written
from .sessions import is_named
from .short_id import short_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...approval.question import Question
    from ...approval.request import State
    from ...core.caller import Origin
    from ...lean.sqlite import sqlite3

#: A loop's next call comes before so many seconds have passed since its question was answered.
PAUSE = 60


#: The last question of one caller's alike calls, while its loop may go on, of those that are as is put into it; takes
#: the keys of both, now, thrice.
_LAST_OF_CALLER = (
    f"{COLUMNS} WHERE parent = ? AND kin = ? AND lead = '' AND state <> 'withdrawn' "
    f"AND created <= ? AND created > ? - {REQUEST_LIFE} AND (answered = 0 OR answered > ? - {PAUSE}) AND {{}} "
    "ORDER BY rowid DESC LIMIT 1"
)


def last_question(
    connection: sqlite3.Connection, who: str, alike: str, now: float, which: str = "true"
) -> Request | None:
    """The last question of a process's alike calls, while its loop may go on; of those for `which` that holds."""
    row = connection.execute(_LAST_OF_CALLER.format(which), (who, alike, now, now, now)).fetchone() if who else None
    return request_of(row) if row else None


def file(
    connection: sqlite3.Connection, asked: Asked, caller: Origin, now: float, leader: str, state: State = "open"
) -> Request:
    """A new request: on the list, or in line at its caller's own terminal ("here"), where other loops are its like."""
    name, session = short_id(), storable(caller.session.id)
    while connection.execute("SELECT 1 FROM requests WHERE id = ?", (name,)).fetchone():
        name = short_id()
    kin = group_key(asked.question) if state == "open" else here_key(asked.question)
    keys = (caller_key(caller), kin, leader, canonical((caller.session.known, asked.hits)))
    connection.execute(
        "INSERT INTO requests (id, digest, session, created, sheet, state, parent, kin, lead, hits) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (name, asked.digest, session, now, written(asked.question), state, *keys),
    )
    return Request(name, asked.digest, caller.session.id, now, asked.question, state, group_leader=leader)


def here_key(question: Question) -> str:
    """The key of what is asked at its caller's own terminal: it is no question with what is on the list."""
    return f"here {group_key(question)}"


def ask_anew(connection: sqlite3.Connection, request: Request, who: str, now: float) -> Request:
    """An open request that is asked again, by that process now: it leads what was one question with it."""
    if who:
        connection.execute(
            "UPDATE requests SET lead = CASE id WHEN ? THEN '' ELSE ? END, parent = ?, created = ? "
            "WHERE (id = ? OR lead = ?) AND state = 'open'",
            (request.id, request.id, who, now, request.leader, request.leader),
        )
    return request.replace(group_leader="", created=now) if who else request


def in_line_with(connection: sqlite3.Connection, request: Request) -> Iterator[Request]:
    """What stands in line at a terminal as one question with that request."""
    query = f"{COLUMNS} WHERE (id = ? OR lead = ?) AND state = 'here' ORDER BY rowid"
    yield from map(request_of, connection.execute(query, (request.leader, request.leader)).fetchall())


def joined_with(connection: sqlite3.Connection, requests: tuple[Request, ...], now: float) -> Iterator[Request]:
    """What is open as one question with these."""
    for leader in {request.leader for request in requests}:
        query = f"{COLUMNS} WHERE (id = ? OR lead = ?) AND {PENDING} ORDER BY rowid"
        yield from map(request_of, connection.execute(query, (leader, leader, now, now)).fetchall())


def one_by_one(connection: sqlite3.Connection, caller: Origin) -> bool:
    """Whether the parent is, or may be, an agent itself: each of its calls is a deed of its own."""
    parent = caller.ancestry[0]
    if agent(parent) or interpreter(parent):
        return True
    return is_named(connection, parent)


def told_by_line(caller: Origin) -> bool:
    """Whether the parent is a shell that is told command after command, as at a prompt."""
    return shell(caller.ancestry[0]) == "stays"
