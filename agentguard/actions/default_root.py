"""The default of --root, such as ~/.local/share/agentguard, and the cache directory."""

from __future__ import annotations

import os
import pwd
import sys

#: Where `agentguard install --system` puts it.
SYSTEM = "/opt/agentguard"


def default_root() -> str:
    """The default of --root: the system-wide installation where it guards this user, else this user's data directory.

    The system's comes first: whoever can write to the other could have a person watch what nobody waits in.
    """
    own, uid = _own(), os.getuid()
    if uid == 0:
        return SYSTEM if _of_root(SYSTEM) and not _of_root(own) else own
    return next((path for path in (SYSTEM, _of_one(uid)) if _guards(path, uid)), own)


def cache() -> str:
    """This user's cache directory for agentguard, which may be missing."""
    return _xdg("XDG_CACHE_HOME", "~/.cache", "user_cache_dir")


def _own() -> str:
    """This user's data directory for agentguard."""
    return _xdg("XDG_DATA_HOME", "~/.local/share", "user_data_dir")


def _xdg(variable: str, default: str, otherwise: str) -> str:
    """A directory as that function of platformdirs has it; on Linux without the time that it takes to load."""
    base = os.environ.get(variable) or os.path.expanduser(default)
    if sys.platform == "linux" and base.startswith("/") and base == base.strip():
        return os.path.join(base, "agentguard")
    import platformdirs

    return str(getattr(platformdirs, otherwise)("agentguard"))


def system_root(user: str) -> str:
    """Where the system-wide installation for one of several users goes."""
    return f"{SYSTEM}-{user}"


def _of_one(uid: int) -> str:
    """The same by the user's number; the system's, where that has no name."""
    try:
        return system_root(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return SYSTEM


def _guards(path: str, uid: int) -> bool:
    """Whether a system-wide installation guards that user."""
    try:
        return _of_root(path) and os.lstat(f"{path}/data").st_uid == uid
    except OSError:
        return False


def _of_root(path: str) -> bool:
    """Whether root has installed something there."""
    try:
        return os.lstat(path).st_uid == 0 and os.lstat(f"{path}/manifest.json").st_uid == 0
    except OSError:
        return False
