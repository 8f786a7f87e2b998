"""Whether the controlling terminal is a person's."""

from __future__ import annotations

from ..core.value import TYPE_CHECKING, Value
from .terminal import own_terminal

if TYPE_CHECKING:
    from typing import Literal

    Verdict = Literal["person", "doubtful", "not"]
else:
    Verdict = str


class Place(Value):
    """What is known of the controlling terminal, and of who holds its other end."""

    verdict: Verdict
    terminal: str = ""
    holder: str = ""
    why: str = ""


def place() -> Place:
    """The place of the calling process."""
    terminal = own_terminal()
    return Place("person" if terminal else "not", terminal, "", "" if terminal else "there is no terminal")
