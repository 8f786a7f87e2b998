"""Which files that are taken for archives are none: a program that adds to one writes over what it does not know."""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import encode
from ...core.word import text_of
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.call import Call


def no_tar_archives(call: Call) -> str | None:
    """Those of the archives of a call that hold something else, by name; None if there are none of these."""
    cwd = encode(text_of(call.cwd))
    names = [text_of(word) for word in call.played("ARCHIVE")]
    return ", ".join(name for name in names if _is_something_else(os.path.join(cwd, encode(name)))) or None


def _is_something_else(place: bytes) -> bool:
    from tarfile import is_tarfile

    try:
        found = os.stat(place)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0 and not is_tarfile(os.fsdecode(place))
