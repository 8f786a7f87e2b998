"""The sessions that run, by the mark that `agentguard run` left in their environments: for where their list is lost.

Only /proc shows other processes' environments (proc(5)).
"""

from __future__ import annotations

import os

from ...core.caller import Session
from ...lean.typing import TYPE_CHECKING
from .environ import started_with
from .processes import line_of

if TYPE_CHECKING:
    from .processes import Sessions

_MARK = "AGENTGUARD_SESSION"


def marked_sessions() -> Sessions:
    """The named sessions that run now, by pid and start of the topmost process of each; its name is that process's."""
    if not os.path.isdir("/proc/self"):  # its own is all that is left to tell
        own = os.environ.get(_MARK, "")
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
    mark = started_with(pid).get(_MARK, "")
    return mark if mark.isalnum() else ""
