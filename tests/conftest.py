"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A person's own terminal, in `tmp_path`."""
    person = Desk(tmp_path)
    yield person
    person.close()
