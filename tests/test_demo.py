"""The demonstration, as `make demo` runs it: at a person's terminal, at one that proves nobody, and without one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.desk import Desk

pytestmark = pytest.mark.real

DEMO = Path(__file__).parents[1] / "demo" / "pocketos.py"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
PASSPHRASE = "four unrelated plain words"
QUESTION = "anything else to leave it: "
CTRL_C = "\x03"
KEPT, GONE = "the volume and its backups are still there", "the volume is gone: you approved it"


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where the demonstration makes all that it makes, and leaves nothing: no file, no program."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        yield Path(folder)
        assert os.listdir(folder) == []
        assert not subprocess.run(["pgrep", "-f", folder], capture_output=True, text=True).stdout


def line(scratch: Path) -> str:
    """What a person types."""
    return f"TMPDIR={scratch} {sys.executable} {DEMO}\n"


def test_without_a_terminal_the_call_is_refused(scratch: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DEMO)], env={**ENVIRONMENT, "HOME": str(scratch), "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nobody can be asked: this was not called in the foreground of a terminal" in done.stdout
    assert "curl was not run" in done.stdout and KEPT in done.stdout
    assert "volumeDelete" in done.stdout.partition("agentguard audit")[2]


def test_a_person_at_their_terminal_declines(desk: Desk, scratch: Path) -> None:
    desk.type(line(scratch))
    desk.until(QUESTION, 60)
    desk.type("no\n")
    shown = desk.until("agentguard audit", 60)
    assert KEPT in shown
    assert re.search("│   agentguard: curl waits .*as request [a-z0-9]+$", shown, re.MULTILINE)
    assert "Traceback" not in shown + desk.until("desk> ", 30)
    assert desk.status() == 0


#: What is typed, once it is shown, to make a passphrase.
PROVED = [("New passphrase", f"{PASSPHRASE}\n"), ("The same again", f"{PASSPHRASE}\n")]


def test_in_a_container_a_person_approves_by_a_passphrase(desk: Desk, scratch: Path) -> None:
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("no namespaces here, or not for this user")
    desk.run("unshare --pid --fork --mount-proc setsid -c bash --norc")
    desk.type(line(scratch))
    desk.until("the program that holds its terminal cannot be seen from here")
    mistyped = ("New passphrase", "short\n")
    approved = [(QUESTION, "DELETE\n"), ("Passphrase: ", f"{PASSPHRASE}\n")]
    for shown, typed in [mistyped, *PROVED, *approved]:
        desk.until(shown)
        desk.type(typed)
    shown = desk.until("desk> ")
    assert GONE in shown and shown.index("Next: `agentguard install`") > shown.index("Record")
    assert desk.status() == 0


def test_who_interrupts_it_leaves_nothing(tmp_path: Path, scratch: Path) -> None:
    desk = Desk(tmp_path, program="pty-of-mine")
    try:
        desk.type(line(scratch))
        desk.until("which is no terminal program")
        for shown, typed in [*PROVED, (QUESTION, CTRL_C)]:
            desk.until(shown)
            desk.type(typed)
        assert "Traceback" not in desk.until("desk> ")
        assert desk.status() == 130
    finally:
        desk.close()


def test_in_a_detached_tmux_it_asks_for_a_passphrase(tmp_path: Path, scratch: Path) -> None:
    if not shutil.which("tmux"):
        pytest.skip("no tmux here")
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:  # a socket's path must be short
        tmux = ["tmux", "-f", "/dev/null", "-S", f"{folder}/s"]
        command = f"{line(scratch).strip()}; echo =$?= >{folder}/status"
        subprocess.run([*tmux, "new-session", "-d", "-x", "200", "-y", "50", command], check=True)

        def pane() -> str:
            return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True).stdout

        until(lambda: "New passphrase" in pane())
        assert "nobody is attached to it" in pane()
        subprocess.run([*tmux, "send-keys", "C-c"], check=True)
        until(lambda: "=130=" in Path(folder, "status").read_text() if Path(folder, "status").exists() else False)


def until(met: Callable[[], object], seconds: float = 60) -> None:
    """Wait for that."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)
