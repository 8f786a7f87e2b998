"""Where an installation lies if nothing is said of it."""

from __future__ import annotations

import os
import sys

#: Where `agentguard install --system` puts it.
SYSTEM = "/opt/agentguard"


def usual() -> str:
    """This user's data directory for agentguard, as this platform has it; the system's, where only that is there."""
    own = _own()
    return SYSTEM if not os.path.lexists(f"{own}/manifest.json") and _of_root(SYSTEM) else own


def _own() -> str:
    """This user's data directory; on Linux as platformdirs has it, without the time that it takes to load."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    if sys.platform == "linux" and data.startswith("/") and data == data.strip():
        return os.path.join(data, "agentguard")
    import platformdirs

    return platformdirs.user_data_dir("agentguard")


def _of_root(path: str) -> bool:
    """Whether root has installed something there."""
    try:
        return os.lstat(path).st_uid == 0 and os.lstat(f"{path}/manifest.json").st_uid == 0
    except OSError:
        return False
