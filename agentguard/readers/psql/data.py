"""Lines that COPY FROM STDIN takes: data, unless the COPY fails; then psql runs them as script.

Almost all of what stands in data would be an error there. What would not be stands where a statement can begin, or is a
backslash command; only that is looked for, so that data of any length are quickly seen through.
"""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

import re

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = "|".join(
    """
    abort alter analyze begin call checkpoint close cluster comment commit copy create deallocate declare delete discard
    do drop end execute explain fetch grant import insert load lock merge move notify prepare reassign refresh reindex
    release reset revoke rollback savepoint security select set start table truncate update vacuum values with
    """.split()
)
#: Where a statement can begin: a word that does begin one, a comment, a parenthesis, a variable.
_BEGINS = rf"\s*(?=(?i:{_WORDS})\b|--|/\*|\(|:)"
_BEHIND = re.compile(rf";{_BEGINS}")
#: How much of a statement is looked at.
LONGEST = 1 << 15
#: Backslash commands that do more than to show something. Data escape a backslash by another one.
_COMMANDS = re.compile(
    r"\\(?:!|(?:i|ir|include|include_relative|o|out|w|write|g|gx|gexec|gset|crosstabview|watch|copy|e|edit|ef|ev|s"
    r"|lo_export|lo_unlink|password|c|connect|set|setenv|unset|cd)(?=[\s\\]|\Z))"
)


def scripts(pieces: Iterator[str]) -> Iterator[str]:
    """Where in data something begins that could be done if they were run as script: from there on, so much at most."""
    held = ";"  # a statement can begin where another one ends, and at the start
    for piece in pieces:
        text = held + piece
        end = text.find(";", max(0, len(text) - LONGEST))
        if end < 0 and text.rstrip().endswith(";"):
            end = text.rindex(";")
        yield from _beginnings(text, end if end >= 0 else len(text))
        held = text[end:] if end >= 0 else ""
    yield from _beginnings(held, len(held))


def _beginnings(text: str, end: int) -> Iterator[str]:
    """Those that begin before the end; what follows on the text counts with them."""
    for found in _BEHIND.finditer(text):
        if found.start() < end:
            yield text[found.end() : found.end() + LONGEST]
    for found in _COMMANDS.finditer(text):
        if found.start() < end and text[found.start() - 1 : found.start()] != "\\":
            yield text[found.start() :].partition("\n")[0]
