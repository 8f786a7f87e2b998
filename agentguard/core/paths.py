"""Effects on paths: how bad one is by the state of the file, and whether one could touch another path."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from .effect import Effect, Found, Target
from .word import Known, Unknown, text_of
from .world import PATH_STATES, PathState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .word import Word
    from .world import World

#: States of a path that rest on what its name is by convention, not on what an earlier part of
#: the same line may have changed.
_BY_CONVENTION = ("regenerable", "temporary")

#: Programs that write a new file with content of their own, and those that add a copy or a link.
_WRITING = ("sh", "touch", "tee", "curl", "dd", "truncate", "psql", "pg_dump", "install")
_ADDING = (*_WRITING, "cp", "ln")
#: Programs that make a link, or put one elsewhere: what is written there is written to another place.
_LINKING = ("ln", "mv", "cp")

#: Kinds of targets that no file is, and of which none depends what is known of one, if something new is made …
_NEW_NAMES = ("branch", "tag", "remote-tracking")
#: … or whatever is done to them.
_NO_FILES = ("preference",)

#: Where the files lie that a process has open already.
OPEN_FILES = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")
_STREAMS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero", "/dev/full")


def on_path(base: Effect, path: PathState, ahead: tuple[Effect, ...]) -> Effect:
    """The effect `base` on one path, by the state of it; `ahead` are the effects of earlier parts of the same line."""
    recovery, found = PATH_STATES[path.state], path.found or (Found(path.detail or path.state),)
    if base.verb == "remove" and _is_born(path, ahead):
        ahead = tuple(earlier for earlier in ahead if earlier.target_known and earlier.target.kind == "file")
    if recovery and any(_may_add(earlier, path, base.verb) for earlier in ahead):
        recovery, found = "", (Found("an earlier part of the same line may change what is there"),)
    return base.replace(
        target=Target("directory" if base.target.kind == "directory" else "file", path.path, path.identity),
        recoverable_by=recovery,
        found=() if recovery else found,
        instead="" if path.grave else base.instead,  # nothing takes the place of what everything lies in
        catastrophic=path.grave or base.catastrophic,
        is_directory=path.kind == "directory",
    )


def doubted(path: str, ahead: tuple[Effect, ...]) -> bool:
    """Whether earlier parts of the line may put something where nothing is, which is then written over."""
    return any(_may_add(earlier, PathState(path, "missing"), "replace") for earlier in ahead)


def may_be_linked(path: str, ahead: tuple[Effect, ...]) -> bool:
    """Whether earlier parts of the line may put a symbolic link at a path."""
    return any(one.verb != "observe" and one.program in ("ln", "mv") and could_touch(one, path) for one in ahead)


def _is_born(path: PathState, ahead: tuple[Effect, ...]) -> bool:
    """Whether the line itself makes a file where nothing is: it may remove that again, whatever ran in between."""
    made = Target("file", path.path)
    return path.state == "missing" and any(
        earlier.verb == "create"
        and earlier.target_known
        and earlier.program in _ADDING
        and earlier.target.replace(identity=()) == made
        for earlier in ahead
    )


def _may_add(earlier: Effect, path: PathState, verb: str) -> bool:
    """Whether an earlier effect may leave more to lose at a path than is there now; `verb` is what becomes of it then.

    What only adds something new, or takes something away, does not: what a line makes, it can make again.
    """
    if not could_touch(earlier, path.path):
        return False
    place = earlier.target.name.rstrip("/") if earlier.target_known and earlier.target.kind == "file" else ""
    is_known = place.startswith("/")
    if path.state in _BY_CONVENTION or path.put_there in _BY_CONVENTION:
        is_above = within(path.path, place) and (place != path.path or verb != "remove")
        return is_known and earlier.program in _LINKING and is_above
    if is_known and earlier.verb == "remove":
        return False
    if is_known and earlier.verb == "create" and verb == "remove":
        return earlier.program not in _ADDING or not within(place, path.path)
    return not is_known or earlier.verb != "create" or earlier.program not in _WRITING or place != path.path


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
    if earlier.target.kind in _NO_FILES or (earlier.verb == "create" and earlier.target.kind in _NEW_NAMES):
        return False
    if not earlier.target_known or earlier.target.kind != "file" or not earlier.target.name.startswith("/"):
        return True
    return overlap(earlier.target.name, path)


def may_change(ahead: Iterable[Effect], path: str) -> bool:
    """Whether earlier effects could change what is in a file: at its path, or through a link that they make."""
    links: list[Effect] = []
    for effect in ahead:
        if could_touch(effect, path) or any(_leads_on(link, effect) for link in links):
            return True
        if effect.program == "ln" and effect.verb != "observe":
            links.append(effect)
    return False


def _leads_on(link: Effect, effect: Effect) -> bool:
    """Whether what an effect writes may lie behind a link."""
    if effect.verb not in ("create", "replace") or effect.target.kind != "file":
        return False
    return not (link.target_known and effect.target_known) or within(effect.target.name, link.target.name)


def overlap(one: str, other: str) -> bool:
    """Whether two full paths are the same, or one lies below the other."""
    return within(one, other) or within(other, one)


def is_stream(word: Word) -> bool:
    """Whether what is written to a path is written to no file: a device that keeps nothing, an open file, a pipe."""
    if isinstance(word, Unknown):
        return word.written[:2] in (">(", "<(") and word.guess.startswith("/dev/fd/")
    return word.text in _STREAMS or (word.text[:8] == "/dev/fd/" and word.text[8:].isdigit())


def is_open_file(path: str) -> bool:
    """Whether a path names a file that is open already; to write there may write over what that holds."""
    return path in ("/dev/stdin", "/dev/stdout", "/dev/stderr") or is_descriptor(path)


def is_descriptor(path: str) -> bool:
    """Whether a path names an open file by its number."""
    return any(within(path, place) for place in OPEN_FILES)


def holds(path: Word, world: World) -> bool:
    """Whether a path names an open file that has something to lose."""
    if not isinstance(path, Known) or not is_open_file(path.text):
        return False
    return not PATH_STATES[world.paths((path.text,), "/", True)[0].state]


def within(path: str, place: str) -> bool:
    """Whether a full path is `place`, or lies below it."""
    return f"{path.rstrip('/')}/".startswith(f"{place.rstrip('/')}/")
