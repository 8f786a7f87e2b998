"""What a person said no to, and whether a later call aims at the same by other means."""

from __future__ import annotations

from .effect import Effect, Reading, Target
from .value import TYPE_CHECKING, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: How many things of one call are remembered.
REMEMBERED = 200
_CHANGES = ("replace", "remove", "publish", "unknown")
_FILES = ("file", "directory", "worktree")


class Denial(Value):
    """A call that a person refused: as what request, in one line, with their words, and what it would have hit."""

    request: str
    command: str
    answer: str
    hits: tuple[Target, ...]

    @property
    def told(self) -> str:
        """In one line."""
        return f"{self.command} was denied as request {self.request}" + (f": {self.answer}" if self.answer else "")


def hits(reading: Reading, cwd: str) -> tuple[Target, ...]:
    """What a call would hit for good, files by their full paths."""
    found = (effect.target for effect in reading.effects if effect.rating == "destructive")
    return tuple(dict.fromkeys(_placed(target, cwd) for target in found if target.name))[:REMEMBERED]


def earlier(reading: Reading, cwd: str, denials: Iterable[Denial]) -> tuple[str, ...]:
    """The denials whose aim this call shares, each in a line; calls that only look share none."""
    aims = [_placed(effect.target, cwd) for effect in changes(reading)]
    return tuple(denial.told for denial in denials if any(_same(aim, hit) for aim in aims for hit in denial.hits))


def changes(reading: Reading) -> Iterator[Effect]:
    """The effects that take something away or put something in its place, whether or not it can be brought back."""
    return (effect for effect in reading.effects if effect.verb in _CHANGES and effect.target.name)


def _placed(target: Target, cwd: str) -> Target:
    if target.kind not in _FILES:
        return target
    path = target.name if target.name.startswith("/") else f"{cwd.rstrip('/')}/{target.name.removeprefix('./')}"
    return target.replace(name=path.rstrip("/") or "/")


def _same(aim: Target, hit: Target) -> bool:
    """Whether both are one thing, or one lies in the other. A thing may be reached by another name or host."""
    if aim.identity and aim.identity == hit.identity:
        return True
    if aim.kind in _FILES and hit.kind in _FILES:
        return _within(aim.name, hit.name) or _within(hit.name, aim.name)
    if aim.kind in _FILES or hit.kind in _FILES:
        return False
    if _spoken(aim) == _spoken(hit):
        return True
    return bool(aim.identity and hit.identity and aim.identity[-1] and aim.identity[-1] == hit.identity[-1])


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/") + "/")


def _spoken(target: Target) -> str:
    """A name without what its command put around it: the remote, the sign of a refspec, the folder of branches."""
    return target.name.split(" ")[-1].lstrip(":+").removeprefix("refs/heads/")
