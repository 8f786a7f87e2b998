"""One question at a terminal at a time: a lock on the terminal, until its holder has become the program or ended."""

from __future__ import annotations

import fcntl
import os

from ..caller.controlling_terminal import TTY


def take_turn(terminal: str, wait: bool) -> bool:
    """Take the turn at a terminal; False if it is another process's, unless that is waited for.

    Where there is no telling one terminal from another, or none can be locked, it is anybody's.
    """
    if terminal == TTY:
        return True
    try:
        descriptor = os.open(terminal, os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError:
        os.close(descriptor)
    return True  # it stays open: the kernel gives the turn back
