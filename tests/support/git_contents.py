"""What git calls really lose: real repositories, put back before each call, and looked at before and after it.

A place is a directory with the repository `work` that calls are made in, and what lies beside
it: remotes (`*.git`, bare), linked work trees, sources of submodules. It is described by shell
lines, as those of `cases/*.toml` are; `made` names files of `work` that git itself has written, and
can write again: those in conflict.

Content counts, by its object id: what the files of work trees hold, what the indexes hold, and the commits,
annotated tags and blobs that refs, HEADs and reflogs reach. It is kept if it still is in one of these
afterwards; objects that nothing reaches are not, since git removes them by itself in time. Trees do
not count, nor do the commits that `git stash` makes: what they hold does. Of a remote only what
its refs reach counts, and what is here does not keep it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.repository import ENV, GIT

#: Reflogs are older than any "now" of a call, and hooks are not copied.
_BUILDING = {
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    "GIT_TEMPLATE_DIR": "",
}
#: By convention, whatever is in them can be made again.
_DISPOSABLE = "node_modules"
_STASH = ("refs/stash", "--")
#: How long a call may take, in seconds.
PATIENCE = 20


class Ground:
    """Where the places are built, below `top`; `work` is where a call finds the repository, in whichever place."""

    def __init__(self, top: Path, places: dict[str, Any]) -> None:
        self.places = places
        self.live = top / "live"
        self.work = self.live / "work"
        self.built = top / "built"
        self.built.mkdir()
        home = top / "home"
        home.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "TZ": "UTC",
        }
        self.before: dict[tuple[str, bool], Kept] = {}
        (home / ".gitconfig").write_text(
            "[user]\n\tname = Dev\n\temail = dev@example.org\n[init]\n\tdefaultBranch = main\n"
            '[protocol "file"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n[gc]\n\tauto = 0\n'
        )

    def go(self, place: str, objects: bool = False) -> Kept:
        """Put a place where calls find it, ready for them; what is kept there, maybe with all its objects."""
        self.put(place)
        for tree in _work_trees(self.live):  # the copies' times and numbers are not those that the index has
            refresh = [GIT, "update-index", "-q", "--unmerged", "--refresh"]
            subprocess.run(refresh, cwd=tree, env=self._environment(), check=False)
        if (place, objects) not in self.before:
            found = self.kept(objects)
            made = tuple(f"work/{name}" for name in self.places[place].get("made", ()))
            found.here = {name: what for name, what in found.here.items() if what not in made}
            self.before[place, objects] = found
        return self.before[place, objects]

    def put(self, place: str) -> None:
        """Put a place where calls find it, as it was built."""
        pristine = self.built / place
        if not pristine.exists():
            self._put(None)
            self._build(self._script(place))
            shutil.copytree(self.live, pristine, symlinks=True)
        self._put(pristine)

    def kept(self, objects: bool = False) -> Kept:
        """What is kept now, maybe with all objects, also those that nothing reaches."""
        return Kept(self.live, self._environment(), objects)

    def call(self, argv: tuple[str, ...], at: Path, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        """Make a call, with the system's own git and an editor that changes nothing."""
        env = self._environment() | {"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true"}
        return subprocess.run(
            [GIT, *argv[1:]], cwd=at, env=env, input=stdin, capture_output=True, check=False, timeout=PATIENCE
        )

    def _put(self, pristine: Path | None) -> None:
        if self.live.exists():
            subprocess.run(["chmod", "-R", "u+w", str(self.live)], check=True)
            shutil.rmtree(self.live)
        if pristine is None:
            self.live.mkdir()
        else:
            subprocess.run(["cp", "-a", str(pristine), str(self.live)], check=True)

    def _script(self, place: str) -> str:
        about = self.places[place]
        before = self._script(about["after"]) if "after" in about else ""
        return f"{before}\n{about.get('script', '')}"

    def _build(self, script: str) -> None:
        # The system's own programs, so that the scene is set under a guard as well.
        env = self._environment() | _BUILDING | {"PATH": f"{os.confstr('CS_PATH')}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-e", "-c", script], cwd=self.live, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def _environment(self) -> dict[str, str]:
        return ENV | self.env | {"GIT_CONFIG_GLOBAL": f"{self.env['HOME']}/.gitconfig"}


class Kept:
    """What is kept below a directory: object ids with what they are, here and in each remote."""

    def __init__(self, top: Path, env: dict[str, str], objects: bool = False) -> None:
        self.env = env
        self.here = dict(_files(top))
        self.remotes: dict[str, dict[str, str]] = {}
        for repository in _repositories(top):
            if repository.parent == top and repository.suffix == ".git":
                self.remotes[repository.name] = self._reached(repository, "--all")
            else:
                self.here |= self._reached(repository, "--all", "--reflog", "--indexed-objects")
                self.here |= self._named(repository, "--batch-all-objects") if objects else {}

    def without(self, later: Kept) -> list[str]:
        """What is here and not in `later`."""
        gone = [f"{what} {name[:10]}" for name, what in self.here.items() if what and name not in later.here]
        for remote, held in self.remotes.items():
            left = later.remotes.get(remote, {})
            gone += [f"{what} {name[:10]} of {remote}" for name, what in held.items() if what and name not in left]
        return sorted(gone)

    def _reached(self, repository: Path, *which: str) -> dict[str, str]:
        """Every object with what it is; "" for one that does not count by itself."""
        stashed = {
            name
            for line in self._git(repository, "log", "-g", "--format=%H %P", *_STASH, fine=(0, 128)).splitlines()
            for at, name in enumerate(line.split(" "))
            if at != 1
        }
        listed = self._git(repository, "rev-list", "--objects", "--no-object-names", *which)
        return {name: "" if name in stashed else what for name, what in self._named(repository, stdin=listed).items()}

    def _named(self, repository: Path, *which: str, stdin: str = "") -> dict[str, str]:
        named = self._git(repository, "cat-file", "--batch-check=%(objectname) %(objecttype)", *which, stdin=stdin)
        found = (line.split(" ") for line in named.splitlines())
        return {name: "" if kind == "tree" else kind for name, kind in found}

    def _git(self, repository: Path, *words: str, stdin: str = "", fine: tuple[int, ...] = (0,)) -> str:
        argv = [GIT, f"--git-dir={repository}", "--work-tree=/", "--no-replace-objects", *words]
        done = subprocess.run(argv, env=self.env, input=stdin, capture_output=True, text=True, errors="surrogateescape")
        assert done.returncode in fine, done.stderr
        return done.stdout


def _repositories(top: Path) -> Iterator[Path]:
    for directory, inner, files in os.walk(top):
        if "HEAD" in files and "objects" in inner:
            yield Path(directory)


def _work_trees(top: Path) -> Iterator[Path]:
    for directory, inner, files in os.walk(top):
        if ".git" in inner or ".git" in files:
            yield Path(directory)


def _files(top: Path) -> Iterator[tuple[str, str]]:
    """The content of every file that is not git's own."""
    for directory, inner, files in os.walk(top):
        inner[:] = [name for name in inner if name not in (".git", _DISPOSABLE) and not name.endswith(".git")]
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                content = os.fsencode(os.readlink(path))
            elif name != ".git":
                with open(path, "rb") as file:
                    content = file.read()
            else:
                continue
            if content:
                yield hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), os.path.relpath(path, top)
