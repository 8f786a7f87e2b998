"""Which commits were made in this repository: by what reflogs say, never by a name, which the caller sets."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from .refs import resolved

if TYPE_CHECKING:
    from .git import Git

#: How reflog entries begin of what makes a commit; the others go to one that is there already.
_MAKES = ("commit", "cherry-pick", "revert", "am", "rebase", "merge", "pull", "subtree")


def made_here(git: Git) -> frozenset[str]:
    """The commits that a call in this repository has made.

    Their entry in the reflog of HEAD or of a branch has the committer's name and time of the commit itself: who goes to
    another's commit under a message of one's own making does so later, and as somebody else.
    """
    if not resolved(git, "HEAD"):
        return frozenset()
    form = "--format=%H%x00%gs%x00%gd%x00%gn%x00%ge%x00%ct%x00%cn%x00%ce"
    found = set()
    for line in git.lines("log", "--walk-reflogs", "--date=unix", form, "HEAD", "--branches", "--"):
        commit, said, selector, name, address, when, committer, committers = line.split("\0")
        entry = (selector.partition("@{")[2].removesuffix("}"), name, address)
        made = said.startswith(_MAKES) and not said.lower().endswith("fast-forward")
        if made and entry == (when, committer, committers):
            found.add(commit)
    return frozenset(found)
