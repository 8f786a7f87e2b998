"""Effects on paths: how bad one is by the state of the file, and whether one could touch another path."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from .effect import Effect, Target
from .word import text_of
from .world import PATH_STATES, PathState

if TYPE_CHECKING:
    from .word import Word

#: States of a path that rest on what its name is by convention, not on what an earlier part of
#: the same line may have changed.
_BY_CONVENTION = ("regenerable", "temporary")


def on_path(base: Effect, path: PathState, ahead: tuple[Effect, ...]) -> Effect:
    """The effect `base` on one path, by the state of it; `ahead` are the effects of earlier parts of the same line."""
    recovery, detail = PATH_STATES[path.state], path.detail or path.state
    if recovery and path.state not in _BY_CONVENTION and any(could_touch(earlier, path.path) for earlier in ahead):
        recovery, detail = "", "an earlier part of the same line may change what is there"
    return base.replace(
        target=Target("directory" if base.target.kind == "directory" else "file", path.path, path.identity),
        recoverable_by=recovery,
        reason=f"{base.reason}: {detail}" if not recovery else base.reason,
        catastrophic=path.grave or base.catastrophic,
    )


def absolute(path: str, cwd: str) -> str:
    """The full path of a path given in a directory."""
    return path if path.startswith("/") else f"{cwd.rstrip('/')}/{path}"


def base_directory(path: str, cwd: Word) -> str:
    """The directory that a path is looked up in; raises Unseen if that is not known and the path needs it."""
    return cwd.guess if path.startswith("/") else text_of(cwd)


def could_touch(earlier: Effect, path: str) -> bool:
    """Whether an effect that comes first could change the state of `path`."""
    if earlier.verb == "observe" or (earlier.verb == "create" and earlier.target.kind == "directory"):
        return False  # a new directory is empty: what is missing below it is missing still
    if not earlier.target_known or earlier.target.kind != "file" or not earlier.target.name.startswith("/"):
        return True
    return overlap(earlier.target.name, path)


def overlap(one: str, other: str) -> bool:
    """Whether two full paths are the same, or one lies below the other."""
    return within(one, other) or within(other, one)


def within(path: str, place: str) -> bool:
    """Whether a full path is `place`, or lies below it."""
    return f"{path.rstrip('/')}/".startswith(f"{place.rstrip('/')}/")
