"""The order in which operators and reserved words may stand: `fi` only after `if` and `then`, no `| |`.

Only what bash(1) rejects for certain is found here. bashlex finds the rest, but rejects some text that bash takes.
"""

from __future__ import annotations

#: What may stand before a command only: an operator that ends one cannot follow.
_OPENING = ("if", "then", "elif", "else", "while", "until", "do", "{", "(")
_JOINING = ("&&", "||", "|", "|&")
_ENDING = (";", "&", *_JOINING)
_CLOSED = ("}", "fi", "done", "esac")
#: The reserved words that go on with what another has begun, or end it: what must be open, and what then is.
_GOES_ON = {
    "then": (("if",), "then"),
    "elif": (("then",), "if"),
    "else": (("then",), "else"),
    "fi": (("then", "else"), ""),
    "do": (("while", "until", "for", "select"), "do"),
    "done": (("do",), ""),
    "}": (("{",), ""),
}


class TokenOrder:
    """Takes the tokens of a text one by one; each method returns what is wrong with that token, "" if nothing is."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self._last = ""

    @property
    def in_case(self) -> bool:
        """Whether the innermost of what is open is a `case`."""
        return self.open[-1:] == ["case"]

    def operator(self, operator: str) -> str:
        """A control operator, or a parenthesis."""
        last, self._last = self._last, operator
        if operator in (";;", ";&", ";;&"):
            return "" if self.in_case else self._unclosed() or f"`{operator}` stands in no `case`"
        if operator in _ENDING and last in ("", "\n", *_OPENING, *_ENDING):
            return f"`{operator}` has no command before it"
        if operator == "(":
            self.open.append("(")
        if operator == ")":
            if self.open[-1:] != ["("]:
                return self._unclosed() or "a `)` closes nothing"
            if last in _JOINING:
                return f"`{last}` has no command after it"
            self.open.pop()
        return ""

    def newline(self) -> bool:
        """The end of a line, and whether it ends a command; after what a command must follow, it is as a blank."""
        last = self._last
        if last not in (*_OPENING, *_JOINING):
            self._last = "\n"
        return last not in ("", "\n", "pattern", *_OPENING, *_ENDING)

    def reserved(self, word: str) -> str:
        """A reserved word where a command may begin."""
        last, self._last = self._last, word
        if word in _GOES_ON:
            before, after = _GOES_ON[word]
            if not self.open or self.open[-1] not in before:
                return f"`{word}` without {' or '.join(f'`{one}`' for one in before)}"
            if last in (*_OPENING, *_JOINING):
                return f"`{last}` has no command after it"
            self.open[-1:] = [after] if after else []
        elif word == "{" and self.open[-1:] in (["for"], ["select"]):
            self.open[-1] = word
        elif word in ("{", "if", "while", "until", "for", "select", "case"):
            self.open.append(word)
        return ""

    def word(self) -> str:
        """Any other word."""
        last, self._last = self._last, "word"
        return f"`{last}` is followed by a word" if last in _CLOSED else ""

    def part(self) -> None:
        """What may be all of a command, or what follows a word: a redirection, `[[ … ]]`, `time`."""
        self._last = "word"

    def pattern(self) -> None:
        """The patterns of a branch of a `case`."""
        self._last = "pattern"

    def end_case(self) -> None:
        """`esac`"""
        self.open.pop()
        self._last = "esac"

    def end(self) -> str:
        """The end of the text, or of the substitution that it stands in."""
        if self._last in _JOINING:
            return f"`{self._last}` has no command after it"
        return self._unclosed()

    def _unclosed(self) -> str:
        return f"`{self.open[-1]}` is not closed" if self.open else ""
