"""The demonstration, as `make demo` runs it: with a person at a terminal who approves or declines, and without one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.desk import Desk

pytestmark = pytest.mark.real

DEMO = Path(__file__).parents[1] / "demo" / "pocketos.py"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def test_without_a_terminal_the_call_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, str(DEMO)], env={**ENVIRONMENT, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "curl was not run" in done.stdout
    assert "its backups are still there" in done.stdout
    assert "volumeDelete" in done.stdout.partition("agentguard audit")[2]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [("DELETE", "the volume is gone: you approved it"), ("no", "the volume and its backups are still there")],
)
def test_a_person_at_the_terminal_decides(desk, typed, told):
    desk.type(f"{sys.executable} {DEMO}\n")
    desk.until("anything else to leave it: ", 60)
    desk.type(typed + "\n")
    shown = desk.until("agentguard audit", 60)
    assert told in shown
    assert re.search("│   agentguard: curl waits .*as request [a-z0-9]+$", shown, re.MULTILINE)
    assert "Traceback" not in shown + desk.until("desk> ", 30)
    assert desk.status() == 0


def test_on_a_terminal_that_is_not_taken_for_a_persons_it_says_so_and_ends(tmp_path):
    desk = Desk(tmp_path, program="pty-of-mine")
    try:
        desk.type(f"{sys.executable} {DEMO}\n")
        shown = desk.until("agentguard audit", 60)
        assert "only a person may approve a call" in shown
        assert "this terminal is not taken for a person's" in shown
        assert "its backups are still there" in shown
        desk.until("desk> ", 30)
        assert desk.status() == 0
    finally:
        desk.close()
