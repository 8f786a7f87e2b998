"""A person's desk for tests: a shell on a terminal of its own, with nothing of the test run above it.

The shell is an orphan with a cleared environment, so that tests pass no matter who started them:
a person, a build server, or an agent.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
PROMPT = "desk> "

#: Starts its arguments as an orphan that leads a session, and says its pid.
_ORPHAN = """
import os, sys
pid = os.fork()
if pid:
    os.write(1, b"%d" % pid)
    os._exit(0)
os.setsid()
for n, fd in enumerate((int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[2]))):
    os.dup2(fd, n)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_SHELL = "exec bash --norc --noprofile --noediting -i"


class Desk:
    """`shell` reads what is typed. `home` is its working directory and HOME.

    Its terminal is held by a program that belongs to root and is called as terminal emulators are: the
    guard takes it for a person's. With `program` another one holds it, as an agent might have it. `identity` is
    whose desk it is, for subprocess, and `python` an interpreter that they can start.
    """

    def __init__(
        self,
        home: Path,
        environment: Mapping[str, str] | None = None,
        program: str = "xterm",
        identity: Mapping[str, Any] | None = None,
        python: str = sys.executable,
    ) -> None:
        if os.getuid() != 0 and program == "xterm":
            pytest.skip("a terminal that a person sits at is held by a program of root's: run this as root")
        self.home = home
        self.seen = ""
        self._place = Path(tempfile.mkdtemp(prefix="desk-"))
        self._place.chmod(0o755)
        holder = shutil.copy(shutil.which("script") or "script", self._place / program)
        given = {
            "HOME": str(home),
            "HISTFILE": "",  # a shell whose terminal goes away would write it after the test
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
            "PS1": PROMPT,
            "PYTHONPATH": str(PROJECT),
            "SHELL": "/bin/sh",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        keys, self._keys = os.pipe()
        self._shown, shown = os.pipe()
        orphan = [python, "-c", _ORPHAN, str(keys), str(shown)]
        started = subprocess.run(
            [*orphan, holder, "-qef", "-E", "always", "-c", _SHELL, "/dev/null"],
            cwd=home, env={**given, **(environment or {})}, check=True, stdout=subprocess.PIPE, pass_fds=(keys, shown),
            **(identity or {}),
        )  # fmt: skip
        os.close(keys)
        os.close(shown)
        self._pid = int(started.stdout)
        self.until(PROMPT)

    def close(self) -> None:
        """The terminal goes away, and what runs on it is told so (SIGHUP)."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.close(self._keys)
        os.close(self._shown)
        shutil.rmtree(self._place)

    def type(self, keys: str) -> None:
        os.write(self._keys, keys.encode("utf-8", "surrogateescape"))

    def until(self, text: str, seconds: float = 60) -> str:
        """Everything shown since the last call, up to and with `text`."""
        return self.until_any((text,), seconds)

    def until_any(self, texts: tuple[str, ...], seconds: float = 60) -> str:
        """Everything shown since the last call, up to and with whichever of `texts` comes first."""
        wanted = re.compile("|".join(map(re.escape, texts)))
        end = time.monotonic() + seconds
        while not (found := wanted.search(self.seen)):
            if not select.select([self._shown], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{' or '.join(map(repr, texts))} was not shown, but {self.seen!r}")
            self.seen += os.read(self._shown, 65536).decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown

    def skip(self) -> None:
        """Past everything shown so far; a program that nobody reads would stop."""
        self.seen = ""
        while select.select([self._shown], [], [], 0)[0]:
            os.read(self._shown, 65536)

    def run(self, line: str) -> str:
        """Type a line and give what it shows."""
        self.type(line + "\n")
        shown = self.until("\n") and self.until(PROMPT)
        return shown.removesuffix(PROMPT)

    def status(self) -> int:
        """The exit status of the last line."""
        found = re.search(r"=(\d+)=", self.run('echo "=$?="'))
        assert found
        return int(found[1])
