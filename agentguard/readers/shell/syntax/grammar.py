"""From shell text to bashlex's tree, with the words as the lexer cut them."""

from __future__ import annotations

from ....lean.typing import TYPE_CHECKING
from ....lean.value import Value
from . import plain
from .lexer import Lexer
from .word_parts import NotUnderstood, Token

if TYPE_CHECKING:
    from typing import Any

#: The longest text that is read, in characters: bashlex takes some two seconds for this much.
MAX_TEXT = 65536
_BEGIN, _END = "{\n", "\n}"


class Script(Value):
    """A text, its tree (a list of nodes as bashlex has them), and what the lexer found, by position in the text."""

    text: str
    nodes: tuple[Any, ...]
    words: dict[int, Token]
    heredocs: dict[int, Token]
    data: set[int]
    patterns: set[int]
    falls: dict[int, str]
    cases: set[int]
    selects: set[int]
    coprocesses: dict[int, str]

    def word(self, node: Any) -> Token:
        """The word of a word node."""
        try:
            return self.words[offset(node)]
        except KeyError:
            raise NotUnderstood(f"`{self.source(node)}` is cut in two ways") from None

    def source(self, node: Any) -> str:
        """The node's own text, on one line and not too long."""
        text = " ".join(self.text[offset(node) : node.pos[1] - len(_BEGIN)].split())
        return text if len(text) <= 60 else text[:59] + "…"


def offset(node: Any) -> int:
    """Where in the text a node begins."""
    return int(node.pos[0]) - len(_BEGIN)


def parse(text: str) -> Script:
    """The tree of a text; raises NotUnderstood."""
    if len(text) > MAX_TEXT:
        raise NotUnderstood(f"it is longer than {MAX_TEXT} characters")
    if "\0" in text:
        raise NotUnderstood("it has a NUL byte")
    lexer = Lexer(text)
    lexer.run()
    mask = str(lexer.mask)
    nodes = _tree(mask, text) if mask.strip() else ()
    return Script(
        text,
        nodes,
        lexer.words,
        lexer.heredocs,
        lexer.data,
        lexer.patterns,
        lexer.falls,
        lexer.cases,
        lexer.selects,
        lexer.coprocesses,
    )


def _tree(mask: str, original: str) -> tuple[Any, ...]:
    """bashlex's nodes. The text is read as one group, because between the commands of several
    lines bashlex drops what it cannot read without a word.
    """
    found = plain.nodes(mask, len(_BEGIN))
    if found is not None:
        return found
    from .automaton import load

    bashlex = load()
    text = f"{_BEGIN}{mask}{_END}"
    try:
        trees = bashlex.parse(text)
    except bashlex.errors.ParsingError as fault:
        raise NotUnderstood(_where(fault.message, original, fault.position - len(_BEGIN))) from fault
    except (NotImplementedError, AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as fault:
        # What bashlex raises for grammar that it lacks, and where it trips over itself.
        raise NotUnderstood(f"its grammar: {str(fault) or type(fault).__name__}") from fault
    if len(trees) != 1 or trees[0].kind != "compound" or tuple(trees[0].pos) != (0, len(text)):
        raise NotUnderstood("its braces do not match")
    return tuple(trees[0].list[1:-1])


def _where(fault: str, text: str, at: int) -> str:
    """bashlex's words, with the text that they are about instead of the mask's."""
    if at >= len(text):
        return "it ends too early"
    near = " ".join(text[max(at - 20, 0) : at + 20].split())
    return f"a word out of place near `{near}`" if "unexpected token" in fault else f"{fault} near `{near}`"
