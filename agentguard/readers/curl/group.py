"""The arguments between two `--next` of a call of curl."""

from __future__ import annotations

from ...core.call import Argument, Call, Unresolved
from ...core.context import Context, stdin
from ...core.world import Unseen


class Group:
    """One or more URLs with the options that they share."""

    def __init__(self, arguments: list[Argument], call: Call, context: Context) -> None:
        self.arguments = arguments
        self.call = call
        self.context = context

    def has(self, *options: str) -> bool:
        """Whether one of these options is given."""
        return any(a.option in options for a in self.arguments)

    def last(self, option: str) -> str | None:
        """The value given last to an option."""
        return next((a.value for a in reversed(self.arguments) if a.option == option), None)

    def values(self, role: str) -> list[str]:
        """The values with that role, in order."""
        return [a.value for a in self.arguments if a.role == role and a.value is not None]

    def playing(self, role: str) -> list[Argument]:
        """The arguments with that role that have a value."""
        return [a for a in self.arguments if a.role == role and a.value is not None]

    def read(self, path: str) -> bytes:
        """The bytes of a file, or of standard input for `-`; raises Unseen."""
        return content(path, self.call, self.context)


def value(argument: Argument) -> str:
    """The value of an argument that has one; an Unresolved word stays one, even if it may be empty."""
    return "" if argument.value is None else argument.value


def content(path: str, call: Call, context: Context) -> bytes:
    """The bytes of a file that a call names, or of standard input for `-`; raises Unseen."""
    if isinstance(path, Unresolved):
        raise Unseen(f"{path.written} is not known before the line runs")
    if path in ("-", "."):
        return stdin(call.invocation.stdin, context.world)
    return context.world.read(path, call.invocation.cwd)
