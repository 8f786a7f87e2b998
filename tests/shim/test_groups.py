"""A loop of deletions is one question, with real shims and shells; repeated, each of its calls passes once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from support.guarded import Guarded
from support.stores import Stores

from agentguard.approval.request import phrase

pytestmark = pytest.mark.real

BY = {"uid": 0, "terminal": "a test"}
NAMES = [f"only-copy-{i}" for i in range(12)]
LOOP = "for name in only-copy-*; do rm $name; done; echo over"


@pytest.fixture
def guarded(lasting_tmp: Path, stores: Stores) -> Guarded:
    return Guarded(lasting_tmp, stores, wait=0.5)


@pytest.fixture
def work(guarded: Guarded) -> Path:
    work = guarded.place / "work"
    work.mkdir()
    for name in NAMES:
        (work / name).write_text("customers\n")
    return work


@pytest.mark.parametrize(
    "line", [LOOP, "ls | xargs -n 1 rm; echo over", r"find . -name 'only-*' -exec rm {} \; ; echo over"]
)
def test_a_loop_is_one_question_and_its_list_passes_once(guarded: Guarded, work: Path, line: str) -> None:
    (first,) = guarded.agent(work, line).calls
    assert "over" in first.out
    assert first.err.count("as request") >= len(NAMES) - 1
    assert sorted(path.name for path in work.iterdir()) == sorted(NAMES)
    with guarded.records() as records:
        (lead,) = [request for request in records.requests.pending() if not request.group_leader]
        group = records.requests.group(lead)
        assert phrase(group) == f"DELETE {len(NAMES)}"
        assert sorted(request.question.argv[-1].removeprefix("./") for request in group) == sorted(NAMES)


def test_the_repeated_loop_passes_each_item_once(guarded: Guarded, work: Path) -> None:
    """The agent's session stays the same, because what was approved was its own call."""
    approver = f"until [ -e {guarded.place}/approved ]; do sleep 0.1; done"

    def person() -> None:
        with guarded.records() as records:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                waiting = records.requests.pending()
                if len(waiting) == len(NAMES):
                    records.requests.answer(records.requests.group(waiting[0]), True, BY)
                    (work / "later").write_text("made after the approval\n")
                    (guarded.place / "approved").touch()
                    return
                time.sleep(0.1)

    thread = threading.Thread(target=person)
    thread.start()
    session = guarded.agent(work, LOOP, approver, LOOP, "for i in 1 2; do rm later; done")
    thread.join()
    assert [path.name for path in work.iterdir()] == ["later"]
    ran = [row["argv"] for row in session.rows if row["kind"] == "ran"]
    assert sorted(argv[1] for argv in ran if argv[0] == "rm") == sorted(NAMES)
    with guarded.records() as records:
        assert records.log.verify() is None
        assert all(records.requests.approved(request.digest) is None for request in records.requests.pending())
