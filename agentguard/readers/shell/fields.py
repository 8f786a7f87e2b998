"""Arguments as a word becomes one: put together from its parts, then matched against the paths that there are."""

from __future__ import annotations

import os.path

from ...core.paths import could_touch
from ...core.text.glob import literal
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, Word
from ...lean.typing import TYPE_CHECKING
from .fresh import Fresh, longer, settled
from .syntax.quoting import GROUPING

if TYPE_CHECKING:
    from .scope import Shell

_MATCHING = "*?["
_MAGIC = _MATCHING + GROUPING


class Field:
    """An argument as it is put together.

    `pattern` is its text with what was quoted made literal, `start` how it begins for certain: up to
    what is not known, or unquoted may make a pattern of it.
    """

    def __init__(self) -> None:
        self.text = self.pattern = self.start = ""
        self.known = True
        self.kept = False
        self.fresh: Fresh | None = None
        self._is_certain = True
        self._special = ""

    @property
    def is_pattern(self) -> bool:
        """Whether it has an unquoted `*`, `?`, `[…]` or `@(…)`."""
        return (
            grouped(self.pattern)
            or "*" in self._special
            or "?" in self._special
            or "]" in self._special.partition("[")[2]
        )

    def add(self, value: Word, is_quoted: bool) -> None:
        """Add the value of the next part."""
        text, start = value.guess, value.start
        if not self.text and self.known and isinstance(value, Fresh):
            self.fresh = value
        elif self.fresh is not None:
            self.fresh = longer(self.fresh, value)
        self.text += text
        self.pattern += literal(text) if is_quoted else text
        if not is_quoted:
            self._special += "".join(c for c in text if c in "*?[]")
            start = start[: next((i for i, c in enumerate(start) if c in _MATCHING), None)]
        if self._is_certain:
            self.start += start
        self._is_certain = self._is_certain and start == text and isinstance(value, Known)
        self.known = self.known and isinstance(value, Known)
        self.kept = self.kept or is_quoted or bool(text) or not self.known


def matched(field: Field, shell: Shell, written: str) -> list[Word]:
    """The paths that a field with unquoted `*`, `?` or `[` matches; the field itself if none."""
    cwd, globs = shell.scope.cwd, shell.scope.globs
    if field.fresh is not None and not field.is_pattern:
        return [settled(field.fresh, shell.world)]
    if not field.is_pattern or globs == "off":
        return [Known(field.text) if field.known else Unknown(field.text, written, field.start)]
    alternatives = grouped(field.pattern)
    start = field.start if globs == "on" and not alternatives else ""
    if isinstance(cwd, Unknown) and not field.text.startswith("/"):
        return [Unknown(field.text, written, start)]
    try:
        found, sure = list(shell.world.expand(field.pattern, cwd.guess)), field.known and globs == "on"
    except Unseen:
        found, sure = [], False
    if alternatives:  # zsh reads those with `*` and `?` otherwise, and takes none as a mistake
        sure = sure and bool(found) and not (grouped(field.pattern, "*?") or shell.scope.is_zsh)
    fixed = field.pattern[: next((i for i, c in enumerate(field.pattern) if c in _MAGIC), None)]
    directory = os.path.normpath(os.path.dirname(os.path.join(cwd.guess, fixed)))
    if any(could_touch(effect, directory) for effect in shell.ahead):
        found, sure = [*found, field.text], False
    return [Known(text) if sure else Unknown(text, written, start) for text in found or [field.text]]


def grouped(pattern: str, marks: str = GROUPING) -> bool:
    """Whether a text has a pattern with alternatives, `@(…|…)`."""
    return any(f"{mark}(" in pattern for mark in marks)
