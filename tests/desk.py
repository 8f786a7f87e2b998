"""A person's desk for tests: a shell on a terminal of its own, with nothing of the test run above it.

The shell is an orphan with a cleared environment, so that tests pass no matter who started them:
a person, a build server, or an agent.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PROMPT = "desk> "

_ORPHAN = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
fd = os.open(sys.argv[1], os.O_RDWR)  # the first terminal that a session leader opens becomes its own
for n in (0, 1, 2):
    os.dup2(fd, n)
os.close(fd)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Desk:
    """`shell` reads what is typed. `home` is its working directory and HOME."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.seen = ""
        self._master, slave = pty.openpty()
        given = {
            "HOME": str(home),
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
            "PS1": PROMPT,
            "PYTHONPATH": str(PROJECT),
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        subprocess.run(
            [sys.executable, "-c", _ORPHAN, os.ttyname(slave), "bash", "--norc", "--noprofile", "--noediting", "-i"],
            cwd=home,
            env={**given, **(environment or {})},
            check=True,
        )
        self.until(PROMPT)
        os.close(slave)  # not before the shell has it open: a terminal without any user is gone

    def close(self) -> None:
        """The terminal goes away, and what runs on it is told so (SIGHUP)."""
        os.close(self._master)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode("utf-8", "surrogateescape"))

    def until(self, text: str, seconds: float = 20) -> str:
        """Everything shown since the last call, up to and with `text`."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            if not select.select([self._master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} was not shown, but {self.seen!r}")
            self.seen += os.read(self._master, 65536).decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        shown, found, self.seen = self.seen.partition(text)
        return shown + found

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
