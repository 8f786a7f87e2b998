"""Calls that take long to look at, through an installed guard: soon refused, and run once a person approves them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guarded import Guarded, lasting_directory
from support.stores import Stores

pytestmark = pytest.mark.real


class Impatient(Guarded):
    """An installation whose calls may look for a second."""

    LOOKING = 1


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Impatient(place, stores)


@pytest.fixture
def repositories(guarded: Guarded) -> Iterator[list[Path]]:
    """Repositories that git takes for ever to look at: it waits for somebody to write into a pipe."""
    made = [guarded.place / f"repository{number}" for number in range(5)]
    for place in made:
        guarded.git(guarded.place, "init", "-q", str(place))
        (place / "work").write_text("the only copy\n")
        os.unlink(place / ".git" / "info" / "exclude")
        os.mkfifo(place / ".git" / "info" / "exclude")
    yield made
    for place in made:
        assert not place.exists() or (place / "work").exists()


def test_it_is_refused_soon_and_runs_once_it_is_approved(guarded: Guarded, repositories: list[Path]) -> None:
    call = ("rm", "-rf", *(str(place / "work") for place in repositories))
    ran = guarded.call(*call)
    assert ran.status == 126 and "looking took longer than 1 s" in ran.err
    with guarded.records() as records:
        (request,) = records.requests.pending()
        records.requests.answer((request,), True, {"user": "me"})
    assert guarded.call(*call).status == 0
    assert not any((place / "work").exists() for place in repositories)
    for place in repositories:
        (place / "work").touch()


def test_git_itself_is_asked_no_longer(guarded: Guarded, repositories: list[Path]) -> None:
    ran = guarded.call("git", "clean", "-fd", cwd=repositories[0])
    assert ran.status == 126 and "looking took longer than 1 s" in ran.err
