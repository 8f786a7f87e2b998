"""When a file was born: statx(2), which Python does not offer on Linux before 3.15."""

from __future__ import annotations

import os
import sys

_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_BTIME = 0x800
#: struct statx (linux/stat.h): stx_mask at byte 0, stx_btime (s64 seconds, u32 nanoseconds) at byte 80.
_SIZE, _MASK_AT, _BTIME_AT = 256, 0, 80


def since(path: bytes, moment: float) -> bool:
    """Whether what is at `path` itself was born after that moment, in seconds since the epoch."""
    try:
        changed = os.lstat(path).st_ctime
    except OSError:
        return False
    if changed <= moment:  # nothing changes before it is born, and looking here spares a shim `ctypes`
        return False
    birth = born(path)
    return birth is not None and birth > moment


def born(path: bytes) -> float | None:
    """The birth time of what is at `path` itself, in seconds since the epoch; None if the system does not tell."""
    if sys.platform == "linux":
        return _by_statx(path)
    try:
        return getattr(os.lstat(path), "st_birthtime", None)  # macOS, FreeBSD
    except OSError:
        return None


def _by_statx(path: bytes) -> float | None:
    import ctypes

    statx = getattr(ctypes.CDLL(None), "statx", None)
    if statx is None:  # glibc before 2.28
        return None
    facts = (ctypes.c_char * _SIZE)()
    if statx(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, facts) != 0:
        return None

    def number(at: int, size: int, signed: bool = False) -> int:
        return int.from_bytes(facts.raw[at : at + size], sys.byteorder, signed=signed)

    if not number(_MASK_AT, 4) & _STATX_BTIME:
        return None
    return number(_BTIME_AT, 8, signed=True) + number(_BTIME_AT + 8, 4) / 1e9
