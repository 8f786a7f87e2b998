"""What gets into the head of a request as it is given: a line's end there may begin another request."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .transfer import Transfer, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Argument

#: What never gets into a head: bodies, names of files of curl's own, and what is printed.
_ELSEWHERE = ("BODY", "FORM", "OUTPUT", "LOG")
#: A variable counts where it is used.
_ELSEWHERE_OPTIONS = ("--write-out", "--variable")


def broken(transfer: Transfer) -> Iterator[Effect]:
    """Unknown effects of the values that could end a line of the head, or of the commands of another protocol."""
    for argument in transfer.arguments:
        if _gets_there(transfer, argument) and has_control(value(argument).guess):
            reason = f"{argument.option or 'the URL'} has a control character, which may begin a request of its own"
            yield Effect("unknown", Target("call", "curl"), rule="curl-control", reason=reason)


def has_control(text: str) -> bool:
    """Whether there is a control character of ASCII in it."""
    return any(char < " " or char == "\x7f" for char in text)


def _gets_there(transfer: Transfer, argument: Argument) -> bool:
    if argument.role == "BODY":
        return transfer.has("--get")
    return argument.role not in _ELSEWHERE and argument.option not in _ELSEWHERE_OPTIONS
