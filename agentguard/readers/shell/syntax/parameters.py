"""What stands in `${…}`: the name of a parameter, a subscript, and an operator with its word."""

from __future__ import annotations

from .lexer import closing
from .quoting import Scanner
from .word_parts import identifier


def parameter(text: str) -> tuple[str, str, str]:
    """The inside of `${…}` as name, subscript and operator; no name for what is none (`!X`)."""
    if text[:1] in tuple("@*#?-$!"):
        end = 1 if len(text) == 1 or text[0] not in "#!" else 0
    else:
        end = len(identifier(text)) or len(text) - len(text.lstrip("0123456789"))
    name, rest = text[:end], text[end:]
    if name and rest.startswith("["):
        end = Scanner(rest, closing, 1).subscript()
        return (name, rest[1:end], rest[end + 1 :]) if end > 0 else ("", "", "")
    return name, "", rest


def mark_of(operator: str) -> str:
    """What an operator of `${…}` begins with, up to its word."""
    return operator[: 2 if operator[:1] == ":" else 1]


def trimmed(value: str, mark: str, pattern: str) -> str:
    """`${value%pattern}` or `${value#pattern}`, doubled for the longest match."""
    from fnmatch import fnmatchcase

    longest = pattern.startswith(mark)
    pattern = pattern[1:] if longest else pattern
    cuts = range(len(value) + 1)
    if mark == "#":
        ends = [cut for cut in cuts if fnmatchcase(value[:cut], pattern)]
        return value[(max if longest else min)(ends, default=0) :]
    starts = [cut for cut in cuts if fnmatchcase(value[cut:], pattern)]
    return value[: (min if longest else max)(starts, default=len(value))]
