"""A list of paths that a call of git writes or removes in one work tree, and the lists that several commands share."""

from __future__ import annotations

import os

from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from .hidden_changes import unsaved
from .refs import resolved
from .tree_changes import differing, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .git import Git

#: Up to this many paths are asked for by name; for more, the whole index.
_BY_NAME = 64


class Written:
    """Paths that are written, from the top of the work tree of `git`; None where it is about full paths alone.

    `forced` says that git writes over what it does not know; otherwise it refuses there, but for ignored files, and
    for these only if it is told to (`keeps_ignored`); which these are is `unsettled` where the .gitignore of another
    commit counts by then. `places` go altogether, with all that is in them. Where it is not `forced`, it writes over
    files that it takes for unchanged, if it `goes_on` from them.
    """

    def __init__(
        self,
        git: Git | None,
        paths: Sequence[str],
        forced: bool = False,
        places: Sequence[str] = (),
        keeps_ignored: bool = False,
        goes_on: bool = True,
        unsettled: bool = False,
    ) -> None:
        self.git = git
        self.paths = paths
        self.forced = forced
        self.places = places
        self.keeps_ignored = keeps_ignored
        self.unsettled = unsettled
        self.goes_on = goes_on and not forced
        self.top = git.top if git is not None and (paths or places) else "/"

    def known(self, paths: Sequence[str]) -> dict[str, str]:
        """Those of the paths that the index has, each with its mode."""
        if self.git is None or not paths:
            return {}
        specs = [f":(top,literal){path}" for path in paths] if len(paths) <= _BY_NAME and self.git.takes_magic else []
        return {decode(path): mode for _, mode, _, path in self.git.held(specs)}


def gone_to(git: Git, tree: str, forced: bool, keeps_ignored: bool = False) -> Written:
    """The work tree taken to a commit: what that has and the index has not; by force also what is gone or replaced."""
    if not resolved(git, f"{tree}^{{tree}}"):  # git refuses, too
        return Written(git, [])
    paths = [*differing(git, tree), *(replaced(git) if forced else ())]
    return Written(git, paths, forced, keeps_ignored=keeps_ignored)


def put_back(git: Git, tree: str | None, paths: Sequence[str]) -> Written:
    """Files written out of a tree or the index, whatever is there."""
    known = tree is not None and resolved(git, f"{tree}^{{tree}}")
    return Written(git, [*(differing(git, tree, paths) if tree and known else ()), *replaced(git, paths)], forced=True)


def put_aside(git: Git, paths: Sequence[str], kinds: str) -> Iterator[Written]:
    """The last commit's files come back; of directories there goes what no stash keeps (letters of Change)."""
    if not resolved(git, "HEAD"):
        return
    back, at = differing(git, "HEAD", paths), git.top
    # A directory in the place of what was taken out of the index may hold what is staged.
    staged = {path for path in back if is_directory(at, path) and not os.path.lexists(os.path.join(at, path, ".git"))}
    specs = [f":(top,literal){path}" for path in staged] if git.takes_magic else []
    listed = git.status(True, specs, ignored=True) if staged else ()
    lost = [change.path for change in listed if change.index in kinds]
    yield Written(git, [path for path in back if path not in staged], "?" in kinds, lost, goes_on=False)
    # Putting anything aside takes what no stash has back to HEAD.
    if git.status(False, paths):
        yield Written(git, [], True, [change.path for change in unsaved(git, paths)])
    # Of a directory in the place of a file of the index git does not tell what in it is ignored.
    yield Written(git, list(replaced(git, paths)), forced=True)


def replaced(git: Git, paths: Sequence[str] = ()) -> Iterator[str]:
    """The files of the index that are gone from the work tree, or have become something else there."""
    return (change.path for change in git.status(False, paths) if change.tree in "DTU")


def held(git: Git, marks: str = "", paths: Sequence[str] = ()) -> list[str]:
    """The files of the index at and below the paths, maybe only those with a mark; submodules end in a slash."""
    index = ((mark, mode, decode(path)) for mark, mode, _, path in git.held(paths))
    return [named(path, mode) for mark, mode, path in index if not marks or mark in marks]


def is_directory(top: str, path: str) -> bool:
    """Whether a directory is there, not a link to one."""
    place = os.path.join(top, path)
    return os.path.isdir(place) and not os.path.islink(place)
