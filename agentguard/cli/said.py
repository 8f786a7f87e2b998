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


def label(call: dict[str, Any]) -> str:
    """What became of a stopped call, or what a row is."""
    return str(call.get("outcome") or ("asked for a proof" if call.get("asked") else call.get("kind", "")))


def whose(call: dict[str, Any]) -> str:
    """The session; at a terminal that no agent is known to use, it is no more than that."""
    name, is_named = str(call.get("session_name", "")), "below" in call
    at_terminal = call.get("terminal") or "own terminal" in str(call.get("confirmed", ""))
    return "a terminal of yours" if at_terminal and not is_named and name.startswith("every program") else name


def _more(told: Sequence[Any]) -> str:
    return f" and {len(told) - 1} more" if len(told) > 1 else ""
