"""Each way is tried in each set-up, as the table says; a set-up is made once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator

import pytest
from setups import SETUPS, Row, Setup, rows
from support.guarded import lasting_directory
from support.stores import Stores


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs for each row that names it, in each set-up."""
    if "row" in metafunc.fixturenames:
        name = f"{metafunc.module.__name__}.py::{metafunc.function.__name__}"
        own = [row for row in rows() if row.test == name]
        metafunc.parametrize("row", own, ids=[row.id for row in own])
        metafunc.parametrize("installed", SETUPS, ids=list(SETUPS), indirect=True, scope="session")


def is_alone(test: Callable[..., None]) -> bool:
    """Whether a test has a person at a desk, or hides something.

    What hides from its user makes every terminal of that user doubtful, as does for a moment whoever is on the way
    from one user to another, which other tests are again and again.
    """
    source = inspect.getsource(test)
    return "desk" in source or test.__name__ == "test_a_terminal_program_of_the_systems_speaks_for_it"


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Setup]:
    """One of the set-ups."""
    with lasting_directory() as place:
        with stores.turn():
            made = SETUPS[request.param](place, stores)
        yield made
        made.remove()


@pytest.fixture
def guard(installed: Setup, request: pytest.FixtureRequest, stores: Stores) -> Iterator[Setup]:
    """That set-up, whose agents end with the test."""
    with stores.turn(alone=is_alone(request.function)):
        yield installed
        installed.dismiss()


class Verdict:
    """Takes whether the way got through, which must be what the table says; and what there was to see."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        self.given = False

    def __call__(self, through: bool, *seen: object) -> None:
        self.given = True
        assert ("open" if through else "stopped") == self.expected, seen


@pytest.fixture
def verdict(row: Row, guard: Setup) -> Verdict:
    """The verdict that the test has to give."""
    return Verdict(getattr(row, guard.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, None, None]:
    """Who gives no verdict has tried nothing; a test that skips itself does not come back here."""
    yield
    assert "verdict" not in item.funcargs or item.funcargs["verdict"].given, "the test gave no verdict"
