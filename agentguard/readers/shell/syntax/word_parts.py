"""Parts of a shell word: literal text, and the expansions that the shell puts something in place of."""

from __future__ import annotations

from ....core.text.encoding import decode, encode
from ....lean.typing import TYPE_CHECKING
from ....lean.value import Value

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["text", "variable", "command", "process", "sink", "arithmetic"]


class NotUnderstood(Exception):
    """A text, or a part of it, that this reader cannot follow: the words say which part and why."""


class Rejected(NotUnderstood):
    """A text that bash rejects as well: the words say what is wrong with it, and where."""


class Piece(Value):
    """A part of a word.

    `value` is literal text ("text"), what stands in `${…}` or after `$` ("variable"), the
    commands of `$(…)` or backquotes ("command"), of `<(…)` ("process") and of `>(…)` ("sink"), or an
    expression ("arithmetic"). Between double quotes, or made literal by a quote, it is `quoted`.
    """

    kind: Kind
    value: str
    quoted: bool = False


class Token(Value):
    """A word as written, and its pieces; `array` holds the elements of `NAME=(…)`."""

    raw: str
    pieces: tuple[Piece, ...]
    array: tuple[Token, ...] | None = None


class Pieces:
    """Pieces as they are found, neighbouring text joined."""

    def __init__(self) -> None:
        self._done: list[Piece] = []
        self._text: list[str] = []
        self._is_quoted = False
        self._open = False

    def add(self, kind: Kind, value: str, quoted: bool = False) -> None:
        """The next piece."""
        if kind == "text" and self._open and self._is_quoted == quoted:
            self._text.append(value)
            return
        self._close()
        if kind == "text":
            self._text, self._is_quoted, self._open = [value], quoted, True
        else:
            self._done.append(Piece(kind, value, quoted))

    def _close(self) -> None:
        if self._open:
            self._done.append(Piece("text", "".join(self._text), self._is_quoted))
        self._open = False

    @property
    def assigns(self) -> bool:
        """Whether all so far is `NAME=`, so that a parenthesis opens an array."""
        if self._done or not self._open or self._is_quoted:
            return False
        text = "".join(self._text)
        return text.endswith("=") and assignment(text) is not None

    def done(self) -> tuple[Piece, ...]:
        """All of them."""
        self._close()
        return tuple(self._done)


def identifier(text: str) -> str:
    """The name of a variable that a text begins with, or ""."""
    end = 0
    while end < len(text) and text[end].isascii() and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return "" if text[:1].isdigit() else text[:end]


def assignment(text: str) -> tuple[str, str, str] | None:
    """`NAME=…`, `NAME+=…`, `NAME[…]=…` as name, what stands between it and the value, and the value."""
    mark = end = len(identifier(text))
    if not end:
        return None
    if text[mark : mark + 1] == "[":
        mark = text.find("]", mark) + 1
        if not mark:
            return None
    mark += text[mark : mark + 1] == "+"
    if text[mark : mark + 1] != "=":
        return None
    return text[:end], text[end : mark + 1], text[mark + 1 :]


def decimal(text: str) -> int | None:
    """A decimal number; None for what is none, is octal (`010`) or does not fit into an integer of every shell."""
    is_decimal = text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
    return int(text) if is_decimal and len(text) < 10 else None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


def unescaped(text: str, controls: bool = False) -> str:
    """Backslash escapes resolved, with `controls` as in `$'…'`, else as printf(1) does; odd bytes as surrogates."""
    out, at = bytearray(), 0
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        at += 1
        if char != "\\" or not following:
            out += encode(char)
            continue
        at += 1
        if controls and text[at : at + 1] == "{" and following == "x":  # any number of digits
            end = text.find("}", at)
            text = f"{text[:at]}{text[at + 1 : end][-2:]:0>2}{text[end + 1 :]}" if end > 0 else text
        limit = {"x": 2, "u": 4, "U": 8}.get(following, 0)
        digits = _digits(text[at : at + limit], "0123456789abcdefABCDEF") if limit else ""
        octal = _digits(text[at - 1 : at + 2], "01234567")
        if digits:
            at += len(digits)
            code = int(digits, 16)
            out += bytes([code]) if following == "x" else chr(min(code, 0x10FFFF)).encode("utf-8", "surrogatepass")
        elif octal:
            at += len(octal) - 1
            out.append(int(octal, 8) & 0xFF)
        elif controls and following == "c" and text[at : at + 1]:
            out.append(ord(text[at : at + 1].upper()) & 0x1F)
            at += 1
        else:
            known = _ESCAPES.get(following, following if following in "\\'\"?" else "\\" + following)
            out += encode(known)
    return decode(bytes(out))


def _digits(text: str, alphabet: str) -> str:
    end = 0
    while end < len(text) and text[end] in alphabet:
        end += 1
    return text[:end]
