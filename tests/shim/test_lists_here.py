"""Loops at a person's own terminal: one question for what is known of the list, one at a time, answered once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import PROMPT, Desk
from support.guarded import Guarded, lasting_directory
from support.stores import Stores

pytestmark = pytest.mark.real

NAMES = [f"only-copy-{i}" for i in range(6)]
LIST = "Type DELETE 6 to run exactly these 6, anything else to refuse: "
ONE = "Type DELETE to run it, anything else to refuse: "
LOOP = "for name in only-copy-*; do rm $name; done; echo o''ver"
TOGETHER = "ls | grep copy | xargs -n 1 -P 6 rm; echo o''ver"


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        made = Guarded(place, stores)
        with open(made.root.config, "a") as config:
            config.write('guard = "everyone"\n')
        yield made


@pytest.fixture
def desk(guarded: Guarded, request: pytest.FixtureRequest) -> Iterator[Desk]:
    work = guarded.place / re.sub(r"\W", "-", request.node.name)[:60]
    work.mkdir()
    for name in NAMES:
        (work / name).write_text("customers\n")
    (work / "clean.sh").write_text(LOOP)
    desk = Desk(work, {"PATH": guarded.shimmed["PATH"], "HOME": str(guarded.home)})
    yield desk
    desk.close()


def left(work: Path) -> list[str]:
    return sorted(path.name for path in work.iterdir() if path.name != "clean.sh")


LINES = [f"sh -c '{LOOP}'", "sh clean.sh"]


@pytest.mark.parametrize("line", LINES)
def test_the_list_is_asked_about_once(guarded: Guarded, desk: Desk, line: str) -> None:
    desk.type(f"{line}\n")
    shown = desk.until(LIST)
    assert "5 more of the same caller" in shown and all(name in shown for name in NAMES)
    desk.type("DELETE 6\n")
    assert "Type" not in desk.until("over")
    assert left(desk.home) == []
    with guarded.records() as records:
        assert records.requests.pending() == () and records.log.verify() is None


@pytest.mark.parametrize("typed", ["no\n", "DELETE\n", "DELETE 5\n"])
def test_no_to_the_list_is_no_to_all_of_it(desk: Desk, typed: str) -> None:
    desk.type("sh clean.sh\n")
    desk.until(LIST)
    desk.type(typed)
    assert "Type" not in desk.until("over")
    assert left(desk.home) == NAMES
    desk.until(PROMPT)
    desk.type("rm only-copy-0\n")  # a deed of its own
    desk.until(ONE)
    desk.type("DELETE\n")
    desk.until(PROMPT)
    assert left(desk.home) == NAMES[1:]


def test_what_is_another_thing_by_then_is_asked_about(guarded: Guarded, desk: Desk) -> None:
    new = guarded.place / "new"
    new.write_text("what nobody was shown\n")
    desk.type("sh clean.sh\n")
    desk.until(LIST)
    new.rename(desk.home / NAMES[3])
    desk.type("DELETE 6\n")
    assert NAMES[3] in desk.until(ONE)
    desk.type("no\n")
    desk.until("over")
    assert left(desk.home) == [NAMES[3]]


@pytest.mark.parametrize("yes", [True, False])
def test_what_is_called_at_once_stands_in_line(desk: Desk, yes: bool) -> None:
    desk.type(f"{TOGETHER}\n")
    questions = 0
    while "over" not in (shown := desk.until_any(("refuse: ", "over\n"))):
        questions += 1
        assert shown.count("agentguard: this cannot be undone") == 1, "one question at a time"
        wanted = re.search(r"Type (DELETE( \d+)?) to run", shown)
        assert wanted
        desk.type(f"{wanted[1]}\n" if yes else "no\n")
    assert questions < 6
    assert left(desk.home) == ([] if yes else NAMES)


def test_an_interrupt_ends_the_loop(guarded: Guarded, desk: Desk) -> None:
    desk.type(f"{LOOP}\n")
    desk.until(ONE)
    desk.type("\x03")
    assert "Type" not in desk.until(PROMPT)
    assert left(desk.home) == NAMES
    assert guarded.rows()[-1]["why"] == "interrupted while it was asked"
