"""What `agentguard status` prints: one line for a prompt or a status bar, so nothing that is slow to load."""

from __future__ import annotations

import sys

from ..actions.waiting import waiting
from ..approval.caller import behind, remaining
from ..approval.question import printable
from ..edge.installation.config import policy
from ..edge.records.database import Database
from ..edge.records.sessions import running
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..actions.waiting import Waiting
    from ..core.caller import Session
    from ..edge.layout import Root

_GUARDED = {"agents": "agents guarded", "everyone": "everyone guarded"}


def tell(root: Root, as_json: bool) -> None:
    """Write it to standard output. Raises InstallError where nothing is installed, RecordError for a broken record."""
    guard = policy(root).guard
    if Database(root).foreign:
        from ..actions.owner import as_owner, others

        with as_owner(root):
            found, sessions = _seen(root)
        if told := others(root):
            print(told, file=sys.stderr)
    else:
        found, sessions = _seen(root)
    if as_json:
        from json import dumps

        print(dumps(_object(root, guard, sessions, found)))
    else:
        print(_line(guard, sessions, found))
    sys.stdout.flush()


def _seen(root: Root) -> tuple[Waiting, tuple[Session, ...]]:
    """What waits there, and who is at work."""
    database = Database(root)
    try:
        return waiting(database), running(database)
    finally:
        database.close()


def _line(guard: str, sessions: tuple[Session, ...], found: Waiting) -> str:
    count = len(sessions)
    told = [_GUARDED[guard], f"{count} session{'' if count == 1 else 's'}"]
    live = [group for group in found.groups if behind(group, found.callers).presence == "waiting"]
    if live:
        first, left = live[0][0], remaining(behind(live[0], found.callers))
        told.append(f"{len(live)} wait{'s' if len(live) == 1 else ''}: {first.id} {first.question.program}, {left}")
    else:
        told.append("nothing waits")
    if len(live) < len(found.groups):
        told.append(f"{len(found.groups) - len(live)} gave up")
    return printable("; ".join(told))


def _object(root: Root, guard: str, sessions: tuple[Session, ...], found: Waiting) -> dict[str, object]:
    """The same as JSON has it."""
    from ..edge.installation.store import in_force

    questions = [(group[0].id, behind(group, found.callers)) for group in found.groups]
    return {
        "version": in_force(root).partition("-")[0],
        "guard": guard,
        "sessions": [{"id": one.id, "name": one.name, "pid": one.below[0]} for one in sessions],
        "questions": [{"id": id, "state": caller.presence, "left": caller.left} for id, caller in questions],
    }
