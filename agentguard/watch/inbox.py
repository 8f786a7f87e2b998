"""The questions that wait: which of them are new, and what became of those that wait no more."""

from __future__ import annotations

from types import MappingProxyType

from ..approval.caller import Caller, behind, ordered
from ..approval.request import Request, grouped
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Requests that one answer decides, the oldest first.
Group = tuple[Request, ...]

_FATES = {
    "open": "nobody answered it for too long",
    "approved": "it was approved elsewhere",
    "spent": "it was approved elsewhere, and has run",
    "denied": "it was denied elsewhere",
    "withdrawn": "its caller has gone",
    "": "it is gone",
}


class Inbox:
    """Questions by the id that their requests have in common: the first is the one whose answer is worth most."""

    def __init__(self) -> None:
        self.questions: dict[str, Group] = {}
        self._callers: Mapping[str, Caller] = {}
        self._seen: set[str] = set()
        self._gone: dict[str, str] = {}

    def take(
        self,
        waiting: tuple[Request, ...],
        gone: tuple[tuple[str, str], ...] = (),
        callers: Mapping[str, Caller] = MappingProxyType({}),
    ) -> tuple[Group, ...]:
        """Take in what waits now; the questions that were not here before."""
        self._callers = callers
        self.questions = grouped(one for group in ordered(grouped(waiting).values(), callers) for one in group)
        self._gone.update(gone)
        new = tuple(group for name, group in self.questions.items() if name not in self._seen)
        self._seen.update(self.questions)
        return new

    def caller(self, group: Group) -> Caller:
        """Who made these calls, and whether they still wait."""
        return behind(group, self._callers)

    def waits(self, group: Group) -> bool:
        """Whether any of these can still be answered."""
        ids = {request.id for request in self._there(group)}
        return any(request.id in ids for request in group)

    def joined(self, group: Group) -> int:
        """How many wait with these that are not among them."""
        ids = {request.id for request in group}
        return sum(request.id not in ids for request in self._there(group))

    def fate(self, request: Request) -> str:
        """Why a request waits no more."""
        return _FATES[self._gone.get(request.id, "")]

    def _there(self, group: Group) -> Group:
        """What waits of that question now."""
        return self.questions.get(group[0].leader, ())
