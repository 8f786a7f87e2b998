"""A loop of deletions is one question, answered once, with real shims and shells: nothing runs that was not shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.guarded import Guarded, lasting_directory
from support.records import Records
from support.stores import Stores

from agentguard.approval.request import Request, phrase

pytestmark = pytest.mark.real

BY = {"uid": 0, "terminal": "a test"}
NAMES = [f"only-copy-{i}" for i in range(6)]
LOOP = "for name in only-copy-*; do rm $name; done; echo over"
#: How long a call waits where somebody answers, and where nobody does, in seconds.
LONG, SHORT = 60, 0.5


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Guarded(place, stores, wait=LONG)


@pytest.fixture
def work(guarded: Guarded, request: pytest.FixtureRequest) -> Iterator[Path]:
    work = guarded.place / request.node.name.replace("/", "-")[:100] / "work"
    work.mkdir(parents=True)
    for name in NAMES:
        (work / name).write_text("customers\n")
    (work.parent / "clean.sh").write_text(f"cd work || exit\n{LOOP}\n")
    yield work
    with guarded.records() as records, records.database.writing() as connection:
        connection.execute("DELETE FROM requests")


def waits(guarded: Guarded, seconds: float) -> None:
    """How long a call waits for a person from now on."""
    config = Path(guarded.root.config)
    kept = [line for line in config.read_text().splitlines() if not line.startswith("wait")]
    config.write_text("\n".join([f"wait = {seconds}", *kept, ""]))


@contextmanager
def person(guarded: Guarded, answer: Callable[[Records, tuple[Request, ...]], None], after: int) -> Iterator[None]:
    """Meanwhile a person looks, and does that once so many calls wait."""
    waits(guarded, LONG)
    over = threading.Event()

    def looks() -> None:
        with guarded.records() as records:
            while not over.is_set():
                waiting = records.requests.pending()
                if len(waiting) >= after:
                    answer(records, records.requests.group(waiting[-1]))
                    return
                time.sleep(0.05)

    thread = threading.Thread(target=looks)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def approve(records: Records, group: tuple[Request, ...]) -> None:
    assert phrase(group) == f"DELETE {len(NAMES)}"
    records.requests.answer(group, True, BY)


def left(work: Path) -> list[str]:
    return sorted(path.name for path in work.iterdir())


@pytest.mark.parametrize(
    "line",
    [
        LOOP,
        "; ".join(f"rm {name}" for name in NAMES) + "; echo over",
        f"source /dev/null && eval '{LOOP}' && pwd -P >/dev/null",
        "cd .. && sh clean.sh",
        f"ls | xargs -n 1 -P {len(NAMES)} rm; echo over",  # all of them at once
    ],
)
def test_a_loop_is_one_question_and_goes_on_by_itself(guarded: Guarded, work: Path, line: str) -> None:
    with person(guarded, approve, len(NAMES)):
        session = guarded.agent(work, line)
    assert left(work) == []
    (call,) = session.calls
    assert "over" in call.out and "was not run" not in call.err
    ran = [row for row in session.rows if row["kind"] == "ran" and row["program"] == "rm"]
    assert sorted(row["argv"][1] for row in ran) == NAMES
    with guarded.records() as records:
        assert records.log.verify() is None
        assert not records.requests.pending()
    told = {line.rpartition("as request ")[2][:6] for line in call.err.splitlines() if "as request" in line}
    assert len(told) == 1, "one question has one id"


def test_it_begins_where_the_shell_began(guarded: Guarded, work: Path) -> None:
    with person(guarded, approve, len(NAMES)):
        session = guarded.agent(work.parent, f"cd work && {LOOP}")
    assert left(work) == [] and "was not run" not in session.calls[0].err


def test_no_to_the_list_is_no_to_all_of_it(guarded: Guarded, work: Path) -> None:
    def deny(records: Records, group: tuple[Request, ...]) -> None:
        records.requests.answer(group[:1], False, BY, "none of it")

    with person(guarded, deny, 1):
        session = guarded.agent(work, "ls | xargs -n 1 -P 3 rm; echo over")
    assert left(work) == NAMES
    assert session.calls[0].err.count("a person said no: none of it") == len(NAMES)


def test_what_is_another_thing_by_then_was_not_approved(guarded: Guarded, work: Path) -> None:
    new = work.parent / "new"
    new.write_text("what nobody was shown\n")

    def approve_and_change(records: Records, group: tuple[Request, ...]) -> None:
        new.rename(work / NAMES[3])
        approve(records, group)
        waits(guarded, SHORT)

    with person(guarded, approve_and_change, len(NAMES)):
        session = guarded.agent(work, LOOP)
    assert left(work) == [NAMES[3]]
    assert session.calls[0].err.count("was not run") == 1


def test_what_nobody_foresaw_does_not_pass_with_the_list(guarded: Guarded, work: Path) -> None:
    (work.parent / "more").write_text("customers\n")
    with person(guarded, approve, len(NAMES)):
        session = guarded.agent(work, f"{LOOP}; mv ../more .; rm $(ls more); echo over")
    assert left(work) == ["more"]
    assert [row["argv"] for row in session.rows if row["kind"] == "refused"] == [["rm", "more"]]


@pytest.mark.parametrize("line", ["ls | xargs -n 1 rm; echo over", r"find . -name 'only-*' -exec rm {} \; ; echo over"])
def test_what_cannot_be_foreseen_is_gathered_and_passes_when_it_is_repeated(
    guarded: Guarded, work: Path, line: str
) -> None:
    waits(guarded, SHORT)
    (first,) = guarded.agent(work, line).calls
    assert "over" in first.out and left(work) == NAMES
    with guarded.records() as records:
        (lead,) = [request for request in records.requests.pending() if not request.group_leader]
        group = records.requests.group(lead)
        assert sorted(request.question.argv[-1].removeprefix("./") for request in group) == NAMES
    told = {line.rpartition("as request ")[2][:6] for line in first.err.splitlines() if "as request" in line}
    assert told == {lead.id}


def test_a_gathered_loop_that_is_run_again_goes_on_by_itself(guarded: Guarded, work: Path) -> None:
    waits(guarded, SHORT)
    line = "ls | xargs -n 1 rm; echo over"
    raised = f"while ! grep -q 'wait = {LONG}' {guarded.root.config}; do sleep 0.05; done"

    def answers(records: Records, group: tuple[Request, ...]) -> None:
        waits(guarded, LONG)
        while not records.requests.pending()[0].created > group[0].created:
            time.sleep(0.05)  # until it is asked again
        approve(records, records.requests.group(records.requests.pending()[0]))

    def looks() -> None:
        with guarded.records() as records:
            while len(records.requests.pending()) < len(NAMES):
                time.sleep(0.05)
            answers(records, records.requests.group(records.requests.pending()[0]))

    thread = threading.Thread(target=looks)
    thread.start()
    session = guarded.agent(work, line, raised, line)
    thread.join()
    assert left(work) == [] and "was not run" not in session.calls[2].err
