"""Bounds what a row of the record keeps of long texts: head, tail, length and hash, so that no call fills the disk."""

from __future__ import annotations

from ...lean.canonical import canonical, fingerprint

#: How much is kept of one word and of all words of a call, of a reason, and of a target's name, in characters.
MOST_OF_WORD, MOST_OF_CALL, MOST_OF_REASON, MOST_OF_NAME = 2000, 8000, 1000, 500


def shortened(text: str, most: int) -> str:
    """`text` (masked already), or its head and tail with what it was in all.

    >>> shortened("a" * 1000, 8)
    'aaaaaa… [1000 characters, sha256 41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3] …aa'
    """
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail]}{_gap(f'{len(text)} characters', text)}{text[-tail:]}"


def shortened_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a call (masked already), or the first and last of them with what they were in all."""
    kept = tuple(shortened(word, MOST_OF_WORD) for word in words)
    if sum(map(_size, kept)) <= MOST_OF_CALL:
        return kept
    first = _fitting(kept, MOST_OF_CALL * 3 // 4)
    last = _fitting(kept[: first - 1 : -1], MOST_OF_CALL // 4)
    whole = f"{len(words)} words, {sum(map(len, words))} characters"
    return (*kept[:first], _gap(whole, canonical(words)).strip(), *kept[len(kept) - last :])


def _size(word: str) -> int:
    """What a word costs, an empty one too."""
    return len(word) + 3


def _fitting(words: tuple[str, ...], most: int) -> int:
    """How many of the first words have room in so many characters."""
    count = 0
    for word in words:
        most -= _size(word)
        if most < 0:
            break
        count += 1
    return count


def _gap(length: str, whole: str) -> str:
    """What stands where something was left out."""
    return f"… [{length}, sha256 {fingerprint(whole.encode('utf-8', 'surrogateescape'))}] …"
