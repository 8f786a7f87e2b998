"""Where an installation lies if nothing is said of it."""

from __future__ import annotations

import os
import sys

#: Where `agentguard install --system` puts it.
SYSTEM = "/opt/agentguard"


def usual() -> str:
    """The system's, where it guards this user; else this user's data directory, as this platform has it.

    The system's comes first: whoever can write to the other could have a person watch what nobody waits in.
    """
    own, uid = _own(), os.getuid()
    return SYSTEM if _guards(uid) and not (uid == 0 and _of_root(own)) else own


def _own() -> str:
    """This user's data directory; on Linux as platformdirs has it, without the time that it takes to load."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    if sys.platform == "linux" and data.startswith("/") and data == data.strip():
        return os.path.join(data, "agentguard")
    import platformdirs

    return platformdirs.user_data_dir("agentguard")


def _guards(uid: int) -> bool:
    """Whether the system's guards that user; root looks after whomever it guards."""
    try:
        return _of_root(SYSTEM) and uid in (0, os.lstat(f"{SYSTEM}/data").st_uid)
    except OSError:
        return False


def _of_root(path: str) -> bool:
    """Whether root has installed something there."""
    try:
        return os.lstat(path).st_uid == 0 and os.lstat(f"{path}/manifest.json").st_uid == 0
    except OSError:
        return False
