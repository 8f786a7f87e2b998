"""SQL text to syntax trees, by PostgreSQL's own parser (pglast)."""

from __future__ import annotations

from ...core.text.encoding import encode
from ...lean.typing import TYPE_CHECKING
from .nodes import constant, kind

if TYPE_CHECKING:
    from typing import Any

#: Text longer than this is parsed on a stack of its own: the parser recurses on nested
#: expressions, and 100,000 levels overflow the usual 8 MiB.
DEEP_TEXT = 20_000
DEEP_STACK = 512 * 1024 * 1024


def statements(text: str) -> list[tuple[Any, str]]:
    """The statements of a query string, each with its text; raises ValueError with what is wrong with it."""
    if "\0" in text:
        raise ValueError("it contains a NUL byte")
    # A byte that is no UTF-8 is part of a word for the server's lexer, and so is this.
    text = encode(text).decode("utf-8", "replace")
    found = _parse(text) if len(text) <= DEEP_TEXT else _parse_deep(text)
    return [(raw.stmt, text[raw.stmt_location : raw.stmt_location + (raw.stmt_len or len(text))]) for raw in found]


def constants(text: str) -> list[str] | None:
    """The values that a query of nothing but constants gives; None if it is another."""
    try:
        query = [statement for statement, _ in statements(text)]
    except ValueError:
        return None
    if len(query) != 1 or kind(query[0]) != "SelectStmt" or not query[0].targetList:
        return None
    values = [constant(target.val) for target in query[0].targetList]
    return None if None in values else [value for value in values if value is not None]


def _parse(text: str) -> list[Any]:
    from pglast import parse_sql
    from pglast.parser import ParseError

    try:
        return list(parse_sql(text))
    except ParseError as fault:
        raise ValueError(str(fault)) from fault


def _parse_deep(text: str) -> list[Any]:
    import threading

    found: list[Any] = []

    def parse() -> None:
        try:
            found.append(_parse(text))
        except ValueError as fault:
            found.append(fault)

    usual = threading.stack_size(DEEP_STACK)
    try:
        thread = threading.Thread(target=parse)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(usual)
    if not found or isinstance(found[0], ValueError):
        raise ValueError(str(found[0]) if found else "its parser failed")
    return list(found[0])
