"""INSERTs of nothing but constants, as dumps have them by the thousand: all of one shape do the same.

A constant is a constant to the grammar, so one row tells the parser what any number of them would. What is not
plainly such an INSERT is read like anything else.
"""

from __future__ import annotations

import re

_NAME = r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\0]+")'
_HEAD = rf"(?i:insert\s+into)\s+(?:{_NAME}\.)?{_NAME}\s*(?:\({_NAME}(?:\s*,\s*{_NAME})*\)\s*)?(?i:values)\b"
#: A text with a backslash may end elsewhere, by a setting of the server.
_TEXT = r"'[^'\\\0]*+(?:''[^'\\\0]*+)*+'"
_NUMBER = r"[+-]?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_CONSTANT = rf"(?>{_TEXT}|{_NUMBER}|(?i:null|true|false|default))"
_ROW = rf"\(\s*+{_CONSTANT}\s*+(?:,\s*+{_CONSTANT}\s*+)*+\)"
_BEGIN = re.compile(rf"\s*+({_HEAD})\s*+")
_ROWS = re.compile(rf"{_ROW}(?:\s*+,\s*+{_ROW})*+")
_END = re.compile(r"\s*+((?i:on\s+conflict\s+do\s+nothing)?)\s*+;")
#: The longest row that is looked for behind what is at hand of a text.
LONGEST_ROW = 1 << 16


class Insert:
    """An INSERT that begins at a place in a text: where it `ends`, 0 if nowhere, and what `shape` it has.

    `is_cut` says whether it may be of constants all the same, and end behind the text.
    """

    def __init__(self, text: str, at: int) -> None:
        self.ends = 0
        self.shape = ""
        self.is_cut = False
        begin = _BEGIN.match(text, at)
        if begin is None:
            return
        rows = _ROWS.match(text, begin.end())
        seen = rows.end() if rows else begin.end()
        end = _END.match(text, seen) if rows else None
        if end is None:
            self.is_cut = len(text) - seen < LONGEST_ROW
        else:
            self.ends = end.end()
            self.shape = f"{begin[1]} (1) {end[1]}".rstrip()
