"""What waits for a person in one installation, those first whose answer is worth most. Looking makes no record."""

from __future__ import annotations

import os

from ..approval.caller import Caller, ordered
from ..approval.request import Request, grouped
from ..edge.records.callers import callers
from ..edge.records.requests import Requests
from ..errors import InstallError
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from ..edge.records.database import Database


class Waiting(Value):
    """The questions, each a group of requests that one answer decides, and the caller of each request by its id."""

    groups: tuple[tuple[Request, ...], ...]
    callers: dict[str, Caller]


def waiting(database: Database) -> Waiting:
    """What waits there. Raises InstallError where nothing is installed, RecordError where it cannot be read."""
    if not os.path.lexists(database.data):
        raise InstallError(
            f"nothing is installed under {os.path.dirname(database.data)}", "is it under another --root?"
        )
    if not os.path.lexists(database.path):
        return Waiting((), {})
    found = Requests(database).pending()
    known = callers(database, found)
    return Waiting(ordered(grouped(found).values(), known), known)
