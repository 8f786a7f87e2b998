"""Ctrl-C, at each question and in the middle of work: no traceback, status 130, and a terminal as it was."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.desk import Desk
from support.guarded import with_passphrase
from support.stores import Stores

from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

CTRL_C = "\x03"
PASSPHRASE = "four unrelated plain words"


@pytest.fixture
def root(lasting_tmp: Path, stores: Stores, desk: Desk) -> Root:
    """A guard with a factor, for everyone, and a call of an agent's that waits to be approved."""
    root = Root(str(lasting_tmp / "root"))
    command = [sys.executable, "-m", "agentguard", "--root", root.path]
    install = [*command, "install", "--shell", "none", "--wait", "0", "--guard", "everyone", "--factor", "passphrase"]
    with_passphrase(install, PASSPHRASE, lambda: stores.seed(root), env={**os.environ, "HOME": str(desk.home)})  # type: ignore[arg-type]
    work = lasting_tmp / "work"
    work.mkdir()
    (work / "precious").touch()
    subprocess.run([f"{root.shims}/rm", "precious"], cwd=work, stdin=subprocess.DEVNULL, start_new_session=True)
    desk.run(f'cd {work}; agentguard() {{ {shlex.join(command)} "$@"; }}; export PATH={root.shims}:$PATH')
    return root


#: What is called, and what is shown and typed in turn until it is interrupted.
INTERRUPTED = {
    "approve": ("agentguard approve", ["to leave it: "]),
    "approve, at the passphrase": ("agentguard approve", ["to leave it: ", "DELETE\n", "Passphrase"]),
    "uninstall": ("agentguard uninstall", ["Passphrase"]),
    "factor add": ("agentguard factor add passphrase", ["Passphrase", f"{PASSPHRASE}\n", "New passphrase"]),
    "install": ("agentguard --root $PWD/new install --shell none --guard agents", ["passphrase? [Y/n]: "]),
    "install, whom": ("agentguard --root $PWD/new install", ["[agents]: "]),
    "run": ("agentguard run -- sh -c 'echo under''way; sleep 100'", ["underway"]),
    "doctor": ("echo \"echo under''way >$(tty); sleep 100\" >$HOME/.profile; agentguard doctor", ["underway"]),
    "a call": ("for n in 1 2; do rm precious; done", ["to refuse: "]),
    "a call, at the passphrase": ("for n in 1 2; do rm precious; done", ["to refuse: ", "DELETE\n", "Passphrase"]),
}


def test_it_ends_at_once(root: Root, desk: Desk) -> None:
    for what, (line, turns) in INTERRUPTED.items():
        desk.type(f"{line}\n")
        desk.until("\n")
        shown = ""
        for turn in turns:
            if turn.endswith("\n"):
                desk.type(turn)
            else:
                shown += desk.until(turn)
        time.sleep(0.5)  # readline does not hear what comes before it waits
        desk.type(CTRL_C)
        shown += desk.until("desk> ")
        assert desk.status() == 130, (what, shown)
        assert "Traceback" not in shown and "bug" not in shown, shown
        assert shown.endswith("\ndesk> "), (what, shown)  # it is on a line of its own
        assert " echo " in desk.run("stty -a").replace("\n", " "), what
    assert (Path(root.path).parent / "work" / "precious").exists()
    assert not (Path(root.path).parent / "work" / "new").exists()
