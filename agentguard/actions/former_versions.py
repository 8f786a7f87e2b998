"""Takes versions out of the store that are no longer in force, once nothing runs from them."""

from __future__ import annotations

import contextlib
import os

from ..core.caller import Process
from ..core.unseen import Unseen
from ..edge.caller import processes
from ..edge.installation import store
from ..edge.layout import Root


def clear(root: Root) -> None:
    """Remove the versions from before the one in force that nothing uses; where nobody can tell, they stay.

    A call that waits, or `agentguard watch`, may still load from the version that it was started from. It stays
    until the first command of a person's after that.
    """
    former = store.former(root)
    if not former or not os.access(root.store, os.W_OK):
        return
    switched = os.lstat(root.current).st_mtime
    with contextlib.suppress(Unseen, OSError):
        running = list(processes.running())
        # Whatever was started later went by way of the link, to the version in force.
        if not any(_runs_from(process, root) and processes.started(process) <= switched + 1 for process in running):
            store.remove(root, former)


def _runs_from(process: Process, root: Root) -> bool:
    return process.pid != os.getpid() and f"{root.current}/" in " ".join(process.argv)
