"""The view in a real tmux, driven by what a person types into the terminal that it is attached to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.desk import Desk
from support.records import Records

from agentguard.approval.request import REQUEST_LIFE, Request
from agentguard.edge.factors import factors, proof
from agentguard.edge.installation import shims
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

Put = Callable[..., Request]
ENTER, ESCAPE, CTRL_C = "\r", "\x1b", "\x03"


class Pane:
    """A person's tmux: keys go to the terminal that it is attached to, the screen is asked of the server."""

    def __init__(self, desk: Desk, folder: str, width: int = 120, height: int = 34) -> None:
        self.desk = desk
        self._tmux = ["tmux", "-f", "/dev/null", "-S", f"{folder}/socket"]
        (desk.home / "attach.sh").write_text(
            f"stty rows {height} cols {width}\nexport TERM=xterm\n"
            f"exec {' '.join(self._tmux)} new-session 'exec bash --norc --noprofile'\n"
        )
        desk.type("sh attach.sh\n")
        self._until(lambda: self._run("list-clients").stdout.strip() != "")
        self._run("set-option", "-g", "escape-time", "0")

    def watch(self, before: str = "") -> None:
        """Start the view, as a person at this place does."""
        self.type(f'{before} python -m agentguard --root "$HOME/root" watch; echo "=$?="{ENTER}')
        self.sees("agentguard:")

    def type(self, keys: str) -> None:
        self.desk.type(keys)

    def screen(self) -> str:
        return self._run("capture-pane", "-p").stdout

    def sees(self, *texts: str) -> str:
        """Wait until all of this stands there, however its lines are broken."""
        self._until(lambda: all(text in " ".join(self.screen().split()) for text in texts), texts)
        return self.screen()

    def asks(self, prompt: str) -> None:
        """Wait until that is the last that stands there."""
        self._until(lambda: self.screen().rstrip().endswith(prompt), prompt)

    def opens(self, key: str = ENTER) -> None:
        """Open the marked question, and read it for as long as it takes to count."""
        self.type(key)
        self.sees("Request ", "asked")
        self.reads()

    def reads(self) -> None:
        """Long enough for keys to count."""
        time.sleep(1.2)

    def resize(self, width: int, height: int) -> None:
        self._run("set-option", "-g", "window-size", "manual")
        self._run("resize-window", "-x", str(width), "-y", str(height))

    def end(self) -> None:
        self._run("kill-server")

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True)

    def _until(self, condition: Callable[[], bool], what: object = "") -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"{what}: {self.screen()}"
            self.desk.skip()
            time.sleep(0.1)


@pytest.fixture
def pane(desk: Desk) -> Iterator[Pane]:
    if not shutil.which("tmux"):
        pytest.skip("no tmux here")
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:  # a socket's path must be short
        pane = Pane(desk, folder)
        yield pane
        pane.end()


def state(records: Records, request: Request) -> str:
    return records.requests.request(request.id).state


def test_a_person_at_work(pane: Pane, put: Put, records: Records) -> None:
    """Arrival, reading, the word, a denial, expiry, and an end."""
    pane.watch()
    pane.sees("Nothing waits")
    first = put("rm", "-rf", "data")
    pane.sees("1 question waits", "rm", "-rf data", "git stash -u")
    pane.opens()
    pane.sees(f"Request {first.id}", "Type DELETE to approve it")
    pane.type(f"delete{ENTER}")
    pane.sees("DELETE was not typed")
    pane.type(f"DELETE{ENTER}")
    pane.sees(f"Approved {first.id}", "Nothing waits", "approved claude (pid 7) rm -rf data")
    assert state(records, first) == "approved"
    second = put("git", "push", "--force")
    pane.sees("git", "push --force")
    pane.opens("d")
    pane.type(f"to a branch of your own, please{ENTER}")
    pane.sees(f"Denied {second.id}", "denied claude (pid 7) git push --force")
    assert records.requests.request(second.id).answer == "to a branch of your own, please"
    old = put("rm", "old", into=Records(Root(str(pane.desk.home / "root")), lambda: time.time() - REQUEST_LIFE + 4))
    pane.sees("59 min", "rm old")
    pane.opens()
    pane.sees(f"Request {old.id} no longer waits: nobody answered it for too long")
    pane.type(ESCAPE)
    pane.sees("Nothing waits")
    pane.type("q")
    pane.sees("=0=")


def test_several(pane: Pane, put: Put, records: Records) -> None:
    """A loop and another call: each is a question, and what is approved is what was shown."""
    loop = [put("rm", f"file-{number}", loop=True) for number in range(87)]
    other = put("psql", "-c", "drop table t", word="shop", catastrophic="the database shop")
    pane.watch()
    pane.sees("2 questions wait", "rm ×87", "CATASTROPHIC")
    pane.opens()
    pane.sees("Type DELETE 87 to approve exactly these 87", "86 more")
    pane.type(f"DELETE 87{ENTER}")
    pane.sees("1 question waits")
    assert {state(records, one) for one in loop} == {"approved"}
    pane.opens()
    pane.type(f"shop{ENTER}")
    pane.sees(f"Approved {other.id}")


def test_in_a_small_window(pane: Pane, put: Put, records: Records) -> None:
    request = put("rm", "\x1b[2J[red]x[/red]\n")
    pane.watch()
    for width, height in ((60, 20), (200, 50), (40, 10)):
        pane.resize(width, height)
        pane.sees("1 question waits")
        pane.opens()
        pane.sees(r"\x1b[2J[red]x[/red", "Type DELETE to approve it")
        pane.type(ESCAPE)
        pane.sees("1 question waits", "rm")
    assert state(records, request) == "open"


def test_typed_ahead(pane: Pane, put: Put, records: Records) -> None:
    """All at once, as somebody does who does not read."""
    request = put("rm", "data")
    pane.watch()
    pane.sees("1 question waits")
    pane.type(f"oDELETE{ENTER}")
    pane.sees(f"Request {request.id}")
    pane.reads()
    pane.type(ENTER)
    pane.sees("DELETE was not typed")
    assert state(records, request) == "open"


def test_the_environment_presses_no_keys(pane: Pane, put: Put, records: Records) -> None:
    request = put("rm", "data")
    pane.watch("TEXTUAL_PRESS=wait:1000,o,wait:1500,D,E,L,E,T,E,enter")
    pane.sees("1 question waits")
    time.sleep(6)
    time.sleep(5)  # longer than those keys take
    pane.sees("1 question waits", "d Deny")
    assert state(records, request) == "open"


def test_two_at_once(pane: Pane, put: Put, records: Records, tmp_path: Path) -> None:
    """The other one is at a plain terminal."""
    request = put("rm", "data")
    pane.watch()
    pane.sees("1 question waits")
    pane.opens()
    other = Desk(tmp_path)
    other.type(f'python -m agentguard --root "$HOME/root" deny {request.id} -m no; exit\n')
    pane.sees(f"Request {request.id} no longer waits: it was denied elsewhere")
    other.close()
    pane.type(CTRL_C)
    pane.sees("=130=")


def test_with_a_passphrase(pane: Pane, put: Put, root: Root, records: Records) -> None:
    made = factors.by_passphrase("mine", "correct horse battery")
    factors.add(root, made)
    pinned(root, made)
    request = put("rm", "-rf", ".git", word=".git", catastrophic="the repository", factor=True)
    pane.watch()
    pane.sees("CATASTROPHIC")
    pane.opens()
    pane.type(f".git{ENTER}")
    pane.sees("Passphrase of mine")
    pane.type(f"a guess at it{ENTER}")
    pane.sees("that is not the passphrase")
    assert "a guess" not in pane.screen()
    assert state(records, request) == "open"
    pane.type(f"correct horse battery{ENTER}")
    pane.sees(f"Approved {request.id}", "attempt ", "that is not the")
    answered = records.requests.request(request.id)
    assert proof.fault(root, records.log, (made.fingerprint,), answered, answered.digest) == ""


def test_with_an_ssh_key(pane: Pane, put: Put, root: Root, records: Records, tmp_path: Path) -> None:
    """ssh-keygen asks at the terminal, which the view gives up for as long."""
    if not os.access("/usr/bin/ssh-keygen", os.X_OK):
        pytest.skip("no ssh-keygen here")
    key = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "correct horse", "-f", key], check=True)
    made = factors.by_ssh_key("key", key)
    factors.add(root, made)
    pinned(root, made)
    request = put("rm", "-rf", ".git", word=".git", catastrophic="the repository", factor=True)
    pane.watch()
    for passphrase, told in (("a guess", "gave no signature"), ("correct horse", f"Approved {request.id}")):
        pane.sees("CATASTROPHIC")
        pane.opens()
        pane.type(f".git{ENTER}")
        pane.asks("Enter passphrase:")
        pane.type(f"{passphrase}{ENTER}")
        pane.sees(told)
        pane.type(ESCAPE)
    answered = records.requests.request(request.id)
    assert proof.fault(root, records.log, (made.fingerprint,), answered, answered.digest) == ""


def pinned(root: Root, factor: factors.Factor) -> None:
    """A shim that believes this factor: as much of one as the person's side reads."""
    shim = Path(root.shims, "rm")
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n# agentguard shim for rm\n: "$_ag_ignored:{factor.fingerprint}"\n')
    assert shims.pins(root) == {factor.fingerprint}


def test_it_ends_with_its_terminal(tmp_path: Path, put: Put) -> None:
    put("rm", "one")
    person = Desk(tmp_path, {"TERM": "xterm"})
    person.type("stty rows 30 cols 100; sh -c 'echo $$ > pid; exec python -m agentguard --root \"$HOME/root\" watch'\n")
    person.until("question waits")
    pid = (tmp_path / "pid").read_text().strip()
    person.close()
    end = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end
        time.sleep(0.1)
