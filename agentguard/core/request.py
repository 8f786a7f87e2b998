"""A destructive call that waits for a person."""

from __future__ import annotations

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
    this one has joined (core/request.Kin), "" for one that stands by itself or leads. `proof` is a
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
