"""The decision on a call by its rating: run, ask or refuse."""

from __future__ import annotations

from ..core.effect import Reading
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from typing import Literal

    Action = Literal["run", "ask", "refuse"]
else:
    Action = str


class Decision(Value):
    """`run` at once, `ask` a person, or `refuse` without asking; `why` in plain words."""

    action: Action
    why: str = ""


def decide(reading: Reading, earlier: tuple[str, ...] = ()) -> Decision:
    """The built-in policy: reads and reversible calls run, destructive ones ask.

    So does whatever aims at what a person has denied; `earlier` are those denials. What cannot be
    shown to a person is not put to one: it is refused.
    """
    if reading.rating != "destructive" and not earlier:
        return Decision("run")
    if reading.unconfirmable:
        return Decision("refuse", reading.unconfirmable)
    return Decision("ask")
