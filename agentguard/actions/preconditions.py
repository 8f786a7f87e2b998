"""Refuse to install from caches, into directories that others can write to, or over files of others."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable

import platformdirs

from ..edge.installation import shims
from ..edge.layout import Root
from ..errors import InstallError
from .default_root import SYSTEM, default_root

_STAY = "install it to stay, with `pipx install` or `uv tool install`, and run `agentguard install` from there"


def refuse_ephemeral(root: Root) -> None:
    """Refuse to install an agentguard that runs from a cache or a temporary directory; raises InstallError."""
    prefix = os.path.realpath(sys.prefix)
    folder = os.path.dirname(prefix)
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, "CACHEDIR.TAG")):
            raise InstallError(f"agentguard runs from {prefix}, and {folder} is a cache", _STAY)
        folder = os.path.dirname(folder)
    if _within(prefix, [platformdirs.user_cache_dir()]):
        raise InstallError(f"agentguard runs from {prefix}, which is in a cache", _STAY)
    # A root that was named with --root is a trial: it may be meant to last as long as the environment.
    lasting = root.path in (os.path.abspath(default_root()), SYSTEM)
    if lasting and _within(prefix, [tempfile.gettempdir(), "/tmp", "/var/tmp"]):
        raise InstallError(f"agentguard runs from {prefix}, which is in a temporary directory", _STAY)


def _within(path: str, folders: Iterable[str]) -> bool:
    path = os.path.realpath(path)
    return any(os.path.commonpath([path, folder]) == folder for folder in map(os.path.realpath, folders))


def refuse_unsafe(root: Root) -> None:
    """Refuse a root that PATH cannot name, or that others could write to; raises InstallError."""
    if any(c in root.path for c in ":\n\r\0"):
        raise InstallError(f"{root.path!r}: PATH cannot hold this name", "choose another --root")
    for folder in (root.path, root.shims, root.store, f"{root.path}/bin"):
        try:
            facts = os.lstat(folder) if folder != root.path else os.stat(folder)
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(facts.st_mode):
            raise InstallError(f"{folder} is not a directory", "choose another --root")
        if facts.st_mode & 0o022:
            raise InstallError(f"{folder} can be written by others", f"chmod go-w {folder}")
        if facts.st_uid not in (os.getuid(), 0):
            raise InstallError(f"{folder} belongs to another user", "choose another --root")
    folder = os.path.dirname(os.path.realpath(root.path))
    while folder != os.path.dirname(folder):
        if os.path.isdir(folder):
            mode = os.stat(folder).st_mode
            if mode & 0o002 and not mode & stat.S_ISVTX:
                raise InstallError(f"{folder}, above the root, can be written by others", "choose another --root")
        folder = os.path.dirname(folder)


def refuse_foreign(root: Root, files: dict[str, tuple[bytes, int]]) -> None:
    """Refuse to overwrite files that are not agentguard's; `files` are contents and modes by their paths."""
    for path, (_, mode) in files.items():
        if mode & 0o111 and os.path.lexists(path) and not shims.ours(path):
            raise InstallError(f"{path} is there already and is not agentguard's", "move it away")
    if os.path.lexists(root.store) and not os.path.lexists(root.manifest):
        raise InstallError(f"{root.store} is there already and is not agentguard's", "choose another --root")
