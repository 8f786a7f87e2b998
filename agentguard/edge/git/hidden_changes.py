"""Changes that `git status` does not show: in files that git takes for unchanged, or leaves out.

`git update-index --assume-unchanged` and `--skip-worktree` (git-update-index(1)) make git look
away, but not spare such a file where it writes. And as a rule git compares times by the second: a change in
the second of the last look is seen by the time of the index alone, which anybody can set
(Documentation/technical/racy-git.txt). What is in such files is compared here. A configuration can have git look at
less than it could, too, and a filter can take out of a file what git then never sees (gitattributes(5), `clean`).
"""

from __future__ import annotations

import os
import re
import stat

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from . import settings
from .git import EDITED, SUBMODULE, Change, Git

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

_TIMES = re.compile(rb"([^\0]+)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n(?:  [^\n]*\n)*")
#: How many such files are compared for one question; more are taken for changed.
MOST_COMPARED = 500
#: Programs whose filters keep all that goes in: as a pointer to what they store, or as a cipher.
_LOSSLESS = ("git-lfs", "git-annex", "git-crypt")


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


def filtered(git: Git, pathspecs: Sequence[str] = ()) -> Iterator[Change]:
    """Files of whose content git has only what a filter leaves, whether it takes them for changed or not."""
    names = set[bytes]()
    for driver in _filters(git):
        if not git.takes_magic:
            raise Unseen(f"which files the filter {driver} is for cannot be asked")
        listed = git.run("ls-files", "-z", "--full-name", "--", f":(top,attr:filter={driver})").out
        names |= {name for name in listed.split(b"\0") if name}
    if names:
        yield from (one for one in _hidden(git, pathspecs, "", names) if encode(one.path) in names)


def unsaved(git: Git, pathspecs: Sequence[str] = ()) -> Iterator[Change]:
    """Changes that no stash has, and that go when HEAD's files come back: what git does not watch, or has filtered."""
    yield from unwatched(git, pathspecs, skipped=False)
    shown = {change.path for change in git.status(False, pathspecs) if change.tree != "."}
    yield from (one for one in filtered(git, pathspecs) if one.path in shown)


def _filters(git: Git) -> list[str]:
    """The filters of the configuration that may take something out of a file."""
    commands = [(key.rpartition("."), (value or "").split()) for key, value in git.settings() if "filter." in key]
    return list(
        dict.fromkeys(
            driver.removeprefix("filter.")
            for (driver, _, name), words in commands
            if driver.startswith("filter.") and name in ("clean", "process") and words
            if os.path.basename(words[0].strip("\"'")) not in _LOSSLESS
        )
    )


def _hidden(git: Git, pathspecs: Sequence[str], marks: str, names: Container[bytes] = ()) -> Iterator[Change]:
    """Changed files that have one of these marks or names, and those that only a look at their content shows."""
    index = list(git.held(pathspecs))
    if not index:
        return
    top = encode(git.top)
    in_doubt = set(_in_the_same_second(git, pathspecs, top))
    if in_doubt:
        in_doubt -= {encode(change.path) for change in git.status(False, pathspecs) if change.tree != "."}
    asked = [one for one in index if one[0] in marks or one[3] in names or (one[0] == "H" and one[3] in in_doubt)]
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
    edited = _edited(git, pathspecs)
    seen = {one.path for one in git.like(careful=False).status(False, pathspecs) if one.tree != "."} if edited else ()
    return [one for one in edited if one.path not in seen]


def doubtful(git: Git, pathspecs: Sequence[str] = ()) -> Iterator[Change]:
    """Changed files that git may take for unchanged: a filter is not undone, or a program says what has changed."""
    yield from filtered(git, pathspecs)
    if _is_told(git):
        yield from _edited(git, pathspecs)


def sees_changes(git: Git) -> bool:
    """Whether git looks for itself whether a file has changed, at all that is in it."""
    return not _filters(git) and not _is_told(git)


def _is_told(git: Git) -> bool:
    """Whether a program tells git which files have changed (githooks(5), fsmonitor-watchman)."""
    return settings.value(git, "core.fsmonitor").lower() not in settings.BOOLEANS


def _edited(git: Git, pathspecs: Sequence[str]) -> list[Change]:
    return [one for one in (*git.status(False, pathspecs), *_hidden(git, pathspecs, "")) if one.tree in EDITED]


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
