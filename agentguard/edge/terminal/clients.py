"""The terminals that a server of tmux or GNU screen is shown in.

It has a descriptor of each, and keeps it that long. It is not asked by its socket: under that name another server
may answer. A descriptor alone says nothing, because any program can give it one.
"""

from __future__ import annotations

import os
import stat

from ...lean.typing import TYPE_CHECKING
from .standing import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.caller import Process
    from .standing import Standing

PTS_MAJORS = range(136, 144)  # Documentation/admin-guide/devices.txt of Linux
CONSOLE_MAJORS = (4, 204)
_TTY = os.makedev(5, 0)  # /dev/tty, which does not say whose it is


def clients(
    server: Process, standings: tuple[Standing, ...], is_persons: Callable[[Standing], bool]
) -> tuple[int, ...] | None:
    """The terminals by their device numbers; None where that is in doubt.

    In front of each there must be a client of the same program, and no other server may be shown in it, too. If it is
    no person that has started one, a terminal that nobody knows is among them: it shows what another has there.
    """
    shown = _terminals(server.pid)
    if shown is None:
        return None
    alike = [one for one in standings if one.pid != server.pid and _runs(one.pid) == server.exe]
    unknown = set()
    for device in shown:
        fronts = [one for one in alike if one.terminal == device and one.group == one.foreground]
        if not fronts:
            return None
        if not any(map(is_persons, fronts)):
            unknown.add(NAMELESS)
        if any(one.terminal != device and device in (_terminals(one.pid) or ()) for one in alike):
            return None
    return tuple(sorted({*shown, *unknown}))


def _terminals(pid: int) -> frozenset[int] | None:
    """The terminals that a process has descriptors of; None if that cannot be told."""
    folder = f"/proc/{pid}/fd"
    found = set()
    try:
        ours = os.stat("/dev/pts").st_dev
        for number in os.listdir(folder):
            try:
                facts = os.stat(f"{folder}/{number}")
            except FileNotFoundError:  # it was closed meanwhile, as a server does with each command that is done
                continue
            device = facts.st_rdev if stat.S_ISCHR(facts.st_mode) else 0
            if device == _TTY or (os.major(device) in PTS_MAJORS and facts.st_dev != ours):
                return None
            if os.major(device) in (*PTS_MAJORS, *CONSOLE_MAJORS):
                found.add(device)
    except OSError:
        return None
    return frozenset(found)


def _runs(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return ""
