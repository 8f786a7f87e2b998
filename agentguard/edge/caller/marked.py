"""The sessions that run, by the mark that `agentguard run` left in their environments: for where their list is lost.

Only /proc shows other processes' environments (proc(5)).
"""

from __future__ import annotations

import os

from ...core.caller import Session
from ...core.text.encoding import decode
from ...lean.typing import TYPE_CHECKING
from .processes import line_of

if TYPE_CHECKING:
    from .processes import Sessions

_MARK = b"AGENTGUARD_SESSION="


def marked_sessions() -> Sessions:
    """The named sessions that run now, by pid and start of the topmost process of each; its name is that process's."""
    if not os.path.isdir("/proc/self"):  # its own is all that is left to tell
        own = os.environ.get(_MARK[:-1].decode(), "")
        return {(0, 0): Session(own, own)} if own else {}
    found: dict[tuple[int, int], Session] = {}
    for name in os.listdir("/proc"):
        mark = _mark(int(name)) if name.isdigit() else ""
        line = line_of(int(name)) if mark else ()
        top = [process for process in line if _mark(process.pid) == mark][-1:]
        found |= {(process.pid, process.start): Session(mark, process.name) for process in top}
    return found


def _mark(pid: int) -> str:
    """The id of the session that a process was started in, "" if it was in none or cannot be seen."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return ""
    mark = next((decode(entry.removeprefix(_MARK)) for entry in entries if entry.startswith(_MARK)), "")
    return mark if mark.isalnum() else ""
