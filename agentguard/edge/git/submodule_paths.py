"""What calls of git write or remove in the work trees of submodules (gitsubmodules(7))."""

from __future__ import annotations

import os

from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from .git import SUBMODULE, of_git_directory
from .refs import resolved
from .remotes import places
from .settings import is_on
from .tree_changes import differing, merged, whole
from .written import Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...core.call import Call
    from .git import Git


def removed_submodules(git: Git, paths: Sequence[str], forced: bool) -> Iterator[Written]:
    """The work trees of the submodules at and below the paths, which go with all that is in them."""
    for path, _ in submodules(git, paths):
        place = os.path.join(git.top, path)
        if os.path.isdir(place):
            inner = checked_out(git, path)
            names = [name for name in os.listdir(place) if name != ".git"]
            if inner is not None and not inner.refuses:
                yield Written(inner, [], forced, names, goes_on=False)
            else:
                yield Written(git, [], forced, [os.path.join(path, name) for name in names], goes_on=False)


def updated_submodules(call: Call, git: Git) -> Iterator[Written]:
    """The work trees that `submodule update` takes to the commits that the index has."""
    for path, commit in submodules(git, call.operand_texts):
        inner, place = checked_out(git, path), os.path.join(git.top, path)
        if inner is not None:
            yield from _moved(inner, commit, call.has("-f", "--force"), call.has("--merge", "--rebase"))
        elif os.path.isdir(place) and os.listdir(place):
            yield _made(git, path, commit)


def recursed(call: Call, git: Git, tree: str, forced: bool) -> Iterator[Written]:
    """The work trees of submodules that a call goes into, taken to what `tree` has of each, else the index."""
    if not recurses(call, git):
        return
    for path, commit in submodules(git, ()):
        inner = checked_out(git, path)
        if inner is None:
            continue
        there = _commit(git, tree, path) if tree else commit
        if there:
            yield from _moved(inner, there, forced, False)
        else:
            yield from removed_submodules(git, (path,), forced=True)


def brought_along(git: Git, commits: Iterable[tuple[Git, str]]) -> Iterator[Written]:
    """The work trees of submodules, taken to what any of some commits has of each; each is in a repository."""
    wanted = [(path, _commit(where, commit, path)) for where, commit in commits for path, _ in submodules(git, ())]
    for path, commit in dict.fromkeys(wanted):
        inner = checked_out(git, path) if commit else None
        if inner is not None:
            yield from (Written(inner, whole(other, commit)) for other in _having(inner, commit))


def newest(call: Call, git: Git) -> Iterator[Written]:
    """The work trees of submodules, taken to what their own remotes have (git-submodule(1), --remote)."""
    for path, _ in submodules(git, call.operand_texts):
        inner = checked_out(git, path)
        for other in places(inner, "origin", push=False) if inner is not None else ():
            tips = other.lines("for-each-ref", "--format=%(refname)", "refs/heads") if other is not None else ()
            yield from (Written(inner, whole(other, tip)) for tip in tips if other is not None)


def _having(inner: Git, commit: str) -> Iterator[Git]:
    """A repository that has a commit: this one, or a directory that it is fetched from."""
    for one in (inner, *places(inner, "origin", push=False)):
        if one is not None and resolved(one, f"{commit}^{{commit}}"):
            yield one
            return


def recurses(call: Call, git: Git) -> bool:
    """Whether a call goes into submodules as well (git-config(1), submodule.recurse)."""
    by_setting = is_on(git, "submodule.recurse") and not call.has("--no-recurse-submodules")
    return by_setting or call.has("--recurse-submodules")


def submodules(git: Git, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The submodules at and below the paths, from the top of the work tree, each with its commit."""
    return ((decode(path), commit) for _, mode, commit, path in git.held(paths) if mode == SUBMODULE)


def checked_out(git: Git, path: str) -> Git | None:
    """The repository of a submodule at a path from the top; None if it is not checked out there."""
    place = os.path.join(git.top, path)
    return git.inside(os.path.realpath(place)) if os.path.lexists(os.path.join(place, ".git")) else None


def _moved(inner: Git, commit: str, forced: bool, merges: bool) -> Iterator[Written]:
    """A work tree of a submodule at another commit; what has to be fetched first is not seen."""
    if not resolved(inner, f"{commit}^{{commit}}"):
        return
    gone = [change.path for change in inner.status(False) if change.tree in "DTU"] if forced else []
    paths = [*differing(inner, commit), *gone]
    yield Written(inner, [*paths, *(merged(inner, "HEAD", commit) if merges else ())], forced)


def _made(git: Git, path: str, commit: str) -> Written:
    """A work tree that is made where files lie already: git writes over them."""
    inner = kept_module(git, path)
    if inner is None or not resolved(inner, f"{commit}^{{commit}}"):
        return Written(git, [], True, [path])
    return Written(git, [os.path.join(path, name) for name in whole(inner, commit)], forced=True)


def kept_module(git: Git, name: str) -> Git | None:
    """The repository that is kept for a submodule of that name, checked out or not; None if there is none."""
    place = os.path.join(git.value("rev-parse", "--path-format=absolute", "--git-common-dir"), "modules", name)
    return of_git_directory(git.program, place) if os.path.isdir(place) else None


def _commit(git: Git, tree: str, path: str) -> str:
    """The commit that a tree has of a submodule; "" if it has none."""
    listed = git.value("ls-tree", "-z", "--full-tree", tree, "--", path) if resolved(git, f"{tree}^{{tree}}") else ""
    return listed.split("\t")[0].split(" ")[2] if listed.startswith(f"{SUBMODULE} ") else ""
