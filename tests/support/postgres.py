"""A PostgreSQL server of a test's own: on loopback, in a scratch directory, ended when the tests are."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Where Debian, RPM systems and Homebrew put the server's programs, newest version last.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/bin")


class Server:
    """A running server; its superuser is `postgres` and needs no password."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self.programs = programs
        self.directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        """Make the cluster and start the server; raises CalledProcessError."""
        data = self.directory / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        options = f"-p {self.port} -k {self.directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", str(data), "-o", options, "-l", str(self.directory / "log"), "-w", "start")

    def stop(self) -> None:
        """End the server that `start` started."""
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        argv = [str(self.programs / program), *arguments]
        if os.getuid() == 0:  # the server refuses to run as root
            argv = ["runuser", "-u", owner(), "--", *argv]
        subprocess.run(argv, check=True, capture_output=True, cwd="/", timeout=120)

    @property
    def env(self) -> dict[str, str]:
        """What psql needs to know to find this server, with a HOME that holds nothing."""
        return {
            # The system's own psql first, so that the tests set their scenes under a guard as well.
            "PATH": f"{os.confstr('CS_PATH')}:{os.environ['PATH']}",
            "HOME": str(self.directory / "home"),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
        }

    def psql(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the real psql against this server."""
        return subprocess.run(
            ["psql", *arguments], input=stdin, text=True, capture_output=True, env=self.env, cwd=cwd, timeout=60
        )

    def dump(self, database: str = "postgres") -> str:
        """Everything that the database holds."""
        argv = [str(self.programs / "pg_dump"), database]
        done = subprocess.run(argv, check=True, text=True, capture_output=True, env=self.env, timeout=60)
        kept = (line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))
        return "\n".join(kept)


def owner() -> str:
    """An ordinary user to run the server as, where the tests run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("root may not run PostgreSQL's server, and there is no user postgres or nobody")


def programs() -> Path:
    """The directory of the server's programs; skips the test where there is none."""
    for pattern in PLACES:
        found = sorted(Path("/").glob(pattern.lstrip("/")))
        for directory in reversed(found):
            if (directory / "initdb").exists():
                return directory
    pytest.skip("PostgreSQL's server programs are not installed (Debian: postgresql)")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server for the tests of one module."""
    if shutil.which("psql") is None:
        pytest.skip("psql is not installed (Debian: postgresql-client)")
    where = programs()
    directory = Path(tempfile.mkdtemp(prefix="agentguard-pg-"))
    try:
        (directory / "home").mkdir()
        if os.getuid() == 0:
            shutil.chown(directory, owner())
        directory.chmod(0o755)
        server = Server(where, directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)
