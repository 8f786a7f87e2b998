"""The terminal that controls this process: whether there is one, and whether this process is in its foreground."""

from __future__ import annotations

import os

TTY = "/dev/tty"


def has_terminal() -> bool:
    """Whether this process has a controlling terminal at all."""
    try:
        os.close(opened())
    except OSError:
        return False
    return True


def own_terminal() -> str:
    """The path of the controlling terminal if this process is in its foreground, else "".

    The path is the terminal's own ("/dev/pts/3") where a standard stream leads to it, else
    "/dev/tty". It says where to ask, not that a person is there: whoever calls must know first
    that no agent is above.
    """
    try:
        fd = opened()
    except OSError:
        return ""
    try:
        return _path() if os.tcgetpgrp(fd) == os.getpgrp() else ""
    except OSError:
        return ""
    finally:
        os.close(fd)


def is_own_terminal(fd: int) -> bool:
    """Whether this file descriptor leads to the controlling terminal."""
    try:
        return os.isatty(fd) and os.tcgetpgrp(fd) > 0  # ENOTTY for any other terminal
    except OSError:
        return False


def opened() -> int:
    """A file descriptor of the controlling terminal; raises OSError if there is none."""
    return os.open(TTY, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def _path() -> str:
    for fd in (0, 1, 2):
        if is_own_terminal(fd):
            return os.ttyname(fd)
    return TTY
