"""The state of each operand: what is there, and what would bring it back if it were lost."""

from __future__ import annotations

import os
import stat

from ...core.effect import summed
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.world import PATH_STATES, PathState
from ...lean.typing import TYPE_CHECKING
from ..git.file_states import WorkTree, unpushed
from . import disposable
from .birth_time import since
from .locate import Operand, exists, operands
from .path_summary import PathSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..system.child import Tool
    from .protected import Places

#: How much is looked at for one call: directory entries, and repositories inside others.
MOST_ENTRIES = 500_000
MOST_REPOSITORIES = 50


def states(
    paths: Sequence[str], cwd: str, follow: bool, places: Places, git: Tool, call_started: float | None
) -> tuple[PathState, ...]:
    """The state of each of these operands of one call, in order; see core.world.World.paths.

    `git` is the program that is asked, once for each repository, and has the deadline of all of it.
    `call_started`, in seconds since the epoch, is when the outermost process of the call began; without
    it nothing counts as born.
    """
    return _Look(places, git, call_started, cwd, follow).at(paths)


class _Region:
    """A part of the file system in which git's word is the same: one work tree, or none around.

    `spent` is a state that holds for all of it (a repository whose work is elsewhere, too);
    `gits` says that it is what a repository is made of.
    """

    def __init__(
        self, root: bytes = b"", tree: WorkTree | None = None, unseen: str = "", spent: str = "", gits: bool = False
    ) -> None:
        self.root = root
        self.tree = tree
        self.unseen = unseen
        self.spent = spent
        self.gits = gits

    def inner(self, path: bytes) -> bytes:
        return path[len(self.root) :].lstrip(b"/")


class _Look:
    """One look at all operands of a call, within one budget of time and entries."""

    def __init__(self, places: Places, git: Tool, call_started: float | None, cwd: str, follow: bool) -> None:
        self.places = places
        self.git = git
        self.call_started = call_started
        self.follow = follow
        self.cwd = cwd
        self.real_cwd = os.path.realpath(encode(cwd))
        self.entries = MOST_ENTRIES
        self.repositories = MOST_REPOSITORIES
        self.roots: dict[bytes, bytes] = {}
        self.regions: dict[bytes, _Region] = {b"": _Region()}

    def at(self, paths: Sequence[str]) -> tuple[PathState, ...]:
        found = operands(paths, self.cwd, self.follow, self.places)
        asked: dict[bytes, list[bytes]] = {}
        for operand in found:
            if operand.facts is not None and not stat.S_ISLNK(operand.facts.st_mode):
                operand.root = self._root(os.path.dirname(operand.path))
                asked.setdefault(operand.root, []).append(operand.path[len(operand.root) :].lstrip(b"/"))
        for root, inside in asked.items():
            if root:
                is_bare = self._repository(root) == root
                self.regions[root] = _Region(root, gits=True) if is_bare else self._region(root, inside)
        return tuple(map(self._state, found))

    def _root(self, directory: bytes) -> bytes:
        """The nearest directory from here up that is a repository which this call has not made; b"" if none is."""
        if directory not in self.roots:
            repository = self._repository(directory)
            if repository and not self._born(repository):
                self.roots[directory] = directory
            else:
                self.roots[directory] = b"" if directory == b"/" else self._root(os.path.dirname(directory))
        return self.roots[directory]

    def _repository(self, directory: bytes) -> bytes:
        """The `.git` of a directory, or the directory itself if it is a bare repository; else b""."""
        inside = os.path.join(directory, b".git")
        if exists(inside):
            return inside
        is_bare = all(os.path.exists(os.path.join(directory, part)) for part in (b"HEAD", b"objects", b"refs"))
        return directory if is_bare else b""

    def _region(self, root: bytes, inside: list[bytes]) -> _Region:
        self.repositories -= 1
        if self.repositories < 0:
            return _Region(root, unseen=f"there are more than {MOST_REPOSITORIES} git repositories")
        try:
            return _Region(root, WorkTree(self.git, root, inside))
        except Unseen as why:
            return _Region(root, unseen=str(why))

    # What they are

    def _state(self, operand: Operand) -> PathState:
        shown, facts = decode(operand.path), operand.facts
        if facts is None:
            return PathState(shown, "unseen", operand.unseen) if operand.unseen else self._missing(operand.path)
        identity = (str(facts.st_dev), str(facts.st_ino))
        kind = "directory" if stat.S_ISDIR(facts.st_mode) else ""
        found = PathSummary(operand)
        sacred = self.places.sacred(operand.path) or (kind and self.places.same(facts))
        if sacred:
            return PathState(shown, "special", sacred, sacred, identity, kind)
        self._look(operand, facts, found)
        state = found.state()
        if PATH_STATES[state]:
            return PathState(shown, state, "", "", identity, kind)
        things = found.found()
        return PathState(shown, state, summed(things), found.grave or self._grave(operand), identity, kind).replace(
            within=found.within() if kind else "", found=things
        )

    def _missing(self, path: bytes) -> PathState:
        is_temporary = self.places.temporary(path) and not self._root(os.path.dirname(path))
        return PathState(decode(path), "missing", put_there="temporary" if is_temporary else "")

    def _grave(self, operand: Operand) -> str:
        path = operand.path
        grave = self.places.grave(path)
        if grave:
            return grave
        if (self.real_cwd + b"/").startswith(path + b"/"):
            return "the current directory or one above it"
        if self.regions[operand.root].gits and not path.endswith(b".lock"):
            return "git's own files"
        if operand.everything_in and not self.places.temporary_root(operand.everything_in):
            return f"everything in {decode(operand.everything_in)}, {self.places.grave(operand.everything_in)}"
        return ""

    def _look(self, operand: Operand, facts: os.stat_result, found: PathSummary) -> None:
        path, mode = operand.path, facts.st_mode
        region = self.regions[operand.root]
        found.temporary = self.places.temporary(path) and not self.places.temporary_root(operand.everything_in)
        if stat.S_ISLNK(mode):
            found.note("empty", path)
        elif stat.S_ISBLK(mode):
            self._note_grave(path, "a whole disk or a part of one", found)
        elif self.follow and _is_sink(path, mode):
            found.note("empty", path)
        elif self.places.mounted(path):
            self._note_grave(path, "a mount point", found)
        else:
            top = region.root or self.places.top(path)
            named = disposable.possible(path) and disposable.within(path, top)
            ignored = region.tree is not None and region.tree.ignores(region.inner(path))
            if not self._afford(1, path, found):
                return
            if stat.S_ISDIR(mode):
                below_top = disposable.possible(path) and path.startswith(top + b"/")
                named = named or (below_top and disposable.directory(os.path.basename(path)))
                self._walk(path, region, named, ignored, found)
            else:
                self._leaf(path, region, named, ignored, stat.S_ISCHR(mode), found)

    def _note_grave(self, path: bytes, what: str, found: PathSummary) -> None:
        found.note("special", path, f"{decode(path)} is {what}", what)

    def _walk(self, path: bytes, region: _Region, named: bool, ignored: bool, found: PathSummary) -> None:
        waiting = [(path, region, named, ignored)]
        while waiting:
            path, region, named, ignored = waiting.pop()
            try:
                with os.scandir(path) as listing:
                    entries = list(listing)
            except OSError as fault:
                found.note("unseen", path, f"{decode(path)} cannot be read: {fault.strerror}")
                continue
            if not self._afford(len(entries), path, found):
                return
            inner = self._enter(path, entries, region, named, ignored, found)
            if inner is None:
                continue
            own = inner is not region
            region, named, ignored = inner, named and not own, ignored and not own
            for entry in entries:
                if own and entry.name == b".git":
                    continue
                below = ignored or (region.tree is not None and region.tree.names_ignored(region.inner(entry.path)))
                if entry.is_symlink():
                    found.note("empty", entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    if self.places.mounted(entry.path):
                        self._note_grave(entry.path, "a mount point", found)
                    else:
                        waiting.append((entry.path, region, named or disposable.directory(entry.name), below))
                else:
                    is_device = not entry.is_file(follow_symlinks=False) and _is_device(entry.path)
                    self._leaf(entry.path, region, named, below, is_device, found, entry.inode())

    def _afford(self, entries: int, path: bytes, found: PathSummary) -> bool:
        self.entries -= entries
        try:
            if self.entries < 0:
                raise Unseen(f"there are more than {MOST_ENTRIES} files to look at")
            self.git.deadline.left()
        except Unseen as why:
            found.note("unseen", path, str(why))
            return False
        return True

    def _enter(
        self,
        path: bytes,
        entries: list[os.DirEntry[bytes]],
        region: _Region,
        named: bool,
        ignored: bool,
        found: PathSummary,
    ) -> _Region | None:
        """The region that holds inside a directory; None if nothing more needs to be known of it."""
        names = {entry.name: entry for entry in entries}
        if b".git" in names:
            repository = names[b".git"].path
        elif names.keys() >= {b"HEAD", b"objects", b"refs"}:
            repository = path
        else:
            return region
        if path == region.root or self._born(repository):
            return region
        if repository == path or names[b".git"].is_dir(follow_symlinks=False):
            return self._repository_goes(path, region, named, ignored, found)
        return self._region(path, [b""])

    def _repository_goes(
        self, path: bytes, region: _Region, named: bool, ignored: bool, found: PathSummary
    ) -> _Region | None:
        """A whole repository would be lost: harmless only where all its work is on a remote as well."""
        spent = region.spent
        if region.tree is None and not region.unseen and not region.root:
            spent = spent or ("regenerable" if named else "temporary" if found.temporary else "")
        elif named and ignored:
            spent = "regenerable"
        why = ""
        if spent:
            try:
                why = unpushed(self.git, path)
            except Unseen as unseen:
                why = str(unseen)
            if not why:
                return _Region(path, spent=spent)
        what = f"the git repository {decode(path)}"
        found.note("unversioned", path, f"{what} with {why}" if why else what, what, _history(path))
        return None

    def _leaf(
        self,
        path: bytes,
        region: _Region,
        named: bool,
        ignored: bool,
        is_device: bool,
        found: PathSummary,
        inode: int = 0,
    ) -> None:
        if is_device:
            found.note("special", path, identity=(inode,))
        elif region.unseen:
            found.note("unseen", path, region.unseen)
        else:
            named = named or disposable.file(os.path.basename(path))
            found.note(self._judged(path, region, named, ignored, found), path, identity=(inode,))

    def _judged(self, path: bytes, region: _Region, named: bool, ignored: bool, found: PathSummary) -> str:
        if region.spent:
            return region.spent
        if region.tree is None:
            if named and not region.gits:
                return "regenerable"
            if found.temporary and not region.gits:
                return "temporary"
            return "born" if self._born(path) else "unversioned"
        inner = region.inner(path)
        state = region.tree.state(inner)
        if state == "untracked" and ignored:
            built = named or (disposable.possible(path) and disposable.built(path))
            state = "regenerable" if built else "ignored"
        if state in ("untracked", "ignored") and self._born(path):
            return "born"
        return state

    def _born(self, path: bytes) -> bool:
        """Whether this call has made what is at `path`: nothing that git tracks is asked this."""
        return self.call_started is not None and since(path, self.call_started)


def _is_sink(path: bytes, mode: int) -> bool:
    """Whether writing there replaces nothing: a pipe, a socket, a terminal, /dev/null and its like."""
    if stat.S_ISCHR(mode):
        return path in (b"/dev/null", b"/dev/zero", b"/dev/full") or path.startswith((b"/dev/pts/", b"/dev/tty"))
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _history(path: bytes) -> tuple[int, ...]:
    """What a new commit changes, and another repository in that place."""
    found = []
    for folder in (path, path + b"/.git"):
        for name in (b"HEAD", b"logs/HEAD", b"logs/refs/stash", b"packed-refs", b"refs/heads"):
            try:
                facts = os.lstat(folder + b"/" + name)
            except OSError:
                continue
            found += [facts.st_ino, facts.st_size, facts.st_mtime_ns]
    return tuple(found)


def _is_device(path: bytes) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
