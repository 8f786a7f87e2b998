"""Lists of plain commands, read without bashlex: the same nodes, for the lines that are most of all.

Of a mask (see lexer.py) that holds only words and what stands between commands (`|`, `|&`, `&&`,
`||`, `;`, `&`, newlines) the tree is plain to see, and bashlex is not loaded for it. Everything else
is bashlex's: redirections, compound commands, reserved words, and whatever is not well formed.
"""

from __future__ import annotations

from ....lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_BLANKS = " \t"
#: All that such a mask is made of; a word in it is a row of `w`.
_PLAIN = frozenset(f"w{_BLANKS}|&;\n")
_OPERATORS = ("&&", "||", "|&", "|", "&", ";", "\n")


class Node:
    """A node as bashlex has them, with the attributes that its kind has there."""

    pos: tuple[int, int]
    op: str

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def nodes(mask: str, start: int) -> tuple[Node, ...] | None:
    """The nodes of a mask, whose first character is at `start`; None if bashlex must read it."""
    if not set(mask) <= _PLAIN:
        return None
    parts: list[Node] = []  # commands or pipelines, each followed by its operator
    stages: list[Node] = []  # commands of the present pipeline, each but the last followed by its pipe
    words: list[Node] = []
    after = "\n"  # the operator that nothing but newlines has followed yet
    for token, at, end in _tokens(mask, start):
        if token == "w":
            words.append(Node(kind="word", word=mask[at - start : end - start], parts=[], pos=(at, end)))
            after = ""
            continue
        if not words:
            if token == "\n" and after:
                continue
            return None
        stages.append(Node(kind="command", parts=words, pos=(words[0].pos[0], words[-1].pos[1])))
        words, after = [], token
        if token in ("|", "|&"):
            stages.append(Node(kind="pipe", pipe=token, pos=(at, end)))
            continue
        parts += (_pipeline(stages), Node(kind="operator", op=token, pos=(at, end)))
        stages = []
    if stages or not parts or after in ("&&", "||"):
        return None
    if len(parts) == 2 and parts[1].op == "\n":
        return (parts[0],)
    return (Node(kind="list", parts=parts, pos=(parts[0].pos[0], parts[-1].pos[1])),)


def _pipeline(stages: list[Node]) -> Node:
    if len(stages) == 1:
        return stages[0]
    return Node(kind="pipeline", parts=stages, pos=(stages[0].pos[0], stages[-1].pos[1]))


def _tokens(mask: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The words (as "w") and operators of a mask with where they begin and end, and the newline after it."""
    at, text = 0, f"{mask}\n"
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        begin = at
        if text[at] == "w":
            while text[at] == "w":
                at += 1
            token = "w"
        else:
            token = next(one for one in _OPERATORS if text.startswith(one, at))
            at += len(token)
        yield token, start + begin, start + at
