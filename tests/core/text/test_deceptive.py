"""Characters that look like nothing or like another one, and texts of people who write in other scripts."""

from __future__ import annotations

import unicodedata

import make_lookalikes
import pytest

from agentguard.core.text import lookalikes
from agentguard.core.text.deceptive import deceptive, described


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("plain", []),
        ("d\u0430ta", [1]),  # a Cyrillic a among Latin letters
        ("\u0441\u043e\u0440", [0, 1, 2]),  # all of it looks Latin
        ("отчёт.pdf", []),
        ("café", []),
        ("cafe\u0301", [4]),  # another name, which looks the same
        ("e\u0338", [1]),
        ("a\u3164b", [1]),
        ("\u2800", [0]),
        ("a\u115f\u1160\uffa0", [1, 2, 3]),
        ("\u2764\ufe0f", [1]),
        ("ノート", []),
        ("漢字", []),
        ("नमस्ते", []),
        ("สวัสดี", []),
        ("a\u0e31", [1]),  # a mark of one script on a letter of another
        ("/srv\u2215data", [4]),
        ("a…b → c", []),
    ],
)
def test_what_deceives(text: str, places: list[int]) -> None:
    assert sorted(deceptive(text)) == places


def test_what_has_no_shape_by_its_name_deceives() -> None:
    """In the Unicode version of this Python, which may know more of them than the one that the list was made from."""
    named = ("HANGUL", "FILLER"), ("VARIATION SELECTOR",), ("GRAPHEME JOINER",), ("VOWEL INHERENT",), ("PATTERN BLANK",)
    for char in filter(str.isprintable, map(chr, range(0x80, 0x110000))):
        name = unicodedata.name(char, "")
        if any(all(word in name for word in words) for words in named):
            assert deceptive(f"a{char}b"), name


def test_the_table_is_what_the_package_has() -> None:
    assert make_lookalikes.lookalikes() == lookalikes.LOOKALIKES


def test_a_character_is_described() -> None:
    assert described("\u0430") == "U+0430 CYRILLIC SMALL LETTER A, looks like a"
    assert described("\u2800") == "U+2800 BRAILLE PATTERN BLANK"
