"""Which database SQL runs in, and whether that is production."""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from ...core.effect import Environment
from ...core.value import Value

#: Words in the names of hosts, databases and services. Digits at a word's end do not count (prod2).
PRODUCTION = frozenset(("prod", "production", "prd", "live"))
STAGING = frozenset(
    """
    staging stage stg test testing tests dev devel develop development qa uat sandbox preview preprod nonprod ci demo
    """.split()
)
#: Words that turn the next one round: pre-prod, non-production.
BEFORE = frozenset(("pre", "non", "not"))


class Place(Value):
    """Which database: its server ("db.example.com:5432"), its name, and what is known of both.

    `names` are the host, database and service names as they were given, each with where it was
    given ("PGHOST=db.prod.internal"); `local` says why the server is thought to be this machine.
    """

    server: str = ""
    database: str = ""
    names: tuple[tuple[str, str], ...] = ()
    local: str = ""

    @property
    def environment(self) -> Environment:
        """Production or staging by the names' words, else local, else unknown; always with the evidence."""
        return environment(self.names, self.local)

    def of(self, database: str) -> Environment:
        """The environment of another database on the same server."""
        return environment((*self.names, (database, f"database {database}")), self.local)


def environment(names: tuple[tuple[str, str], ...], local: str) -> Environment:
    """What whole words in some names say; production is the stronger word."""
    said = [(sort, evidence) for name, evidence in names for sort in _sorts(name)]
    for sort, evidence in said:
        if sort == "production":
            return Environment("production", evidence)
    if local:
        return Environment("local", local)
    for _, evidence in said:
        return Environment("staging", evidence)
    return Environment("unknown", ", ".join(evidence for _, evidence in names))


def _sorts(name: str) -> list[str]:
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    sorts, before = [], ""
    for word in words:
        plain = word.rstrip("0123456789")
        if plain in PRODUCTION:
            sorts.append("staging" if before in BEFORE else "production")
        elif plain in STAGING:
            sorts.append("staging")
        before = word
    return sorts
