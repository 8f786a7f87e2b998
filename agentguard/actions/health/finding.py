"""What a check has found, and the remedy that `agentguard doctor --mend` has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...edge.layout import Root
from ...lean.value import Value


class Remedy(Value):
    """What a person can have done: `deed` says it in a line, `make` does it for that person, and gives a line for each
    thing that it did. It raises AgentguardError or OSError where it cannot.
    """

    deed: str
    make: Callable[[Root, Mapping[str, Any]], list[str]]


class Finding(Value):
    """One thing looked at. `state`: good, bad, absent (there is nothing to check) or note (worth knowing).

    `hint` is what a person can do about it themselves, `remedy` what can be done for them.
    """

    subject: str
    state: str
    detail: str
    hint: str = ""
    remedy: Remedy | None = None
