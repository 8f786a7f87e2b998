"""A text with parts of it overwritten, every character staying where it is."""

from __future__ import annotations


class Mask:
    """Takes what is put over the text; no two parts may overlap."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[tuple[int, str]] = []

    def put(self, at: int, part: str) -> None:
        """Write `part` over the text at `at`."""
        self._parts.append((at, part))

    def take_back(self) -> None:
        """Forget what was put last."""
        self._parts.pop()

    def __str__(self) -> str:
        parts, end = list[str](), 0
        for at, part in sorted(self._parts):
            parts += (self._text[end:at], part)
            end = at + len(part)
        return "".join((*parts, self._text[end:]))
