"""Words as bash(1) cuts them: quotes, `${…}`, `$(…)`, `$((…))`, backquotes and arrays."""

from __future__ import annotations

from ....lean.typing import TYPE_CHECKING
from .word_parts import NotUnderstood, Piece, Pieces, Rejected, Token, unescaped

if TYPE_CHECKING:
    from collections.abc import Callable

BLANKS = " \t"
METACHARACTERS = " \t\n;&|<>()"
#: What makes a parenthesis after it a pattern with alternatives (bash(1), extglob).
GROUPING = "?*+@!"


class Scanner:
    """Reads words from a text; `at` is where it stands. Where commands are, patterns may have `@(…)` in them.

    Words have commands in them, which have words: `nested` takes a text and where in it the commands of a
    substitution begin, and gives where the parenthesis is that closes them. The lexer brings it, see there.
    """

    groups = False

    def __init__(self, text: str, nested: Callable[[str, int], int], at: int = 0) -> None:
        self.text = text
        self.nested = nested
        self.at = at

    def rejected(self, what: str, at: int) -> Rejected:
        """What is wrong, with the text around the place."""
        near = " ".join(self.text[max(at - 20, 0) : at + 20].split())
        return Rejected(f"{what} near `{near}`" if near else what)

    def blanks(self) -> None:
        """Go over blanks."""
        while self.at < len(self.text) and self.text[self.at] in BLANKS:
            self.at += 1

    def whole(self) -> Token:
        """All of the text as one word, blanks and operators taken literally, as after `${NAME:-`."""
        pieces = list[Piece]()
        while self.at < len(self.text):
            found = self.word()
            pieces += found.pieces
            if not found.raw:
                pieces.append(Piece("text", self.text[self.at]))
                self.at += 1
        return Token(self.text, tuple(pieces))

    def quoted(self) -> Token:
        """All of the text as if it stood between double quotes, as the body of a here-document does."""
        pieces = Pieces()
        self.inside_quotes(pieces, "")
        return Token(self.text, pieces.done())

    def word(self) -> Token:
        """The word that begins here, up to an unquoted metacharacter."""
        begin, pieces = self.at, Pieces()
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "<>" and self.text[self.at + 1 : self.at + 2] == "(":
                pieces.add("process" if char == "<" else "sink", self.commands(2))
            elif char == "(" and pieces.assigns:
                return self._array(begin, pieces)
            elif char in METACHARACTERS:
                break
            elif self.groups and char in GROUPING and self.text[self.at + 1 : self.at + 2] == "(":
                self._group(pieces)
            else:
                self._part(pieces)
        self.at = min(self.at, len(self.text))
        return Token(self.text[begin : self.at], pieces.done())

    def _part(self, pieces: Pieces) -> None:
        """The next character of a word, or all of the quotes or the expansion that begins there."""
        char = self.text[self.at]
        if char == "'":
            pieces.add("text", self.until_quote(), True)
        elif char == '"':
            self.at += 1
            self.inside_quotes(pieces, '"')
        elif char == "\\":
            following = self.text[self.at + 1 : self.at + 2]
            if following != "\n":
                pieces.add("text", following or "\\", True)
            self.at += 2
        elif char == "$" and self.text[self.at + 1 : self.at + 2] == "'":
            pieces.add("text", self.ansi(), True)
        elif char == "$" and self.text[self.at + 1 : self.at + 2] == '"':
            self.at += 2
            self.inside_quotes(pieces, '"')
        elif char in "$`":
            self.expansion(pieces, False)
        else:
            pieces.add("text", char)
            self.at += 1

    def _group(self, pieces: Pieces) -> None:
        """`@(…|…)` and its like: part of one word, whatever stands in it."""
        begin, depth = self.at, 1
        pieces.add("text", self.text[begin : begin + 2])
        self.at += 2
        while depth:
            if self.at >= len(self.text):
                raise self.rejected(f"a `{self.text[begin : begin + 2]}` is not closed", begin)
            depth += {"(": 1, ")": -1}.get(self.text[self.at], 0)
            self._part(pieces)

    def _array(self, begin: int, pieces: Pieces) -> Token:
        """`NAME=(…)`"""
        elements = []
        self.at += 1
        while self.text[self.at : self.at + 1] != ")":
            if self.at >= len(self.text):
                raise self.rejected("an array is not closed", begin)
            if self.text[self.at] == "#":
                self.at += len(self.text[self.at :].partition("\n")[0])
            elif self.text[self.at] in (*BLANKS, "\n"):
                self.at += 1
            elif self.text[self.at] in METACHARACTERS:
                raise self.rejected(f"an array holds `{self.text[self.at]}`", self.at)
            else:
                elements.append(self.word())
        self.at += 1
        if self.text[self.at : self.at + 1] not in ("", *METACHARACTERS):
            raise NotUnderstood(f"`{self.text[begin : self.at + 1]}`, an array with text behind it")
        return Token(self.text[begin : self.at], pieces.done(), tuple(elements))

    def until_quote(self) -> str:
        """`'…'`"""
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise self.rejected("a single quote is not closed", self.at)
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return text

    def ansi(self) -> str:
        """`$'…'`"""
        begin = self.at = self.at + 2
        while self.text[self.at : self.at + 1] != "'":
            if self.at >= len(self.text):
                raise self.rejected("a `$'` is not closed", begin - 2)
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1
        return unescaped(self.text[begin : self.at - 1], controls=True).partition("\0")[0]  # bash ends it there

    def inside_quotes(self, pieces: Pieces, end: str) -> None:
        """What stands between double quotes, or in a here-document (`end` is ""), with what is expanded there."""
        begin = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == end:
                if self.at == begin:
                    pieces.add("text", "", True)
                self.at += 1
                return
            if char == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                if following != "\n":
                    special = following and following in "$`\\" + end
                    pieces.add("text", following if special else "\\" + following, True)
                self.at += 2
            elif char in "$`":
                self.expansion(pieces, True)
            else:
                pieces.add("text", char, True)
                self.at += 1
        self.at = len(self.text)
        if end:
            raise self.rejected("a double quote is not closed", begin - 1)

    def expansion(self, pieces: Pieces, quoted: bool) -> None:
        """`$…` or backquotes."""
        rest = self.text[self.at + 1 : self.at + 3]
        if self.text[self.at] == "`":
            pieces.add("command", self._backquoted(quoted), quoted)
        elif rest == "((" and self._arithmetic_expansion(pieces, quoted):
            pass
        elif rest[:1] == "(":
            pieces.add("command", self.commands(2), quoted)
        elif rest[:1] == "{":
            pieces.add("variable", self._braces(quoted), quoted)
        elif rest[:1] == "[":
            end = self.text.find("]", self.at)
            if end < 0:
                raise self.rejected("a `$[` is not closed", self.at)
            pieces.add("arithmetic", self.text[self.at + 2 : end], quoted)
            self.at = end + 1
        else:
            self._name(pieces, quoted)

    def _name(self, pieces: Pieces, quoted: bool) -> None:
        begin = end = self.at + 1
        if self.text[begin : begin + 1] in tuple("0123456789@*#?-$!"):
            end += 1
        else:
            while self.text[end : end + 1].isascii() and (
                self.text[end : end + 1].isalnum() or self.text[end : end + 1] == "_"
            ):
                end += 1
        if self.text.startswith("\\\n", end) and self.text[end + 2 : end + 3] not in ("", *METACHARACTERS):
            raise NotUnderstood(f"`{self.text[self.at : end]}` at the end of a line that goes on")
        if end == begin:
            pieces.add("text", "$", quoted)
        else:
            pieces.add("variable", self.text[begin:end], quoted)
        self.at = end

    def _arithmetic_expansion(self, pieces: Pieces, quoted: bool) -> bool:
        begin = self.at
        self.at += 3
        end = self.parentheses()
        if end < 0:
            self.at = begin
            return False
        pieces.add("arithmetic", self.text[begin + 3 : end], quoted)
        self.at = end + 2
        return True

    def commands(self, skip: int) -> str:
        """The commands of a substitution whose opening is that long."""
        end = self.nested(self.text, self.at + skip)
        commands = self.text[self.at + skip : end]
        self.at = end + 1
        return commands

    def _backquoted(self, quoted: bool) -> str:
        begin = self.at
        self.at += 1
        text = []
        while self.text[self.at : self.at + 1] != "`":
            if self.at >= len(self.text):
                raise self.rejected("a backquote is not closed", begin)
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in tuple(
                '$`\\"' if quoted else "$`\\"
            ):
                self.at += 1
            text.append(self.text[self.at])
            self.at += 1
        self.at += 1
        return "".join(text)

    def _braces(self, quoted: bool) -> str:
        """The inside of `${…}`."""
        begin = self.at = self.at + 2
        scratch = Pieces()
        odd = False
        while self.text[self.at : self.at + 1] != "}":
            if self.at >= len(self.text):
                raise self.rejected("a `${` is not closed", begin - 2)
            char = self.text[self.at]
            if char == "\\":
                self.at += 2
            elif char == "'" and not quoted:
                self.until_quote()
            elif char == "'":
                odd = not odd
                self.at += 1
            elif char == '"':
                self.at += 1
                self.inside_quotes(scratch, '"')
            elif char == "$" and self.text[self.at + 1 : self.at + 2] == "'" and not quoted:
                self.ansi()
            elif char == "`" or (char == "$" and self.text[self.at + 1 : self.at + 2] in ("(", "{")):
                self.expansion(scratch, quoted)
            else:
                self.at += 1
        if odd:  # for bash the `}` is quoted, for dash it is not
            raise NotUnderstood(f"a single quote in `{self.text[begin - 2 : self.at + 1]}` between double quotes")
        self.at += 1
        return self.text[begin : self.at - 1]

    def subscript(self) -> int:
        """Where the bracket closes that was opened just before here; -1 if none does."""
        try:
            return self._closed("[", "]")
        except Rejected:
            return -1

    def parentheses(self) -> int:
        """Where the two parentheses close that were opened just before here; -1 if that is no expression after all."""
        try:
            end = self._closed("(", ")")
        except Rejected:
            return -1
        return end if self.text.startswith("))", end) else -1

    def _closed(self, opening: str, closing: str) -> int:
        begin, depth, scratch = self.at, 1, Pieces()
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "'":
                self.until_quote()
            elif char == '"':
                self.at += 1
                self.inside_quotes(scratch, '"')
            elif char in "$`":
                self.expansion(scratch, True)
            else:
                depth += (char == opening) - (char == closing)
                if not depth:
                    return self.at
                self.at += 2 if char == "\\" else 1
        raise self.rejected(f"a `{opening}` is not closed", begin - 1)
