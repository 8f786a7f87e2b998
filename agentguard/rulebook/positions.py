"""The line and column of each key and value in a TOML text, which tomllib does not keep."""

from __future__ import annotations

import re

from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    #: Keys and indices that lead to a value: ("rule", 2, "effect").
    Path = tuple[str | int, ...]
    #: The offsets at which something begins and ends.
    Span = tuple[int, int]

_TOKEN = re.compile(
    r"""
    "{3}(?:\\.|[^\\])*?"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*'  # texts
    | \#[^\n]*                                                                  # a comment
    | [\[\]{},=.\n]
    | [^\s\[\]{},=."'\#]+                                                       # bare keys, numbers, dates
    """,
    re.DOTALL | re.VERBOSE,
)


class Positions:
    """The spans of a valid TOML text: of `values` and tables, and of the `keys` that lead to them, by their paths."""

    def __init__(self, text: str) -> None:
        self.values: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self._tokens = [(one.group(), one.span()) for one in _TOKEN.finditer(text) if one.group()[0] != "#"]
        self._at = 0
        self._counts: dict[Path, int] = {}  # of the tables of each array
        table: Path = ()
        while self._more():
            if self._next() == "[":
                table = self._header(many=text.startswith("[[", self._tokens[self._at][1][0]))
            else:
                self._pair(table)

    def _next(self) -> str:
        return self._tokens[self._at][0]

    def _more(self) -> bool:
        """Go on to the next token that is no end of a line; False if there is none."""
        while self._at < len(self._tokens) and self._next() == "\n":
            self._at += 1
        return self._at < len(self._tokens)

    def _span(self, first: int) -> Span:
        """From that token to the one before the next."""
        return self._tokens[first][1][0], self._tokens[self._at - 1][1][1]

    def _header(self, many: bool) -> Path:
        first = self._at
        self._at += 1 + many
        table = self._key(())
        self._at += 1 + many
        if many:
            self._counts[table] = self._counts.get(table, 0) + 1
            table = (*table, self._counts[table] - 1)
        self.values[table] = self.keys[table] = self._span(first)
        return table

    def _pair(self, table: Path) -> None:
        first = self._at
        path = self._key(table)
        self.keys[path] = self._span(first)
        self._at += 1
        self._value(path)

    def _key(self, path: Path) -> Path:
        """What a dotted key leads to; of an array of tables, it is about the last one."""
        while self._next() not in ("=", "]"):
            if self._next() != ".":
                path = (*path, self._next().strip("\"'"))
                self.keys.setdefault(path, self._tokens[self._at][1])
            self._at += 1
            if path in self._counts and self._next() == ".":
                path = (*path, self._counts[path] - 1)
        return path

    def _value(self, path: Path) -> None:
        first, opening = self._at, self._next()
        self._at += 1
        if opening == "[":
            for index in self._items("]"):
                self._value((*path, index))
        elif opening == "{":
            for _ in self._items("}"):
                self._pair(path)
        else:
            while self._at < len(self._tokens) and self._next() not in "\n,]}":  # the parts of a number or a date
                self._at += 1
        self.values[path] = self._span(first)

    def _items(self, end: str) -> Iterator[int]:
        """A number for each item up to the bracket that closes them; the caller goes past the item."""
        index = 0
        while self._more() and self._next() != end:
            yield index
            index += 1
            if self._more() and self._next() == ",":
                self._at += 1
        self._at += 1
