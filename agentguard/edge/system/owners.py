"""Whose a program is: the system's, where nobody but root can put another file in its place."""

from __future__ import annotations

import os
import stat

from ...core.paths import base_directory
from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.word import Word

#: Where a system keeps its programs. To root every directory is root's, and only these are the system's.
_SYSTEM = (b"/usr/", b"/bin/", b"/sbin/", b"/nix/store/", b"/run/current-system/")


def system_program(path: str, cwd: Word) -> str | None:
    """The file that a path leads to, if neither it nor the way there can be changed by anybody but root; or None.

    Raises Unseen where that cannot be looked at.
    """
    whole = os.path.join(encode(base_directory(path, cwd)), encode(path))
    real = os.path.realpath(whole)
    if os.getuid() == 0 and not real.startswith(_SYSTEM):
        return None
    try:
        found = [os.stat(one) for start in (os.path.normpath(whole), real) for one in _ways(start)]
    except (OSError, ValueError) as fault:
        raise Unseen(f"{path}: {getattr(fault, 'strerror', fault)}") from fault
    return os.fsdecode(real) if all(map(_is_roots, found)) else None


def _ways(path: bytes) -> Iterator[bytes]:
    """A path and every directory above it."""
    yield path
    while path != (path := os.path.dirname(path)):
        yield path


def _is_roots(facts: os.stat_result) -> bool:
    return facts.st_uid == 0 and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
