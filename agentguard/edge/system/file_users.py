"""Which programs have a file open, as far as /proc shows them: for a person who is told that it is in use."""

from __future__ import annotations

import os


def file_users(path: str) -> tuple[str, ...]:
    """The other processes that have the file open, each as "name (pid 12)"."""
    found = []
    for pid in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if pid.isdigit() and int(pid) != os.getpid() and _has_open(pid, path):
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                    found.append(f"{file.read().strip()} (pid {pid})")
            except OSError:  # it has ended meanwhile
                continue
    return tuple(found)


def _has_open(pid: str, path: str) -> bool:
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{number}") == path for number in os.listdir(f"/proc/{pid}/fd"))
    except OSError:  # it has ended, or is another user's
        return False
