"""Resolves operands to real paths as the kernel does, and finds those that together are a whole directory."""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import decode, encode
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .protected import Places


class Operand:
    """One operand: its resolved path, what is there (None: nothing, or `unseen` says why not).

    `root` is the repository around it, b"" for none. `everything_in` is the directory of which
    the operands of the call are all that it shows, b"" where they are not.
    """

    def __init__(self, path: bytes, facts: os.stat_result | None, unseen: str = "") -> None:
        self.path = path
        self.facts = facts
        self.unseen = unseen
        self.root = b""
        self.everything_in = b""


def exists(path: bytes) -> bool:
    """Whether something is at `path` itself; unlike os.path.lexists raises OSError where that cannot be seen."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_directory(path: bytes) -> bool:
    """Whether `path` leads to a directory; unlike os.path.isdir raises OSError where that cannot be seen."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def operands(paths: Sequence[str], cwd: str, follow: bool, places: Places) -> list[Operand]:
    """All operands of one call, in order."""
    here, directories = encode(cwd), dict[bytes, bytes]()
    found = [_resolved(here, encode(path), follow, directories) for path in paths]
    _mark_everything(found, places)
    return found


def located(path: str) -> tuple[str, tuple[str, ...]]:
    """Where an absolute path really leads, with the device and inode of what is there, () where nothing is seen."""
    operand = _resolved(b"/", encode(path), False, {})
    facts = operand.facts
    return decode(operand.path), (str(facts.st_dev), str(facts.st_ino)) if facts else ()


def _resolved(cwd: bytes, given: bytes, follow: bool, directories: dict[bytes, bytes]) -> Operand:
    """One operand; `directories` remembers where those above operands really are."""
    path = os.path.join(cwd, given)
    if not given:
        return Operand(path, None)
    directory, last = os.path.split(path)
    try:
        if follow or last in (b"", b".", b".."):
            real = os.path.realpath(path)
        else:
            if directory not in directories:
                directories[directory] = os.path.realpath(directory)
            real = os.path.join(directories[directory], last)
    except OSError as fault:  # a link that may not be read: those of other users' processes in /proc
        return Operand(path, None, f"it cannot be looked at: {fault.strerror}")
    try:
        # With a slash at the end the kernel follows a link, also in lstat(2).
        return Operand(real, os.stat(path) if follow else os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return Operand(real, None)
    except OSError as fault:
        return Operand(real, None, f"it cannot be looked at: {fault.strerror}")


def _mark_everything(found: Sequence[Operand], places: Places) -> None:
    """Note where the operands are all that a place shows: `~/*` reaches a program as its expansion."""
    given: dict[bytes, set[bytes]] = {}
    for operand in found:
        if operand.facts is not None:
            directory, name = os.path.split(operand.path)
            given.setdefault(directory, set()).add(name)
    everything = set()
    for directory, names in given.items():
        if len(names) > 1 and (places.temporary_root(directory) or places.grave(directory)):
            try:
                shown = {name for name in os.listdir(directory) if not name.startswith(b".")}
            except OSError:  # who may not list it cannot have given all of it
                continue
            if shown <= names:
                everything.add(directory)
    for operand in found:
        if os.path.dirname(operand.path) in everything:
            operand.everything_in = os.path.dirname(operand.path)
