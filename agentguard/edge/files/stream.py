"""Reads a long file piece by piece, and tells a person at a terminal how far it is."""

from __future__ import annotations

import os
import stat
import sys
import time

from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: How much is read at once, in bytes.
PIECE = 1 << 20
#: How long it takes until somebody wants to know, in seconds, and how often they want it after that.
PATIENCE, AGAIN = 1.0, 0.25


def regular(path: str, cwd: str) -> int:
    """A descriptor of a regular file to read; raises Unseen, for a pipe as well: it could be read only once."""
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(encode(os.path.join(cwd, path)), flags)
    except (OSError, ValueError) as fault:
        raise Unseen(f"{path}: {getattr(fault, 'strerror', fault)}") from fault
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unseen(f"{path}: not a regular file")
    return descriptor


def pieces(path: str, cwd: str) -> Iterator[bytes]:
    """The bytes of a regular file; raises Unseen."""
    descriptor = regular(path, cwd)
    try:
        yield from _told(lambda _: os.read(descriptor, PIECE), path, 0, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def rest_of_stdin(more_than: int) -> Iterator[bytes] | None:
    """What is left of standard input, which stays unread, where it is a file with more than that; else None."""
    if sys.__stdin__ is None:
        return None
    try:
        found = os.fstat(0)
        begin = os.lseek(0, 0, os.SEEK_CUR) if stat.S_ISREG(found.st_mode) else found.st_size
    except OSError:
        return None
    if found.st_size - begin <= more_than:
        return None
    return _told(lambda at: os.pread(0, PIECE, at), "standard input", begin, found.st_size)


def _told(read: Callable[[int], bytes], name: str, at: int, size: int) -> Iterator[bytes]:
    """The pieces from `at` on; once that takes long, a line on the terminal says how far it is."""
    started = told = time.monotonic()
    shows = sys.__stderr__ is not None and os.isatty(2)
    about = "".join(c if c.isprintable() else "?" for c in os.path.basename(name))
    shown = False
    try:
        while True:
            try:
                piece = read(at)
            except OSError as fault:
                raise Unseen(f"{name}: {fault.strerror}") from fault
            if not piece:
                return
            at += len(piece)
            now = time.monotonic()
            if shows and now - started > PATIENCE and now - told > AGAIN:
                told, shown = now, True
                share = min(100, 100 * at // max(size, 1))
                os.write(2, encode(f"\r\x1b[Kagentguard: reading {about}: {share} % of {size >> 20} MiB"))
            yield piece
    finally:
        if shown:
            os.write(2, b"\r\x1b[K")
