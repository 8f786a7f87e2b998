"""Expressions: what a shell runs when it evaluates one, which is more than what stands there.

The value of a variable that an expression names is an expression again, and a subscript in it may hold `$(…)`: so
text that comes to where a number is wanted, a subscript, or the name of a variable, can run commands.
"""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .syntax.word_parts import unescaped

if TYPE_CHECKING:
    from ...core.word import Unknown

_DIGITS = "0123456789"
_IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + _DIGITS
#: What prints texts that somebody else wrote, or that nobody can read before they are decoded. What other programs
#: print is taken for a number where one is wanted: a guard that asks at each `(( $(wc -l < f) ))` is switched off.
_BRINGING = frozenset((
    "curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "base64", "base32", "basenc", "xxd", "openssl", "uudecode",
    "rev", "tr", "gzip", "gunzip", "zcat", "xz", "gpg",
))  # fmt: skip
#: What stands before a command in a text that is evaluated, now or once it has been put together and unescaped.
_MARKS = frozenset("$`\\")
#: How curl is asked for a number and nothing else.
_STATUS = ("-o /dev/null", "%{http_code}")


def substitutes(text: str) -> bool:
    """Whether a command would be run if the text were expanded."""
    return "$(" in text or "`" in text


def forms(text: str) -> tuple[str, ...]:
    """A text as it stands, and as it is once printf, read or a prompt have resolved what is escaped in it."""
    return (text, unescaped(text), text.replace("\\", "")) if "\\" in text else (text,)


def arms(text: str) -> bool:
    """Whether a command may run where a variable with that text is evaluated, whatever it has gone through by then."""
    return not _MARKS.isdisjoint(text)


def subscript(text: str) -> str:
    """What stands behind the name in `NAME[…]`, brackets and all; "" if nothing does."""
    return text[text.index("[") :] if "[" in text else ""


def names(text: str) -> list[str]:
    """The variables that an expression names."""
    words = "".join(char if char in _IDENTIFIER else " " for char in text).split()
    return [word for word in words if word[0] not in _DIGITS]


def assigns(text: str) -> bool:
    """Whether an expression may set variables."""
    for operator in ("==", "!=", "<=", ">="):
        text = text.replace(operator, "")
    return "=" in text or "++" in text or "--" in text


def is_brought(value: Unknown) -> bool:
    """Whether a value that is not known is what one of those programs prints, or escapes that hide a command."""
    words = "".join(char if char in _IDENTIFIER else " " for char in value.written).split()
    resolved = unescaped(value.written)
    if any(resolved.count(mark) > value.written.count(mark) for mark in "$`"):
        return True
    return not _BRINGING.isdisjoint(words) and not all(part in value.written for part in _STATUS)


def unseen(value: Unknown) -> Effect:
    """The effect of evaluating such a value."""
    reason = f"evaluates {value.written} as an expression, in which commands may stand"
    return Effect(
        "unknown", Target("expression", value.written), rule="sh-unseen-expression", program="sh", reason=reason
    )
