"""What a row of the record, or a stopped call, says of why: for people and for programs the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def said(call: dict[str, Any]) -> Iterator[str]:
    """The first reason, what makes it catastrophic, and why it was refused in the end."""
    reasons = call.get("reasons", ())
    if reasons:
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        yield f"{reasons[0].get('text', '')} [{reasons[0].get('rule', '')}]{more}"
    if call.get("catastrophic"):
        yield f"catastrophic: {call['catastrophic']}"
    why, answer = str(call.get("why", "")), str(call.get("answer", ""))
    yield from filter(None, (why, "" if why.endswith(answer) else answer, str(call.get("deed", ""))))
