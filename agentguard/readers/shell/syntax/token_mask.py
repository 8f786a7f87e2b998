"""What the lexer finds in a text, and the mask of it that bashlex reads in its stead.

Of `echo "a b" # c` the mask is `wwww wwwww    `: the words are plain, the comment is gone.
"""

from __future__ import annotations

from ....lean.typing import TYPE_CHECKING
from .mask import Mask
from .quoting import Scanner
from .token_order import TokenOrder
from .word_parts import Piece, Token

if TYPE_CHECKING:
    from collections.abc import Callable


class MaskingScanner(Scanner):
    """A text, and what is found in it. When all of it has been read,

    `mask` is the text as bashlex can read it; `words` and `heredocs` have the words, and the
    bodies of here-documents by their end word, by where they begin; `data` where a command
    begins that only looks at its words (`[[`, `((`, the words and patterns of `case`);
    `patterns` where those begin that are patterns, `falls` where one does that the branch before may
    go on to, with what ends that branch (`;&`, `;;&`); `cases` where a `{` of the mask is a `case`;
    `selects` where a `for` of it is a `select`; `coprocesses` where a command begins that `coproc`
    starts, with the name of what holds its pipes.
    """

    groups = True

    def __init__(self, text: str, nested: Callable[[str, int], int], at: int = 0) -> None:
        super().__init__(text, nested, at)
        self._begin = at
        self.words: dict[int, Token] = {}
        self.heredocs: dict[int, Token] = {}
        self.data: set[int] = set()
        self.patterns: set[int] = set()
        self.falls: dict[int, str] = {}
        self.cases: set[int] = set()
        self.selects: set[int] = set()
        self.coprocesses: dict[int, str] = {}
        self.mask = Mask(text)
        self._start = True  # a command may begin here
        self._after_for = 0  # words since `for`, counted down to where `in` stands
        self._newline = -1  # where the newline is that ended the last command, if nothing came since
        self._waiting: list[tuple[int, Token, bool]] = []  # here-documents that begin at the next newline
        self._order = TokenOrder()

    def _check(self, fault: str, at: int) -> None:
        """Raises Rejected for what is wrong with the token there."""
        if fault:
            raise self.rejected(fault, at)

    def blanks(self) -> None:
        """Go over blanks, and lines that are continued."""
        super().blanks()
        while self.text.startswith("\\\n", self.at):
            self.mask.put(self.at, "  ")
            self.at += 2
            super().blanks()

    def _comment(self) -> None:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        self.mask.put(self.at, " " * (end - self.at))
        self.at = end

    def _heredoc(self, tabs: bool) -> None:
        self.blanks()
        at, word = self.at, self.word()
        if not word.raw:
            raise self.rejected("a here-document has no end word", at)
        self._order.part()
        self.mask.put(at, "w" * len(word.raw))
        self._waiting.append((at, word, tabs))

    def _bodies(self) -> None:
        for at, word, tabs in self._waiting:
            begin, lines = self.at, []
            end = "".join(p.value for p in word.pieces) if all(p.kind == "text" for p in word.pieces) else word.raw
            while self.at < len(self.text):
                stop = self.text.find("\n", self.at)
                stop = len(self.text) if stop < 0 else stop
                line = self.text[self.at : stop]
                line = line.lstrip("\t") if tabs else line
                self.at = min(stop + 1, len(self.text))
                if line == end:
                    break
                lines.append(line + "\n")
            body = Scanner("".join(lines), self.nested)
            literal = any(piece.quoted for piece in word.pieces)
            self.heredocs[at] = Token(body.text, (Piece("text", body.text, True),)) if literal else body.quoted()
            self.mask.put(begin, " " * (self.at - begin))
        self._waiting = []

    def _looks(self, begin: int, pieces: list[Piece]) -> None:
        raw = self.text[begin : self.at]
        self.words[begin] = Token(raw, tuple(pieces))
        self.data.add(begin)
        self.mask.put(begin, "w" * len(raw))
        self._order.part()
        self._start = False
