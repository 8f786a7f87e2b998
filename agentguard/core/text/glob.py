"""Globs: a shell's to be written, and those of rules, which know `*` alone: `fnmatch` would load re into every shim."""

from __future__ import annotations

#: What means something in a shell glob, extended ones included.
_SPECIAL = "*?[]()\\"


def literal(text: str) -> str:
    """A shell glob that matches `text` alone."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in text)


def in_any_case(text: str) -> str:
    """A shell glob for `text` in upper or lower case (`[aA][bB]`)."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in text)


def like(text: str, pattern: str) -> bool:
    """Whether all of `text` matches `pattern`, in which `*` stands for any text, also none."""
    if "*" not in pattern:
        return text == pattern
    head, *rest = pattern.split("*")
    if not text.startswith(head):
        return False
    position = len(head)
    for middle in rest[:-1]:
        found = text.find(middle, position)
        if found < 0:
            return False
        position = found + len(middle)
    return len(text) - position >= len(rest[-1]) and text.endswith(rest[-1])
