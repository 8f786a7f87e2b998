"""Names of open files, /dev/stdout and /dev/fd/3: Linux opens anew the file that the call has there."""

from __future__ import annotations

import os
import stat

from ...core.paths import OPEN_FILES, is_open_file
from ...core.world import PathState

_STANDARD = {"stdin": 0, "stdout": 1, "stderr": 2}


def opened(path: str, running: bool) -> PathState | None:
    """What is lost where such a name is written to; None where the file has to be looked at as any other.

    Ahead of running, the descriptors are those of another process, and nothing is said of them. What is not handed
    on to the program that runs is open in this process only.
    """
    directory, _, last = path.rpartition("/")
    named = _STANDARD.get(last) if directory == "/dev" else int(last) if last.isdecimal() and len(last) < 9 else None
    if not is_open_file(path) or named is None or directory not in ("/dev", *OPEN_FILES):
        return None
    if not running:
        return PathState(path, "empty")
    try:
        mode, size = os.fstat(named).st_mode, os.fstat(named).st_size
        is_own = not os.get_inheritable(named)
    except OSError:
        return PathState(path, "missing")
    holds = stat.S_ISDIR(mode) or stat.S_ISBLK(mode) or (stat.S_ISREG(mode) and size)
    return None if holds and not is_own else PathState(path, "empty")
