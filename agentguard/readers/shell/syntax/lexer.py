"""Shell text cut into words: quotes, expansions, here-documents and comments, as bash(1) reads them.

bashlex knows the grammar of lists and compound commands; of words it gets much wrong (`$'…'`,
quoted here-document ends, `$(( ))`, quotes inside substitutions). So words are cut here, and
bashlex is given a mask of the same length in which every word is a plain one: see grammar.py.
"""

from __future__ import annotations

from .quoting import BLANKS, METACHARACTERS, Scanner
from .token_mask import MaskingScanner
from .word_parts import NotUnderstood, Piece, Token

#: Longest first, so that the first that fits is the one.
OPERATORS = (
    ";;&", "<<<", "<<-", "&>>",
    ";;", ";&", "&&", "||", "|&", "&>", "<<", "<&", "<>", ">>", ">&", ">|",
    ";", "&", "|", "<", ">", "(", ")",
)  # fmt: skip
#: Reserved words after which a command may begin, or a list end; and all that are kept in the mask.
RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "for", "function", "{", "}", "!"]
)
_OPENING = RESERVED - {"for", "function"}
#: What a compound command begins with.
_COMPOUND = ("{", "if", "while", "until", "for", "case", "select")
_LETTERS = "{abcdefghijklmnopqrstuvwxyz"


def closing(text: str, at: int) -> int:
    """Where the parenthesis is that closes the commands which begin at `at`: what scanners call `nested`."""
    return Lexer(text, at).run(nested=True)


class Lexer(MaskingScanner):
    """One pass over a text, leaving behind what MaskingScanner says."""

    def __init__(self, text: str, at: int = 0) -> None:
        super().__init__(text, closing, at)

    def run(self, nested: bool = False) -> int:
        """Read to the end, or, if nested, to the parenthesis that closes; where that is."""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in BLANKS:
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.blanks()
            elif char == "#":
                self._comment()
            elif char == "\n":
                self._line()
            elif char in METACHARACTERS and self.text[self.at : self.at + 2] not in ("<(", ">("):
                if char == ")" and nested and not self._order.open:
                    break
                self._operator()
            else:
                self._command_word()
        if self._waiting and nested:
            raise NotUnderstood("a here-document begins in a `$(` and ends after it")
        self._bodies()
        if nested and self.at >= len(self.text):
            raise self.rejected("a `$(` is not closed", self._begin - 2)
        self._check(self._order.end(), self.at)
        return self.at

    # Between words

    def _line(self) -> None:
        """The end of a line: the bodies of its here-documents follow."""
        if self._order.newline():
            self._newline = self.at
        self._start = True
        self.at += 1
        self._bodies()

    def _operator(self) -> None:
        operator = next(one for one in OPERATORS if self.text.startswith(one, self.at))
        if operator == "(" and self._start and self.text.startswith("((", self.at) and self._arithmetic_command():
            return
        at = self.at
        self.at += len(operator)
        self._newline = -1
        if operator in ("<<", "<<-"):
            self.mask.put(at, "< "[: len(operator)].ljust(len(operator)))
            self._heredoc(operator == "<<-")
        elif operator[0] in "<>" or operator in ("&>", "&>>"):
            self._redirection(operator)
        elif operator == "(" and not self._start and not self._defines(at):
            raise self.rejected("a `(` where no command can begin", at)
        else:
            self._check(self._order.operator(operator), at)
            self._start = True
            if operator in (";;", ";&", ";;&"):
                self.mask.put(at, "\n".rjust(len(operator)))
                self._pattern(operator)

    def _defines(self, at: int) -> bool:
        """Whether a parenthesis is that of `NAME()`, which makes a function."""
        return self.text[at + 1 :].lstrip(BLANKS).startswith(")")

    def _redirection(self, operator: str) -> None:
        """The file after a redirection's operator; a command may still begin after it only if none has."""
        self.blanks()
        if self.at >= len(self.text) or self.text[self.at] in METACHARACTERS.replace("<", "").replace(">", ""):
            raise self.rejected(f"nothing follows `{operator}`", self.at)
        self._order.part()
        at, word = self.at, self.word()
        if not (_is_number(word.raw) or word.raw == "-"):
            self.mask.put(at, "w" * len(word.raw))
        self.words[at] = word

    # Words where commands are

    def _command_word(self) -> None:
        at, start, newline = self.at, self._start, self._newline
        self._start, self._newline = False, -1
        self._after_for -= 1
        if start and self.text.startswith("[[", at) and self.text[at + 2 : at + 3] in (*BLANKS, "\n"):
            return self._condition()
        word = self._negation(at) if start and self.text.startswith("!(", at) else self.word()
        self.words[at] = word
        if start and word.raw == "case":
            return self._case(at)
        if start and word.raw == "esac" and self._order.in_case:
            self._order.end_case()
            return self.mask.put(at, "}".rjust(4))
        if start and word.raw == "select":
            self._order.reserved("select")
            self._after_for = 2
            self.selects.add(at)
            return self.mask.put(at, "for   ")
        if start and word.raw == "coproc":
            return self._coprocess(at)
        if start and word.raw == "time" and self._is_keyword():
            self._start = True
            self._order.part()
            return self.mask.put(at, "    ")
        if start and word.raw in ("-p", "--") and self._timed(at):
            self._start = True
            return self.mask.put(at, "  ")
        if start and word.raw == "do" and newline >= 0:
            self.mask.put(newline, ";")  # bashlex fails an assertion without it
        if word.raw == "do" and not start and self._after_for == 0:  # `for NAME do`
            self.mask.put(at - 1, ";")
            start = True
        if start and word.raw in RESERVED:
            self._check(self._order.reserved(word.raw), at)
            self._start = word.raw in _OPENING
            if word.raw == "for":
                self._after_for = 2
                self._arithmetic_for(at)
            elif word.raw == "function":
                self._function_name()
            return None
        if word.raw == "in" and self._after_for == 0:
            return None
        if _names_descriptor(word.raw) and self.text[self.at : self.at + 1] in ("<", ">"):
            self.mask.put(at, "9".rjust(len(word.raw)))  # some descriptor, and none of those that matter
            self._start = start
            return None
        if _is_number(word.raw) and self.text[self.at : self.at + 1] in ("<", ">"):
            self._start = start
            return None
        self._check(self._order.word(), at)
        return self.mask.put(at, "w" * len(word.raw))

    def _negation(self, at: int) -> Token:
        """`!(`, which begins no pattern where a command may begin."""
        self.at += 1
        return Token("!", (Piece("text", "!"),))

    def _coprocess(self, begin: int) -> None:
        """`coproc [NAME] COMMAND`: only a compound command can have a name."""
        self.mask.put(begin, " " * 6)
        self._start, name = True, "COPROC"
        self.blanks()
        at, named = self.at, self.word()
        self.blanks()
        if named.raw.isidentifier() and named.raw not in (*RESERVED, *_COMPOUND) and self._opens_compound():
            self.mask.put(at, " " * len(named.raw))
            name = named.raw
        else:
            self.at = at
        self.coprocesses[self.at] = name

    def _opens_compound(self) -> bool:
        rest = self.text[self.at :]
        return rest.startswith(("(", "[[ ")) or rest[: len(rest) - len(rest.lstrip(_LETTERS))] in _COMPOUND

    def _is_keyword(self) -> bool:
        """Whether `time` here is the shell's own: with other options than -p, dash runs the program, bash nothing."""
        following = self.text[self.at :].lstrip(BLANKS)
        if following.startswith(("-p ", "-p\t")):
            following = following[2:].lstrip(BLANKS)
        return not following.startswith("-") or following.startswith("-- ")

    def _timed(self, at: int) -> bool:
        """Whether an option here is that of the keyword `time`."""
        before = self.text[:at].rstrip(BLANKS)
        return before.endswith("time") or (
            self.text[at : at + 2] == "--" and before.endswith("-p") and before[:-2].rstrip(BLANKS).endswith("time")
        )

    def _function_name(self) -> None:
        self.blanks()
        at, word = self.at, self.word()
        self.words[at] = word
        self.mask.put(at, "w" * len(word.raw))
        self._start = True

    def _condition(self) -> None:
        """`[[ … ]]`: all of it is one word that only looks."""
        begin, pieces = self.at, list[Piece]()
        self.at += 2
        while not (
            self.text.startswith("]]", self.at) and self.text[self.at + 2 : self.at + 3] in ("", *METACHARACTERS)
        ):
            if self.at >= len(self.text):
                raise self.rejected("a `[[` is not closed", begin)
            if self.text[self.at] in METACHARACTERS and self.text[self.at : self.at + 2] not in ("<(", ">("):
                self.at += 1
            else:
                pieces += self.word().pieces
        self.at += 2
        self._looks(begin, pieces)

    def _arithmetic_command(self) -> bool:
        """`((…))`, unless it turns out to be a subshell in a subshell."""
        begin = self.at
        self.at += 2
        end = self.parentheses()
        if end < 0:
            self.at = begin
            return False
        self.at = end + 2
        self._looks(begin, [Piece("arithmetic", self.text[begin + 2 : end])])
        return True

    def _arithmetic_for(self, begin: int) -> None:
        """`for ((…;…;…))` goes round as `while` does."""
        Scanner.blanks(self)
        at = self.at
        if not self.text.startswith("((", at) or not self._arithmetic_command():
            return
        self.mask.take_back()
        self.data.remove(at)
        self.data.add(begin + 6)
        self.words[begin + 6] = self.words.pop(at)
        self.mask.put(begin, "while " + "w" * (self.at - begin - 7) + ";")
        self.blanks()
        if self.text[self.at : self.at + 1] == ";":
            self.mask.put(self.at, " ")
            self.at += 1
        self._start, self._after_for = True, 0

    # case WORD in PATTERN) …;; esac  →  { WORD; PATTERN; … }

    def _case(self, begin: int) -> None:
        self.mask.put(begin, "{   ")
        self._order.reserved("case")
        self.cases.add(begin)
        self.blanks()
        at = self.at
        self._looks(at, list(self.word().pieces))
        while self.text[self.at : self.at + 1] in (*BLANKS, "\n") and self.at < len(self.text):
            self.at += 1
        if self.word().raw != "in":
            raise self.rejected("a `case` has no `in`", begin)
        self.mask.put(self.at - 2, "\n ")
        self._pattern()

    def _pattern(self, after: str = ";;") -> None:
        self._skip_to_pattern()
        if self.text.startswith("esac", self.at) and self.text[self.at + 4 : self.at + 5] in ("", *METACHARACTERS):
            self.mask.put(self.at, "}".rjust(4))
            self._order.end_case()
            self.at += 4
            self._start = False
            return
        if self.text[self.at : self.at + 1] == "(":
            self.mask.put(self.at, " ")
            self.at += 1
            self.blanks()
        begin, pieces = self.at, list[Piece]()
        while self.text[self.at : self.at + 1] != ")":
            if self.at >= len(self.text) or self.text[self.at] in "\n;&<>(":
                raise self.rejected("a `case` has a pattern that does not end", begin)
            if self.text[self.at] in BLANKS or self.text[self.at] == "|":
                self.at += 1
            else:
                pieces += self.word().pieces
        if not pieces:
            raise self.rejected("a `case` has an empty pattern", begin)
        self._looks(begin, pieces)
        self.patterns.add(begin)
        if after != ";;":
            self.falls[begin] = after
        self.mask.put(self.at, "\n")
        self.at += 1
        self._start = True
        self._order.pattern()

    def _skip_to_pattern(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                self._comment()
            elif self.text[self.at] == "\n" and self._waiting:
                self.at += 1
                self._bodies()
            elif self.text[self.at] in BLANKS or self.text[self.at] == "\n":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.blanks()
            else:
                return


def _names_descriptor(text: str) -> bool:
    """`{NAME}`, for whose value a redirection takes a new descriptor."""
    name, opened, _ = text[1:-1].partition("[")
    is_one = text[:1] == "{" and text[-1:] == "}" and name.isidentifier()
    if is_one and opened:
        raise NotUnderstood(f"`{text}`, an expression for a descriptor")
    return is_one


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
