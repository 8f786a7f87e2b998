"""What the pipeline relies on in a log and in a list of requests: held by the stand-ins and by the real ones alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.fakes import FakeLog, FakeRequests
from support.questions import REMOVES_DATA as ASKED
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import REQUEST_LIFE, Asked
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Target
from agentguard.edge.layout import Root
from agentguard.edge.records.loops import PAUSE
from agentguard.edge.records.spool import DENIAL_LIFE
from agentguard.errors import RecordError, UsageError

OTHER = ASKED.replace(cwd="/srv/other")
SESSION = Session("s1", "agent-one")
SHELL = Process(20, 5, "bash", ("bash", "-c", "..."), "/usr/bin/bash")
CALLER = Origin(1000, SESSION, (SHELL,), "claude")
AIM = (Target("file", "/srv/app/data", ("8", "1")),)
LIFE = 600.0


class Clock:
    now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


# The log


@pytest.fixture(params=["fake", "real"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Callable[[], list[Any]]]]:
    """A log, and what tells its rows."""
    if request.param == "fake":
        fake = FakeLog([])
        yield fake, lambda: fake.rows
        return
    with closing(Records(Root(str(tmp_path / "root")))) as records:
        yield records.log, lambda: [_told(row.body) for row in records.log.rows(newest=False)]


def _told(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return body["kind"], {name: value for name, value in body.items() if name not in ("kind", "time")}


def test_rows_stay_in_their_order(log: tuple[Any, Callable[[], list[Any]]]) -> None:
    it, rows = log
    for number, kind in enumerate(("asked", "ran", "refused")):
        assert it.append(kind, {"program": "rm", "n": number}) is None
    assert rows() == [(kind, {"program": "rm", "n": n}) for n, kind in enumerate(("asked", "ran", "refused"))]


def test_a_row_is_what_can_be_written(log: tuple[Any, Callable[[], list[Any]]]) -> None:
    it, rows = log
    with pytest.raises(TypeError):
        it.append("ran", {"program": object()})
    assert rows() == []


def broken_log(place: Path, kind: str) -> Any:
    if kind == "fake":
        return FakeLog([], fails=["ran"])
    (place / "data").write_text("where a directory should be")
    return Records(Root(str(place))).log


@pytest.mark.parametrize("kind", ["fake", "real"])
def test_a_row_that_cannot_be_kept_says_so(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RecordError) as caught:
        broken_log(tmp_path, kind).append("ran", {"program": "rm"})
    assert caught.value.for_agent


# The requests


@pytest.fixture(params=["fake", "real"])
def requests(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeRequests([], now=clock)
        return
    with closing(Records(Root(str(tmp_path / "root")), clock)) as records:
        yield records.requests


def submitted(requests: Any, digest: str = "d1", question: Question = ASKED, caller: Origin = CALLER) -> Any:
    return requests.submit(Asked(question, digest, AIM), caller).request


def test_what_is_submitted_waits(requests: Any, clock: Clock) -> None:
    filed = requests.submit(Asked(ASKED, "d1", AIM), CALLER)
    request = filed.request
    assert filed.waits
    assert (request.state, request.digest, request.session, request.question) == ("open", "d1", "s1", ASKED)
    assert (request.created, request.group_leader, request.proof) == (clock.now, "", "")
    assert requests.pending() == (request,)
    assert requests.approved("d1", LIFE) is None


def test_the_same_call_joins_what_is_open(requests: Any) -> None:
    first = submitted(requests)
    assert submitted(requests).id == first.id
    assert submitted(requests, caller=CALLER.replace(ancestry=())).id == first.id
    assert submitted(requests, "d2").id != first.id


@pytest.mark.parametrize("end", ["approved", "denied", "withdrawn", "too old"])
def test_what_no_longer_waits_is_not_joined(requests: Any, clock: Clock, end: str) -> None:
    first = submitted(requests)
    ended(requests, clock, first, end)
    clock.now += PAUSE
    assert requests.pending() == ()
    again = requests.submit(Asked(ASKED, "d1", AIM), CALLER)
    assert again.waits and again.request.id != first.id and again.request.state == "open"


def ended(requests: Any, clock: Clock, request: Any, end: str) -> None:
    if end == "withdrawn":
        requests.withdraw(request)
    elif end == "too old":
        clock.now += REQUEST_LIFE
    else:
        requests.answer((request,), end == "approved", {})


@pytest.mark.parametrize("end", ["approved", "denied", "withdrawn", "too old"])
def test_what_no_longer_waits_cannot_be_answered(requests: Any, clock: Clock, end: str) -> None:
    request = submitted(requests)
    ended(requests, clock, request, end)
    with pytest.raises(UsageError, match="no longer waits"):
        requests.answer((request,), True, {})
    assert end == "approved" or requests.approved("d1", LIFE) is None


def test_a_waiting_call_hears_the_answer(requests: Any, clock: Clock) -> None:
    request = submitted(requests)
    assert requests.wait(request, 0) == request
    clock.now += 5
    (answered,) = requests.answer((request,), False, {}, "not that one", "a proof")
    heard = requests.wait(request, 0)
    assert heard == answered
    assert (heard.state, heard.answer, heard.answered, heard.proof) == ("denied", "not that one", clock.now, "a proof")


def test_an_approval_is_for_its_digest_and_used_once(requests: Any) -> None:
    request = submitted(requests)
    assert not requests.consume(request, LIFE), "nobody has answered"
    (approved,) = requests.answer((request,), True, {}, proof="a proof")
    assert requests.approved("d2", LIFE) is None
    assert requests.approved("d1", LIFE) == approved and approved.proof == "a proof"
    assert not requests.consume(approved.replace(digest="d2"), LIFE)
    assert requests.consume(approved, LIFE)
    assert not requests.consume(approved, LIFE)
    assert requests.approved("d1", LIFE) is None
    assert requests.wait(request, 0).state == "spent"


def test_a_denial_is_no_approval(requests: Any) -> None:
    (denied,) = requests.answer((submitted(requests),), False, {})
    assert requests.approved("d1", LIFE) is None
    assert not requests.consume(denied, LIFE)


@pytest.mark.parametrize(("passed", "good"), [(0, True), (LIFE - 1, True), (LIFE, False), (-1, False)])
def test_an_approval_ends(requests: Any, clock: Clock, passed: float, good: bool) -> None:
    (approved,) = requests.answer((submitted(requests),), True, {})
    clock.now += passed
    assert (requests.approved("d1", LIFE) is not None) is good
    assert requests.consume(approved, LIFE) is good


# Alike calls of one process


def test_a_loop_is_one_question(requests: Any) -> None:
    first = requests.submit(Asked(ASKED, "d1"), CALLER)
    second = requests.submit(Asked(ASKED, "d2"), CALLER)
    assert first.waits and second.waits
    assert second.request.group_leader == first.request.id and second.request.state == "open"


def test_what_joins_a_question_waits_no_longer_than_it(requests: Any, clock: Clock) -> None:
    assert requests.opens(ASKED, CALLER)
    assert requests.submit(Asked(ASKED, "d1"), CALLER).waited == 0
    clock.now += 7
    assert not requests.opens(ASKED, CALLER)
    assert requests.submit(Asked(ASKED, "d2"), CALLER).waited == 7


def test_what_a_caller_comes_to_is_one_question(requests: Any, clock: Clock) -> None:
    first = requests.submit(Asked(ASKED, "d1", AIM), CALLER, (Asked(ASKED, "d2"), Asked(ASKED, "d3"))).request
    clock.now += 7
    second = requests.submit(Asked(ASKED, "d2"), CALLER)
    assert (second.request.leader, second.waits, second.waited) == (first.id, True, 7)
    requests.answer((first, second.request), True, {})
    assert requests.approved("d2", LIFE) and not requests.approved("d3", LIFE)
    third = requests.submit(Asked(ASKED, "d3"), CALLER)
    assert (third.request.leader, third.waits, third.waited) == (third.request.id, True, 0)


def test_no_to_a_list_is_no_to_what_has_joined_it(requests: Any) -> None:
    first, late = submitted(requests), submitted(requests, "d2")
    assert {one.id for one in requests.answer((first,), False, {})} == {first.id, late.id}
    assert requests.pending() == ()


def test_what_is_asked_again_by_another_process_leads_what_it_belongs_to(requests: Any, clock: Clock) -> None:
    submitted(requests), submitted(requests, "d2"), submitted(requests, "d3")
    clock.now += 300
    again = CALLER.replace(ancestry=(SHELL.replace(pid=21),))
    second = requests.submit(Asked(ASKED, "d2"), again)
    assert (second.request.leader, second.waits, second.waited) == (second.request.id, True, 0)
    third = requests.submit(Asked(ASKED, "d3"), again)
    assert (third.request.leader, third.waited) == (second.request.id, 0)


@pytest.mark.parametrize(
    ("question", "caller"),
    [
        (OTHER, CALLER),
        (ASKED, CALLER.replace(ancestry=(SHELL.replace(pid=21),))),
        (ASKED, CALLER.replace(ancestry=(SHELL.replace(start=6),))),
        (ASKED, CALLER.replace(ancestry=())),
    ],
)
def test_what_is_not_alike_is_asked_by_itself(requests: Any, question: Question, caller: Origin) -> None:
    requests.submit(Asked(ASKED, "d1"), CALLER)
    other = requests.submit(Asked(question, "d2"), caller)
    assert other.waits and not other.request.group_leader


def test_a_caller_that_nobody_can_tell_has_no_loop(requests: Any) -> None:
    nobody = CALLER.replace(ancestry=())
    assert [requests.submit(Asked(ASKED, digest), nobody).waits for digest in ("d1", "d2")] == [True, True]


def test_a_loop_that_was_denied_is_denied(requests: Any) -> None:
    (denied,) = requests.answer((submitted(requests),), False, {}, "stop")
    after = requests.submit(Asked(ASKED, "d2"), CALLER)
    assert not after.waits and after.request == denied


def test_a_loop_that_was_approved_is_gathered_without_a_wait(requests: Any) -> None:
    requests.answer((submitted(requests),), True, {})
    second, third = (requests.submit(Asked(ASKED, digest), CALLER) for digest in ("d2", "d3"))
    assert not second.waits and second.request.state == "open" and not second.request.group_leader
    assert not third.waits and third.request.group_leader == second.request.id


def test_a_loop_goes_with_who_began_it(requests: Any) -> None:
    first, second = submitted(requests), submitted(requests, "d2")
    requests.withdraw(first)
    assert requests.pending() == ()
    assert requests.wait(second, 0).state == "withdrawn"


def test_an_answer_stays_though_its_caller_goes_away(requests: Any) -> None:
    requests.answer((submitted(requests),), True, {})
    (approved,) = (requests.approved("d1", LIFE),)
    requests.withdraw(approved)
    assert requests.approved("d1", LIFE) == approved


# At the caller's own terminal


def in_line(requests: Any, digest: str, *ahead: str) -> Any:
    return requests.ask_here(Asked(ASKED, digest), CALLER, tuple(Asked(ASKED, one) for one in ahead))


def test_what_stands_in_line_is_one_question_and_on_no_list(requests: Any) -> None:
    first, beside = in_line(requests, "d1", "d2"), in_line(requests, "d3")
    assert requests.pending() == () and requests.opens(ASKED, CALLER) and requests.denied_here(ASKED, CALLER) is None
    assert [one.digest for one in requests.here(first)] == ["d1", "d2", "d3"]
    assert [one.digest for one in requests.here(beside)] == ["d3", "d1", "d2"]
    group = requests.here(first)
    late = in_line(requests, "d4")
    assert [one.digest for one in requests.answer_here(group, True, "/dev/pts/3", "")] == ["d1", "d2", "d3"]
    assert all(requests.approved(digest, LIFE) for digest in ("d1", "d2", "d3"))
    assert requests.approved("d4", LIFE) is None and [one.digest for one in requests.here(late)] == ["d4"]
    (answered,) = requests.here(beside)
    assert answered.state == "approved" and requests.consume(answered, LIFE)


def test_no_in_line_is_no_to_what_came_since_and_to_what_the_loop_asks_next(requests: Any, clock: Clock) -> None:
    first = in_line(requests, "d1", "d2")
    group, late = requests.here(first), in_line(requests, "d3")
    requests.answer_here(group, False, "/dev/pts/3", "")
    assert [one.state for one in requests.here(late)] == ["denied"]
    assert requests.denied_here(ASKED, CALLER)
    assert requests.denied_here(OTHER, CALLER) is None
    assert not any(denial.hits for denial in requests.denials(SESSION)), "other ways to it are not asked about"
    clock.now += PAUSE + 1
    assert requests.denied_here(ASKED, CALLER) is None


def test_who_goes_away_takes_what_stands_in_line_with_it(requests: Any) -> None:
    first, beside = in_line(requests, "d1", "d2"), in_line(requests, "d3")
    requests.withdraw(first)
    assert [one.state for one in requests.here(beside)] == ["withdrawn"]


# What was denied


def test_a_denial_is_remembered(requests: Any) -> None:
    request = submitted(requests)
    assert requests.denials(SESSION) == ()
    requests.answer((request,), False, {}, "it is the only copy")
    (denial,) = requests.denials(SESSION)
    assert (denial.request, denial.command, denial.answer) == (request.id, "rm -rf data", "it is the only copy")
    assert denial.hits == AIM and denial.when.count(":") == 1


def test_an_approval_is_not_remembered_as_a_denial(requests: Any) -> None:
    requests.answer((submitted(requests),), True, {})
    assert requests.denials(SESSION) == ()


@pytest.mark.parametrize(("passed", "remembered"), [(0, True), (DENIAL_LIFE - 1, True), (DENIAL_LIFE, False)])
def test_a_denial_is_forgotten(requests: Any, clock: Clock, passed: float, remembered: bool) -> None:
    requests.answer((submitted(requests),), False, {})
    clock.now += passed
    assert bool(requests.denials(SESSION)) is remembered


@pytest.mark.parametrize(
    ("denied", "asks", "concerned"),
    [
        (SESSION, SESSION.replace(name="renamed"), True),
        (SESSION, Session("s2", "agent-two"), False),
        (SESSION, Session("u1", "anybody", known=False), True),
        (Session("u1", "anybody", known=False), SESSION, True),
    ],
)
def test_a_denial_is_of_a_session_where_that_can_be_told(
    requests: Any, denied: Session, asks: Session, concerned: bool
) -> None:
    requests.answer((submitted(requests, caller=CALLER.replace(session=denied)),), False, {})
    assert bool(requests.denials(asks)) is concerned
