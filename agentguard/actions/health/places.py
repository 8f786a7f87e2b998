"""Whether the directories and files of an installation can be used by their owner, and by nobody else be written to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ...edge.layout import Root
from ..owner import guarded_by_root, user_name
from .finding import Finding, Remedy

#: What an interrupted change leaves beside the file that it was to replace, or where a version is built.
_LEFTOVER = re.compile(
    r".+\.agentguard-[0-9a-f]+|record\.db\.[0-9a-f]{8}(-wal|-shm)?|\.new-[0-9]+(-damaged)?|current\.new"
)
#: Since when nobody has written to what an interrupted change left, in seconds.
_LEFT = 600


def places(root: Root) -> Iterator[Finding]:
    """A finding for each place that is not as it must be, from the outermost in, and one if all of them are."""
    told: set[str] = set()
    sound = True
    for path in (root.path, root.shims, root.store, f"{root.path}/bin", root.data, f"{root.data}/spool"):
        fault = _fault(path, stat.S_ISDIR, 0o700, "not a directory")
        if fault:
            yield fault
            told.add(path)
    for path in (root.config, root.factors, root.manifest, root.record, *_spooled(root)):
        fault = _fault(path, stat.S_ISREG, 0o600, "not a regular file")
        if fault and not (path == root.record and "regular" in fault.detail):  # the record is looked at by itself
            yield fault
            told.add(path)
    if guarded_by_root(root):
        for fault in _changeable(root, told):
            yield fault
            sound = False
    left = list(_leftovers(root))
    if left:
        shown = f"{left[0]}{f' and {len(left) - 1} more' * (len(left) > 1)}"
        yield Finding("leftovers", "note", f"an interrupted change left {shown}", "", _TIDY)
    if sound and not told:
        who = "changed by root alone, but for the record" if guarded_by_root(root) else "used by its owner alone"
        yield Finding("places", "good", f"what lies under {root.path} can be {who}")


def _fault(path: str, is_right: Any, needed: int, otherwise: str) -> Finding | None:
    """What is wrong with one path of this user's; None if nothing is, or it is not there or not to be seen."""
    try:
        facts = os.lstat(path)
    except OSError:  # what it lies in is told before it
        return None
    if not is_right(facts.st_mode):
        return Finding("places", "bad", f"{path}: {otherwise}", "see what lies there, and move it away")
    mode = stat.S_IMODE(facts.st_mode)
    wanted = (mode | needed) & ~0o022
    if facts.st_uid != os.geteuid() or mode == wanted:
        return None
    told = f"{path} can be written by others" if mode & 0o022 else f"{path} cannot be used by its owner"
    return Finding("places", "bad", f"{told} (mode {mode:o})", f"chmod {wanted:o} {path}", _rights(path, wanted))


def _changeable(root: Root, told: Collection[str]) -> Iterator[Finding]:
    """What others than root can change of what decides in a system-wide installation, whoever looks, but for `told`."""
    for path in _deciding(root):
        try:
            facts = os.lstat(path)
        except OSError:  # it has just gone, or what it lies in is told before it
            continue
        if facts.st_uid != 0:
            whose = f"{path} belongs to {user_name(facts.st_uid)}, not to root"
            yield Finding("places", "bad", whose, f"chown -h root {shlex.quote(path)}")
        elif facts.st_mode & 0o022 and path not in told and not stat.S_ISLNK(facts.st_mode):
            yield Finding("places", "bad", f"{path} can be changed by others", f"chmod go-w {shlex.quote(path)}")


def _deciding(root: Root) -> Iterator[str]:
    """All that lies there but the record, and what was used, which are the guarded user's."""
    yield root.path
    for folder, folders, files in os.walk(root.path):
        if folder == root.path:
            folders[:] = [name for name in folders if f"{folder}/{name}" not in (root.data, root.spent)]
        yield from (f"{folder}/{name}" for name in (*folders, *files))


def _rights(path: str, mode: int) -> Remedy:
    def give(root: Root, by: Mapping[str, Any]) -> list[str]:
        os.chmod(path, mode, follow_symlinks=False) if os.chmod in os.supports_follow_symlinks else os.chmod(path, mode)
        return [f"Gave {path} the mode {mode:o}"]

    return Remedy(f"give {path} the mode {mode:o}", give)


def _spooled(root: Root) -> list[str]:
    return [f"{root.data}/spool/{name}" for name in _names(f"{root.data}/spool") if name.isdigit()]


def _leftovers(root: Root) -> Iterator[str]:
    for folder in (root.path, root.shims, root.store, f"{root.path}/bin", root.data):
        for name in _names(folder):
            path = f"{folder}/{name}"
            if _LEFTOVER.fullmatch(name) and os.lstat(path).st_mtime < time.time() - _LEFT:
                yield path


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _tidy(root: Root, by: Mapping[str, Any]) -> list[str]:
    """Remove them: each was to take the place of a file that is still there, or is made anew."""
    left = list(_leftovers(root))
    for path in left:
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    return [f"Removed {path}" for path in left]


_TIDY = Remedy("remove what an interrupted change left", _tidy)
