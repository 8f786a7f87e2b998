"""Who holds the masters of pseudo-terminals, as far as /proc shows it, and which processes it does not show.

A master shows its number in /proc/PID/fdinfo/FD as `tty-index` (Linux 5.0 on). A thread can have a table of
descriptors of its own, also where the first thread of its process has ended. What is on its way in a socket is in
nobody's table, but the socket shows that there is something (`scm_fds`, Linux 5.6 on), as does a ring of io_uring.
"""

from __future__ import annotations

import os

from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .standing import pids

if TYPE_CHECKING:
    from collections.abc import Iterator


_UNSEEN = -1
#: What can hold files that are in no table of descriptors.
_CARRIERS = ("socket:", "anon_inode:[io_uring]")


class Masters(Value):
    """`holders` are processes by the number of the pseudo-terminal, `closed` those that may hold what is not seen."""

    holders: dict[int, tuple[int, ...]]
    closed: tuple[int, ...]


def masters() -> Masters:
    """Look at every process once."""
    holders: dict[int, tuple[int, ...]] = {}
    closed = []
    for pid in pids():
        looked: set[tuple[str, str]] = set()
        try:
            held = {index for table in _tables(pid) for index in _indices(table, looked)}
        except PermissionError:
            held = {_UNSEEN}
        if _UNSEEN in held:
            closed.append(pid)
        for index in held - {_UNSEEN}:
            holders[index] = (*holders.get(index, ()), pid)
    return Masters(holders, tuple(closed))


def _tables(pid: int) -> Iterator[str]:
    """The directories in which /proc shows the descriptors of a process's threads; most share one table."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return
    for thread in threads:
        yield f"/proc/{pid}/task/{thread}"


def _indices(thread: str, looked: set[tuple[str, str]]) -> Iterator[int]:
    """The numbers of the pseudo-terminals whose masters a thread holds, _UNSEEN for what may be any.

    `looked` is what another thread of its process has, too.
    """
    try:
        numbers = os.listdir(f"{thread}/fd")
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return
    except PermissionError:
        if _ended(thread):
            return
        raise
    for number in numbers:
        try:
            link = os.readlink(f"{thread}/fd/{number}")
            if link.startswith(_CARRIERS) and (number, link) not in looked:
                looked.add((number, link))
                with open(f"{thread}/fdinfo/{number}") as file:
                    yield from (_UNSEEN for line in file if _carries(line))
            elif link.endswith("/ptmx") and not _of_another_instance(f"{thread}/fd/{number}", link):
                with open(f"{thread}/fdinfo/{number}") as file:
                    yield from (int(line.split()[1]) for line in file if line.startswith("tty-index:"))
        except (FileNotFoundError, ProcessLookupError):  # it was closed
            continue


def _carries(line: str) -> bool:
    """Whether a line of fdinfo says that files are held there: unread in a socket, or registered with a ring."""
    name, _, value = line.partition(":")
    return name in ("scm_fds", "UserFiles") and value.strip() not in ("", "0")


def _ended(thread: str) -> bool:
    """Whether a thread has ended that nobody has waited for: it is shown to nobody, and holds nothing."""
    try:
        with open(f"{thread}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return True


def _of_another_instance(path: str, link: str) -> bool:
    """Whether a master belongs to another devpts, a container's: there the same numbers mean other terminals.

    The node in /dev is not in any: it opens that which is mounted beside it, wherever somebody has mounted both.
    """
    if link != "/dev/pts/ptmx":
        return False
    return os.stat(path).st_dev not in (os.stat("/dev/pts").st_dev, os.stat("/dev").st_dev)
