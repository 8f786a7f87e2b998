"""psql's input, split as psql splits it: query texts and backslash commands, variables put in.

After psqlscan.l and psqlscanslash.l of PostgreSQL 15. The scanner is pulled: what a command
does to variables holds for the text behind it. It holds some lines of the script at a time.
"""

from __future__ import annotations

import re

from ...core.word import Known, Unknown, joined
from ...lean.typing import TYPE_CHECKING
from ..sql.nodes import UNKNOWN
from .inserts import Insert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from ...core.word import Word

    Found = Literal["query", "command", "end"]

#: How often variables may be put in, and how much text, before it is called endless.
MAX_EXPANSIONS, MAX_EXPANSION = 5_000, 1_000_000

#: Values that leave nothing open, and pairs of characters that psql does not read as one token where a
#: value begins or ends between them, though the server does.
_CLOSED = re.compile(r"""(?:[^'"$/-]|'[^']*'|"[^"]*"|-(?!-)|/(?!\*)|\$[0-9])*""")
_TORN = re.compile(r"""--|/\*|\*/|''|""|[\w$][\w$'"]|&['"]""")
_WORD = r"[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*"
_TOKEN = re.compile(
    rf"""
    (?P<plain>[^-\\/'"$:;()A-Za-z_\x80-\U0010ffff]+ | :: | := )
  | (?P<line>--[^\n\r]*)
  | (?P<comment>/\*)
  | (?P<escaping>[eE]')
  | (?P<quote>(?:[bBxXnN]|[uU]&)?')
  | (?P<name>(?:[uU]&)?")
  | (?P<word>{_WORD})
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
  | (?P<variable>:(?:(?P<bare>[\w\x80-\U0010ffff]+)
                    |'(?P<literal>[\w\x80-\U0010ffff]+)'
                    |"(?P<identifier>[\w\x80-\U0010ffff]+)"
                    |\{{\?(?P<test>[\w\x80-\U0010ffff]+)\}}))
  | (?P<escaped>\\[;:])
  | (?P<command>\\)
  | (?P<semicolon>;)
  | (?P<open>\() | (?P<close>\))
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
#: What is put into a command in backquotes: a value as it stands, or as one word of the shell.
_IN_SHELL = re.compile(r":(?:((?:\w|[^\x00-\x7f])+)|'((?:\w|[^\x00-\x7f])+)')", re.ASCII)
_ENDS = {"escaping": re.compile(r"(?:[^'\\]|''|\\.)*(?:'|\Z)", re.DOTALL), "quote": re.compile(r"[^']*(?:'|\Z)")}
#: Tokens that may be longer than what is held of the script.
_LONG = ("escaping", "quote", "name", "dollar", "comment")
_DATA_END = re.compile(r"\\\.\r?(?:\n|\Z)")
_NAME_ENDS = re.compile(r'[^"]*(?:"|\Z)')
_COMMENT_PART = re.compile(r"/\*|\*/")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "f": "\f"}


class Scanner:
    """Reads a script piece by piece; `query` is the query buffer as it stands.

    `text` begins it, and ends where a line does if there is `more`.
    `variables` maps names to values, None where the value is not known. `whole` is a text given
    by `-c`: one line, whatever newlines it has. `shells` are the commands in backquotes met
    since it was last emptied, `missing` the variables of unknown value put into the query bare.
    """

    def __init__(
        self, text: str, variables: Mapping[str, str | None], whole: bool = False, more: Iterator[str] | None = None
    ) -> None:
        self.text = text
        self._following: Iterator[str] = more or iter(())
        self.at = 0
        self.query = ""
        self.command = ""
        self.shells: list[Word] = []
        self.missing: list[str] = []
        #: For each open \\if, whether what stands around it is certain to run.
        self.conditions: list[bool] = []
        self._variables = variables
        self.whole = whole
        self._expanding: list[tuple[str, int]] = []
        self._expansions = self._expanded = 0
        #: The shapes of the INSERTs that were given since anything else was.
        self._given: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self._parens = self._begins = 0
        self._words: list[str] = []

    def take(self) -> str:
        """The query buffer, which is empty afterwards."""
        taken, self.query = self.query.strip(), ""
        self._clear()
        return taken

    def next(self) -> Found:
        """Read on to the next `;` ("query"), backslash command ("command") or the end."""
        pieces = [self.query.lstrip()]
        begun = bool(pieces[0])
        try:
            while self.at < len(self.text) or self._more(self.at):
                if not begun and not self._parens and (insert := self._insert()):
                    pieces.append(insert)
                    return "query"
                match = _TOKEN.match(self.text, self.at)
                assert match is not None  # `other` takes anything
                sort = match.lastgroup if match["variable"] is None else "variable"
                self.at = match.end()
                if sort == "variable":
                    pieces.append(self._put_in(match))
                elif sort == "semicolon" and not self._parens and not self._begins:
                    self._given.clear()
                    return "query"
                elif sort == "command":
                    self._given.clear()
                    self.command = self._command()
                    return "command"
                elif not begun and (sort == "line" or match[0].isspace()):
                    continue  # psql keeps neither in front of a query: after a comment, \g repeats the last
                elif sort == "escaped":
                    pieces.append(match[0][1])
                    self._words.clear()
                else:
                    start = match.start()
                    self._skip(sort or "", match)
                    while sort in _LONG and self.at >= len(self.text) and self._more(start):
                        start = min(start, 1)
                        match = _TOKEN.match(self.text, start)
                        assert match is not None
                        self.at = match.end()
                        self._skip(sort, match)
                    pieces.append(self.text[start : self.at])
                begun = begun or bool(pieces[-1])
            return "end"
        finally:
            self.query = "".join(pieces)

    def _more(self, keep: int) -> bool:
        """Take the next lines in, and forget what stands before `keep`, but for one character; False at the end."""
        following = next(filter(None, self._following), None)  # the first is empty if it is but a byte order mark
        if following is None:
            return False
        gone = max(0, keep - 1)
        self.text = self.text[gone:] + following
        self.at -= gone
        self._expanding = [(active, end - gone) for active, end in self._expanding]
        return True

    def _insert(self) -> str:
        """Go behind INSERTs of nothing but constants; what the next one is of which none of its shape was given."""
        while True:
            insert = Insert(self.text, self.at)
            if not insert.ends:
                if not insert.is_cut or not self._more(self.at):
                    return ""
                continue
            self.at = insert.ends
            if insert.shape not in self._given:
                self._given.add(insert.shape)
                return insert.shape
            if self.at >= len(self.text):
                self._more(self.at)

    def _skip(self, sort: str, match: re.Match[str]) -> None:
        """Go behind what has begun: a quoted text, a comment, a word."""
        if sort in _ENDS:
            end = _ENDS[sort].match(self.text, self.at)
            self.at = end.end() if end else len(self.text)
        elif sort == "name":
            end = _NAME_ENDS.match(self.text, self.at)
            self.at = end.end() if end else len(self.text)
        elif sort == "dollar":
            close = self.text.find(match[0], self.at)
            self.at = close + len(match[0]) if close >= 0 else len(self.text)
        elif sort == "comment":
            depth = 1
            while depth and (part := _COMMENT_PART.search(self.text, self.at)):
                depth += 1 if part[0] == "/*" else -1
                self.at = part.end()
            self.at = self.at if not depth else len(self.text)
        elif sort == "open":
            self._parens += 1
        elif sort == "close":
            self._parens = max(0, self._parens - 1)
        elif sort == "word":
            self._count(match[0].lower())

    def _count(self, word: str) -> None:
        """Keep `;` inside BEGIN ATOMIC … END of CREATE FUNCTION from ending the query, as psql does."""
        if len(self._words) < 4:
            self._words.append(word if word in ("create", "function", "procedure", "or", "replace") else "")
        words = [*self._words, "", "", "", ""]
        made = words[3] if words[1:3] == ["or", "replace"] else words[1]
        if words[0] != "create" or made not in ("function", "procedure") or self._parens:
            return
        if word == "begin" or (word == "case" and self._begins):
            self._begins += 1
        elif word == "end" and self._begins:
            self._begins -= 1

    # Variables

    def _put_in(self, match: re.Match[str]) -> str:
        """What a `:name` puts into the query; a bare one is read on from its value."""
        if match["test"]:
            return "TRUE" if match["test"] in self._variables else "FALSE"
        name = match["bare"] or match["literal"] or match["identifier"]
        if name not in self._variables:
            return match[0]
        value = self._variables[name]
        if match["bare"]:
            return self._put_in_bare(name, value, match)
        mark = "'" if match["literal"] else '"'
        value = UNKNOWN if value is None else value.replace(mark, mark * 2)
        if mark == "'" and "\\" in value:
            return " E'" + value.replace("\\", "\\\\") + "'"
        return mark + value + mark

    def _put_in_bare(self, name: str, value: str | None, match: re.Match[str]) -> str:
        start = match.start()
        self._expanding = [(active, end) for active, end in self._expanding if end > start]
        if any(active == name for active, _ in self._expanding):
            return match[0]
        self._expansions += 1
        endless = self._expansions > MAX_EXPANSIONS or self._expanded > MAX_EXPANSION
        if value is None or "\\" in value or endless or self._torn(start, value, match.end()):
            self.missing.append(name)
            return "NULL"
        self._expanded += len(value)
        grown = len(value) - len(match[0])
        self._expanding = [(active, end + grown) for active, end in self._expanding]
        self._expanding.append((name, start + len(value)))
        self.text = self.text[:start] + value + self.text[match.end() :]
        self.at = start
        return ""

    def _torn(self, start: int, value: str, end: int) -> bool:
        """Whether a value put in there would be read in another way by psql than by the server."""
        before, behind = self.text[start - 1 : start] if start else "", self.text[end : end + 1]
        ends = (before + (value or behind)[:1], value[-1:] + behind)
        return not _CLOSED.fullmatch(value) or any(_TORN.fullmatch(pair) for pair in ends)

    # Backslash commands

    def _command(self) -> str:
        start = self.at
        while self.at < len(self.text) and not self.text[self.at].isspace() and self.text[self.at] != "\\":
            self.at += 1
        return self.text[start : self.at]

    @property
    def _end(self) -> int:
        """Where the current line ends."""
        end = -1 if self.whole else self.text.find("\n", self.at)
        return end if end >= 0 else len(self.text)

    @property
    def rest(self) -> str:
        """What is left of the current line."""
        return self.text[self.at : self._end].strip()

    def line(self) -> str:
        """All the rest of the line, as it stands."""
        start, self.at = self.at, self._end
        return self.text[start : self.at].strip()

    def pipe(self) -> Word | None:
        """The next argument of a command that takes a file name or `|` with a command line."""
        self._skip_space()
        return Known(self.line()) if self.text[self.at : self.at + 1] == "|" else self.argument()

    def argument(self) -> Word | None:
        """The next argument; None behind the last one."""
        self._skip_space()
        start, end = self.at, self._end
        if start >= end or self.text[start] == "\\":
            return None
        pieces: list[str] = []
        certain: int | None = None  # how many of the pieces stand before the first that is not known
        while self.at < end and not self.text[self.at].isspace() and self.text[self.at] != "\\":
            char = self.text[self.at]
            if char in "'`\"":
                inner = self._quoted(char, end)
                if char == "`":
                    self.shells.append(self._filled(inner))
                    certain = len(pieces) if certain is None else certain
                else:
                    pieces.append(inner)
                continue
            match = _TOKEN.match(self.text, self.at, end) if char == ":" else None
            if match is None or match["variable"] is None:
                pieces.append(char)
                self.at += 1
                continue
            self.at = match.end()
            name = match["bare"] or match["literal"] or match["identifier"] or match["test"]
            value = self._variables[name] if name in self._variables else match[0]
            if certain is None and (value is None or match["literal"] or match["identifier"]):
                certain = len(pieces)
            pieces.append(value or "")
        text = "".join(pieces)
        if certain is None:
            return Known(text)
        return Unknown(text, self.text[start : self.at], "".join(pieces[:certain]))

    def _filled(self, line: str) -> Word:
        """A command in backquotes, variables put in."""
        from shlex import quote

        pieces: list[Word] = []
        at = 0
        for match in _IN_SHELL.finditer(line):
            name = match[1] or match[2]
            if name not in self._variables:
                continue
            value = self._variables[name]
            put = Unknown("", match[0]) if value is None else Known(quote(value) if match[2] else value)
            pieces += (Known(line[at : match.start()]), put)
            at = match.end()
        return joined((*pieces, Known(line[at:])), "")

    def _skip_space(self) -> None:
        end = self._end
        while self.at < end and self.text[self.at].isspace():
            self.at += 1

    def _quoted(self, mark: str, end: int) -> str:
        """What stands between quotes; behind them, or at the end of the line, reading goes on."""
        pieces: list[str] = []
        self.at += 1
        while self.at < end:
            char = self.text[self.at]
            self.at += 1
            if char == mark:
                if mark != "'" or self.text[self.at : self.at + 1] != "'":
                    break
                self.at += 1
            elif char == "\\" and mark == "'" and self.at < end:
                char = self._escape(end)
            pieces.append(char)
        inner = "".join(pieces)
        return f'"{inner}"' if mark == '"' else inner

    def _escape(self, end: int) -> str:
        char = self.text[self.at]
        number = re.compile(r"x[0-9a-fA-F]{1,2}|[0-7]{1,3}").match(self.text, self.at, end)
        if number:
            self.at = number.end()
            return chr(int(number[0][1:], 16) if char == "x" else int(number[0], 8) & 0xFF)
        self.at += 1
        return _ESCAPES.get(char, char)

    def finish(self) -> None:
        """Go behind a command's last argument, reading what is left of them as psql does."""
        while self.argument() is not None:
            pass
        if self.text.startswith("\\\\", self.at):
            self.at += 2

    def data(self) -> Iterator[str]:
        """The lines below this one up to `\\.`: what COPY FROM STDIN takes. They are no script any more."""
        if self.rest:  # the script goes on behind the COPY, though not before its data have been taken
            start = self._end + 1
            while not (end := self._end_of_data(start)) and self._more(self.at):
                start = self._end + 1
            yield self.text[start : end.start() if end else len(self.text)]
            self.text = self.text[:start] + (self.text[end.end() :] if end else "")
            return
        self.at = min(self._end + 1, len(self.text))
        while not (end := self._end_of_data(self.at)):
            yield self.text[self.at :]
            self.at = len(self.text)
            if not self._more(self.at):
                return
        yield self.text[self.at : end.start()]
        self.at = end.end()

    def _end_of_data(self, start: int) -> re.Match[str] | None:
        """The line that ends data: nothing but `\\.`."""
        while (at := self.text.find("\\.", start)) >= 0:
            start = at + 2
            alone = at == 0 or self.text[at - 1] == "\n"
            if alone and (end := _DATA_END.match(self.text, at)):
                return end
        return None
