"""What a call of git writes over: one look at what lies where it will write or remove files of a work tree.

Which paths these are, `written_paths` lists for each command. Here it is looked at what is *at* each of
them, and at each leading part of it, and the walker that judges `rm` says what would be lost with that.
"""

from __future__ import annotations

import os
import stat

from ...core.effect import Target
from ...core.paths import within
from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...core.world import PATH_STATES, Answer, World
from ...lean.typing import TYPE_CHECKING
from .git import EDITED, STAGED, SUBMODULE, above
from .hidden_changes import changes, doubtful, overlooked
from .refs import lost
from .written_paths import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from .git import Change, Git
    from .written import Written

#: How many paths of one call are looked at.
MOST_PATHS = 300_000
#: How many things that lie in the way are judged.
MOST_IN_THE_WAY = 5_000
#: What an earlier part of the same line hits that brings other files into the work tree.
_OTHER_FILES = ("HEAD", "worktree")
#: What git does not write over by itself: it refuses. Ignored files it does not spare (gitignore(5)).
_REFUSED = ("untracked", "modified")


def written_over(call: Call, git: Git, world: World, doubts: str = "") -> Answer:
    """What would be lost; `doubts` names what an earlier part of the same line may change (see core.world_after).

    Where that is which files git ignores, those that it would refuse to write over may be ignored by then.
    Where it is the index, what git knows now and would not write over may be unknown to it by then.
    """
    if any(one.verb != "observe" and one.target.kind in _OTHER_FILES for one in call.invocation.ahead):
        doubts = f"{doubts} ignores"  # by then another commit's .gitignore counts
    found: list[Target] = []
    for one in written(call, git, world):
        refused, taken = _in_the_way(one)
        if len(refused) + len(taken) + len(one.places) > MOST_IN_THE_WAY:
            raise Unseen(f"more than {MOST_IN_THE_WAY} things lie where it writes")
        spared = (
            ()
            if one.forced or one.unsettled or doubts
            else (*_REFUSED, *["ignored", "unversioned"] * one.keeps_ignored)
        )
        found += _judged([*refused, *one.places], one, spared, world)
        found += _judged(taken, one, (), world)
        if one.git is not None and one.goes_on:
            found += _taken_for_unchanged(one.git, overlooked(one.git))
        if one.git is not None and one.paths:
            paths = set(one.paths)
            found += _taken_for_unchanged(one.git, [change for change in doubtful(one.git) if change.path in paths])
        if "index" in doubts and one.git is not None and one.paths:
            found += _changed(one)
    return lost(dict.fromkeys(found))


def _judged(places: Iterable[str], one: Written, spared: tuple[str, ...], world: World) -> Iterator[Target]:
    """Those of some places that hold what nothing brings back."""
    asked = tuple(os.path.join(one.top, place) for place in dict.fromkeys(places))
    states = list(zip(asked, world.paths(asked, "/", False) if asked else (), strict=True))
    found = [(place, state) for place, state in states if not PATH_STATES[state.state]]
    doubtful = [place for place, state in found if state.state in spared and "ignored" not in spared]
    ignored = _ignored(one, doubtful) if doubtful else ()
    for place, state in found:
        if state.state not in spared or place in ignored:
            name = os.path.relpath(place, one.top) if place.startswith(f"{one.top}/") else place
            shown = f"{name} ({state.detail})" if state.kind == "directory" else name
            yield Target("file", shown, (*state.identity, state.path))


def _ignored(one: Written, places: list[str]) -> set[str]:
    """Those of some places that git ignores as the call has it configured, or that hold what it ignores."""
    if one.git is None:
        return set()
    specs = [f":(top,literal){os.path.relpath(place, one.top)}" for place in places] if one.git.takes_magic else []
    status = one.git.status(True, specs, ignored=True)
    ignored = [os.path.join(one.top, change.path.rstrip("/")) for change in status if change.index == "!"]
    return {place for place in places if any(within(place, path) or within(path, place) for path in ignored)}


def _taken_for_unchanged(git: Git, found: Iterable[Change]) -> Iterator[Target]:
    for target in uncommitted(git, found):
        yield target.replace(name=f"{target.name} (git takes it for unchanged)")


def _changed(one: Written) -> Iterator[Target]:
    """Changed files among those that are written, of which git knows only as long as they are in its index."""
    assert one.git is not None
    paths = set(one.paths)
    found = (change for change in changes(one.git) if change.index in STAGED or change.tree in EDITED)
    yield from uncommitted(one.git, [change for change in found if change.path in paths])


def uncommitted(git: Git, found: Iterable[Change]) -> Iterator[Target]:
    """What is in no commit of files that git knows."""
    for change in dict.fromkeys(found):
        yield Target("file", change.path, (f"{git.top}/{change.path}", change.object))


def _in_the_way(one: Written) -> tuple[list[str], list[str]]:
    """What lies at the paths or at leading parts of them, and is not what git has there.

    Before the first of them git looks whether it would lose anything, unless it is forced; at the second it
    does not look: the work trees of submodules, what has taken their place, and what stands where the index has a
    directory (a merge that refuses puts that directory back).
    """
    paths = list(dict.fromkeys(one.paths))
    if len(paths) > MOST_PATHS:
        raise Unseen(f"it writes more than {MOST_PATHS} files")
    kinds: dict[str, int] = {}
    placed = {path: _first_thing(one.top, path, kinds) for path in paths}
    found = list(dict.fromkeys(place for place in placed.values() if place))
    known = one.known(found)
    submodules = [path for path, mode in known.items() if mode == SUBMODULE]
    directories = {place for path in known for place in above(path)}
    refused, taken = list[str](), list[str]()
    for place in found:
        is_directory = stat.S_ISDIR(kinds[place])
        if known.get(place) == SUBMODULE or (place in directories and not is_directory):
            taken.append(place)
        elif place not in known or is_directory:
            refused.append(place)
            taken += [path for path in submodules if path.startswith(f"{place}/")]
    return refused, taken


def _first_thing(top: str, path: str, kinds: dict[str, int]) -> str:
    """The first part of a path, or the path itself, where something is in the way; "" if nothing is.

    Directories are not in the way of what lies in them, nor of a path that ends in a slash.
    """
    parts = path.rstrip("/").split("/")
    for count in range(1, len(parts) + 1):
        part = "/".join(parts[:count])
        if part not in kinds:
            kinds[part] = _mode(os.path.join(top, part))
        if not kinds[part]:
            return ""
        if not stat.S_ISDIR(kinds[part]) or part == path:
            return part
    return ""


def _mode(place: str) -> int:
    """What is there, as lstat(2) has it; 0 for nothing."""
    try:
        return os.lstat(encode(place)).st_mode
    except OSError:
        return 0
