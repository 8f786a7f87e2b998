"""`agentguard status`: one line, or one object."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.questions import REMOVES_DATA
from support.records import Records

from agentguard.approval.request import Asked, Request
from agentguard.cli.summary import tell
from agentguard.core.caller import Origin, Session
from agentguard.edge.caller.processes import this_process
from agentguard.edge.layout import Root
from agentguard.errors import InstallError

HERE = (os.getpid(), this_process().start)
ENDED = (os.getpid(), 1)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


def ask(records: Records, digest: str, seconds: float) -> Request:
    request = records.requests.submit(Asked(REMOVES_DATA, digest), Origin(0, Session("s", "agent-one"))).request
    waits = {"pid": HERE[0], "start": HERE[1], "seconds": seconds}
    records.log.append("asked", {"request": request.id, "agent": "claude", "session_name": "claude", "waits": waits})
    return request


def told(root: Root, capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, Any]]:
    tell(root, False)
    line = capsys.readouterr().out
    assert line.endswith("\n") and line.count("\n") == 1 and line.isascii()
    tell(root, True)
    return line[:-1], json.loads(capsys.readouterr().out)


def test_where_nothing_has_happened(root: Root, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InstallError, match="nothing is installed"):
        tell(root, False)
    os.makedirs(root.data, 0o700)
    line, data = told(root, capsys)
    assert line == "everyone guarded; 0 sessions; nothing waits"
    assert data == {"version": "", "guard": "everyone", "sessions": [], "questions": []}
    os.symlink("store/1.2.0-0123456789abcdef", root.current)
    assert told(root, capsys)[1]["version"] == "1.2.0"
    assert not os.path.exists(root.record)


def test_sessions_that_are_at_work(root: Root, records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    named = records.sessions.register(*HERE, "claude")
    records.sessions.register(*ENDED, "codex")
    for id, below in (("a1", HERE), ("a2", ENDED), (named.id, HERE), ("a1", HERE)):
        records.log.append("ran", {"session": id, "session_name": "claude (pid 7)", "below": below})
    records.log.append("ran", {"session": "a1", "session_name": "claude (pid 7)"})  # as a shim notes it by itself
    records.log.append("ran", {"session": "u", "session_name": "every program of user 0"})
    records.log.append("ran", {"session": "x", "session_name": 7, "below": "anything"})
    line, data = told(root, capsys)
    assert line == "everyone guarded; 2 sessions; nothing waits"
    assert data["sessions"] == [
        {"id": named.id, "name": "claude", "pid": HERE[0]},
        {"id": "a1", "name": "claude (pid 7)", "pid": HERE[0]},
    ]


def test_what_waits(root: Root, records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    left = ask(records, "d1", 0.0)
    line, _ = told(root, capsys)
    assert line == "everyone guarded; 0 sessions; nothing waits; 1 gave up"
    first, second = ask(records, "d2", 1000.0), ask(records, "d3", 900.0)
    line, data = told(root, capsys)
    assert line.startswith(f"everyone guarded; 0 sessions; 2 wait: {first.id} rm, ") and line.endswith(
        "s left; 1 gave up"
    )
    assert [one["id"] for one in data["questions"]] == [first.id, second.id, left.id]
    assert [one["state"] for one in data["questions"]] == ["waiting", "waiting", "given up"]
