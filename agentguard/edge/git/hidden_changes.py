"""Changes that `git status` does not show: in files that git takes for unchanged, or leaves out.

`git update-index --assume-unchanged` and `--skip-worktree` (git-update-index(1)) make git look
away, but not spare such a file where it writes. And as a rule git compares times by the second: a change in
the second of the last look is seen by the time of the index alone, which anybody can set
(Documentation/technical/racy-git.txt). What is in such files is compared here. A configuration can have git look at
less than it could, too.
"""

from __future__ import annotations

import os
import re
import stat

from ...core.text.encoding import decode, encode
from ...lean.typing import TYPE_CHECKING
from . import settings
from .git import EDITED, SUBMODULE, Change, Git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TIMES = re.compile(rb"([^\0]+)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n(?:  [^\n]*\n)*")
#: How many such files are compared for one question; more are taken for changed.
MOST_COMPARED = 500


def changes(
    git: Git, pathspecs: Sequence[str] = (), skipped: bool = False, untracked: bool = False
) -> tuple[Change, ...]:
    """All that differs from the last commit, at and below the pathspecs, whether git shows it or not.

    `skipped` is for calls that write files of `--skip-worktree` too: most leave them as they are.
    Raises Unseen if git cannot tell.
    """
    hidden = {one.path: one for one in unwatched(git, pathspecs, skipped)}
    shown = git.status(untracked, pathspecs)
    shown = tuple(one.replace(tree="M") if one.path in hidden and one.tree == "." else one for one in shown)
    known = {one.path for one in shown}
    return (*shown, *(one for path, one in hidden.items() if path not in known))


def unwatched(git: Git, pathspecs: Sequence[str] = (), skipped: bool = True) -> Iterator[Change]:
    """Changed files that git does not look at (assume-unchanged, skip-worktree) or into; none that are missing."""
    yield from _hidden(git, pathspecs, "hmrcksS" if skipped else "hmrck")


def _hidden(git: Git, pathspecs: Sequence[str], marks: str) -> Iterator[Change]:
    """Changed files that have one of these marks, and those that only a look at their content shows."""
    index = list(git.held(pathspecs))
    if not index:
        return
    top = encode(git.top)
    in_doubt = set(_in_the_same_second(git, pathspecs, top))
    if in_doubt:
        in_doubt -= {encode(change.path) for change in git.status(False, pathspecs) if change.tree != "."}
    asked = [one for one in index if one[0] in marks or (one[0] == "H" and one[3] in in_doubt)]
    regular: dict[str, str] = {}
    for _mark, mode, held, path in asked:
        place = os.path.join(top, path)
        try:
            there = os.lstat(place).st_mode
        except OSError:  # what is not there cannot be lost, and what cannot be reached git cannot write
            continue
        if stat.S_ISREG(there) and mode.startswith("100") and len(regular) < MOST_COMPARED:
            regular[decode(path)] = held
        elif mode != SUBMODULE and not (stat.S_ISLNK(there) and mode == "120000" and _points(git, place, held)):
            yield Change(".", "M", decode(path), held)
    if regular:
        found = decode(git.like("-C", decode(top)).reading("hash-object", "--", *regular).out).splitlines()
        for (name, expected), now in zip(regular.items(), found, strict=True):
            if now != expected:
                yield Change(".", "M", name, expected)


def overlooked(git: Git, pathspecs: Sequence[str] = ()) -> list[Change]:
    """Changed files that git as it is configured takes for unchanged (git-config(1), core.trustctime, core.checkStat).

    What git spares where it sees a change it writes over there.
    """
    if settings.is_on(git, "core.trustctime", True) and settings.value(git, "core.checkStat") in ("", "default"):
        return []
    edited = [one for one in (*git.status(False, pathspecs), *_hidden(git, pathspecs, "")) if one.tree in EDITED]
    seen = {one.path for one in git.like(careful=False).status(False, pathspecs) if one.tree != "."} if edited else ()
    return [one for one in edited if one.path not in seen]


def _in_the_same_second(git: Git, pathspecs: Sequence[str], top: bytes) -> Iterator[bytes]:
    """Files that were written again in the second in which git last looked at them."""
    listed = git.run("ls-files", "-z", "--debug", "--full-name", "--", *(pathspecs or git.everything)).out
    for path, *noted in _TIMES.findall(listed):
        try:
            facts = os.lstat(os.path.join(top, path))
        except OSError:
            continue
        changed, modified = divmod(facts.st_ctime_ns, 10**9), divmod(facts.st_mtime_ns, 10**9)
        seconds = (int(noted[0]), int(noted[2])) == (changed[0], modified[0])
        if seconds and (int(noted[1]), int(noted[3])) != (changed[1], modified[1]):
            yield path


def _points(git: Git, link: bytes, held: str) -> bool:
    """Whether a symbolic link is as the index has it."""
    return os.readlink(link) == git.run("cat-file", "blob", held).out
