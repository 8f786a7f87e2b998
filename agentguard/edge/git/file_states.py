"""The states of all files of a work tree (tracked, modified, untracked), by one query to git."""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..system.child import Tool

#: Up to this many paths are asked for by name; for more, the directory that holds them all.
_BY_NAME = 64


class WorkTree:
    """The states of paths in the work tree at `root`, by git.

    Paths are bytes, relative to `root`. Only `asked` and what is below it is known. Raises
    Unseen if git cannot tell.
    """

    def __init__(self, program: Tool, root: bytes, asked: Sequence[bytes]) -> None:
        if not program.path:
            raise Unseen("git is not installed in a usual place")
        from .git import of_work_tree
        from .hidden_changes import filtered, unwatched

        git = of_work_tree(program, decode(root))
        if os.path.realpath(encode(git.top)) != root:
            raise Unseen(f"the repository in {decode(root)} has its work tree elsewhere")
        specs = _pathspecs(asked)
        self._tracked = {path for _, _, _, path in git.held(specs)}
        self._changed = {encode(change.path) for change in (*unwatched(git, specs), *filtered(git, specs))}
        self._ignored: set[bytes] = set()
        for change in git.status(True, specs, ignored=True):
            path = encode(change.path)
            if change.index == "!":
                self._ignored.add(path.rstrip(b"/"))
            elif change.index != "?":
                self._changed.add(path)

    def ignores(self, path: bytes) -> bool:
        """Whether git ignores a path, by itself or with a directory above it."""
        while path:
            if path in self._ignored:
                return True
            path = path.rpartition(b"/")[0]
        return False

    def names_ignored(self, path: bytes) -> bool:
        """Whether git ignores a path by itself; what is above it has been asked already."""
        return path in self._ignored

    def state(self, path: bytes) -> str:
        """Of a file: "tracked" (unchanged since the last commit), "modified" or "untracked"."""
        if path not in self._tracked:  # and what was taken out of the index alone, git does not know any more
            return "untracked"
        return "modified" if path in self._changed else "tracked"


def unpushed(program: Tool, root: bytes) -> str:
    """What a repository holds that no remote has, as far as it knows itself; "" if nothing.

    Raises Unseen if git cannot tell.
    """
    if not program.path:
        raise Unseen("git is not installed in a usual place")
    from .git import of_work_tree
    from .hidden_changes import changes
    from .tracking import on_a_remote

    git = of_work_tree(program, decode(root))
    if git.lines("rev-list", "--max-count=1", "--all", "--not", *on_a_remote(git), "--"):
        return "commits that are on no remote"
    if changes(git, skipped=True, untracked=True):
        return "uncommitted changes"
    return ""


def _pathspecs(asked: Sequence[bytes]) -> list[str]:
    if len(asked) > _BY_NAME:
        common = os.path.commonpath(asked) if b"" not in asked else b""
        asked = [common]
    return [] if b"" in asked else [f":(top,literal){decode(path)}" for path in asked]
