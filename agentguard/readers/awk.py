"""Programs of awk(1), as far as they write files or run commands: POSIX awk, gawk 5.2, mawk 1.3.4.

`system(…)`, `… | getline`, `print … | …` and `|&` give a command to a shell; `print … > …` writes a file. Texts that
the program puts together are not known before it runs.
"""

from __future__ import annotations

from itertools import product

from ..core.call import Call, Stream
from ..core.context import Context, script
from ..core.effect import Effect, Reading, Target
from ..core.unseen import Unseen
from ..core.word import Known, Unknown
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.word import Word

#: Files that awk takes for its own streams.
_STREAMS = ("/dev/stdout", "/dev/stderr", "-")

#: Words before which a `/` starts a regular expression.
_BEFORE_VALUES = ("print", "printf", "return", "exit", "in", "getline", "case", "else", "do")

#: What ends the statement that a `print` starts.
_ENDS = (";", "\n", "}", "{")


#: What letters behind a backslash stand for in a string.
_ESCAPES = {"n": "\n", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "r": "\r", "v": "\v"}


class NotUnderstood(Exception):
    """The program is not one of awk's, or is beyond this reader."""


def read_call(call: Call, context: Context) -> Reading:
    """What the programs of a call write and run; nothing where awk may not (`--sandbox`)."""
    if call.has("--help", "--version", "--sandbox"):
        return Reading()
    reading = Reading()
    for argument in call.playing("PROGRAM", "SCRIPTFILE"):
        program = Known("") if argument.value is None else argument.value
        if isinstance(program, Unknown) and (not program.guess.strip() or argument.role == "SCRIPTFILE"):
            return _unknown(call, f"runs the program {program.written}, which is not known before the line runs")
        try:
            source = Known(script(program, call, context)) if argument.role == "SCRIPTFILE" else program
        except Unseen as why:
            return _unknown(call, f"runs a program that cannot be read: {why}")
        reading += _read(source, call, context)
    return reading


def _read(source: Word, call: Call, context: Context) -> Reading:
    understood, fault = [], ""
    for brackets, divides in product((True, False), repeat=2):
        try:
            understood.append(_acts(_tokens(source.guess, brackets, divides)))
        except NotUnderstood as what:
            fault = str(what)
    guessed = isinstance(source, Unknown)
    if not understood and not guessed:  # what is left of words that are not known need not be a program
        return _unknown(call, f"has a program that agentguard does not understand: {fault}")
    unseen = call.invocation.replace(stdin=Stream("unseen", why="it is what awk prints"))
    reading = Reading()
    for line in dict.fromkeys(line for acts in understood for line in acts):
        reading += context.text("shell", Unknown(line.guess, line.written) if guessed else line, unseen)
    return reading


def _unknown(call: Call, reason: str) -> Reading:
    return Reading((Effect("unknown", Target("call", ""), rule="awk-acts", program="awk", reason=reason),))


def _acts(tokens: list[str]) -> list[Word]:
    """The shell lines that do the same as what a program runs and writes."""
    acts: list[Word] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1 :]
        if token == "system" and after[:1] == ["("]:
            acts.append(_text(_inside(after[1:])))
        elif token in ("|", "|&") and after[:1] == ["getline"]:
            acts.append(_text(_statement(tokens[:at])))
        elif token in ("print", "printf"):
            acts += _printed(after)
        elif token == "@":
            raise NotUnderstood("it loads other files, or calls functions by names that it makes")
    return acts


def _printed(tokens: list[str]) -> list[Word]:
    """What becomes of what one `print` prints: a `>` in parentheses compares."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if depth < 0 or (depth == 0 and token in _ENDS):
            return []
        if depth == 0 and token in ("|", "|&", ">", ">>"):
            to = _up_to_end(tokens[at + 1 :])
            if token in ("|", "|&"):
                return [_text(to)]
            return _written(token, _text(to))
    return []


def _written(sign: str, name: Word) -> list[Word]:
    from shlex import quote

    if isinstance(name, Known) and name.text in _STREAMS:
        return []
    return [f"{sign} " + name.map(quote)]


def _text(tokens: list[str]) -> Word:
    """The text that an expression is, if it is one string, in parentheses or not."""
    inner = [token for token in tokens if token not in ("(", ")", "\n")]
    if len(inner) == 1 and inner[0][:1] == '"':
        return _string(inner[0])
    guess = _string(inner[0]).guess if inner and inner[0][:1] == '"' else ""
    return Unknown(guess, " ".join(inner))


def _string(token: str) -> Word:
    """The text of a string's token."""
    text, at = "", 1
    while at < len(token) - 1:
        if token[at] == "\\":
            at += 1
            if token[at] not in (*_ESCAPES, *'\\"/'):
                return Unknown(text, token)
            text += _ESCAPES.get(token[at], token[at])
        else:
            text += token[at]
        at += 1
    return Known(text)


def _inside(tokens: list[str]) -> list[str]:
    """The tokens up to the parenthesis that closes."""
    depth = 1
    for at, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if not depth:
            return tokens[:at]
    raise NotUnderstood("a parenthesis is not closed")


def _up_to_end(tokens: list[str]) -> list[str]:
    end = next((at for at, token in enumerate(tokens) if token in _ENDS), len(tokens))
    return tokens[:end]


def _statement(tokens: list[str]) -> list[str]:
    """The end of these tokens that can be one expression: what is before a pipe."""
    depth = 0
    for at in range(len(tokens) - 1, -1, -1):
        depth += (tokens[at] == ")") - (tokens[at] == "(")
        if depth < 0 or tokens[at] in (*_ENDS, "&&", "||", "!", "print"):
            return tokens[at + 1 :]
    return tokens


def _tokens(text: str, brackets: bool, divides: bool) -> list[str]:
    """A program's words, signs, strings (with their quotes) and regular expressions (as `//`).

    Whether a `/` in a bracket expression ends it (`brackets`: no), and whether one behind `)` or `++` divides, awks do
    not agree.
    """
    tokens: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t\r" or (char == "\n" and tokens[-1:] and tokens[-1] in (",", "{", "&&", "||")):
            at += 1
        elif text.startswith("\\\n", at):
            at += 2
        elif char == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char == '"':
            end = _end(text, at + 1, '"', False)
            tokens.append(text[at:end])
            at = end
        elif char == "/" and _starts_value(tokens, divides):
            at = _end(text, at + 1, "/", brackets)
            tokens.append("//")
        elif char.isalnum() or char in "_.":
            start = at
            while at < len(text) and (text[at].isalnum() or text[at] in "_."):
                at += 1
            tokens.append(text[start:at])
        else:
            sign = next((s for s in ("|&", "||", "&&", ">>", ">=") if text.startswith(s, at)), char)
            tokens.append(sign)
            at += len(sign)
    return tokens


def _starts_value(tokens: list[str], divides: bool) -> bool:
    """Whether a `/` here starts a regular expression rather than divides."""
    if tokens[-1:] == [")"] or tokens[-2:] in (["+", "+"], ["-", "-"]):
        return not divides
    if not tokens or tokens[-1] in _BEFORE_VALUES:
        return True
    last = tokens[-1]
    return not (last[0].isalnum() or last[0] in '_."' or last in ("]", "$", "//"))


def _end(text: str, at: int, sign: str, brackets: bool) -> int:
    """Behind the sign that ends a string or a regular expression."""
    bracket = False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "\n" and sign == "/":
            break
        elif bracket:
            bracket = char != "]"
        elif char == "[" and brackets:
            bracket = True
            at += len(text[at + 1 : at + 3]) if text[at + 1 : at + 3] == "^]" else text[at + 1 : at + 2] == "]"
        elif char == sign:
            return at + 1
        at += 1
    raise NotUnderstood(f"a {sign} is not closed")
