"""How far the calling process's own terminal is trusted to be a person's.

On Linux by whoever holds its other end. Elsewhere `ps` and `lsof` name the processes that have a master
open, not which one is whose: every one of them must be a terminal program.
"""

from __future__ import annotations

import os
import sys

from ...approval.terminal_trust import TERMINALS, Trust, judge, lowest
from ...lean.typing import TYPE_CHECKING
from ..caller.controlling_terminal import own_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.caller import Session


def terminal_trust(sessions: Mapping[tuple[int, int], Session]) -> Trust:
    """How far the calling process's own terminal is trusted; `sessions` are those that `agentguard run` named."""
    terminal = own_terminal()
    if not terminal:
        return Trust("not", why="this was not called in the foreground of a terminal")
    if sys.platform != "linux":
        return _by_lsof(terminal)
    from .holders import Seen, users_are_mapped
    from .standing import standing

    own = standing(os.getpid())
    device = own.terminal if own else None
    if device is None:
        return Trust("doubtful", terminal, why="/proc does not show which terminal this is")
    judged = judge(device, Seen(sessions))
    if users_are_mapped():
        why = "in a user namespace nobody can tell which programs are root's"
        judged = lowest((judged, Trust("doubtful", why=why)))
    return judged.replace(terminal=terminal)


def _by_lsof(terminal: str) -> Trust:
    """What `lsof` lets be told: a terminal program among the holders, and nothing else."""
    import subprocess

    try:
        told = subprocess.run(
            ["/usr/sbin/lsof", "-w", "-F", "c", "/dev/ptmx"],
            env={"LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return Trust("doubtful", terminal, why="lsof does not show who holds its terminal")
    names = {line[1:] for line in told.stdout.splitlines() if line.startswith("c")}
    if not names:
        return Trust("doubtful", terminal, why="the program that holds its terminal cannot be seen from here")
    other = sorted(names - TERMINALS)
    if other:
        return Trust("doubtful", terminal, why=f"its terminal may be held by {other[0]}, which is no terminal program")
    return Trust("person", terminal)
