"""What became of a stopped call, told from the rows that it leaves in the record one after the other."""

from __future__ import annotations

from ..lean.canonical import canonical
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def call_key(body: Mapping[str, Any]) -> str:
    """What the rows of one call have in common: its request, or else who called what and where."""
    if body.get("request"):
        return str(body["request"])
    return canonical([body.get(name) for name in ("session", "argv", "cwd", "ancestry")])


def outcome(before: str, body: Mapping[str, Any]) -> str:
    """What has become of a call by its next row; `before` is what it was before that, "" at its first.

    A refusal that only carries out a denial, or the end of waiting, is not another outcome.
    """
    kind = str(body.get("kind", ""))
    if kind == "asked":
        return "waiting"
    if kind == "ran":
        return "approved and run"
    if kind in ("approved", "denied"):
        return kind
    if kind == "attempt" and body.get("asked"):
        return "asked for a proof"
    if kind == "refused" and body.get("request") and before == "waiting":
        return "timed out"
    return before if before == "denied" else "refused"
