"""A request as a row of its table: which columns it is read from, and what is not believed of one."""

from __future__ import annotations

from ...approval.question import Question
from ...approval.request import REQUEST_LIFE, Request
from ...errors import RecordError
from ...lean.canonical import canonical, parsed
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .short_id import ALPHABET

if TYPE_CHECKING:
    from typing import Any

#: What `request_of` reads; takes conditions.
COLUMNS = "SELECT id, digest, session, created, sheet, state, answered, answer, lead, proof FROM requests"

#: An open request that can still be answered; takes now, twice. A time to come is none that a clock gave honestly.
PENDING = f"state = 'open' AND created <= ? AND created > ? - {REQUEST_LIFE}"


def written(question: Question) -> str:
    """A question by field names, so that one with other fields, of another version, can still be read."""
    return canonical(dict(zip(question._fields, question.astuple(), strict=True)))


def request_of(row: tuple[Any, ...]) -> Request:
    """A row as what it says. Raises RecordError for one that agentguard did not write."""
    from ...core.effect import Reason

    id, digest, session, created, sheet, *rest = row
    try:
        fields = {name: value for name, value in parsed(sheet).items() if name in Question._fields}
        fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        fields["reasons"] = tuple(Reason(*reason) for reason in fields["reasons"])
        question = Question(**fields)
        if not id or not set(id) <= set(ALPHABET) or not all(map(_is_text, question.astuple())):
            raise ValueError(sheet)
        return Request(id, digest, session, created, question, *rest)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise RecordError(f"request {id!r} is none that agentguard wrote", "look at who could write to it") from fault


def _is_text(value: Any) -> bool:
    """Whether a field of a question can be shown."""
    if isinstance(value, Value):
        value = value.astuple()
    return all(map(_is_text, value)) if isinstance(value, tuple) else isinstance(value, (str, bool))
