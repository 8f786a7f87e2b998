"""Scripts of sed(1), as far as they write files or run commands: GNU sed 4.9, its manual's "sed scripts".

The commands w and W and the flag w of s write a file; the command e and the flag e of s run a command.
"""

from __future__ import annotations

from ..core.call import Call
from ..core.context import Context, script
from ..core.effect import Effect, Reading, Target
from ..core.unseen import Unseen
from ..core.word import Known, Unknown, joined
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.word import Word

#: Commands without an argument, or with a number or a word that does not matter here.
_PLAIN = "=dDgGhHlLnNpPqQvxzF"

#: Files that sed takes for its own streams.
_STREAMS = ("/dev/stdout", "/dev/stderr")


class NotUnderstood(Exception):
    """The script is not one of sed's, or is beyond this reader."""


def read_call(call: Call, context: Context) -> Reading:
    """What the scripts of a call write and run; nothing where sed may not (`--sandbox`)."""
    if call.has("--help", "--version", "--sandbox"):
        return Reading()
    parts: list[Word] = []
    for argument in call.playing("SED", "SEDFILE"):
        part = Known("") if argument.value is None else argument.value
        if isinstance(part, Unknown) and (not part.guess.strip() or argument.role == "SEDFILE"):
            return _unknown(call, f"runs the script {part.written}, which is not known before the line runs")
        try:
            if argument.role == "SEDFILE":
                part = Known(script(part, call, context).removesuffix("\n"))
        except Unseen as why:
            return _unknown(call, f"runs a script that cannot be read: {why}")
        parts.append(part)
    whole = joined(parts, "\n")
    understood, fault = [], ""
    for brackets in (True, False):
        try:
            understood.append(_Script(whole.guess, brackets).read())
        except NotUnderstood as what:
            fault = str(what)
    guessed = isinstance(whole, Unknown)
    if not understood and not guessed:  # what is left of words that are not known need not be a script
        return _unknown(call, f"has a script that agentguard does not understand: {fault}")
    reading = Reading()
    for line in dict.fromkeys(line for one in understood for line in one.lines):
        reading += context.text("shell", Unknown(line, line) if guessed else Known(line), call.invocation)
    if any(one.runs_input for one in understood):
        reading += _unknown(call, "runs what it makes of its input as commands")
    return reading


def _unknown(call: Call, reason: str) -> Reading:
    target = Target("call", " ".join(word.written for word in call.operands))
    effect = Effect("unknown", target, rule="sed-acts", program="sed", reason=reason)
    return Reading((effect.replace(instead="sed --sandbox, where it may not write files or run commands"),))


class _Script:
    """One pass over a script; `lines` are the shell lines that do the same as its w and e.

    Whether a delimiter in a bracket expression (`s/[/]/x/`) ends it differs: not in GNU sed 4.9 and BSD's (`brackets`).
    """

    def __init__(self, text: str, brackets: bool) -> None:
        self.text = text
        self.brackets = brackets
        self.at = 0
        self.lines: list[str] = []
        self.runs_input = False

    def read(self) -> _Script:
        """Find every file that is written and every command that is run; raises NotUnderstood."""
        while True:
            self._skip(" \t\n;")
            if not self._more():
                return self
            self._addresses()
            self._command(self._take())

    # Commands

    def _command(self, name: str) -> None:
        if name in ("{", "}", "#", ":"):
            self._structure(name)
        elif name in "aic":
            self._text_to_the_end()
        elif name in "rRwWe":
            self._skip(" \t")
            self._acts(name, self._line())
        elif name in "sy":
            self._substitution(name)
        elif name in _PLAIN or name in "btT":
            self._until(";}\n#" if name in _PLAIN else ";}\n")
        else:
            raise NotUnderstood(f"{name} is not one of its commands")

    def _structure(self, name: str) -> None:
        if name == "#":
            self._line()
        elif name == ":":
            self._skip(" \t")
            self._until("; \t\n")

    def _acts(self, name: str, argument: str) -> None:
        if name in "wW" and argument not in _STREAMS:
            from shlex import quote

            self.lines.append(f"> {quote(argument)}")
        elif name == "e" and argument:
            self.lines.append(argument)
        elif name == "e":
            self.runs_input = True

    def _substitution(self, name: str) -> None:
        delimiter = self._take()
        self._delimited(delimiter, self.brackets and name == "s")
        self._delimited(delimiter, False)
        while name == "s" and self._more() and self.text[self.at] not in ";}\n#":
            flag = self._take()
            if flag == "w":
                self._skip(" \t")
                self._acts("w", self._line())
            elif flag == "e":
                self.runs_input = True
            elif flag not in "gpiIMm0123456789 \t\r":
                raise NotUnderstood(f"{flag} behind {name} is not one of its flags")

    def _text_to_the_end(self) -> None:
        """The text of a, i or c: up to the first end of a line that has no backslash before it."""
        while self._more():
            char = self._take()
            if char == "\\":
                self.at += 1
            elif char == "\n":
                return

    # Addresses

    def _addresses(self) -> None:
        self._address()
        self._skip(" \t")
        if self._next_is(","):
            self.at += 1
            self._skip(" \t")
            self._address()
        self._skip(" \t!")

    def _address(self) -> None:
        if self._next_is("/"):
            self._delimited(self._take(), self.brackets)
            self._skip("IM")
        elif self._next_is("\\"):
            self.at += 1
            self._delimited(self._take(), self.brackets)
            self._skip("IM")
        else:
            self._skip("0123456789$~+")

    # Characters

    def _more(self) -> bool:
        return self.at < len(self.text)

    def _next_is(self, char: str) -> bool:
        return self.text[self.at : self.at + 1] == char

    def _take(self) -> str:
        if not self._more():
            raise NotUnderstood("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _skip(self, chars: str) -> None:
        while self._more() and self.text[self.at] in chars:
            self.at += 1

    def _until(self, chars: str) -> None:
        while self._more() and self.text[self.at] not in chars:
            self.at += 1

    def _line(self) -> str:
        start = self.at
        self._until("\n")
        return self.text[start : self.at]

    def _delimited(self, delimiter: str, brackets: bool) -> None:
        """Skip to behind the next delimiter that has no backslash before it, and is in no bracket expression."""
        if delimiter in "\n\\":
            raise NotUnderstood("nothing can be between such signs")
        while (char := self._take()) != delimiter:
            if char == "\\":
                self._take()
            elif char == "[" and brackets:
                self._bracket_expression()

    def _bracket_expression(self) -> None:
        self._skip("^")
        if self._next_is("]"):
            self.at += 1
        while (char := self._take()) != "]":
            if char == "[" and self._more() and self.text[self.at] in ":.=":
                end = self.text.find(self._take() + "]", self.at)
                self.at = self.at if end < 0 else end + 2
