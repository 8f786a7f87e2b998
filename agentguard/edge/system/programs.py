"""The real program behind a shim: the next of its name on PATH after the shim's own directory; and the git to ask.

Directories are compared by device and inode, never as text: the shims' directory may stand on
PATH twice, with a trailing slash, or under the name of a symbolic link.
"""

from __future__ import annotations

import os
import stat

from ...core.text.encoding import decode
from ...errors import NoProgram, NotRunnable
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    Inode = tuple[int, int]

#: Where git is installed; the first that exists is asked. PATH is the caller's to choose, and a
#: program of the caller's own could call anything committed.
_INSTALLED = (
    b"/opt/homebrew/bin/git",
    b"/usr/local/bin/git",
    b"/usr/bin/git",
    b"/opt/local/bin/git",
    b"/run/current-system/sw/bin/git",
    b"/nix/var/nix/profiles/default/bin/git",
)
#: How the second line of every shim begins (shims/shim.sh).
MARK = b"# agentguard shim"
#: More than a shim has, in bytes.
SHIM_SIZE = 32768


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
    execvp(3) does. Empty and relative entries mean `cwd`.

    One of these very shims, by inode or as a copy, is never found. The shim of another
    installation is a program like any other; but an entry before the own one may have led here,
    so that a shim found there could lead here for ever.

    Raises NoProgram if there is none, NotRunnable if all there are cannot be executed.
    """
    blocked = ""
    ours = _files(shims_directory)
    root = os.path.dirname(shims_directory)
    for directory, returning in _directories(path_variable, shims_directory, cwd):
        path = os.path.join(directory, name)
        try:
            found = os.stat(path)
        except OSError:  # not there, or not to be seen by this user: the shell goes on, too
            continue
        if not stat.S_ISREG(found.st_mode) or _inode(found) in ours:
            continue
        if not os.access(path, os.X_OK):
            blocked = blocked or path
            continue
        shim = _shim(path)
        if shim and (returning or f"{root}/current/" in shim):
            continue
        return Real(path, _facts(os.lstat(path)) + _facts(found))
    if blocked:
        raise NotRunnable(f"{name}: {blocked} is not executable")
    raise NoProgram(f"{name}: not found on PATH behind the guard in {shims_directory}", f"is {name} installed?")


def _directories(path_variable: str | None, shims_directory: str, cwd: str) -> Iterator[tuple[str, bool]]:
    """The directories to search, in order, without the shims' own; and whether one stands before an own entry."""
    own = _directory(shims_directory)
    before = []
    passed = False
    for entry in (os.confstr("CS_PATH") or "" if path_variable is None else path_variable).split(":"):
        directory = os.path.join(cwd, entry)
        if _directory(directory) == own:
            passed = True
        elif passed:
            yield directory, False
        else:
            before.append(directory)
    for directory in before:
        yield directory, passed


def _shim(path: str) -> str:
    """The text of a shim of any installation, without quotes; "" for every other program."""
    try:
        with open(path, "rb") as file:
            text = file.read(SHIM_SIZE)
    except OSError:  # may be executed but not read: then it is no script
        return ""
    is_shim = text.startswith(b"#!") and text.partition(b"\n")[2].startswith(MARK)
    return decode(text).replace("'", "") if is_shim else ""


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


def installed_git() -> str:
    """The path of the system's own git; "" if there is none in the usual places."""
    return next((decode(path) for path in _INSTALLED if os.access(path, os.X_OK)), "")
