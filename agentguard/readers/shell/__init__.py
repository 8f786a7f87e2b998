"""Shell command lines and scripts: bash(1)'s language, and what sh, dash, zsh and ksh share with it."""

from __future__ import annotations

from ...core.call import Invocation
from ...core.context import Context
from ...core.effect import Reading
from ...core.word import Known
from ...lean.typing import TYPE_CHECKING
from .interpreter import Interpreter, unread
from .nodes import execute
from .starting import start
from .syntax.word_parts import NotUnderstood

if TYPE_CHECKING:
    from ...core.word import Word


def read(text: str, call: Invocation, context: Context) -> Reading:
    """What a text does when a shell, started by `call`, runs it; never raises for what the text is.

    What cannot be followed is one effect `unknown` whose reason says what it was, and whether bash
    would not follow it either.
    """
    shell = Interpreter(context, call, _arguments(text, call), execute)
    try:
        start(shell, call)
        shell.whole(text)
    except NotUnderstood as what:
        return shell.reading + unread(call, what)
    except RecursionError:
        return shell.reading + unread(call, NotUnderstood("it is nested too deeply"))
    return shell.reading


def _arguments(text: str, call: Invocation) -> tuple[Word, ...] | None:
    """`$1` and so on: what follows the text in `sh -c TEXT NAME ARGUMENT…`; None if they cannot be told."""
    places = [at for at, word in enumerate(call.argv) if isinstance(word, Known) and word.text is text]
    return call.argv[places[0] + 2 :] if len(places) == 1 and places[0] else None
