"""The decision on a call: run, ask or refuse, by its rating and by who makes it."""

from __future__ import annotations

from ..core.effect import Reading
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from typing import Literal

    from .settings import Guard

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


def decide_for_person(reading: Reading, decision: Decision, guard: Guard, types: bool) -> Decision:
    """The decision on a call at a person's own terminal, where `decision` would be an agent's.

    Where only agents are guarded, it runs. Where everyone is, it runs if nothing but what they type decides: an
    interactive psql, `rm -i`. `types` says whether its standard input is that terminal.
    """
    if guard == "agents":
        return Decision("run", "at a person's own terminal, and only agents are guarded")
    if types and decide(reading.untyped).action == "run":
        return Decision("run", "what is typed at a person's own terminal decides")
    return decision
