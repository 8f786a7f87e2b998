"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from guarded import lasting_directory


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A person's own terminal, in `tmp_path`."""
    person = Desk(tmp_path)
    yield person
    person.close()


@pytest.fixture
def lasting_tmp() -> Iterator[Path]:
    """A scratch directory that is no temporary one to the guard, and lies in no git work tree."""
    with lasting_directory() as made:
        yield made
