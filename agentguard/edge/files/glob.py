"""Pathname expansion as a shell does it (XCU 2.13.3): what `*`, `?`, `[…]`, and bash's `@(…|…)`, match now."""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Pattern

    from ..system.deadline import Deadline


def expand(pattern: str, cwd: str, most: int, deadline: Deadline) -> tuple[str, ...]:
    """The paths that match, sorted by their bytes; none if nothing does.

    A backslash takes the next character literally. A name that starts with a dot is matched
    only where the pattern has that dot. Raises Unseen for more than `most` paths, and for a group
    (bash(1), extglob) that is not simple: see `_group`.
    """
    found = ["/"] if pattern.startswith("/") else [""]
    parts = [part for part in pattern.split("/") if part]
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if _has_magic(part):
            found = [path for stem in found for path in _matching(stem, part, cwd, deadline)]
        else:
            found = [stem + _literal(part) for stem in found]
        if len(found) > most:
            raise Unseen(f"{pattern} stands for more than {most} paths")
        if not is_last or pattern.endswith("/"):
            found = [path + "/" for path in found if os.path.isdir(encode(os.path.join(cwd, path)))]
        else:
            found = [path for path in found if os.path.lexists(encode(os.path.join(cwd, path)))]
    return tuple(sorted(found, key=encode)) if parts else ()


def _matching(stem: str, part: str, cwd: str, deadline: Deadline) -> list[str]:
    deadline.left()
    wanted = _compiled(part)
    try:
        names = os.listdir(encode(os.path.join(cwd, stem)))
    except (
        FileNotFoundError,
        NotADirectoryError,
        PermissionError,
    ):  # what the user may not list, their shell does not match either
        return []
    hidden = part.startswith((".", "\\."))
    shown = (decode(name) for name in names if hidden or not name.startswith(b"."))
    return [stem + name for name in shown if wanted.fullmatch(name)]


def _has_magic(part: str) -> bool:
    plain, at = "", 0
    while at < len(part):
        if part[at] == "\\":
            at += 2
            continue
        plain += part[at]
        at += 1
    return any(char in plain for char in "*?[") or any(f"{mark}(" in plain for mark in _MARKS)


def _literal(part: str) -> str:
    out, at = "", 0
    while at < len(part):
        at += part[at] == "\\" and at + 1 < len(part)
        out += part[at]
        at += 1
    return out


def _compiled(part: str) -> Pattern[str]:
    import re

    return re.compile(_expression(part), re.DOTALL)


def _expression(part: str) -> str:
    """A pattern as a regular expression."""
    import re

    out, at = "", 0
    while at < len(part):
        char = part[at]
        at += 1
        if char in _MARKS and part[at : at + 1] == "(":
            group, at = _group(char, part, at + 1)
            out += group
        elif char == "*":
            out += ".*"
        elif char == "?":
            out += "."
        elif char == "[" and (bracket := _bracket(part, at)):
            out += bracket[0]
            at = bracket[1]
        elif char == "\\" and at < len(part):
            out += re.escape(part[at])
            at += 1
        else:
            out += re.escape(char)
    return out


def _group(mark: str, part: str, at: int) -> tuple[str, int]:
    """`@(…|…)` and its like, whose inside begins at `at`, as a regular expression, and where it ends.

    Raises Unseen where a hidden name may match, where `!(…)` is not the end of the pattern or stands
    after `*`, and for a repetition of more than single characters, which could take for ever.
    """
    alternatives, depth = [""], 1
    begin = at
    while depth:
        if at >= len(part):
            raise Unseen(f"{part} cannot be expanded")
        char = part[at]
        at += 1
        if char == "\\":
            alternatives[-1] += part[at - 1 : at + 1]
            at += 1
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 1:
            alternatives.append("")
        elif depth:
            alternatives[-1] += char
    expressions = [_expression(one) for one in alternatives]
    hidden = begin == 2 and any(one.startswith((".", "\\.")) for one in alternatives)
    single = all(len(one) == 1 or one[:1] + one[-1:] == "[]" for one in alternatives) and "*" not in alternatives
    if hidden or (mark == "!" and (at < len(part) or "*" in part[:begin])) or (mark in "+*" and not single):
        raise Unseen(f"{part} is not expanded before the line runs")
    either = f"(?:{'|'.join(expressions)})"
    return (rf"(?!{either}\Z).*" if mark == "!" else either + {"@": "", "+": "+", "*": "*", "?": "?"}[mark]), at


#: What begins a group, before its parenthesis.
_MARKS = "@!+*?"
#: Character classes as the "C" locale has them.
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9A-Fa-f",
    "space": r"\s", "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}  # fmt: skip


def _bracket(part: str, at: int) -> tuple[str, int] | None:
    """A bracket expression as a regular expression and where it ends; None if it is none after all."""
    start = at
    negated = part[at : at + 1] in ("!", "^")
    at += negated
    out = ""
    while at < len(part):
        char = part[at]
        if char == "]" and at > start + negated:
            return f"[{'^' if negated else ''}{out}]", at + 1
        if part.startswith("[:", at) and (end := part.find(":]", at)) > 0:
            if part[at + 2 : end] not in _CLASSES:
                raise Unseen(f"{part} cannot be expanded")
            out += _CLASSES[part[at + 2 : end]]
            at = end + 2
            continue
        if char == "\\" and at + 1 < len(part):
            at += 1
            char = part[at]
            out += "\\" + char if not char.isalnum() else char
        else:
            is_range = char == "-" and out and at > start + negated and part[at + 1 : at + 2] not in ("", "]")
            out += "-" if is_range else char if char.isalnum() else "\\" + char
        at += 1
    return None
