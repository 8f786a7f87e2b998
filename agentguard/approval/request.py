"""Requests: destructive calls that wait for a person to approve or deny them."""

from __future__ import annotations

from ..errors import UsageError
from ..lean.canonical import digest
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from . import question
from .question import Question, printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from ..core.caller import Origin
    from ..core.effect import Target

    State = Literal["open", "here", "approved", "denied", "spent", "withdrawn"]
else:
    State = str

#: How long a request stays on the list without an answer, in seconds.
REQUEST_LIFE = 3600
#: How long a session is denied whatever it asks, once a person has said so, in seconds.
SILENCE = 600
#: How many questions of one session are put to a person one by one before they are offered to deny all of them.
FLOOD = 5


class Request(Value):
    """`digest` is what exactly was asked for (see `bound`); an approval is good for that and nothing else.

    One that is "here" stands in line at its caller's own terminal, and is on no list. Times are seconds since the
    epoch. `answered` is 0 while nobody has answered; `answer` is what a person who denied it wants the agent to read.
    `group_leader` is the id of the request that this one has joined (see `group_key`), "" for one that stands by itself
    or leads. `proof` is a signed `Grant` as its canonical text, "" where none was given.
    """

    id: str
    digest: str
    session: str
    created: float
    question: Question
    state: State = "open"
    answered: float = 0
    answer: str = ""
    group_leader: str = ""
    proof: str = ""

    @property
    def leader(self) -> str:
        """The id of the question that it is part of: that of the request which leads it, maybe itself."""
        return self.group_leader or self.id


class Asked(Value):
    """A call to be put before a person: what they are shown, its digest, and what it would hit for good."""

    question: Question
    digest: str
    hits: tuple[Target, ...] = ()


class Filed(Value):
    """A call put before a person: its request, whether it waits there for the answer, and how long that has waited."""

    request: Request
    waits: bool = True
    waited: float = 0.0


def caller_key(caller: Origin) -> str:
    """Which process made a call; "" if nobody can tell."""
    return f"{caller.ancestry[0].pid} {caller.ancestry[0].start}" if caller.ancestry else ""


def group_key(question: Question) -> str:
    """The key of a question's group: calls of one process with the same key are one question, as in `rm a; rm b`."""
    rules = sorted({reason.rule for reason in question.reasons})
    return digest((question.program, question.cwd, bool(question.catastrophic), question.factor, rules))


def bound(found: str, question: Question) -> str:
    """The digest of a request: of all that was found out about the call, and of what a person is shown of it."""
    return f"{found}:{digest(question)}"


def faithful(group: tuple[Request, ...]) -> tuple[Request, ...]:
    """These requests, checked against their digests; raises UsageError if one was changed after it was asked."""
    hint = "deny it, and look at who could write to the database"
    for request in group:
        if group_key(request.question) != group_key(group[0].question):
            raise UsageError(f"request {request.id} was put to {group[0].id} after it was asked", hint)
        if request.digest.rpartition(":")[2] != digest(request.question):
            raise UsageError(f"request {request.id} was changed after it was asked", hint)
    return group


def grouped(waiting: Iterable[Request]) -> dict[str, tuple[Request, ...]]:
    """Requests in the groups that one answer decides, by the id of each group's leader.

    What has joined another is one with it, also once that one is answered.
    """
    found: dict[str, tuple[Request, ...]] = {}
    for request in waiting:
        name = request.leader
        found[name] = (*found.get(name, ()), request)
    return found


def floods(groups: Iterable[tuple[Request, ...]]) -> dict[str, int]:
    """The sessions that ask more questions than are put to a person one by one, and how many."""
    return {session: len(asked) for session, asked in _by_session(groups).items() if len(asked) > FLOOD}


def ebbed(groups: Iterable[tuple[Request, ...]]) -> tuple[tuple[Request, ...], ...]:
    """Questions without those beyond the first few of one session: they come up as these are answered."""
    groups = tuple(groups)
    first = {group[0].id for asked in _by_session(groups).values() for group in asked[:FLOOD]}
    return tuple(group for group in groups if group[0].id in first)


def _by_session(groups: Iterable[tuple[Request, ...]]) -> dict[str, list[tuple[Request, ...]]]:
    asked: dict[str, list[tuple[Request, ...]]] = {}
    for group in groups:
        asked.setdefault(group[0].session, []).append(group)
    return asked


def phrase(group: tuple[Request, ...]) -> str:
    """What a person types to approve these requests."""
    return question.phrase(tuple(request.question for request in group))


def wanted(group: tuple[Request, ...]) -> str:
    """What a person is asked to type, and what that would approve."""
    them = "it" if len(group) == 1 else f"exactly these {len(group)}"
    return f"Type {printable(phrase(group))} to approve {them}, anything else to leave it"


def age(request: Request, now: float) -> str:
    """How long a request has waited."""
    seconds = max(0, round(now - request.created))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
