"""The real program behind a shim: the next of its name on PATH after the shim's own directory.

Directories are compared by device and inode, never as text: the shims' directory may stand on
PATH twice, with a trailing slash, or under the name of a symbolic link.
"""

from __future__ import annotations

import os
import stat

from ..core.value import TYPE_CHECKING, Value
from ..errors import NoProgram, NotRunnable

if TYPE_CHECKING:
    from collections.abc import Iterator

    Inode = tuple[int, int]


class Real(Value):
    """The program that a shim stands for.

    `path` is absolute. `identity` is device, inode, size and modification time (ns) of the file
    at that path and then of the file that its symbolic links lead to.
    """

    path: str
    identity: tuple[str, ...]


def find(name: str, path_variable: str | None, shims_directory: str, cwd: str) -> Real:
    """The next executable file of that name after the shims' own entry on PATH.

    Entries before the own one count only if there is nothing after it. `path_variable` is None
    when PATH is not set: then the system's default is searched (confstr(3), _CS_PATH), as
    execvp(3) does. Empty and relative entries mean `cwd`. What is one of these very shims, by
    inode, is never found; the shim of another installation is a program like any other.

    Raises NoProgram if there is none, NotRunnable if all there are cannot be executed.
    """
    blocked = ""
    ours = _files(shims_directory)
    for directory in _directories(path_variable, shims_directory, cwd):
        path = os.path.join(directory, name)
        try:
            found = os.stat(path)
        except OSError:  # not there, or not to be seen by this user: the shell goes on, too
            continue
        if not stat.S_ISREG(found.st_mode) or _inode(found) in ours:
            continue
        if os.access(path, os.X_OK):
            return Real(path, _facts(os.lstat(path)) + _facts(found))
        blocked = blocked or path
    if blocked:
        raise NotRunnable(f"{name}: {blocked} is not executable")
    raise NoProgram(f"{name}: not found on PATH behind the guard in {shims_directory}", f"is {name} installed?")


def _directories(path_variable: str | None, shims_directory: str, cwd: str) -> Iterator[str]:
    """The directories to search, in order, without the shims' own."""
    own = _directory(shims_directory)
    before = []
    passed = False
    for entry in (os.confstr("CS_PATH") or "" if path_variable is None else path_variable).split(":"):
        directory = os.path.join(cwd, entry) if cwd else entry
        if not directory.startswith("/"):  # relative to a directory that nobody knows
            continue
        if _directory(directory) == own:
            passed = True
        elif passed:
            yield directory
        else:
            before.append(directory)
    yield from before


def _directory(path: str) -> Inode | str:
    """A directory's device and inode; its text where it cannot be looked at."""
    try:
        return _inode(os.stat(path))
    except OSError:
        return path


def _files(directory: str) -> set[Inode]:
    """The files in a directory, and those that symbolic links in it lead to."""
    files = set()
    for name in os.listdir(directory) if os.access(directory, os.R_OK) else ():
        try:
            files.add(_inode(os.stat(os.path.join(directory, name))))
        except OSError:  # a dangling link leads to no file
            continue
    return files


def _inode(facts: os.stat_result) -> Inode:
    return facts.st_dev, facts.st_ino


def _facts(facts: os.stat_result) -> tuple[str, ...]:
    return str(facts.st_dev), str(facts.st_ino), str(facts.st_size), str(facts.st_mtime_ns)
