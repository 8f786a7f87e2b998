"""What a rule tells people to do instead, as command lines: each is rated, and must not be what it warns of.

A command stands between backticks in `instead`. Its words in capitals stand for words of the example that the rule
spoke about, an argument of that role; COMMAND is one that does nothing, NEW and KEEP are names
that are not taken. A call of the same command without operands has those of the example: `cp -n` is `cp -n a b`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ..core.call import Call, Invocation
from ..rulebook.argv import parse
from ..rulebook.model import Example, Program, Rule

#: A word of a command line that stands for another one.
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b(?![=/.-])")
#: What ends a call on a command line.
_OPERATORS = {"|", "||", "&&", ";", "&", ">", ">>", "<", "<<<"}
#: Names that are not taken, and a command that does nothing.
_NEW, _NOTHING = "a-new-name", "true"
_FREE = {"NEW": _NEW, "KEEP": _NEW, "OLD": _NEW, "COMMAND": _NOTHING}


def suggestions(program: Program, rule: Rule, example: Example) -> Iterator[Example]:
    """The commands that a rule suggests, as examples in the state of one that it spoke about."""
    call = _call(program, example)
    given = {**example.given, "paths": {**example.given.get("paths", {}), _NEW: "missing"}}
    for template in rule.suggests:
        line = _PLACEHOLDER.sub(lambda word: _filled(word[0], call), template.replace("…", "")).strip()
        yield Example(_completed(line, program, call), "reversible", given, place=example.place)


def _call(program: Program, example: Example) -> Call | None:
    """The call of the program that an example's line makes, as far as its words tell; None if they do not."""
    words = _words(example.run) if isinstance(example.run, str) else list(example.run)
    start = next((i for i, word in enumerate(words) if word.rpartition("/")[2] in program.names), None)
    if start is None or any("$" in word for word in words):
        return None
    end = next((i for i, word in enumerate(words[start:], start) if word in _OPERATORS), len(words))
    return parse(program, Invocation.of(words[start:end], "/", {}))


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "", True
    return list(lexer)


def _filled(name: str, call: Call | None) -> str:
    """What a word in capitals stands for."""
    if name in _FREE or call is None:
        return _FREE.get(name, "x")
    return next((shlex.quote(word.guess) for word in call.played(name)), "x")


def _completed(line: str, program: Program, call: Call | None) -> str:
    """The line, with the operands of the call where it has none and is of the same command."""
    words = line.split()
    if call is None or words[0] not in program.names or _OPERATORS & set(words):
        return line
    suggested = parse(program, Invocation.of(words, "/", {}))
    if suggested.command != call.command or suggested.operands:
        return line
    return " ".join((line, *(shlex.quote(word.guess) for word in call.operands)))
