"""Files in this user's own cache directory that nobody else can have written.

What is not this user's (root with another's HOME), what others may write to and what is reached by a link is as
good as not there: nothing is read from it and nothing written.
"""

from __future__ import annotations

import os
import stat


def read(folder: str, name: str) -> bytes:
    """The content of a file in the folder; b"" if there is none that is only this user's."""
    try:
        if not _is_own(os.lstat(folder), stat.S_IFDIR, 0o022):
            return b""
        file = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(file, "rb") as opened:
            return opened.read() if _is_own(os.fstat(file), stat.S_IFREG, 0o077) else b""
    except OSError:
        return b""


def write(folder: str, name: str, content: bytes) -> None:
    """Put a file into the folder, which is made if need be; nothing happens where that cannot be."""
    new = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        above = os.path.dirname(folder)
        for made in (above, folder):
            # Where the directory above is another's, so would be what is made in it.
            if not os.path.lexists(made) and os.stat(os.path.dirname(made)).st_uid == os.geteuid():
                os.mkdir(made, 0o700)
        if os.stat(above).st_uid != os.geteuid() or not _is_own(os.lstat(folder), stat.S_IFDIR, 0o022):
            return
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(file, "wb") as opened:
            opened.write(content)
        os.replace(new, os.path.join(folder, name))
    except OSError:
        return


def _is_own(facts: os.stat_result, kind: int, others: int) -> bool:
    """Whether it is of that kind, this user's, and no others have one of those permissions."""
    return stat.S_IFMT(facts.st_mode) == kind and facts.st_uid == os.geteuid() and not facts.st_mode & others
