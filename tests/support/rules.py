"""The rules of this checkout, loaded once for all tests of a process: none of them changes what it is given."""

from __future__ import annotations

from functools import cache

from agentguard import resources
from agentguard.rulebook.load import Rulebook, load


@cache
def shipped() -> Rulebook:
    """All programs and APIs that ship."""
    return load(resources.rules())
