"""Where files that are copied, moved or unpacked come to lie, and what they replace there."""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.world import Destination
from ...lean.typing import TYPE_CHECKING
from . import disposable
from .listing import Budget
from .locate import exists, is_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..system.deadline import Deadline
    from .protected import Places

#: How many directory entries are looked at for one question.
MOST_ENTRIES = 200_000
#: The largest archive that is read to see what is in it, in bytes.
MOST_ARCHIVE = 64 << 20


def of_copies(
    sources: tuple[str, ...], destination: str, cwd: str, inside: bool, places: Places, deadline: Deadline
) -> Destination:
    """See core.world.World.destination.

    A directory is merged with one that is there already. A file never takes a directory's place:
    every program that copies or moves refuses that.
    """
    here = encode(cwd)
    place = os.path.join(here, encode(destination))
    within = inside and is_directory(place)
    at, over, grave, budget = [], list[bytes](), "", Budget(MOST_ENTRIES, deadline)
    for source in sources:
        given = os.path.join(here, encode(source))
        target = os.path.normpath(os.path.join(place, os.path.basename(given.rstrip(b"/")))) if within else place
        at.append(target)
        over += _over(given, target, budget)
        grave = grave or ("" if os.path.islink(given) else places.sacred(os.path.realpath(given)))
    why = next((why for target in at if (why := _disposable(target, places))), "")
    return Destination(tuple(map(decode, at)), tuple(map(decode, dict.fromkeys(over))), why, grave)


def _over(source: bytes, target: bytes, budget: Budget) -> Iterator[bytes]:
    """The existing files that `source`, copied to `target`, would replace."""
    waiting = [(source, target)]
    while waiting:
        source, target = waiting.pop()
        if not exists(target):
            continue
        if not is_directory(target):
            yield target
        elif not exists(source):
            raise Unseen(f"{decode(target)} is a directory, and what would be put into it is not here")
        elif is_directory(source):
            waiting += [(one.path, os.path.join(target, one.name)) for one in budget.entries(source)]


def of_archive(archive: str, destination: str, cwd: str, strip: int, places: Places, deadline: Deadline) -> Destination:
    """See core.world.World.unpacking; where nothing that matters lies, the archive is not even opened."""
    here = encode(cwd)
    place = os.path.realpath(os.path.join(here, encode(destination)))
    at = (decode(place),)
    if not is_directory(place) or not os.listdir(place) or _disposable(os.path.join(place, b"x"), places):
        return Destination(at)
    over = []
    for name in _members(os.path.join(here, encode(archive)), deadline):
        parts = [part for part in encode(name).split(b"/") if part not in (b"", b".", b"..")][strip:]
        target = os.path.join(place, *parts)
        if parts and exists(target) and not is_directory(target):
            over.append(target)
    return Destination(at, tuple(map(decode, dict.fromkeys(over))))


def _members(archive: bytes, deadline: Deadline) -> list[str]:
    """The names of the files in a tar or zip file; raises Unseen."""
    from tarfile import TarError
    from tarfile import open as tar
    from zipfile import BadZipFile, ZipFile, is_zipfile

    path = decode(archive)
    try:
        if not os.path.isfile(path) and os.path.isfile(path + ".zip"):
            path += ".zip"
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Unseen(f"{path}: not a regular file")
        if os.path.getsize(path) > MOST_ARCHIVE:
            raise Unseen(f"{path}: more than {MOST_ARCHIVE >> 20} MiB")
        if is_zipfile(path):
            with ZipFile(path) as zipped:
                return zipped.namelist()
        names = []
        with tar(path, errors="surrogateescape") as packed:
            for member in packed:
                names.append(member.name)
                deadline.left()
                if len(names) > MOST_ENTRIES:
                    raise Unseen(f"{path}: more than {MOST_ENTRIES} files")
        return names
    except (OSError, TarError, BadZipFile, EOFError, ValueError) as fault:
        raise Unseen(f"{path} cannot be read: {fault}") from fault


def _disposable(target: bytes, places: Places) -> str:
    """Why what comes to lie at `target` is not kept there; "" if it is."""
    directory, name = os.path.split(target)
    path = os.path.join(os.path.realpath(directory), name)
    try:
        if stat.S_ISCHR(os.stat(path).st_mode):
            return f"{decode(path)} keeps nothing"
    except OSError:
        pass  # nothing is there yet
    if disposable.possible(path) and disposable.within(path, places.top(path)):
        return f"{decode(directory)} is disposable"
    if places.temporary(path) and not _in_work_tree(path):
        return f"{decode(directory)} is temporary"
    return ""


def _in_work_tree(path: bytes) -> bool:
    while path != b"/":
        path = os.path.dirname(path)
        if exists(os.path.join(path, b".git")):
            return True
    return False
