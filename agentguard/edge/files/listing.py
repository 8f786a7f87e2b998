"""What lies below a directory, within a bound on how much is looked at."""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import TooWide, Unseen
from ...lean.typing import TYPE_CHECKING
from .locate import exists, is_directory

if TYPE_CHECKING:
    from ..system.deadline import Deadline
    from .protected import Places

#: How many directory entries are looked at for a search by name: an ordinary project's, its dependencies among them.
MOST_SEARCHED = 50_000


class Budget:
    """The entries that may still be looked at, and until when."""

    def __init__(self, most: int, deadline: Deadline) -> None:
        self.most = self.left = most
        self._deadline = deadline

    def entries(self, directory: bytes) -> list[os.DirEntry[bytes]]:
        """The entries of a directory, in the order of their names; raises Unseen."""
        self._deadline.left()
        try:
            with os.scandir(directory) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError as fault:
            raise Unseen(f"{decode(directory)} cannot be read: {fault.strerror}") from fault
        self.left -= len(found)
        if self.left < 0:
            raise TooWide(f"more than {self.most} files are not looked through")
        return found


def below(
    starts: tuple[str, ...], names: tuple[str, ...], cwd: str, places: Places, deadline: Deadline
) -> tuple[str, ...]:
    """See core.world.World.below; symbolic links below `starts` are not followed.

    A place of the machine rather than of a project is too wide, however little lies there now.
    """
    from fnmatch import translate
    from re import compile

    wanted = [compile(encode(translate(name))) for name in names]
    budget, found = Budget(MOST_SEARCHED, deadline), list[bytes]()
    here = encode(cwd)
    waiting = [encode(start) for start in starts]
    for start in waiting:
        path = os.path.realpath(os.path.join(here, start))
        why = places.grave(path) or ("a temporary directory" if places.temporary_root(path) else "")
        if why:
            raise TooWide(f"{why} is not looked through")
    for start in waiting:
        if exists(os.path.join(here, start)) and any(one.match(os.path.basename(start)) for one in wanted):
            found.append(start)
    waiting = [start for start in waiting if is_directory(os.path.join(here, start))]
    while waiting:
        directory = waiting.pop()
        for entry in budget.entries(os.path.join(here, directory)):
            path = os.path.join(directory, entry.name)
            if any(one.match(entry.name) for one in wanted):
                found.append(path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
    return tuple(map(decode, sorted(found)))
