"""Which files commits and trees bring: by name, from the top of the work tree, whatever lies there now."""

from __future__ import annotations

import os

from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from . import settings
from .refs import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .git import Git

#: What every comparison of two trees is told: all files one by one, no renames, names ended by NUL.
_COMPARE = ("-r", "-z", "--name-only", "--no-renames")
_LOG = ("-c", "log.showRoot=true", "log", "--format=")


def differing(git: Git, tree: str, pathspecs: Sequence[str] = ()) -> list[str]:
    """The files of `tree` that the index does not have."""
    words = ("diff-index", "--cached", *_COMPARE[1:], "--diff-filter=D", tree, "--", *pathspecs)
    return _names(git.run(*words).out)


def whole(git: Git, tree: str, pathspecs: Sequence[str] = ()) -> list[str]:
    """All files of a tree, at and below the given paths, which are no pathspecs."""
    return _names(git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree, "--", *pathspecs).out)


def made_by(git: Git, *revisions: str, undone: bool = False) -> list[str]:
    """Every file that one of these commits, or their undoing, adds or changes: as `git log` takes revisions."""
    filter_ = f"--diff-filter={'a' if undone else 'd'}"
    done = git.run(*_LOG, *_COMPARE[1:], "-m", filter_, *revisions, "--", fine=(0, 128))
    return _names(done.out) if not done.status else []  # what names no commit git refuses as well


def merged(git: Git, ours: str, theirs: str) -> Iterator[str]:
    """Every file that merging `theirs` into `ours` may write, those that move with a directory among them."""
    bases = git.lines("merge-base", "--all", ours, theirs, fine=(0, 1)) if resolved(git, ours) else []
    if not bases:
        yield from whole(git, theirs)
    for base in bases:
        added = _names(git.run("diff-tree", *_COMPARE, "--diff-filter=d", base, theirs).out)
        yield from added
        yield from carried_along(git, base, ours, added)
        yield from carried_along(
            git, base, theirs, _names(git.run("diff-tree", *_COMPARE, "--diff-filter=A", base, ours).out)
        )


def carried_along(git: Git, base: str, side: str, added: Sequence[str]) -> Iterator[str]:
    """Where the files that the other side adds come to lie if `side` moves directories (merge.directoryRenames)."""
    if not added or settings.value(git, "merge.directoryRenames").lower() in ("false", "no", "off", "0"):
        return
    left = {
        os.path.dirname(name) for name in _names(git.run("diff-tree", *_COMPARE, "--diff-filter=D", base, side).out)
    }
    left |= {above for directory in left for above in _above(directory)}
    moving = [name for name in added if left.intersection(_above(name))]
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
        for above in _above(name):
            for target in places.get(above, ()):
                yield os.path.join(target, name[len(above) :].lstrip("/"))


def _above(path: str) -> Iterator[str]:
    """The directories above a path, nearest first, the top ("") too."""
    while path:
        path = os.path.dirname(path)
        yield path


def _names(listing: bytes) -> list[str]:
    return [name for name in decode(listing).split("\0") if name]
