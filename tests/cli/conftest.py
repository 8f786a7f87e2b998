"""An installation under a scratch root, with a scratch HOME: nothing of the real user is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.records import Records
from support.stores import Stores

from agentguard.actions import installation
from agentguard.edge.layout import Root

Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME with nothing in it, and an environment without the tester's own shell settings."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "BASH_ENV", "ENV", "CLAUDECODE", "AI_AGENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    return home


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Root:
    """A root whose name needs quoting everywhere, with nothing installed."""
    root = Root(str(tmp_path / "it's a $root"))
    return root


@pytest.fixture
def records(root: Root) -> Records:
    """The record of that root, and the requests in it."""
    return Records(root)


@pytest.fixture
def apply(root: Root, stores: Stores) -> Callable[..., list[str]]:
    """`install` with these start-up files, on a store that is ready."""

    def put(*paths: str, **chosen: object) -> list[str]:
        if not os.path.exists(root.store):
            stores.seed(root)
        return installation.apply(root, paths, chosen)

    return put


@pytest.fixture
def agentguard(root: Root) -> Callable[..., Ran]:
    """The command, in a process of its own, as something without a terminal calls it."""

    def run(*arguments: str, status: int = 0, **options: object) -> Ran:
        ran = subprocess.run(
            [sys.executable, "-m", "agentguard", "--root", root.path, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
            start_new_session=True, **options,
        )  # fmt: skip
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran

    return run
