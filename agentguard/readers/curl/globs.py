"""curl's URL globs: `{one,two}`, `[1-100:10]`, `[a-z]` (curl(1), "URL")."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How many URLs one pattern may stand for before nobody looks at each.
LIMIT = 1000


def expand(pattern: str) -> list[tuple[str, tuple[str, ...]]] | None:
    """Every URL that a pattern stands for, with what each of its globs is there; None beyond LIMIT."""
    found: list[tuple[str, tuple[str, ...]]] = [("", ())]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and pattern[at + 1 : at + 2] in ("{", "}", "[", "]"):
            choices: Sequence[str] | None = None
            char, at = pattern[at + 1], at + 2
        else:
            choices, at = _glob(pattern, at)
        if choices is None:
            found = [(url + char, globs) for url, globs in found]
            continue
        if len(found) * len(choices) > LIMIT:
            return None
        found = [(url + choice, (*globs, choice)) for url, globs in found for choice in choices]
    return found


def _glob(pattern: str, at: int) -> tuple[Sequence[str] | None, int]:
    """What the glob at that place stands for, and where it ends; None if there is none."""
    closing = {"{": "}", "[": "]"}.get(pattern[at])
    end = pattern.find(closing, at) if closing else -1
    if end < 0:
        return None, at + 1
    inside = pattern[at + 1 : end]
    choices = inside.split(",") if closing == "}" else _range(inside)
    return (choices, end + 1) if choices else (None, at + 1)


def _range(text: str) -> Sequence[str] | None:
    """`1-100:10`, `001-100` or `a-z`; None if it is no range (an IPv6 address)."""
    span, _, step = text.partition(":")
    first, dash, last = span.partition("-")
    if not dash or not span.isascii() or (step and not step.isdigit()) or len(text) > 40:
        return None
    stride = max(int(step or 1), 1)
    if first.isdigit() and last.isdigit():
        width = len(first) if first[0] == "0" else 0
        numbers = range(int(first), int(last) + 1, stride)
        return [str(n).zfill(width) for n in numbers[: LIMIT + 1]]
    if len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(n) for n in range(ord(first), ord(last) + 1, stride)]
    return None
