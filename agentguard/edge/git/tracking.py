"""What remote-tracking refs prove: only what a clone, a fetch, a pull or a push has put there is on a remote.

Anybody can set such a ref to anything (git-update-ref(1)); its reflog says what did. A clone writes none for the
refs that it packs, but its first entry of HEAD's.
"""

from __future__ import annotations

import os

from ...lean.typing import TYPE_CHECKING
from . import settings

if TYPE_CHECKING:
    from .git import Git

#: How reflog entries begin of what has talked to a remote, and of what only gives the ref another name.
_TALKED, _RENAMED = ("fetch", "pull", "clone: from ", "update by push"), "remote: renamed "


def unproven(git: Git, remote: str) -> list[str]:
    """The remote-tracking refs of a remote of which nothing says that it ever had what they hold."""
    proven = set(on_a_remote(git))
    listed = git.lines("for-each-ref", "--format=%(refname) %(objectname) %(symref)", f"refs/remotes/{remote}")
    found = (line.split(" ") for line in listed)
    return [ref for ref, held, symbolic in found if held not in proven and not symbolic]


def on_a_remote(git: Git) -> list[str]:
    """The objects that remotes are known to have, by the remote-tracking refs that are proven."""
    entries = _last_entries(git)
    packed = _only_packed(git) if _was_cloned(git) else frozenset()
    elsewhere = tuple(f"refs/remotes/{name}/" for name in git.lines("remote") if not _is_inside(git, name))
    form = "--format=%(refname) %(objectname) %(symref)"
    listed = (line.split(" ") for line in git.lines("for-each-ref", form, "refs/remotes"))
    return sorted(
        {
            held
            for ref, held, symbolic in listed
            if ref.startswith(elsewhere)
            and not symbolic
            and (_talked(entries[ref]) if ref in entries else ref in packed)
        }
    )


def _last_entries(git: Git) -> dict[str, str | None]:
    """What the last entry of each reflog of a remote-tracking ref says was done; None if it was only renamed."""
    found: dict[str, str | None] = {}
    for line in git.lines("log", "--walk-reflogs", "--remotes", "--format=%gD %gs"):
        selector, _, said = line.partition(" ")
        ref = selector.partition("@{")[0]
        if found.get(ref) is None:
            found[ref] = None if said.startswith(_RENAMED) else said
    return found


def _talked(said: str | None) -> bool:
    """Whether an entry is of a call that talked to a remote by its name: one by a path may be this repository."""
    if said is None:
        return False
    action = said.rpartition(": ")[0]
    by_name = not any(":" in word or word[:1] in (".", "/") for word in action.split(" ")[1:])
    return said.startswith(_TALKED) and (by_name or said.startswith("clone: from "))


def _was_cloned(git: Git) -> bool:
    """Whether the oldest entry of HEAD's reflog is of a clone."""
    if not git.run("rev-parse", "--quiet", "--verify", "HEAD", fine=(0, 1)).out:
        return False
    return any(said.startswith("clone: from ") for said in git.lines("log", "--walk-reflogs", "--format=%gs", "HEAD"))


def _only_packed(git: Git) -> frozenset[str]:
    """The remote-tracking refs that have no file of their own, as a clone leaves them."""
    common = git.value("rev-parse", "--path-format=absolute", "--git-common-dir")
    refs = git.lines("for-each-ref", "--format=%(refname)", "refs/remotes")
    return frozenset(ref for ref in refs if not os.path.lexists(os.path.join(common, ref)))


def _is_inside(git: Git, remote: str) -> bool:
    """Whether a remote is a directory in this very repository, or above it: it would go with it."""
    url = settings.value(git, f"remote.{remote}.url").removeprefix("file://")
    if "://" in url or (":" in url and not url.startswith((".", "/"))):
        return False
    place, here = os.path.realpath(os.path.join(git.cwd, url)), os.path.realpath(git.cwd)
    return os.path.commonpath((place, here)) in (place, here)
