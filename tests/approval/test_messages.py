"""What an agent reads: what was rated and why, the safer way, the aim; and no way around."""

from __future__ import annotations

import pytest
from support.questions import REMOVES_DATA as ASKED

from agentguard.approval.messages import refusal, refusal_to_person, unanswered, unproven_terminal, waiting
from agentguard.approval.question import Question
from agentguard.approval.request import Request
from agentguard.core.effect import Reason

GRAVE = ASKED.replace(catastrophic="your home directory", word="/home/me", factor=True)
MANY = ASKED.replace(reasons=tuple(Reason(f"r{n}", "rm", f"reason {n}", f"way {n}") for n in range(40)))
AGAIN = ASKED.replace(
    rating="reversible", earlier=("rm -rf data was denied at 14:03 as request q7m2xk: It is the only copy.",)
)
HOSTILE = ASKED.replace(reasons=(Reason("r", "rm", "removes \x1b[2J\u202e\u200b\nrated read", "\x07"),), program="r\tm")

#: Whatever could turn the guard down, answer its question, or stand in for what is asked.
AROUND = (
    "agentguard_", "--", ".toml", "config", "/root", "data/denied", "record.db", "uninstall", "factor", "approve q7",
    "agentguard approve", "agentguard deny", "watch", "policy", "shims", "path", "env", "/bin/", "disable", "bypass",
)  # fmt: skip


def request(state: str, answer: str = "") -> Request:
    return Request("q7m2xk", "d", "s", 1.0, ASKED, state, answer=answer)  # type: ignore[arg-type]


STATES = [request(state) for state in ("open", "denied", "spent", "withdrawn")]


@pytest.mark.parametrize(
    "question", [ASKED, GRAVE, MANY, AGAIN, HOSTILE], ids=["plain", "grave", "many", "again", "odd"]
)
@pytest.mark.parametrize("state", [None, *STATES], ids=lambda one: one.state if one else "here")
def test_a_refusal_teaches_no_way_around(question: Question, state: Request | None) -> None:
    why = unanswered(state) if state else f"{ASKED.word} was not typed"
    told = [*refusal(question, why, state), *waiting(question, STATES[0], 100)]
    text = "\n".join(told).lower()
    assert not [way for way in AROUND if way in text]
    assert all(line.isprintable() for line in told)
    assert len(refusal(question, why, state)) <= 9


@pytest.mark.parametrize(
    ("question", "state", "says"),
    [
        (
            ASKED,
            request("open"),
            ("rated   destructive", "which git does not know [rm-removes]", "safer   move it away"),
        ),
        (
            ASKED,
            request("open"),
            (
                "asked, as request q7m2xk",
                "this goes for its aim, not only for this command: take the safer way, or wait; seek no other",
            ),
        ),
        (GRAVE, request("open"), ("catastrophic: your home directory",)),
        (AGAIN, request("open"), ("rated   reversible", "denied  rm -rf data was denied at 14:03", "the only copy")),
        (ASKED, request("denied", "It is the only copy."), ("a person said no: it is the only copy.",)),
        (MANY, request("open"), ("and for 38 more reasons",)),
    ],
)
def test_a_refusal_says(question: Question, state: Request, says: tuple[str, ...]) -> None:
    text = "\n".join(refusal(question, unanswered(state), state)).lower()
    assert not [words for words in says if words.lower() not in text]


@pytest.mark.parametrize("state", [None, *STATES[1:]], ids=lambda one: one.state if one else "here")
def test_what_is_refused_has_no_safer_way(state: Request | None) -> None:
    told = "\n".join(refusal(ASKED, unanswered(state) if state else "DELETE was not typed", state))
    assert "seek no other way" in told and "safer" not in told


def test_without_a_safer_way_there_is_no_other() -> None:
    question = ASKED.replace(reasons=(Reason("r", "rm", "removes data"),))
    assert refusal(question, "nobody", request("open"))[-1].endswith("command: seek no other way to it meanwhile.")


def test_a_person_who_said_no_is_not_told_what_they_know() -> None:
    assert refusal_to_person(ASKED, "DELETE was not typed") == ("agentguard: rm was not run: DELETE was not typed",)
    assert refusal_to_person(ASKED, unanswered(request("denied", "none of it"))) == (
        "agentguard: rm was not run: you said no: none of it",
    )
    assert all(line.isprintable() for line in refusal_to_person(HOSTILE, "\x1b"))


def test_nobody_is_said_to_be_asked_when_nobody_is() -> None:
    assert "asked" not in "\n".join(refusal(ASKED, "DELETE was not typed"))


@pytest.mark.parametrize("proves", [False, True])
def test_who_sits_at_a_terminal_that_proves_nobody_is_told_why_and_what_to_do(proves: bool) -> None:
    told = unproven_terminal("its terminal is held by tmux (pid 5), and nobody is attached to it\x1b[2J", proves)
    assert "(its terminal is held by tmux (pid 5), and nobody is attached" in told and told.isprintable()
    assert "`agentguard approve` or `watch` in another terminal" in told
    assert told.endswith(", by your passphrase or key") == proves
