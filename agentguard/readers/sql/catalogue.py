"""What a database keeps and runs when it is used, by its catalogue: its own functions, views, rules, triggers."""

from __future__ import annotations

from ...lean.canonical import parsed
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value

if TYPE_CHECKING:
    from typing import Any

    Name = tuple[str, ...]


class Function(Value):
    """A function that came with no server: how many arguments it takes, and how it is defined.

    `extension` is the one that it belongs to. `calls` are other functions that it is made of, as an aggregate is.
    """

    schema: str
    name: str
    language: str
    least: int
    most: int
    extension: str = ""
    definition: str = ""
    calls: tuple[Name, ...] = ()


class Relation(Value):
    """A table or view: what runs when it is read or added to.

    Those are SQL texts, functions, and what runs where the rows come to lie besides.
    """

    schema: str
    name: str
    reads: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    calls: tuple[Name, ...] = ()
    passes_to: tuple[str, ...] = ()


class Catalogue:
    """Everything in a database that came with no server.

    `casts` run at queries that do not name them, `domains` where a cast names them. In texts that the
    server deparsed, all names but those of pg_catalog have their schema.
    """

    def __init__(self, functions: list[Function], relations: list[Relation], found: dict[str, Any]) -> None:
        self._functions: dict[str, list[Function]] = {}
        for function in functions:
            self._functions.setdefault(function.name, []).append(function)
        self._relations: dict[str, list[Relation]] = {}
        for relation in relations:
            self._relations.setdefault(relation.name, []).append(relation)
        self.operators: list[tuple[str, Name]] = [(name, tuple(calls)) for name, calls in found["operators"]]
        self.domains: list[tuple[str, str]] = [(name, check) for name, check in found["domains"]]
        self.casts: list[Name] = [tuple(name) for name in found["casts"]]
        self.event_triggers: list[Name] = [tuple(name) for name in found["event_triggers"]]

    @classmethod
    def of(cls, text: str) -> Catalogue:
        """As edge/postgres writes it; raises ValueError, TypeError or KeyError if it did not."""
        found = parsed(text)
        functions = []
        for schema, name, language, least, most, extension, definition, calls in found["functions"]:
            made_of = tuple(map(tuple, calls))
            functions.append(Function(schema, name, language, least, most, extension, definition, made_of))
        relations = [
            Relation(one[0], one[1], tuple(one[2]), tuple(one[3]), tuple(map(tuple, one[4])), tuple(one[5]))
            for one in found["relations"]
        ]
        return cls(functions, relations, found)

    def functions(self, name: Name, given: int | None = None) -> list[Function]:
        """Those of that name, in its schema if it has one, that so many arguments can be given to (None: any)."""
        found = self._functions.get(name[-1], ()) if name else ()
        return [
            one
            for one in found
            if (len(name) < 2 or one.schema == name[-2]) and (given is None or one.least <= given <= one.most)
        ]

    def views(self) -> list[Name]:
        """The names of all relations at whose reading something runs."""
        return [(one.schema, one.name) for found in self._relations.values() for one in found if one.reads]

    def relations(self, name: Name) -> list[Relation]:
        """Those of that name, in its schema if it has one."""
        return [one for one in self._relations.get(name[-1], ()) if len(name) < 2 or one.schema == name[-2]]
