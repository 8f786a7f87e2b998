"""Aliases that a program's own configuration defines (`git config alias.st status`)."""

from __future__ import annotations

from ..core.unseen import Unseen
from ..core.word import Known, joined, known
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.word import Word
    from ..core.world import World
    from ..rulebook.model import Program


def alias(program: Program, call: Call, world: World) -> Word | tuple[Word, ...] | None:
    """What an alias stands for: a line for a shell, or the words of another call; None if the subcommand is none.

    Raises Unseen where nobody can look, ValueError where the alias cannot be cut into words.
    """
    if not program.aliases or not call.unknown_command or not isinstance(call.operands[0], Known):
        return None
    import shlex

    name, argv = call.operands[0].text, call.invocation.argv
    try:
        value = world.lookup(program.aliases, name, call)
    except Unseen as why:
        raise Unseen(f"may have {name} as an alias, which cannot be seen: {why}") from why
    if value is None:
        return None
    if value.startswith("!"):
        quoted = (word.map(shlex.quote) for word in call.operands[1:])
        return joined((Known(value[1:]), *quoted))
    try:
        words = shlex.split(value)
    except ValueError as fault:
        raise ValueError(f"has {name} as an alias that cannot be read: {fault}") from fault
    at = len(argv) - len(call.operands)
    return (*argv[:at], *known(words), *argv[at + 1 :])
