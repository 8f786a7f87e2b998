"""Directories whose loss is catastrophic: the system's, people's homes, mount points.

Nothing in the environment of a call takes a place off these lists; HOME can only add one.
Temporary directories are the system's own: a TMPDIR counts where it lies below one of them or
is the per-user one of macOS, and those are found without asking the environment.
"""

from __future__ import annotations

import os

from ...core.text.encoding import encode
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Directories of the system (hier(7), and macOS's own).
_SYSTEM = frozenset((
    b"/bin", b"/boot", b"/dev", b"/etc", b"/home", b"/lib", b"/lib32", b"/lib64", b"/libx32",
    b"/media", b"/mnt", b"/nix", b"/opt", b"/proc", b"/root", b"/run", b"/sbin", b"/snap",
    b"/srv", b"/sys", b"/usr", b"/var", b"/var/lib", b"/var/log", b"/usr/bin", b"/usr/include", b"/usr/lib",
    b"/usr/lib64", b"/usr/libexec", b"/usr/local", b"/usr/sbin", b"/usr/share",
    b"/Applications", b"/Library", b"/System", b"/Users", b"/Volumes", b"/cores",
    b"/private", b"/private/etc", b"/private/var",
))  # fmt: skip
_TEMPORARY = (b"/tmp", b"/var/tmp", b"/private/tmp", b"/private/var/tmp")
#: macOS keeps a temporary directory for each user: /private/var/folders/XX/YYYY/T (confstr(3)).
_PER_USER = b"/private/var/folders/"
#: Directories whose every child is somebody's home.
_HOMES = (b"/home", b"/Users")


class Places:
    """The places of this machine, as this user has them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.homes = frozenset(_homes())
        named = encode(env.get("HOME", ""))
        #: A home that only the environment names: grave as well, but nothing more is derived from it.
        self.named_home = os.path.realpath(named) if named.startswith(b"/") else b""
        self.mounts = _mounts()
        self.identities: dict[tuple[int, int], bytes] | None = None

    def temporary_root(self, path: bytes) -> bool:
        """Whether `path`, resolved, is itself a temporary directory of the system."""
        if path in _TEMPORARY:
            return True
        return path.startswith(_PER_USER) and path.count(b"/") == 6 and path.endswith(b"/T")

    def temporary(self, path: bytes) -> bool:
        """Whether `path`, resolved, is an entry below one; a home directory is none, wherever it lies."""
        if any(_nested(path, home) for home in (*self.homes, self.named_home) if home):
            return False
        if any(path.startswith(root + b"/") for root in _TEMPORARY):
            return True
        parts = path.split(b"/")
        return path.startswith(_PER_USER) and len(parts) > 7 and parts[6] == b"T"

    def grave(self, path: bytes) -> str:
        """Why losing this very place would be beyond repair; "" if it is no such place."""
        if self.named_home and (self.named_home + b"/").startswith(path + b"/"):
            return "a home directory"
        return self.sacred(path)

    def sacred(self, path: bytes) -> str:
        """The same without regard to the environment: such a place is a loss whatever it holds."""
        if path == b"/":
            return "the filesystem root"
        if path in self.homes or os.path.dirname(path) in _HOMES:
            return "a home directory"
        if path in _SYSTEM:
            return "a directory of the system"
        if any(home.startswith(path + b"/") for home in self.homes):
            return "a directory that holds a home directory"
        return ""

    def same(self, facts: os.stat_result) -> str:
        """The same for a directory known by what it is: a name in other letters, or a second mount, hides no place."""
        if self.identities is None:
            places = (b"/", *self.homes, *_SYSTEM)
            self.identities = {one: path for path in places if (one := _identity(path)) is not None}
        path = self.identities.get((facts.st_dev, facts.st_ino), b"")
        return self.sacred(path) if path else ""

    def mounted(self, path: bytes) -> bool:
        """Whether something is mounted at `path`."""
        return os.path.ismount(path) if self.mounts is None else path in self.mounts

    def top(self, path: bytes) -> bytes:
        """The directory above whose children names are conventions of a project rather than places."""
        for home in self.homes:
            if path.startswith(home + b"/"):
                return home
        deep = 3 if path.startswith(tuple(above + b"/" for above in _HOMES)) else 2
        return b"/".join(path.split(b"/")[:deep])


def _nested(path: bytes, other: bytes) -> bool:
    """Whether one of two paths is the other, or lies below it."""
    return path == other or path.startswith(other + b"/") or other.startswith(path + b"/")


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        facts = os.lstat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _homes() -> list[bytes]:
    from pwd import getpwuid

    found = []
    for user in dict.fromkeys((os.getuid(), 0)):
        try:
            home = os.path.realpath(encode(getpwuid(user).pw_dir))
        except KeyError:  # a user without an entry, as in many containers
            continue
        if home != b"/":
            found.append(home)
    return found


def _mounts() -> frozenset[bytes] | None:
    """All mount points (proc(5), mountinfo), also of bind mounts; None where the system has no such list."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    return frozenset(_unescaped(line.split(b" ", 5)[4]) for line in lines)


def _unescaped(name: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        name = name.replace(code, char)
    return name
