"""After an upgrade there is one version in the store, as soon as nothing runs from another one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentguard.actions import former_versions
from agentguard.edge.installation import store
from agentguard.edge.layout import Root

FORMER, LATER = "0.1-0123456789abcdef", "0.2-0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A version is in force, and the next one is finished."""
    root = Root(str(tmp_path))
    for version in (FORMER, LATER):
        Path(root.store, version).mkdir(parents=True)
        Path(root.store, version, "python").symlink_to(sys.executable)
        before = time.time() - 60  # a file system tells times of one moment alike
        os.utime(Path(root.store, version), (before, before))
    store.switch(root, FORMER)
    return root


@pytest.mark.real
def test_a_version_stays_while_something_runs_from_it(root: Root) -> None:
    waiting = subprocess.Popen([f"{root.current}/python", "-c", "input()"], stdin=subprocess.PIPE)
    former_versions.clear(root)
    assert len(os.listdir(root.store)) == 2, "the later one is not in force yet"
    store.switch(root, LATER)
    former_versions.clear(root)
    assert sorted(os.listdir(root.store)) == [FORMER, LATER]
    waiting.communicate(b"\n")
    former_versions.clear(root)
    assert os.listdir(root.store) == [LATER]


@pytest.mark.real
def test_what_runs_from_the_version_in_force_keeps_no_other(root: Root) -> None:
    store.switch(root, LATER)
    long_ago = os.lstat(root.current).st_mtime - 60
    os.utime(root.current, (long_ago, long_ago), follow_symlinks=False)
    for version in (FORMER, LATER):
        os.utime(f"{root.store}/{version}", (long_ago - 60, long_ago - 60))
    waiting = subprocess.Popen([f"{root.current}/python", "-c", "input()"], stdin=subprocess.PIPE)
    former_versions.clear(root)
    assert os.listdir(root.store) == [LATER]
    waiting.communicate(b"\n")


def test_nothing_goes_where_no_process_can_be_seen(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    store.switch(root, LATER)
    monkeypatch.setattr(former_versions.processes, "_seen", lambda pid: None)
    former_versions.clear(root)
    assert len(os.listdir(root.store)) == 2
