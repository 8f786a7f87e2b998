"""Whether what a process runs is what only root can have put there."""

from __future__ import annotations

import os
import stat

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.caller import Process


def replaceable(process: Process) -> str:
    """The path of a process's executable, unless only root can have put it there; "" then.

    What runs must be what lies there: in a mount namespace of its own, a process can give any path
    to any program.
    """
    try:
        paths = (f"/proc/{process.pid}/exe", process.exe, os.path.dirname(process.exe))
        runs, lies, folder = map(os.stat, paths)
    except OSError:
        return process.exe
    same = (runs.st_dev, runs.st_ino) == (lies.st_dev, lies.st_ino)
    safe = all(facts.st_uid == 0 and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for facts in (lies, folder))
    return "" if same and safe else process.exe
