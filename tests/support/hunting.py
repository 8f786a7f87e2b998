"""Hunts: tests that make up calls and hold what the guard says of each against the real program.

Where all tests run, each makes the same few. `make hunt` (tests/hunt.py) makes others, for as long as there is time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

#: How many times as many calls as in the suite; set by tests/hunt.py.
VARIABLE = "AGENTGUARD_HUNT"
TIMES = int(os.environ.get(VARIABLE, "1"))


def hunt(calls: int) -> Callable[[Any], Any]:
    """Mark a test of hypothesis as a hunt that makes so many calls in the suite."""
    limits = settings(
        max_examples=calls * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: pytest.mark.hunt(limits(test))
