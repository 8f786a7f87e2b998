"""A word of a command line: `Known`, or `Unknown` before the line runs. Neither is a `str`.

The text has to be asked for (`.text` of a known word, `.guess` of either, `text_of` where there is
no going on without it), so that every place says what it does with a word that nobody knows. What is
made of an unknown word (`cut`, `partition`, `map`, `+`, `joined`) is unknown again, but for a part
that surely stands on the line: of `--data=$BODY` the name `--data` is known, the value is not.
"""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn


class _Text(Value):
    """What known and unknown words have in common; see the module."""

    if TYPE_CHECKING:

        @property
        def guess(self) -> str:
            """The text, or the best guess at it (what is unset expands to nothing)."""

        @property
        def written(self) -> str:
            """The word as it stands on the line, for a person to read."""

        @property
        def start(self) -> str:
            """The part of the text that is certain, up to where it is not known any more."""

    def cut(self, start: int, stop: int | None = None) -> Word:
        """The part from one place to another, as a slice of a text is."""
        raise NotImplementedError

    def map(self, change: Callable[[str], str]) -> Word:
        """What `change` makes of the text."""
        raise NotImplementedError

    def partition(self, separator: str) -> tuple[Word, bool, Word]:
        """What is before the first separator, whether there is one (a guess, where it is not certain), and the rest."""
        raise NotImplementedError

    def __add__(self, other: Word | str) -> Word:
        return joined((self, other if isinstance(other, _Text) else Known(other)), "")  # type: ignore[arg-type]

    def __radd__(self, other: str) -> Word:
        return joined((Known(other), self), "")  # type: ignore[arg-type]

    # A word that is used as if it were its text is a mistake that must not pass silently.

    def __str__(self) -> str:
        raise TypeError("a word is no text: ask for its text, guess or written form")

    def __bool__(self) -> NoReturn:
        raise TypeError("a word is neither true nor false: compare its text or guess")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            raise TypeError("a word is no text: compare its text or guess")
        return super().__eq__(other)

    __hash__ = Value.__hash__


class Known(_Text):
    """A word whose text is known."""

    text: str

    @property
    def guess(self) -> str:
        """See _Text."""
        return self.text

    @property
    def written(self) -> str:
        """See _Text."""
        return self.text

    @property
    def start(self) -> str:
        """See _Text."""
        return self.text

    def cut(self, start: int, stop: int | None = None) -> Word:
        """See _Text."""
        return Known(self.text[start:stop])

    def map(self, change: Callable[[str], str]) -> Word:
        """See _Text."""
        return Known(change(self.text))

    def partition(self, separator: str) -> tuple[Word, bool, Word]:
        """See _Text."""
        before, found, after = self.text.partition(separator)
        return Known(before), bool(found), Known(after)


class Unknown(_Text):
    """A word whose text is not known before the line runs."""

    guess: str
    written: str
    start: str = ""

    @property
    def may_be_option(self) -> bool:
        """Whether it may begin with `-`: `$X` and `-$X` may, `v$X` does not."""
        return self.start[:1] in ("", "-")

    def cut(self, start: int, stop: int | None = None) -> Word:
        """See _Text; what lies before the first unknown character is known."""
        if stop is not None and start >= 0 and 0 <= stop <= len(self.start):
            return Known(self.start[start:stop])
        return Unknown(self.guess[start:stop], self.written, self.start[start:] if start >= 0 and stop is None else "")

    def map(self, change: Callable[[str], str]) -> Word:
        """See _Text; what becomes of the part that was certain is not."""
        return Unknown(change(self.guess), self.written)

    def partition(self, separator: str) -> tuple[Word, bool, Word]:
        """See _Text; what is before a separator that surely stands there is known."""
        before, found, after = self.guess.partition(separator)
        certain, surely, rest = self.start.partition(separator)
        first: Word = Known(certain) if surely else Unknown(before, self.written, certain)
        return first, bool(found), Unknown(after, self.written, rest)


Word = Known | Unknown


def known(texts: Iterable[str]) -> tuple[Known, ...]:
    """Words of these texts."""
    return tuple(map(Known, texts))


def joined(words: Iterable[Word], separator: str = " ") -> Word:
    """One word of several; unknown if one of them is."""
    words = tuple(words)
    guess = separator.join(word.guess for word in words)
    first = next((at for at, word in enumerate(words) if isinstance(word, Unknown)), None)
    if first is None:
        return Known(guess)
    start = separator.join(word.start for word in words[: first + 1])
    return Unknown(guess, separator.join(word.written for word in words), start)


def replaced(word: Word, mark: str, by: Word) -> Word:
    """A word with another in place of each mark."""
    if mark not in word.guess:
        return word
    put = word.guess.replace(mark, by.guess)
    if isinstance(word, Known) and isinstance(by, Known):
        return Known(put)
    before, found, _ = word.start.partition(mark)
    return Unknown(put, word.written, before + by.start if found else before)


def text_of(word: Word) -> str:
    """The text of a word that there is no going on without; raises Unseen if it is not known."""
    if isinstance(word, Known):
        return word.text
    raise Unseen(f"{word.written} is not known before the line runs")
