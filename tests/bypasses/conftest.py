"""Each way is tried in each set-up, as the table says; a set-up is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from setups import SETUPS, Row, Setup, rows
from support.guarded import lasting_directory


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs for each row that names it, in each set-up."""
    if "row" in metafunc.fixturenames:
        name = f"{metafunc.module.__name__}.py::{metafunc.function.__name__}"
        own = [row for row in rows() if row.test == name]
        metafunc.parametrize("row", own, ids=[row.id for row in own])
        metafunc.parametrize("installed", SETUPS, ids=list(SETUPS), indirect=True, scope="session")


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest) -> Iterator[Setup]:
    """One of the set-ups."""
    with lasting_directory() as place:
        made = SETUPS[request.param](place)
        yield made
        made.remove()


@pytest.fixture
def guard(installed: Setup) -> Iterator[Setup]:
    """That set-up, whose agents end with the test."""
    yield installed
    installed.dismiss()


@pytest.fixture
def verdict(row: Row, guard: Setup) -> Iterator[Callable[..., None]]:
    """Takes whether the way got through, which must be what the table says; and what there was to see."""
    given = []

    def give(through: bool, *seen: object) -> None:
        given.append(through)
        assert ("open" if through else "stopped") == getattr(row, guard.name), seen

    yield give
    assert given, "the test gave no verdict"
