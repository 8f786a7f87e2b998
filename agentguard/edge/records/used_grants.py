"""Replay protection: one file for each signed approval that was used, in an append-only directory.

A database can be put back to what it was; this directory cannot, by anybody but root. Only `install --system` makes
one, since only root can (FS_APPEND_FL, ioctl_iflags(2); ext4, XFS, Btrfs and tmpfs have it).
"""

from __future__ import annotations

import os

from ...errors import RecordError
from ...lean.canonical import fingerprint
from ...lean.typing import TYPE_CHECKING
from ...policy.settings import LONGEST_APPROVAL

if TYPE_CHECKING:
    from ..layout import Root

# Numbers of linux/fs.h, for a long of 64 bits.
_GET_FLAGS, _SET_FLAGS, _APPEND = 0x80086601, 0x40086602, 0x20


def first_use(root: Root, message: bytes, digest: str) -> bool:
    """Note that a signed approval was used for the call of that digest; False if it was used for it before.

    Always true where there is no such directory. Raises RecordError if it cannot be noted.
    """
    path = f"{root.spent}/{fingerprint(message + digest.encode())}"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400))
    except FileExistsError:
        return False
    except FileNotFoundError:
        return True
    except OSError as fault:
        raise RecordError(f"{root.spent}: {fault.strerror}") from fault
    return True


def prepare(root: Root, uid: int, now: float) -> bool:
    """Make the directory for that user, and remove expired notes; whether it could be made append-only."""
    release(root)
    os.makedirs(root.spent, 0o700, exist_ok=True)
    os.chown(root.spent, uid, -1, follow_symlinks=False)
    for note in list(os.scandir(root.spent)):
        if note.is_file(follow_symlinks=False) and note.stat().st_ctime < now - LONGEST_APPROVAL:
            os.unlink(note.path)
    return _only_grows(root, True)


def release(root: Root) -> None:
    """Let the directory be changed, and removed, by root."""
    if os.path.isdir(root.spent):
        _only_grows(root, False)


def _only_grows(root: Root, wanted: bool) -> bool:
    """Set that, or take it back; whether it could be done."""
    import fcntl
    import struct

    opened = os.open(root.spent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(opened, _GET_FLAGS, struct.pack("l", 0)))
        fcntl.ioctl(opened, _SET_FLAGS, struct.pack("l", flags | _APPEND if wanted else flags & ~_APPEND))
    except OSError:
        return False
    finally:
        os.close(opened)
    return True
