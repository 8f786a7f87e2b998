"""Where files come to lie if a merge shifts one of the two trees into a directory (git-merge(1), subtree)."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from . import settings
from .refs import resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from .git import Git

#: Settings that name a strategy, or options, of merges that name none.
_SETTINGS = ("pull.twohead", "pull.octopus")


def shifted(call: Call, git: Git, paths: Iterable[str]) -> Iterator[str]:
    """All places that the files of the other side may get: their own, and those below or above a directory.

    Which of the two trees is shifted, and by how much where no directory is named, git finds out by comparing them.
    """
    prefixes = _prefixes(call, git)
    for path in paths:
        yield path
        for prefix in prefixes:
            yield f"{prefix}/{path}"
            if path.startswith(f"{prefix}/"):
                yield path[len(prefix) + 1 :]


def _prefixes(call: Call, git: Git) -> list[str]:
    """The directories by which a tree may be shifted; every one of the last commit where git chooses."""
    options = call.texts("-X", "--strategy-option")
    named = [one.partition("=")[2].strip("/") for one in options if one.startswith("subtree=")]
    branch = git.head.removeprefix("refs/heads/") if call.command in (("merge",), ("pull",)) else ""
    keys = (*_SETTINGS, f"branch.{branch}.mergeOptions") if branch else ()
    chosen = "subtree" in (*options, *call.texts("-s", "--strategy"))
    if chosen or any("subtree" in value for key in keys for value in settings.values(git, key)):
        named += git.lines("ls-tree", "-r", "-d", "--name-only", "--full-tree", "HEAD") if resolved(git, "HEAD") else []
    return list(dict.fromkeys(filter(None, named)))
