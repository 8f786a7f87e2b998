"""Trees of files: where what is copied or moved comes to lie, and what lies below a directory."""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import decode, encode
from ...core.unseen import TooWide, Unseen
from ...core.world import Landing
from ...lean.typing import TYPE_CHECKING
from . import disposable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .protected import Places

#: How many directory entries are looked at for one question.
MOST_ENTRIES = 200_000
#: … and for a search by name: an ordinary project's, its dependencies among them.
MOST_SEARCHED = 50_000
#: The largest archive that is read to see what is in it, in bytes.
MOST_ARCHIVE = 64 << 20


class _Budget:
    """The entries that may still be looked at."""

    def __init__(self, most: int) -> None:
        self.most = self.left = most

    def entries(self, directory: bytes) -> list[os.DirEntry[bytes]]:
        """The entries of a directory, in the order of their names; raises Unseen."""
        try:
            with os.scandir(directory) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError as fault:
            raise Unseen(f"{decode(directory)} cannot be read: {fault.strerror}") from fault
        self.left -= len(found)
        if self.left < 0:
            raise TooWide(f"more than {self.most} files are not looked through")
        return found


def landing(sources: tuple[str, ...], destination: str, cwd: str, inside: bool, places: Places) -> Landing:
    """See core.world.World.landing.

    A directory is merged with one that is there already. A file never takes a directory's place:
    every program that copies or moves refuses that.
    """
    here = encode(cwd)
    place = os.path.join(here, encode(destination))
    within = inside and os.path.isdir(place)
    at, over, grave, budget = [], list[bytes](), "", _Budget(MOST_ENTRIES)
    for source in sources:
        given = os.path.join(here, encode(source))
        target = os.path.normpath(os.path.join(place, os.path.basename(given.rstrip(b"/")))) if within else place
        at.append(target)
        over += _over(given, target, budget)
        grave = grave or ("" if os.path.islink(given) else places.sacred(os.path.realpath(given)))
    why = next((why for target in at if (why := _disposable(target, places))), "")
    return Landing(tuple(map(decode, at)), tuple(map(decode, dict.fromkeys(over))), why, grave)


def _over(source: bytes, target: bytes, budget: _Budget) -> Iterator[bytes]:
    """The existing files that `source`, copied to `target`, would replace."""
    waiting = [(source, target)]
    while waiting:
        source, target = waiting.pop()
        if not os.path.lexists(target):
            continue
        if not os.path.isdir(target):
            yield target
        elif not os.path.lexists(source):
            raise Unseen(f"{decode(target)} is a directory, and what would be put into it is not here")
        elif os.path.isdir(source):
            waiting += [(one.path, os.path.join(target, one.name)) for one in budget.entries(source)]


def unpacking(archive: str, destination: str, cwd: str, strip: int, places: Places) -> Landing:
    """See core.world.World.unpacking; where nothing that matters lies, the archive is not even opened."""
    here = encode(cwd)
    place = os.path.realpath(os.path.join(here, encode(destination)))
    at = (decode(place),)
    if not os.path.isdir(place) or not os.listdir(place) or _disposable(os.path.join(place, b"x"), places):
        return Landing(at)
    over = []
    for name in _members(os.path.join(here, encode(archive))):
        parts = [part for part in encode(name).split(b"/") if part not in (b"", b".", b"..")][strip:]
        target = os.path.join(place, *parts)
        if parts and os.path.lexists(target) and not os.path.isdir(target):
            over.append(target)
    return Landing(at, tuple(map(decode, dict.fromkeys(over))))


def _members(archive: bytes) -> list[str]:
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
        if os.path.lexists(os.path.join(path, b".git")):
            return True
    return False


def below(starts: tuple[str, ...], names: tuple[str, ...], cwd: str, places: Places) -> tuple[str, ...]:
    """See core.world.World.below; symbolic links below `starts` are not followed.

    A place of the machine rather than of a project is too wide, however little lies there now.
    """
    from fnmatch import translate
    from re import compile

    wanted = [compile(encode(translate(name))) for name in names]
    budget, found = _Budget(MOST_SEARCHED), list[bytes]()
    here = encode(cwd)
    waiting = [encode(start) for start in starts]
    for start in waiting:
        path = os.path.realpath(os.path.join(here, start))
        why = places.grave(path) or ("a temporary directory" if places.temporary_root(path) else "")
        if why:
            raise TooWide(f"{why} is not looked through")
    for start in waiting:
        if os.path.lexists(os.path.join(here, start)) and any(one.match(os.path.basename(start)) for one in wanted):
            found.append(start)
    waiting = [start for start in waiting if os.path.isdir(os.path.join(here, start))]
    while waiting:
        directory = waiting.pop()
        for entry in budget.entries(os.path.join(here, directory)):
            path = os.path.join(directory, entry.name)
            if any(one.match(entry.name) for one in wanted):
                found.append(path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
    return tuple(map(decode, sorted(found)))
