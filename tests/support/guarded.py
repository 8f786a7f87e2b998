"""An installed guard for tests, and an agent that follows a script: real shims, shells and programs, nobody to ask.

Everything lies in a place that is not temporary and in no git work tree, because the guard
takes what lies in those for less.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pexpect
import pytest
from support.records import Records
from support.stores import Stores

from agentguard.edge.layout import Root
from agentguard.edge.records.used_grants import release

#: Starts each word of its command line as agents start their tool calls: by bash, in a session
#: of its own, without a terminal and without input. Says what came of each as a line of JSON.
_AGENT = """
import json, subprocess, sys
for line in sys.argv[1:]:
    done = subprocess.run(
        ["bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True,
        encoding="utf-8", errors="backslashreplace",
    )
    print(json.dumps([done.returncode, done.stdout, done.stderr]), flush=True)
"""
#: Beside the checkout if nothing else is writable; a checkout in a temporary directory is no such place.
_PLACES = (
    "/srv",
    "/opt",
    "/mnt",
    "/Users/Shared",
    f"/run/user/{os.getuid()}",
    "/var/lib",
    str(Path(__file__).parents[3]),
)
_SCRATCH = "agentguard-test-"
_TEMPORARY = ("/tmp", "/var/tmp", "/private/tmp", "/private/var", os.path.realpath(tempfile.gettempdir()))
_GIT_CONFIG = "[user]\n\tname = dev\n\temail = dev@example.org\n[init]\n\tdefaultBranch = main\n"


class Ran(NamedTuple):
    """How one call ended."""

    status: int
    out: str
    err: str


class Session(NamedTuple):
    """What an agent did: how its calls ended, and what the record holds of them."""

    calls: list[Ran]
    rows: list[dict[str, Any]]

    @property
    def stopped(self) -> list[list[str]]:
        """The calls that a person was asked about or that were refused."""
        return [row["argv"] for row in self.rows if row["kind"] != "ran"]

    def guarded(self) -> set[str]:
        """The programs that were called by way of a shim."""
        return {row["program"] for row in self.rows}


class Guarded:
    """An installation in `place`, with a HOME beside it. A call waits `wait` seconds for a person."""

    #: How long a call may look, in seconds: beside other workers a look takes as long as it takes.
    LOOKING = 60

    def __init__(self, place: Path, stores: Stores, wait: float = 0) -> None:
        self.place = place
        self.root = Root(str(place / "root"))
        self.home = place / "home"
        self.home.mkdir()
        (self.home / ".gitconfig").write_text(_GIT_CONFIG)
        self.env = {
            "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/bash",
        }
        self.install(stores, wait)

    def seed(self, stores: Stores) -> None:
        """Have a finished store ready for `install`."""
        stores.seed(self.root)

    def install(self, stores: Stores, wait: float) -> None:
        """Put the guard in force."""
        self.seed(stores)
        self.agentguard("install", "--shell", "none", "--wait", str(wait))
        with open(self.root.config, "a") as config:
            config.write(f"looking = {self.LOOKING}\n")

    @property
    def shimmed(self) -> dict[str, str]:
        """The environment with the shims first on PATH."""
        return {**self.env, "PATH": f"{self.root.shims}:{self.env['PATH']}"}

    def agentguard(self, *words: str) -> str:
        """What the command says; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "agentguard", "--root", self.root.path, *words],
            env=self.env, cwd=self.place, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def agent(self, where: Path, *lines: str, seconds: float = 300) -> Session:
        """An agent that works in `where` makes a call of each line, one after the other."""
        name = f"agent-{os.urandom(4).hex()}"
        command = [sys.executable, "-m", "agentguard", "--root", self.root.path, "run", "--name", name, "--"]
        done = subprocess.run(
            [*command, sys.executable, "-I", "-c", _AGENT, *lines],
            env=self.env, cwd=where, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True,
            start_new_session=True,
        )  # fmt: skip
        calls = [Ran(*json.loads(said)) for said in done.stdout.splitlines()]
        assert len(calls) == len(lines), done.stderr
        return Session(calls, [row for row in self.rows() if row.get("session_name") == name])

    def call(self, *argv: str | bytes, **options: Any) -> Ran:
        """One call of a shim by its path, below nothing that was registered and without a terminal."""
        options = {"env": self.shimmed, "cwd": self.home, "stdin": subprocess.DEVNULL} | options
        if "input" in options:
            del options["stdin"]
        done = subprocess.run(
            [os.path.join(os.fsencode(self.root.shims), os.fsencode(argv[0])), *argv[1:]],
            capture_output=True, timeout=120, start_new_session=True, **options,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode())

    def git(self, where: Path, *words: str) -> str:
        """What git says of a repository, without the guard."""
        done = subprocess.run(["git", *words], cwd=where, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @contextlib.contextmanager
    def records(self) -> Iterator[Records]:
        """The record and the requests."""
        records = Records(self.root)
        yield records
        records.close()

    def rows(self) -> list[dict[str, Any]]:
        """All of the record, the oldest first."""
        with self.records() as records:
            records.log.catch_up()
            return [row.body for row in records.log.rows(newest=False)]


def with_passphrase(command: list[str], passphrase: str, seed: Callable[[], None], **options: Any) -> None:
    """Run an `install` on a terminal, where it asks for a new passphrase and for the same again; it must succeed.

    A first factor is for a place where nothing is yet: `seed` puts the store there while the passphrase is asked for.
    """
    running = pexpect.spawn(command[0], command[1:], timeout=120, encoding="utf-8", **options)
    running.expect("New passphrase")
    seed()
    running.sendline(passphrase)
    running.expect("again")
    running.sendline(passphrase)
    running.expect(pexpect.EOF)
    running.close()
    assert running.exitstatus == 0, running.before


@contextlib.contextmanager
def lasting_directory() -> Iterator[Path]:
    """A scratch directory that is no temporary one to the guard, and lies in no git work tree."""
    place = _lasting_place()
    if place is None:
        pytest.skip("no writable directory outside temporary ones and git work trees")
    made = Path(os.path.realpath(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-", dir=place)))
    try:
        yield made
    finally:
        _remove(made)


@functools.cache
def _lasting_place() -> str | None:
    """The first of the places where programs can be put that run, and in which no git work tree would hold them."""
    for place in _PLACES:
        if not os.access(place, os.W_OK | os.X_OK) or os.path.realpath(place).startswith(_TEMPORARY):
            continue
        if os.statvfs(place).f_flag & getattr(os, "ST_NOEXEC", 0):
            continue
        if subprocess.run(["git", "-C", place, "rev-parse", "--git-dir"], capture_output=True).returncode:
            return place
    return None


def clear_away() -> None:
    """Take away what tests left that were killed: it may lie in somebody's home."""
    place = _lasting_place()
    for left in Path(place).glob(f"{_SCRATCH}[0-9]*-*") if place else ():
        if left.stat().st_uid == os.getuid() and not _is_running(int(left.name[len(_SCRATCH) :].split("-")[0])):
            _remove(left)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(made: Path) -> None:
    """Remove a scratch directory, whatever a test has forbidden in it."""
    for spent in made.glob("*/spent"):  # a directory that only grows (chattr +a)
        release(Root(str(spent.parent)))
    made.chmod(0o700)
    for folder, names, _ in os.walk(made):
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(made)
