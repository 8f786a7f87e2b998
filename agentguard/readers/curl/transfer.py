"""A transfer of curl: the URLs and options between two `--next`."""

from __future__ import annotations

from ...core.call import Argument, Call
from ...core.context import Context, named_content
from ...core.word import Known
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.word import Word


class Transfer:
    """One or more URLs with the options that they share."""

    def __init__(self, arguments: list[Argument], call: Call, context: Context) -> None:
        self.arguments = arguments
        self.call = call
        self.context = context

    def has(self, *options: str) -> bool:
        """Whether one of these options is given."""
        return any(a.option in options for a in self.arguments)

    def last(self, option: str) -> Word | None:
        """The value given last to an option."""
        return next((a.value for a in reversed(self.arguments) if a.option == option), None)

    def values(self, role: str) -> list[Word]:
        """The values with that role, in order."""
        return [a.value for a in self.arguments if a.role == role and a.value is not None]

    def playing(self, role: str) -> list[Argument]:
        """The arguments with that role that have a value."""
        return [a for a in self.arguments if a.role == role and a.value is not None]

    def read(self, path: Word) -> bytes:
        """The bytes of a file, or of standard input for `-`; raises Unseen."""
        return content_of(path, self.call, self.context)


def value(argument: Argument) -> Word:
    """The value of an argument, empty if it has none."""
    return Known("") if argument.value is None else argument.value


def content_of(path: Word, call: Call, context: Context) -> bytes:
    """The bytes of a file that a call names, or of standard input for `-` and `.`; raises Unseen."""
    return named_content(path, call, context, ("-", "."))
