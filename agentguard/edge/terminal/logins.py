"""What is on record of a login by SSH: the address that it comes from, by systemd-logind, utmp or wtmp.

Only what root's programs alone can write counts, and of that only what is about these very processes of sshd: it names
one by its pid, and is no older. Programs such as screen may add rows for their user, but with the pid of one of theirs.
"""

from __future__ import annotations

import itertools
import os
import stat
import struct
import time

from ...lean.typing import TYPE_CHECKING
from .tcp import digits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.caller import Process

_SESSIONS = "/run/systemd/sessions"
_TABLES = ("/run/utmp", "/var/log/wtmp")
#: A row of utmp(5) begins with type, pid and line and ends with time and address: as most 64-bit machines have it,
#: and as those have it that never had 32 bits, where glibc counts the time in 64.
_ROWS = ("=hxxi32s300xi4x16s20x", "=hxxi32s304xq8x16s24x")
_USER_PROCESS = 7
#: How many of the last rows are looked at.
_RECENT = 2000


def address(sshd: tuple[Process, ...], index: int) -> str | None:
    """Where the login on pseudo-terminal `index` comes from, which has these processes of sshd, root's last.

    In the digits of /proc/net/tcp; "" if it is on record as coming by no network, None if nothing is on record.
    """
    began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + sshd[-1].start / os.sysconf("SC_CLK_TCK")
    pids = {process.pid for process in sshd}
    line = f"pts/{index}".encode()
    return next(itertools.chain(_by_logind(pids, began), _by_tables(pids, line, began)), None)


def _by_logind(pids: set[int], began: float) -> Iterator[str]:
    """By the sessions of systemd-logind: a file each."""
    try:
        names = os.listdir(_SESSIONS)
    except OSError:
        return
    for path in (f"{_SESSIONS}/{name}" for name in names):
        try:
            if not _roots(path):
                continue
            with open(path) as file:
                told = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
            if int(told.get("LEADER", "0")) in pids and int(told.get("REALTIME", "0")) / 1e6 >= began:
                yield from _named(told.get("REMOTE_HOST", "").strip('"'))
        except (OSError, ValueError):
            continue


def _named(host: str) -> Iterator[str]:
    """The address; nothing if it is a name, which may stand for any."""
    import socket

    if host in ("", "UNKNOWN"):  # as sshd calls what comes by a local socket
        yield ""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            yield digits(socket.inet_pton(family, host.partition("%")[0]))
        except OSError:
            continue


def _by_tables(pids: set[int], line: bytes, began: float) -> Iterator[str]:
    """By the tables of who has logged in, the last row first."""
    for path in _TABLES:
        for row in map(struct.Struct, _ROWS):
            try:
                if not _roots(path):
                    continue
                with open(path, "rb") as file:
                    size = os.fstat(file.fileno()).st_size // row.size
                    file.seek(max(0, size - _RECENT) * row.size)
                    rows = list(row.iter_unpack(file.read(min(size, _RECENT) * row.size)))
            except (OSError, struct.error):
                continue
            for kind, whose, at, when, host in reversed(rows):
                if kind == _USER_PROCESS and whose in pids and at.rstrip(b"\0") == line and when + 1 >= began:
                    yield digits(host if any(host[4:]) else host[:4])


def _roots(path: str) -> bool:
    """Whether it is a file of root's that this user cannot write to; what root writes itself, root may believe."""
    facts = os.stat(path)
    own = os.getuid() == 0 or not os.access(path, os.W_OK)
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == 0 and own
