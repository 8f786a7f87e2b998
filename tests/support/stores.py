"""Finished stores: whichever worker needs one first builds it, and every installation of a test starts from it.

An installation from scratch takes ten times as long as one that finds its version built. What a fresh one does
is tested in test_store.py and test_install.py.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from agentguard.edge.installation.store import COMPILED
from agentguard.edge.layout import Root


class Stores:
    """Stores of this checkout below `place`, which all workers share, by the interpreter that runs them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._seen: dict[Path, dict[str, tuple[int, ...]]] = {}

    def seed(
        self, root: Root, python: str = sys.executable, env: Mapping[str, str] | None = None, copy: bool = False
    ) -> None:
        """Let `root`, where nothing is installed yet, have a store that `install` finds complete.

        Its files are links to shared ones: they may be replaced, but not written to. With `copy` they are its own.
        """
        made = self._made(python, env or {})
        os.makedirs(root.path, exist_ok=True)
        shutil.copytree(made / "store", root.store, symlinks=True, copy_function=shutil.copy2 if copy else _link)
        shutil.copy(made / "manifest.json", root.manifest)

    def compiled(self) -> dict[str, bytes]:
        """The files that are made of the rules, as a wheel brings them."""
        (version,) = (self._made(sys.executable, {}) / "store").iterdir()
        return {file.name: file.read_bytes() for file in (version / COMPILED).iterdir()}

    @contextlib.contextmanager
    def turn(self, alone: bool = False) -> Iterator[None]:
        """While this lasts, no test of another worker is alone; with `alone`, none has a turn."""
        with open(f"{self.place}.alone", "w") as lock:
            with open(f"{self.place}.queue", "w") as queue:  # nobody overtakes the one that waits to be alone
                fcntl.flock(queue, fcntl.LOCK_EX)
                fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield

    def check(self) -> None:
        """No test of this process has written to what all share."""
        for made, before in self._seen.items():
            assert _facts(made) == before, f"a test has written to {made}, which all tests share"

    def _made(self, python: str, env: Mapping[str, str]) -> Path:
        made = self.place / python.strip("/").replace("/", "-")
        if made not in self._seen:
            self.place.mkdir(exist_ok=True)
            with open(f"{made}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not (made / "manifest.json").exists():
                    self._install(made, python, env)
            self._seen[made] = _facts(made)
        return made

    def _install(self, made: Path, python: str, env: Mapping[str, str]) -> None:
        building = made.with_name(f"{made.name}.new")
        command = [python, "-m", "agentguard", "--root", str(building), "install", "--shell", "none"]
        done = subprocess.run(
            command, env={"PATH": os.environ["PATH"], "HOME": str(self.place), **env}, cwd=self.place,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        building.rename(made)


def _link(source: str, target: str) -> None:
    """A hard link, or a copy where that file system is another one."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as fault:
        if fault.errno != errno.EXDEV:
            raise
        shutil.copy2(source, target)


def _facts(made: Path) -> dict[str, tuple[int, ...]]:
    """What would change if somebody wrote to a file of a store."""
    paths = [path for path in (made / "store").rglob("*") if not path.is_symlink()]
    return {str(path): (facts.st_size, facts.st_mtime_ns, facts.st_mode) for path in paths for facts in [path.stat()]}
