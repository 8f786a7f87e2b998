"""Characters that look like nothing or like another one: U+3164 is a letter without a shape, U+0430 looks like an "a".

Only for what people read, and only where a text is not ASCII: the tables are loaded then.
"""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Printable by their category, but without a shape: Default_Ignorable_Code_Point of Unicode, where that is neither a
#: format character nor unassigned, and two that are blank.
_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159\u180b\u180c\u180d\u180f")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
#: Marks that go with any script: nobody sees on which letter a name has one, and which one.
_MARKS = tuple(range(*ends) for ends in ((0x300, 0x370), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100)))


def deceptive(text: str) -> frozenset[int]:
    """Where a text has a character that a person would not see, or would take for another one."""
    if text.isascii():
        return frozenset()
    found = {place for place, char in enumerate(text) if _shapeless(text, place, char)}
    for word in _words(text):
        letters = [place for place in word if not text[place].isascii()]
        if all(looks_like(text[place]) for place in letters):  # else it is seen to be of another script
            found.update(letters)
    found.update(place for place, char in enumerate(text) if not _in_word(char) and looks_like(char))
    return frozenset(found)


def looks_like(char: str) -> str:
    """The ASCII character that another one looks like, "" for none."""
    if char.isascii():
        return ""
    from .lookalikes import PLAIN

    return PLAIN.get(char, "")


def described(char: str) -> str:
    """A character by its number and its name, and what it looks like."""
    import unicodedata

    like = looks_like(char)
    name = unicodedata.name(char, "a character without a name")
    return f"U+{ord(char):04X} {name}" + (f", looks like {like}" if like else "")


def _shapeless(text: str, place: int, char: str) -> bool:
    if char.isascii():
        return False
    if char in _SHAPELESS or any(ord(char) in chars for chars in (*_SELECTORS, *_MARKS)):
        return True
    before = text[place - 1] if place else ""
    return _is_mark(char) and (before.isascii() or not (_in_word(before) or _is_mark(before)))


def _is_mark(char: str) -> bool:
    import unicodedata

    return unicodedata.category(char).startswith("M")


def _in_word(char: str) -> bool:
    return char.isalnum()


def _words(text: str) -> Iterator[list[int]]:
    """The places of each run of letters and digits."""
    word: list[int] = []
    for place, char in enumerate(text):
        if _in_word(char):
            word.append(place)
        elif word:
            yield word
            word = []
    yield word
