"""The database that SQL runs in, and its environment: production, staging, local."""

from __future__ import annotations

from ...core.effect import Environment
from ...core.environments import environment
from ...lean.value import Value


class Database(Value):
    """A database: its server ("db.example.com:5432"), its name, and what is known of both.

    `names` are the host, database and service names as they were given, each with where it was
    given ("PGHOST=db.prod.internal"); `local` says why the server is thought to be this machine.
    """

    server: str = ""
    name: str = ""
    names: tuple[tuple[str, str], ...] = ()
    local: str = ""

    @property
    def environment(self) -> Environment:
        """Production or staging by the names' words, else local, else unknown; always with the evidence."""
        return environment(self.names, self.local)

    def of(self, database: str) -> Environment:
        """The environment of another database on the same server."""
        return environment((*self.names, (database, f"database {database}")), self.local)
