"""Shell lines that GNU parallel(1) 20221122 makes: `{}`, `{.}`, `{1}` replaced by its input."""

from __future__ import annotations

import os.path

from ..core.word import Known, Unknown, joined
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.word import Word

#: What the marks make of a word, by what stands in their braces.
_PARTS: dict[str, Callable[[str], str]] = {
    "": str,
    ".": lambda word: os.path.splitext(word)[0],
    "/": os.path.basename,
    "//": lambda word: os.path.dirname(word) or ".",
    "/.": lambda word: os.path.splitext(os.path.basename(word))[0],
}
#: The variable of a shell line that stands for a word which is not known.
INPUT = "PARALLEL_INPUT"


def line(command: tuple[Word, ...], mark: str, items: tuple[tuple[Word, ...], ...], quotes: bool) -> Word:
    """The words joined by blanks, each mark replaced by what is given, in quotes; it is added where there is no mark.

    `mark` stands for all of it, `quotes` says that the words of the command are quoted as well. What is
    not known is one word: the variable INPUT. Where it cannot be told what becomes of a mark, the line is Unknown.
    """
    from shlex import quote

    whole = joined(command)
    text = " ".join(quote(word.guess) if quotes else word.guess for word in command)
    words = [word for item in items for word in item]
    known = isinstance(whole, Known) and INPUT not in text and not any("{" in word.guess for word in words)
    if not command:
        given = joined(words)
        return given if isinstance(given, Known) else Unknown(given.guess, "its input")
    marks: dict[str, tuple[list[Word], Callable[[str], str]]] = {mark: (words, str)}
    for part, change in _PARTS.items():
        if part:
            marks[f"{{{part}}}"] = (words, change)
        for place, word in enumerate(words if len(items) == 1 else (), 1):
            marks[f"{{{place}{part}}}"] = ([word], change)
    if words and not any(one in text for one in marks):
        text = f"{text} {mark}"
    if any(_quoted(word, str) != word.guess for word in words) and any(char in text for char in "'\"`\\"):
        known = False  # what quotes do there depends on those around
    parts = text.split(" ")
    if len(words) > 1 and len(items) > 1 and any(one in part != one for part in parts for one in marks):
        known = False  # the word around a mark is repeated, or not
    for one, (chosen, change) in marks.items():
        text = text.replace(one, " ".join(_quoted(word, change) for word in chosen))
    if "{" in text and any(f"{{{sign}" in text for sign in "#%=+-0123456789"):
        known = False  # numbers of jobs, places from the end, and Perl
    return Known(text) if known else Unknown(text, whole.written)


def _quoted(word: Word, change: Callable[[str], str]) -> str:
    """A word as the shell is given it."""
    from shlex import quote

    return f'"${INPUT}"' if isinstance(word, Unknown) else quote(change(word.text))
