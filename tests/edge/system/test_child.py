"""A child process is bounded, and takes what it started with it."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from agentguard.core.unseen import Unseen
from agentguard.edge.system.child import Finished, run

SH = b"/bin/sh"


def sh(script: str, seconds: float = 10.0, **options) -> Finished:
    return run([SH, b"-c", os.fsencode(script)], {b"A": b"1"}, seconds, **options)


def test_what_it_says_and_how_it_ends():
    assert sh("echo out; echo err >&2; exit 3") == Finished(3, b"out\n", b"err\n")
    assert sh("kill -9 $$").status == -9


def test_a_lot_on_both_pipes_at_once():
    done = sh("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2")
    assert len(done.out) == len(done.err) == 300_000


def test_it_gets_no_input_no_terminal_and_only_its_environment():
    assert sh("cat; echo $A; (: < /dev/tty) 2>/dev/null || echo none").out == b"1\nnone\n"


def test_sigpipe_ends_it_as_it_should():
    assert sh("yes | head -1") == Finished(0, b"y\n", b"")  # ignored, it would make `yes` complain


@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & exec sleep 60", "exec >&- 2>&-; sleep 60", "(sleep 60 &)"])
def test_one_that_takes_too_long_is_killed_with_what_it_started(script, tmp_path):
    with pytest.raises(Unseen, match="too long"):
        sh(f"echo $$ > {tmp_path}/pid; {script}", seconds=0.3)
    group = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("something is still there")


def test_a_caller_that_ignores_its_children_changes_nothing():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert sh("exit 3").status == 3
        assert signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_one_that_says_too_much_is_killed():
    with pytest.raises(Unseen, match="more than 1 MiB"):
        sh("yes", limit=1 << 20)


def test_one_that_does_not_exist():
    with pytest.raises(Unseen, match="cannot be started"):
        run([b"/nowhere/git"], {}, 1.0)


def test_no_descriptor_is_left_open():
    def open_now():
        return set(os.listdir("/dev/fd")) if sys.platform != "darwin" else set()

    before = open_now()
    sh("true")
    for bad in ("sleep 60", "yes"):
        with pytest.raises(Unseen):
            sh(bad, seconds=0.1, limit=1 << 16)
    assert open_now() <= before, "what others have left may be closed meanwhile"
