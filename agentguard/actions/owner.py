"""Drop root's privileges while the audit log is written, so that its owner can still write there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..edge.layout import Root
from ..errors import InstallError


@contextmanager
def as_owner(root: Root) -> Iterator[None]:
    """Below this, root acts as the owner of the record: files of root's there would lock its owner out."""
    try:
        owner = os.lstat(root.data).st_uid
    except FileNotFoundError:
        owner = 0
    if os.geteuid() != 0 or owner == 0:
        yield
        return
    os.seteuid(owner)
    try:
        yield
    finally:
        os.seteuid(0)


def require_writable(root: Root) -> None:
    """Raises InstallError where this user cannot change the installation."""
    if not os.access(root.path, os.W_OK):
        raise InstallError(f"{root.path} cannot be changed by this user", "it was installed with sudo: use sudo again")
