"""Which files commits and trees bring: by name, from the top of the work tree, whatever lies there now.

A name that ends in a slash is a submodule's: git makes a directory there, and puts nothing in its place.
"""

from __future__ import annotations

import os

from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from . import settings
from .git import SUBMODULE, above
from .hidden_changes import sees_changes
from .refs import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .git import Git

#: What every comparison of two trees is told: all files one by one, no renames, names ended by NUL.
_COMPARE = ("-r", "-z", "--raw", "--no-renames")
_LOG = ("-c", "log.showRoot=true", "log", "--format=")


def differing(git: Git, tree: str, pathspecs: Sequence[str] = ()) -> list[str]:
    """The files of `tree` that the index does not have, or has as something else."""
    words = ("diff-index", "--cached", "-R", *_COMPARE[1:], _kinds(git, "AT"), tree, "--", *pathspecs)
    return _brought(git.run(*words).out)


def ignores_differ(git: Git, one: str, other: str) -> bool:
    """Whether two commits say otherwise which files are ignored (gitignore(5))."""
    names = git.run("diff-tree", "-r", "-z", "--name-only", one, other, "--").out.split(b"\0")
    return any(os.path.basename(name) == b".gitignore" for name in names)


def whole(git: Git, tree: str) -> list[str]:
    """All files of a tree."""
    listed = decode(git.run("ls-tree", "-r", "-z", "--full-tree", tree).out).split("\0")
    return [named(path, facts[:6]) for facts, _, path in (line.partition("\t") for line in listed) if path]


def made_by(git: Git, *revisions: str, undone: bool = False) -> list[str]:
    """Every file that one of these commits, or their undoing, adds or changes: as `git log` takes revisions."""
    words = (*_LOG, *_COMPARE[1:], "-m", _kinds(git, "d"), *["-R"] * undone)
    done = git.run(*words, *revisions, "--", fine=(0, 128))
    return _brought(done.out) if not done.status else []  # what names no commit git refuses as well


def merged(git: Git, ours: str, theirs: str, base: str = "") -> Iterator[str]:
    """Every file that merging `theirs` into `ours` may write, those that move with a directory among them.

    What is merged is what has changed since the merge bases, or since `base`.
    """
    bases = git.lines("merge-base", "--all", ours, theirs, fine=(0, 1)) if resolved(git, ours) and not base else [base]
    if not any(bases):
        yield from whole(git, theirs)
        return
    for base in bases:
        added = _brought(git.run("diff-tree", *_COMPARE, _kinds(git, "d"), base, theirs).out)
        yield from added
        yield from carried_along(git, base, ours, added)
        yield from carried_along(
            git, base, theirs, _brought(git.run("diff-tree", *_COMPARE, "--diff-filter=A", base, ours).out)
        )


def carried_along(git: Git, base: str, side: str, added: Sequence[str]) -> Iterator[str]:
    """Where the files that the other side adds come to lie if `side` moves directories (merge.directoryRenames)."""
    if not added or settings.value(git, "merge.directoryRenames").lower() in ("false", "no", "off", "0"):
        return
    left = {
        os.path.dirname(name) for name in _brought(git.run("diff-tree", *_COMPARE, "--diff-filter=D", base, side).out)
    }
    left |= {place for directory in left for place in _places(directory)}
    moving = [name for name in added if left.intersection(_places(name))]
    if not moving:
        return
    places: dict[str, set[str]] = {}
    told = decode(git.run("diff-tree", "-r", "-z", "-M", "--name-status", "--diff-filter=R", base, side).out).split(
        "\0"
    )
    for old, new in zip(told[1::3], told[2::3], strict=False):
        source, target = os.path.dirname(old), os.path.dirname(new)
        while source != target:
            places.setdefault(source, set()).add(target)
            if not source or os.path.basename(source) != os.path.basename(target):
                break
            source, target = os.path.dirname(source), os.path.dirname(target)
    for name in moving:
        for place in _places(name):
            for target in places.get(place, ()):
                yield os.path.join(target, name[len(place) :].lstrip("/"))


def _places(path: str) -> Iterator[str]:
    """The directories that a path lies in, the top ("") last."""
    yield from above(path)
    yield ""


def _kinds(git: Git, brought: str) -> str:
    """Which changes are listed: what git may not see a change of is written over, too, where it changes or goes."""
    return f"--diff-filter={brought if sees_changes(git) else 'ADMT'}"


def _brought(listing: bytes) -> list[str]:
    """The names of a listing of changes (git-diff(1), raw output), each as what it becomes."""
    words = iter(decode(listing).split("\0"))
    return [named(next(words), word.split(" ")[1]) for word in words if word.lstrip("\n").startswith(":")]


def named(path: str, mode: str) -> str:
    """The name of a file that a tree or the index has with this mode."""
    return f"{path}/" if mode == SUBMODULE else path
