"""Requests on a list of their own, for a person to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import Asked, Request, bound
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Reason
from agentguard.edge.caller.processes import this_process
from agentguard.edge.layout import Root

REASON = Reason("rm-removes", "rm", "removes what git does not know", "git stash -u")


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Notes of tests do not appear on the tester's own desktop."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


@pytest.fixture
def records(root: Root) -> Records:
    records = Records(root)
    with records.database.reading():
        pass  # makes the database
    return records


@pytest.fixture
def put(records: Records) -> Callable[..., Request]:
    """Files a request. Those of one `loop` (this very process) are one question; without it, each is its own."""

    def file(
        *argv: str, loop: bool = False, session_id: str = "session", into: Records = records, **fields: object
    ) -> Request:
        question = Question(
            argv[0],
            argv,
            "/srv/app",
            f"/bin/{argv[0]}",
            "destructive",
            "",
            (REASON,),
            (),
            "",
            "claude (pid 7)",
            "claude",
        ).replace(**fields)
        above = (this_process().replace(name="bash"),) if loop else ()
        caller = Origin(0, Session(session_id, "claude"), above)
        return into.requests.submit(Asked(question, bound(f"digest of {argv}", question)), caller).request

    return file
