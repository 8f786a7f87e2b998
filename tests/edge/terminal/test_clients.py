"""Which terminals a server has descriptors of, while it opens and closes others."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest

from agentguard.edge.terminal import clients


@pytest.fixture
def slave() -> Iterator[int]:
    master, made = pty.openpty()
    yield made
    os.close(master)
    os.close(made)


def test_what_was_closed_meanwhile_is_not_held(slave: int, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = os.dup(slave)
    listed = [str(slave), str(closed)]
    os.close(closed)
    monkeypatch.setattr(os, "listdir", lambda _: listed)
    assert clients._terminals(os.getpid()) == {os.fstat(slave).st_rdev}


def test_what_may_not_be_looked_at_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(os, "listdir", refuse)
    assert clients._terminals(os.getpid()) is None
