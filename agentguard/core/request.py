"""A destructive call that waits for a person."""

from __future__ import annotations

from .canonical import digest
from .sheet import Sheet
from .value import TYPE_CHECKING, Value

if TYPE_CHECKING:
    from typing import Literal

    State = Literal["open", "approved", "denied", "spent", "withdrawn"]
else:
    State = str

#: How long an approval may be spent after it was given, in seconds.
APPROVAL_LIFE = 600
#: How long a request stays on the list without an answer, in seconds.
REQUEST_LIFE = 3600


class Request(Value):
    """`digest` is what exactly was asked for; an approval is good for that and nothing else.

    Times are seconds since the epoch. `answered` is 0 while nobody has answered; `answer` is
    what a person who denied it wants the agent to read. `lead` is the id of the request that
    this one has joined (see `kin`), "" for one that stands by itself or leads. `proof` is a
    signed `Grant` as its canonical text, "" where none was given.
    """

    id: str
    digest: str
    session: str
    created: float
    sheet: Sheet
    state: State = "open"
    answered: float = 0
    answer: str = ""
    lead: str = ""
    proof: str = ""


class Filed(Value):
    """A call put before a person: its request, and whether it may wait there for the answer."""

    request: Request
    waits: bool = True


def kin(asked: Sheet) -> str:
    """What the calls of one parent must have in common to be one question: equal for alike calls."""
    rules = sorted({reason.rule for reason in asked.reasons})
    return digest((asked.program, asked.cwd, bool(asked.catastrophic), asked.factor, rules))


def question(group: tuple[Request, ...]) -> str:
    """What a person types to approve these requests: the word, and for several also how many they are."""
    word = group[0].sheet.word
    return word if len(group) == 1 else f"{word} {len(group)}"
