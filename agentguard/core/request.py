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
#: What a person types to approve.
WORD = "DELETE"


class Request(Value):
    """`digest` is what exactly was asked for; an approval is good for that and nothing else.

    Times are seconds since the epoch. `answered` is 0 while nobody has answered; `answer` is
    what a person who denied it wants the agent to read.
    """

    id: str
    digest: str
    session: str
    created: float
    sheet: Sheet
    state: State = "open"
    answered: float = 0
    answer: str = ""
