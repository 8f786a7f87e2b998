"""What git has under way: a merge, a rebase, picks; and whether a call that ends one finds any."""

from __future__ import annotations

import os

from ...core.effect import Target
from ...core.text.encoding import decode, encode
from ...lean.typing import TYPE_CHECKING
from .refs import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from .git import Git

_PICKS = ("CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer")
#: By the command that ends it, where git looks whether it has begun one: without any of these, it refuses.
_MARKS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("merge",): ("MERGE_HEAD",),
    ("rebase",): ("rebase-merge", "rebase-apply"),
    ("am",): ("rebase-apply",),
    ("cherry-pick",): _PICKS,
    ("revert",): _PICKS,
}


def is_marked(git: Git, name: str) -> bool:
    """Whether git has a file, a directory or a ref of that name for what it has under way."""
    directory = encode(git.directory)
    if os.path.lexists(os.path.join(directory, encode(name))):
        return True
    # A file, whatever holds the other refs, but for reftables (gitrepository-layout(5)).
    return name.isupper() and os.path.lexists(os.path.join(directory, b"reftable")) and bool(resolved(git, name))


def is_idle(call: Call, git: Git) -> bool:
    """Whether there is nothing now that this call (`merge --abort`) could end."""
    marks = _MARKS.get(call.command)
    return marks is not None and not any(is_marked(git, name) for name in marks)


def may_begin(call: Call) -> bool:
    """Whether an earlier part of the same line may begin something, so that this call ends it."""
    return any(one.verb != "observe" and one.target.kind == "HEAD" for one in call.invocation.ahead)


def notes_merging(git: Git) -> Iterator[Target]:
    """The notes that a merge of notes left to be resolved, in a directory of their own (git-notes(1))."""
    place = os.path.join(encode(git.directory), b"NOTES_MERGE_WORKTREE")
    for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
        yield Target("file", f"the note on {decode(name)}", (decode(place), decode(name)))
