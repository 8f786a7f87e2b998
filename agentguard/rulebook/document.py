"""A rule file as text and tables, and errors that name the line in it."""

from __future__ import annotations

import os
import re

from ..errors import RuleError
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .positions import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from .positions import Path, Span

HINT = "docs/rules.md has the format"
#: How many names are told to who has used one that is unlike all of them.
MOST_KNOWN = 40
_AT = re.compile(r"(.*) \(at line (\d+), column (\d+)\)")


class Document(Value):
    """One rule file: its name, its tables, and the text that they were read from ("" if there was none)."""

    file: str
    tables: Mapping[str, Any]
    text: str = ""

    @classmethod
    def read(cls, directory: str, file: str) -> Document:
        """The file of that name below a directory; raises RuleError."""
        try:
            with open(os.path.join(directory, file), encoding="utf-8", newline="") as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError) as fault:
            raise RuleError(f"{file}: {fault}", "a rule file is a text in UTF-8") from fault
        return cls.parse(file, text)

    @classmethod
    def parse(cls, file: str, text: str) -> Document:
        """The document of a text; raises RuleError where that is not TOML."""
        import tomllib

        try:
            return cls(file, tomllib.loads(text), text)
        except tomllib.TOMLDecodeError as fault:
            found = _AT.fullmatch(str(fault))
            what, line, column = (found[1], int(found[2]), int(found[3])) if found else (str(fault), 0, 0)
            place = f"{file}:{line}" if line else file
            shown = _marked(text, line, column, 1) if line else ""
            raise RuleError(f"{place}: not TOML: {what}", "https://toml.io describes TOML", shown) from fault


class Node(Value):
    """A value in a document, with the path to it (`rule[2].effect`)."""

    document: Document
    path: Path = ()

    def __truediv__(self, key: str | int) -> Node:
        return Node(self.document, (*self.path, key))

    @property
    def value(self) -> Any:
        """The value itself."""
        found: Any = self.document.tables
        for key in self.path:
            found = found[key]
        return found

    def items(self, *keys: str) -> Iterator[Node]:
        """The items of a list, or the values of a table: of this one, or of what it may have under these keys."""
        node = Node(self.document, (*self.path, *keys))
        try:
            value = node.value
        except KeyError:
            return
        yield from (node / key for key in (value if isinstance(value, dict) else range(len(value))))

    @property
    def title(self) -> str:
        """What a person calls the table that it is in: `[grammar]`, `[command.reset]`, `rule git-reset-hard`."""
        match self.path:
            case ("rule", int(number), *_):
                rule = self.document.tables["rule"][number]
                name = rule.get("id") if isinstance(rule, dict) else ""
                return f"rule {name if name and isinstance(name, str) else number + 1}"
            case ("command", name, *_):
                return f'[command."{name}"]' if " " in str(name) else f"[command.{name}]"
            case ("commands", *_):
                return "[[commands]]"
            case ("program" | "grammar" | "plain" | "sets" | "api" as name, *_):
                return f"[{name}]"
        return ""

    def __str__(self) -> str:
        """`FILE:LINE`; `FILE` if nobody kept the text."""
        span = self._span(of_key=False)
        return f"{self.document.file}:{_line(self.document.text, span[0])}" if span else self.document.file

    def fault(self, what: str, hint: str = HINT, of_key: bool = False) -> RuleError:
        """The RuleError for this value, or for its key: file and line, what is wrong, and a hint."""
        span, text, place, shown = self._span(of_key), self.document.text, self.document.file, ""
        if span:
            start, line = span[0], _line(text, span[0])
            length = len(text[start : span[1]].partition("\n")[0])
            place = f"{place}:{line}"
            shown = _marked(text, line, start - text.rfind("\n", 0, start), length)
        return RuleError(": ".join(filter(None, (place, self.title, what))), hint, shown)

    def _span(self, of_key: bool) -> Span | None:
        """Where it stands in the text, or else the nearest table above it does."""
        found = Positions(self.document.text)
        spans = found.keys if of_key else found.values
        above = (self.path[:length] for length in range(len(self.path), 0, -1))
        return next((span for path in above if (span := spans.get(path) or found.values.get(path))), None)


def known(name: str, names: Iterable[str]) -> str:
    """The hint for a name that is none of these: "did you mean …?", or else the names there are."""
    import difflib

    names = sorted(filter(None, names)) if isinstance(names, set) else list(filter(None, names))
    near = difflib.get_close_matches(name, names, 1) or difflib.get_close_matches(name.upper(), names, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= MOST_KNOWN else "there is nothing like it"


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _marked(text: str, line: int, column: int, length: int) -> str:
    """A line of a text, and below it a mark under some of its characters."""
    margin = f"  {line} | "
    shown = text.split("\n")[line - 1].rstrip().replace("\t", " ")
    return f"{margin}{shown}\n{' ' * (len(margin) + column - 1)}{'^' * length}"
