"""A list of paths that a call of git writes or removes in one work tree."""

from __future__ import annotations

from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .git import Git

#: Up to this many paths are asked for by name; for more, the whole index.
_BY_NAME = 64


class Written:
    """Paths that are written, from the top of the work tree of `git`; None where it is about full paths alone.

    `forced` says that git writes over what it does not know; otherwise it refuses there, but for ignored files,
    and for these only if it is told to (`keeps_ignored`). `places` go altogether, with all that is in them.
    """

    def __init__(
        self,
        git: Git | None,
        paths: Sequence[str],
        forced: bool = False,
        places: Sequence[str] = (),
        keeps_ignored: bool = False,
    ) -> None:
        self.git = git
        self.paths = paths
        self.forced = forced
        self.places = places
        self.keeps_ignored = keeps_ignored
        self.top = git.top if git is not None and (paths or places) else "/"

    def known(self, paths: Sequence[str]) -> dict[str, str]:
        """Those of the paths that the index has, each with its mode."""
        if self.git is None or not paths:
            return {}
        specs = [f":(top,literal){path}" for path in paths] if len(paths) <= _BY_NAME and self.git.takes_magic else []
        return {decode(path): mode for _, mode, _, path in self.git.held(specs)}
