"""What is known of who made a request's call: whether it still waits there, and what an answer is still worth."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .question import Question, asker
from .request import Request, age

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    Presence = Literal["waiting", "given up", "gone"]
else:
    Presence = str

#: How much an answer is worth, the most first: the call runs at once; if it is made again; hardly ever.
_ORDER = ("waiting", "given up", "gone")


class Caller(Value):
    """`presence` says whether the call waits for the answer, has ended without it, or what made it has ended, too.

    `left` is how many seconds it waits yet, None where it waits and nobody knows. `who` and `where` are raw, for
    people: the session, or the programs that made the call where that has no name; the terminal that it was made on
    ("" if an agent did).
    """

    presence: Presence = "waiting"
    left: float | None = None
    who: str = ""
    where: str = ""


def behind(group: tuple[Request, ...], callers: Mapping[str, Caller]) -> Caller:
    """The caller of a group of requests: of the one that an answer is worth most for."""
    return min((callers.get(one.id, Caller()) for one in group), key=_worth)


def ordered(groups: Iterable[tuple[Request, ...]], callers: Mapping[str, Caller]) -> tuple[tuple[Request, ...], ...]:
    """The groups whose answer is worth most first, as they were where it is worth the same."""
    return tuple(sorted(groups, key=lambda group: _ORDER.index(behind(group, callers).presence)))


def remaining(caller: Caller) -> str:
    """How long a call still waits, in a word or two."""
    if caller.presence != "waiting":
        return "gave up" if caller.presence == "given up" else "gone"
    return "waits" if caller.left is None else f"{caller.left:.0f} s left"


def asked_by(question: Question, caller: Caller) -> str:
    """Who asks and from where, for a person who is somewhere else."""
    who = caller.who if caller.who and caller.who != question.session else asker(question)
    return f"{who}, at {caller.where}" if caller.where else who


def prospect(caller: Caller) -> str:
    """What an answer would do, as a sentence; "" if nobody knows."""
    if caller.presence == "waiting":
        return "" if caller.left is None else f"It waits {caller.left:.0f} s more."
    if caller.presence == "given up":
        return "Its call gave up: once approved, the same call passes once when it is made again."
    return "What made it has ended: an answer is of use only if the same call is made again."


def standing(request: Request, caller: Caller, now: float) -> str:
    """Which request it is that a person is asked about, since when, and what their answer would be of use for.

    `now` is in seconds since the epoch.
    """
    return f"{request.id}, asked {age(request, now)} ago. It cannot be undone. {prospect(caller)}".rstrip()


def _worth(caller: Caller) -> tuple[int, float]:
    return _ORDER.index(caller.presence), -(caller.left or 0)
