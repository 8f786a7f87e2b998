"""Statements of databases in requests: SQL and languages like it, as far as their first words say what they do."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What the word behind DROP, ALTER or TRUNCATE is in SQL, and in InfluxQL, CQL and Cypher.
_OBJECTS = frozenset((
    "column", "constraint", "continuous", "database", "function", "index", "keyspace", "measurement", "retention",
    "role", "schema", "series", "shard", "table", "type", "user", "view",
))  # fmt: skip


def removing(texts: Iterable[str]) -> Iterator[str]:
    """The statements in some texts that change or remove what is there."""
    for statement in (part for text in texts for part in text.split(";")):
        first, second, third, *rest = [*statement.lower().split(maxsplit=30), "", "", ""]
        said = (second, third, *rest)
        if (
            (first in ("drop", "alter", "truncate") and second in _OBJECTS and third)
            or (first in ("truncate", "delete") and second in ("table", "from") and third)
            or (first == "update" and "set" in said and "=" in statement)
            or (first in ("match", "optional", "unwind", "call") and "detach" in said and "delete" in said)
        ):
            yield " ".join(statement.split())
