"""Whose terminal it is, on this machine and on real terminals."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import PROJECT, Desk

from agentguard.core.caller import Process
from agentguard.edge.terminal import holders

pytestmark = pytest.mark.real

#: Leaves in the file `said` how far the terminal of its process is trusted.
SAY = """
from pathlib import Path
from agentguard.edge.terminal.trust import terminal_trust
at = terminal_trust({})
Path("said.new").write_text(f"<{at.level}> {at.why}")
Path("said.new").rename("said")
"""
SAID = f"{sys.executable} say.py"
WAIT = "until [ -e said ]; do sleep 0.1; done"


@pytest.mark.parametrize(
    ("seen", "loading"),
    [
        (Process(0, 0, "kitty", ("kitty", "+runpy", "x"), "/usr/bin/kitty"), "+runpy"),
        (Process(0, 0, "kitty", ("kitty", "-1"), "/usr/bin/kitty"), ""),
        (Process(0, 0, "vim", ("vim", "+1"), "/usr/bin/vim"), ""),
    ],
)
def test_words_that_make_a_terminal_program_an_interpreter(seen: Process, loading: str) -> None:
    assert holders._loading(seen) == loading


def said(place: Path) -> str:
    return (place / "said").read_text()


@pytest.fixture(autouse=True)
def say(tmp_path: Path) -> None:
    (tmp_path / "say.py").write_text(SAY)


def test_a_terminal_program_of_roots(desk: Desk) -> None:
    desk.run(SAID)
    assert said(desk.home) == "<person> "


@pytest.mark.parametrize(
    "line",
    [
        f"script -qec '{SAID}' /dev/null",
        f"expect -c 'spawn {SAID}; expect eof'",
        f"{sys.executable} -c 'import pty, sys; pty.spawn(sys.argv[1:])' {SAID}",
        f"setsid script -qec '{SAID}' /dev/null | cat",
        f"( ( exec -a xterm script -qec '{SAID}' /dev/null ) & ) | cat",
    ],
    ids=["script", "expect", "python", "setsid", "orphan-by-another-name"],
)
def test_a_terminal_that_an_asker_makes(desk: Desk, line: str) -> None:
    if line.startswith("expect") and not shutil.which("expect"):
        pytest.skip("no expect here")
    desk.run(f"({line}) >shown 2>&1; {WAIT}")
    assert said(desk.home).startswith("<not>")


def test_a_terminal_program_that_the_user_could_replace(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can put a program there that is another user's")
    with tempfile.TemporaryDirectory(prefix="trust-") as folder:
        xterm = shutil.copy(shutil.which("script") or "script", Path(folder) / "xterm")
        os.chown(xterm, 65534, 65534)
        os.chmod(folder, 0o755)
        subprocess.run(
            [xterm, "-qec", SAID, "/dev/null"],
            cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True,
        )  # fmt: skip
    assert said(tmp_path).startswith("<doubtful>") and "could replace" in said(tmp_path)


@pytest.mark.parametrize(("name", "value"), [("CLAUDECODE", "1"), ("AGENTGUARD_SESSION", "q7m2xk")])
def test_a_terminal_program_that_carries_an_agents_mark(tmp_path: Path, name: str, value: str) -> None:
    person = Desk(tmp_path, {name: value})
    person.run(f"unset {name}; {SAID}")
    assert said(tmp_path).startswith("<not>")
    person.close()


def test_a_terminal_program_that_was_told_what_to_load(tmp_path: Path) -> None:
    person = Desk(tmp_path, {"GTK_PATH": str(tmp_path)})
    person.run(SAID)
    assert said(tmp_path).startswith("<doubtful>") and "GTK_PATH" in said(tmp_path)
    person.close()


def test_where_anybody_can_be_root_nothing_is_roots(desk: Desk) -> None:
    desk.run(f"unshare -Ur {SAID}")
    if desk.status():
        pytest.skip("no user namespaces here")
    assert said(desk.home).startswith("<doubtful>")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[list[str]]:
    """A tmux server of its own, ended by its own socket."""
    if not shutil.which("tmux"):
        pytest.skip("no tmux here")
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:  # a socket's path must be short
        command = ["tmux", "-f", "/dev/null", "-S", f"{folder}/socket"]
        yield command
        subprocess.run([*command, "kill-server"], capture_output=True)


def test_a_tmux_that_nobody_is_attached_to(desk: Desk, tmux: list[str]) -> None:
    desk.run(f"{' '.join(tmux)} new-session -d '{SAID}'; {WAIT}")
    assert said(desk.home).startswith("<not>")


@pytest.mark.parametrize(
    ("how", "verdict"), [("sh attach.sh", "<person>"), ("script -qec 'sh attach.sh' /dev/null", "<not>")]
)
def test_a_tmux_is_as_good_as_where_it_is_attached(desk: Desk, tmux: list[str], how: str, verdict: str) -> None:
    (desk.home / "ask.sh").write_text(f"sleep 1\n{SAID}\nsleep 1\n")
    (desk.home / "attach.sh").write_text(f"stty rows 20 cols 80\nexec {' '.join(tmux)} new-session 'sh ask.sh'\n")
    desk.run(f"export TERM=xterm; {how}; {WAIT}")
    assert said(desk.home).startswith(verdict)


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        ("sh attach.sh", "<person>"),
        ("script -qec 'sh attach.sh' /dev/null", "<not>"),
        ("screen -c /dev/null -d -m sh ask.sh", "<not>"),
    ],
    ids=["attached", "attached-to-nobody", "detached"],
)
def test_a_screen_is_as_good_as_where_it_is_attached(desk: Desk, how: str, verdict: str) -> None:
    if not shutil.which("screen"):
        pytest.skip("no screen here")
    (desk.home / "ask.sh").write_text(f"sleep 1\n{SAID}\nsleep 1\n")
    (desk.home / "attach.sh").write_text("stty rows 20 cols 80\nexec screen -c /dev/null sh ask.sh\n")
    with tempfile.TemporaryDirectory(prefix="screen-") as folder:
        desk.run(f"export TERM=xterm SCREENDIR={folder}; {how}; {WAIT}")
        assert said(desk.home).startswith(verdict)
        desk.run("sleep 2")  # it ends with what it runs


def test_a_tmux_does_not_vouch_for_another(desk: Desk, tmux: list[str]) -> None:
    """Under the name of a detached server's socket, a server answers that a person is attached to."""
    socket = Path(tmux[-1])
    (desk.home / "ask.sh").write_text(f"until [ -e moved ]; do sleep 0.1; done\n{SAID}\n")
    attach = " ".join([*tmux[:-1], f"{socket}.person", "new-session 'touch attached; cat'"])
    (desk.home / "attach.sh").write_text(f"stty rows 20 cols 80\nexec {attach}\n")
    desk.run(f"{' '.join(tmux)} new-session -d 'sh ask.sh'")
    desk.type("TERM=xterm sh attach.sh\n")
    until_there(desk.home / "attached")
    socket.rename(f"{socket}.hidden")
    socket.symlink_to(f"{socket}.person")
    (desk.home / "moved").touch()
    until_there(desk.home / "said")
    for name in ("hidden", "person"):
        subprocess.run([*tmux[:-1], f"{socket}.{name}", "kill-server"], check=False, capture_output=True)
    assert said(desk.home).startswith("<not>")


def until_there(path: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} was not made"
        time.sleep(0.05)
