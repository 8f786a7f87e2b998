"""Writes agentguard/core/text/lookalikes.py anew: python tests/core/text/make_lookalikes.py

The table is that of Unicode's security mechanisms (UTS 39), as the package confusable-homoglyphs has it. It is kept
here, much reduced, because a shim has none of that package's half megabyte to load while somebody waits.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from confusable_homoglyphs import confusables

TABLE = Path(__file__).parents[3] / "agentguard" / "core" / "text" / "lookalikes.py"
PACKAGE = "confusable-homoglyphs"
#: The version that the package took them from.
UNICODE = "15.1"


def lookalikes() -> dict[str, str]:
    """Every printable character that looks like one of ASCII, by that one."""
    found = {}
    for plain in map(chr, range(33, 127)):
        others = {one["c"] for one in confusables.confusables_data.get(plain, ())}
        kept = sorted(c for c in others if len(c) == 1 and not c.isascii() and c.isprintable())
        if kept:
            found[plain] = "".join(kept)
    return found


def written() -> str:
    """The table as a module."""
    lines = [
        '"""Characters that look like one of ASCII. Made by tests/core/text/make_lookalikes.py.',
        "",
        f"From the confusables of Unicode {UNICODE} (UTS 39), as {PACKAGE} {version(PACKAGE)} has them.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "# fmt: off",
        "LOOKALIKES = {",
    ]
    for plain, others in lookalikes().items():
        pieces = _pieces(others.encode("unicode_escape").decode("ascii"))
        lines += [f"    {plain!a}:", *(f'        "{piece}"' for piece in pieces[:-1]), f'        "{pieces[-1]}",']
    lines += [
        "}",
        "# fmt: on",
        "",
        "#: Each of them, by itself.",
        "PLAIN = {char: one for one, others in LOOKALIKES.items() for char in others}",
    ]
    return "\n".join([*lines, ""])


def _pieces(escaped: str, most: int = 90) -> list[str]:
    """In pieces for lines, none of them within an escape."""
    pieces = [""]
    for part in escaped.split("\\")[1:]:
        if len(pieces[-1]) + len(part) + 1 > most:
            pieces.append("")
        pieces[-1] += f"\\{part}"
    return pieces


if __name__ == "__main__":
    sys.exit(TABLE.write_text(written()) == 0)
