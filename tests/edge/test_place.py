"""Whose terminal it is: invented machines, then real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import PROJECT, Desk

from agentguard.core.origin import Process
from agentguard.core.place import Facts, Holder, judge

#: Leaves in the file `said` what the place of its process is.
SAY = """
from pathlib import Path
from agentguard.edge.place import place
at = place({})
Path("said.new").write_text(f"<{at.verdict}> {at.why}")
Path("said.new").rename("said")
"""
SAID = f"{sys.executable} say.py"
WAIT = "until [ -e said ]; do sleep 0.1; done"


def held(program: str, terminal: int | None = None, agent: str = "", replaceable: str = "") -> Holder:
    return Holder(Process(7, 1, program), program, replaceable, agent, terminal)


class Machine(Facts):
    """`of` are the holders of each terminal, `attached` the terminals that show a multiplexer; 1 is the console."""

    def __init__(
        self, of: dict[int, tuple[Holder, ...]], attached: tuple[int, ...] | None = (), ssh: bool = False
    ) -> None:
        self._of, self._attached, self._ssh = of, attached, ssh

    def holders(self, terminal: int) -> tuple[Holder, ...]:
        return self._of.get(terminal, ())

    def clients(self, server: Holder) -> tuple[int, ...] | None:
        return self._attached

    def is_console(self, terminal: int) -> bool:
        return terminal == 1

    def comes_from_here(self) -> bool:
        return self._ssh


XTERM, TMUX, PYTHON = held("xterm"), held("tmux"), held("python3.11")


@pytest.mark.parametrize(
    ("machine", "verdict"),
    [
        (Machine({9: (XTERM,)}), "person"),
        (Machine({9: (held("sshd-session"),)}), "person"),
        (Machine({9: (held("sshd"),)}, ssh=True), "doubtful"),
        (Machine({}), "doubtful"),
        (Machine({9: (PYTHON,)}), "not"),
        (Machine({9: (held("script", 8),), 8: (XTERM,)}), "not"),
        (Machine({9: (held(""),)}), "not"),
        (Machine({9: (XTERM, PYTHON)}), "not"),  # whoever else holds it can type as well
        (Machine({9: (XTERM, held("xterm", replaceable="/home/me/xterm"))}), "doubtful"),
        (Machine({9: (held("xterm", agent="claude"),)}), "not"),
        (Machine({9: (held("mosh-server"),)}), "doubtful"),
        (Machine({9: (TMUX,)}), "not"),  # nobody is attached
        (Machine({9: (TMUX,)}, None), "doubtful"),
        (Machine({9: (TMUX,), 8: (XTERM,)}, (8,)), "person"),
        (Machine({9: (TMUX,)}, (1,)), "person"),  # at the console
        (Machine({9: (TMUX,), 8: (XTERM,), 7: (PYTHON,)}, (8, 7)), "not"),
        (Machine({9: (TMUX,), 8: (TMUX,)}, (9,)), "not"),  # it shows itself
        (Machine({9: (held("tmux", agent="codex"),), 8: (XTERM,)}, (8,)), "not"),
        (Machine({9: (held("sudo", 8),), 8: (XTERM,)}), "person"),
        (Machine({9: (held("sudo", 8),), 8: (PYTHON,)}), "not"),
        (Machine({9: (held("nvim"),)}), "doubtful"),
    ],
)
def test_whose_it_is(machine: Machine, verdict: str) -> None:
    place = judge(9, machine)
    assert place.verdict == verdict
    assert bool(place.why) is (verdict != "person")


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
    with tempfile.TemporaryDirectory(prefix="place-") as folder:
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
