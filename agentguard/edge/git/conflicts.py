"""Which uncommitted content is to be had again: of an unfinished merge, if it were repeated, or of what lies elsewhere.

A conflicted file that still is as git wrote it, and a file that git merged by itself, are no
loss where their content comes from commits. What a person resolved is.
"""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import decode, encode
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .refs import resolved
from .under_way import is_marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .git import Change, Git

#: How many files of one merge are merged again to compare; more are taken for changed.
MOST_MERGED = 100
_MARKERS = (b"<<<<<<< ", b"||||||| ", b">>>>>>> ")
#: What is being merged, by the ref that says so (gitrevisions(7)): that commit, and the one that it is seen from.
_UNDER_WAY = (
    ("MERGE_HEAD", "{}", ""),
    ("CHERRY_PICK_HEAD", "{}", "{}^"),
    ("REVERT_HEAD", "{}^", "{}"),
    ("REBASE_HEAD", "{}", "{}^"),
)


class _Merge(Value):
    """A merge under way: the commits that go in, beside HEAD."""

    theirs: str
    base: str


def not_remade(git: Git, changes: Iterable[Change], sides_kept: bool = False) -> Iterator[Change]:
    """Those of the changes whose content repeating the merge under way would not bring back.

    `sides_kept` says that the index still has the sides of a conflict when the call is done, maybe to be undone
    (git-ls-files(1), --resolve-undo).
    """
    merge: _Merge | None = None
    looked, merged = False, 0
    for change in changes:
        if not looked:
            merge, looked = _under_way(git), True
        in_conflict = change.index == "U"
        if merged < MOST_MERGED and (in_conflict or (merge and change.tree == ".")):
            merged += 1
            if in_conflict and _conflict_remade(git, change.path, merge, sides_kept):
                continue
            if merge and not in_conflict and _staged_remade(git, change, merge):
                continue
        yield change


def not_kept(git: Git, changes: Iterable[Change]) -> Iterator[Change]:
    """Those of some staged files that are gone whose content neither a commit nor another file of the work tree has."""
    gone = [one for one in changes if one.index != "U"]  # of a file in conflict the index has what commits have
    others: dict[str, set[str]] = {}
    for number, change in enumerate(gone):
        if number < MOST_MERGED:
            size = git.value("cat-file", "-s", change.object)
            if size not in others:
                others[size] = set(_files_of_size(git, int(size)))
            if change.object in others[size] or _is_committed(git, change.object, change.path, None):
                continue
        yield change


def _files_of_size(git: Git, size: int) -> list[str]:
    """The objects that changed and unknown files of a size would be."""
    regular = []
    for change in git.status(True):
        try:
            facts = os.lstat(os.path.join(encode(git.top), encode(change.path)))
        except OSError:
            continue
        if stat.S_ISREG(facts.st_mode) and facts.st_size == size:
            regular.append(change.path)
    if not regular:
        return []
    return decode(git.like("-C", git.top).reading("hash-object", "--", *regular[:MOST_MERGED]).out).splitlines()


def _under_way(git: Git) -> _Merge | None:
    for ref, theirs, base in _UNDER_WAY:
        if is_marked(git, ref) and resolved(git, ref):
            seen_from = base.format(ref) if base else git.value("merge-base", "HEAD", ref)
            return _Merge(theirs.format(ref), seen_from)
    return None


def _conflict_remade(git: Git, path: str, merge: _Merge | None, sides_kept: bool) -> bool:
    """Whether a file in conflict is what git left there, one side, or both with markers between."""
    top = encode(git.top)
    there: bytes | None = None
    try:
        with open(os.open(os.path.join(top, encode(path)), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            there = file.read()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    listed = decode(git.run("ls-files", "-u", "-z", "--", f":(top,literal){path}").out).split("\0")
    stages = {line.partition("\t")[0].split(" ")[2]: line.split(" ")[1] for line in listed if line}
    sides = {stage: git.run("cat-file", "blob", held).out for stage, held in stages.items()}
    left = [stage for stage in ("2", "3") if there is not None and there == sides.get(stage)]
    if there is not None and not left:
        again = _merged(git, sides.get("2", b""), sides.get("1", b""), sides.get("3", b""))
        if again is None or _unlabelled(again) != _unlabelled(there):
            return False
    wanted = {stages[stage] for stage in left[:1] or ("2", "3") if stage in stages}
    return sides_kept or all(_is_committed(git, held, path, merge) for held in wanted)


def _is_committed(git: Git, held: str, path: str, merge: _Merge | None) -> bool:
    """Whether a commit has that content: a side of `checkout --merge` or `apply --3way` may be in none."""
    commits = ("HEAD", merge.theirs) if merge else ("HEAD",)
    if held in (resolved(git, f"{commit}:{path}") for commit in commits):
        return True
    return bool(git.lines("log", "--all", "--reflog", "-m", "-1", "--format=%H", f"--find-object={held}", "--"))


def _staged_remade(git: Git, change: Change, merge: _Merge) -> bool:
    """Whether what is staged of a file is the other side's, or what git merges from both."""
    theirs = resolved(git, f"{merge.theirs}:{change.path}")
    if change.object == theirs:
        return True
    sides = [resolved(git, f"{one}:{change.path}") for one in ("HEAD", merge.base, merge.theirs)]
    if change.index == "D" or not all(sides):
        return change.index == "D"
    again = _merged(git, *(git.run("cat-file", "blob", one).out for one in sides))
    return again is not None and again == git.run("cat-file", "blob", change.object).out


def _merged(git: Git, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """What git makes of three contents (git-merge-file(1)), markers where they conflict; None if it cannot."""
    import shutil
    from tempfile import mkdtemp

    scratch = mkdtemp(prefix="agentguard-")
    try:
        names = [os.path.join(scratch, name) for name in ("ours", "base", "theirs")]
        for name, content in zip(names, (ours, base, theirs), strict=True):
            with open(name, "wb") as file:
                file.write(content)
        done = git.run("merge-file", "-p", "-q", *names, fine=tuple(range(256)))
        return done.out if done.status < 128 else None
    finally:
        shutil.rmtree(scratch)


def _unlabelled(content: bytes) -> bytes:
    """Without what stands behind conflict markers: it names the sides, which were called otherwise."""
    lines = content.split(b"\n")
    return b"\n".join(line[:7] if line.startswith(_MARKERS) else line for line in lines)
