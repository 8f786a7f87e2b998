"""Whose record a root has: root reads and writes it as its owner, who can so still write there."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ..edge.layout import Root
from ..edge.records.database import Database
from ..errors import InstallError


@contextmanager
def as_owner(root: Root) -> Iterator[None]:
    """Below this, root acts as the owner of the record: files of root's there would lock its owner out, and root's
    own record is only of what root called itself.
    """
    owner = _owner(root)
    if os.geteuid() != 0 or owner == 0:
        yield
        return
    os.seteuid(owner)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def owners_record(root: Root) -> Iterator[Database]:
    """The database of the record, as its owner has it, until the end of the block. What opens it raises RecordError."""
    with as_owner(root), closing(Database(root)) as database:
        yield database


def others(root: Root) -> str:
    """Whose record this user cannot look at, in a sentence; "" for its owner, and for root, who looks as its owner."""
    if os.geteuid() in (0, owner := _owner(root)):
        return ""
    return f"The record under {root.path} is {user_name(owner)}'s: here is only what you called under it yourself"


def guarded_by_root(root: Root) -> str:
    """The name of whom a system-wide installation guards, "" where the installation is a user's own."""
    owner = _owner(root)
    try:
        is_systems = owner != 0 and (os.lstat(root.path).st_uid == 0 or os.path.lexists(root.spent))
    except OSError:  # nothing is there, or it cannot be seen
        return ""
    return user_name(owner) if is_systems else ""


def user_name(uid: int) -> str:
    """A user's name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _owner(root: Root) -> int:
    """Whose the record is, one's own where there is none to be seen."""
    try:
        return os.lstat(root.data).st_uid
    except OSError:
        return os.geteuid()


def require_writable(root: Root) -> None:
    """Raises InstallError where this user cannot change the installation."""
    if not os.access(root.path, os.W_OK):
        raise InstallError(f"{root.path} cannot be changed by this user", "it was installed with sudo: use sudo again")
