"""Programs, started as they are found on PATH, and the aliases of their names."""

from __future__ import annotations

from ...core.call import Stream
from ...core.word import joined, known
from ...lean.typing import TYPE_CHECKING
from .known_output import known_output
from .scope import READ_BEFORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.word import Word
    from .interpreter import Interpreter

#: Programs that never read standard input.
QUIET = known(("echo", "printf", "true", "false", "test", "[", "pwd", "kill", "ls", "mkdir", "touch", "sleep", "date"))


def program(
    shell: Interpreter, argv: tuple[Word, ...], stdin: Stream | None = None, env: Mapping[str, Word] | None = None
) -> bytes | None:
    """Start a program; what it prints, or None if that is not known."""
    alias = shell.scope.aliases.get(argv[0].guess)
    call = shell.invocation(argv, stdin, env)
    shell.listing = call if alias is None else None
    shell.add(shell.context.command(call))
    if alias is not None:  # only some shells expand it, so it is both
        shell.add(shell.context.text("shell", _line(shell, alias, argv[1:]), call))
    printed = known_output(shell, argv, call.stdin)
    if stdin is None and argv[0] not in QUIET and call.stdin != Stream("known"):
        shell.scope.stdin = READ_BEFORE
    return printed


def _line(shell: Interpreter, alias: Word, arguments: tuple[Word, ...]) -> Word:
    """The text that an alias becomes; behind one that ends in a blank, the next word may be an alias, too."""
    from shlex import quote

    if arguments and alias.guess[-1:] in (" ", "\t") and arguments[0].guess in shell.scope.aliases:
        following = shell.scope.aliases[arguments[0].guess]
        return joined((alias, _line(shell, following, arguments[1:])))
    return joined((alias, *(word.map(quote) for word in arguments)))
