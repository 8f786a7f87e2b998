"""Programs, started as they are found on PATH."""

from __future__ import annotations

from ...core.call import Stream
from ...core.word import known
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
    call = shell.invocation(argv, stdin, env)
    shell.listing = call
    shell.add(shell.context.command(call))
    printed = known_output(shell, call)
    if stdin is None and argv[0] not in QUIET and call.stdin != Stream("known"):
        shell.scope.stdin = READ_BEFORE
    return printed
