"""What a row of the record, or a stopped call, says of why: for people and for programs the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def said(call: dict[str, Any]) -> Iterator[str]:
    """The first reason or change, what makes it catastrophic, and why it was refused in the end."""
    reasons, changes = call.get("reasons", ()), call.get("changes", ())
    if reasons:
        yield f"{reasons[0].get('text', '')} [{reasons[0].get('rule', '')}]{_more(reasons)}"
    if changes:
        yield f"{changes[0]}{_more(changes)}"
    if call.get("catastrophic"):
        yield f"catastrophic: {call['catastrophic']}"
    why, answer = str(call.get("why", "")), str(call.get("answer", ""))
    yield from filter(None, (why, "" if why.endswith(answer) else answer, str(call.get("deed", ""))))


def _more(told: Sequence[Any]) -> str:
    return f" and {len(told) - 1} more" if len(told) > 1 else ""
