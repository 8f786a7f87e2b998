"""One state and one sentence for all that lies at and below an operand ("2 files not known to git: a, b")."""

from __future__ import annotations

from ...core.effect import NAMED, Found
from ...core.text.encoding import decode
from ...core.world import PATH_STATES
from ...lean.canonical import digest
from .locate import Operand

#: States that rest on a name alone, and those that an earlier part of the same line could still change.
_BY_NAME = ("missing", "empty", "temporary", "regenerable")
_BY_CONTENT = ("born", "tracked", "ignored", "untracked", "modified", "unversioned", "special", "unseen")
#: The states from mildest to worst: the worst in it stands for a directory.
ORDER = (*_BY_NAME, *_BY_CONTENT)
_WORDS = {
    "modified": "changed since the last commit",
    "untracked": "not known to git",
    "ignored": "ignored by git",
    "unversioned": "in no git repository",
    "special": "no ordinary file",
}


class PathSummary:
    """Counts what is found. `temporary` is whether the operand is an entry of a temporary directory."""

    def __init__(self, operand: Operand) -> None:
        self.operand = operand
        self.states: set[str] = set()
        self.counts: dict[str, int] = {}
        self.names: dict[str, list[str]] = {}
        self.remarks: list[str] = []
        self.grave = ""
        self.temporary = False
        self._lost: list[tuple[bytes, tuple[int, ...]]] = []

    def note(self, state: str, path: bytes, remark: str = "", grave: str = "", identity: tuple[int, ...] = ()) -> None:
        """Count one thing of that state; `remark` says what it is where it is more than a file.

        `identity` is what tells it from another one of its name.
        """
        if not PATH_STATES[state]:
            self._lost.append((path, identity))
        self.states.add(state)
        self.grave = self.grave or grave
        if remark:
            if remark not in self.remarks and len(self.remarks) < NAMED:
                self.remarks.append(remark)
        elif not PATH_STATES[state]:
            self.counts[state] = self.counts.get(state, 0) + 1
            name = decode(path[len(self.operand.path) :].lstrip(b"/"))
            self.names[state] = sorted([*self.names.get(state, ()), name])[:NAMED]

    def state(self) -> str:
        """The state that stands for all of it: the worst."""
        return max(self.states, key=ORDER.index, default="empty")

    def within(self) -> str:
        """A digest of all that would be lost, by name and identity; "" where not all of it was seen."""
        return digest(sorted(self._lost)) if self._lost and "unseen" not in self.states else ""

    def found(self) -> tuple[Found, ...]:
        """What would be lost: how much of which sort, and the first names by the alphabet."""
        counted = (self._counted(state) for state in reversed(ORDER) if state in self.counts)
        return (*map(Found, self.remarks), *counted)

    def _counted(self, state: str) -> Found:
        names = tuple(self.names[state])
        if names == ("",):  # the operand itself
            if state == "special":
                return Found(_WORDS[state])
            names = (decode(self.operand.path.rpartition(b"/")[2]),)
        return Found(_WORDS[state], "file", self.counts[state], names)
