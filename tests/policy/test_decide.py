"""What becomes of a reading: it runs, a person is asked, or it is refused."""

from __future__ import annotations

import pytest

from agentguard.core.effect import Effect, Reading, Target
from agentguard.policy.decide import Decision, decide, decide_for_person
from agentguard.policy.settings import Guard

TARGET = Target("file", "/srv/app/data")
READ = Reading((Effect("observe", TARGET),))
REVERSIBLE = Reading((Effect("remove", TARGET, "reflog"),))
DESTRUCTIVE = Reading((Effect("remove", TARGET),))
UNKNOWN = Reading((Effect("unknown", TARGET),))
DENIED = ("rm -rf data was denied at 14:03 as request q7m2xk",)
UNSHOWN = "its standard input never ends"


@pytest.mark.parametrize(
    ("reading", "earlier", "action"),
    [
        (Reading(), (), "run"),
        (READ, (), "run"),
        (REVERSIBLE, (), "run"),
        (DESTRUCTIVE, (), "ask"),
        (UNKNOWN, (), "ask"),
        (READ + DESTRUCTIVE + READ, (), "ask"),
        (REVERSIBLE, DENIED, "ask"),
        (READ, DENIED, "ask"),
        (DESTRUCTIVE, DENIED, "ask"),
    ],
)
def test_what_cannot_be_brought_back_or_was_denied_asks(
    reading: Reading, earlier: tuple[str, ...], action: str
) -> None:
    assert decide(reading, earlier) == Decision(action)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "earlier", "decision"),
    [
        (DESTRUCTIVE, (), Decision("refuse", UNSHOWN)),
        (REVERSIBLE, DENIED, Decision("refuse", UNSHOWN)),
        (REVERSIBLE, (), Decision("run")),  # nobody has to be shown it
    ],
)
def test_what_cannot_be_shown_is_not_asked_about(
    reading: Reading, earlier: tuple[str, ...], decision: Decision
) -> None:
    assert decide(reading.replace(unconfirmable=UNSHOWN), earlier) == decision


TYPED = Reading((Effect("unknown", TARGET, typed=True),))


@pytest.mark.parametrize(
    ("reading", "guard", "types", "runs"),
    [
        (DESTRUCTIVE, "agents", False, True),
        (DESTRUCTIVE, "everyone", True, False),
        (TYPED, "everyone", True, True),
        (TYPED, "everyone", False, False),  # what it is told does not come from there
        (TYPED + DESTRUCTIVE, "everyone", True, False),
        (TYPED + REVERSIBLE, "everyone", True, True),
        (TYPED.replace(unconfirmable=UNSHOWN), "agents", False, True),  # nobody has to be shown it
    ],
)
def test_a_persons_own_call_runs_where_only_agents_are_guarded_or_they_type_all_of_it(
    reading: Reading, guard: Guard, types: bool, runs: bool
) -> None:
    decision = decide(reading)
    assert (decide_for_person(reading, decision, guard, types).action == "run") == runs
    assert decide(reading) == decision != Decision("run")
