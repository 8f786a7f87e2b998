"""Processes that hide what they hold: those that everybody has, and those that anybody could have made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
from support.desk import PROJECT

from agentguard.core.caller import Process
from agentguard.edge.terminal import hidden
from agentguard.edge.terminal.standing import Rights, Standing

ME, GROUP = 1000, 1000
MAP = "0 0 4294967295"
OWN = Rights(frozenset({ME}), frozenset({GROUP}), 0, MAP)
LOGIN = 5000

#: What is known of a hidden process with what is above it, and whether it could hold any terminal.
HIDDEN: dict[str, tuple[Rights, tuple[Process, ...], bool]] = {
    "a program that made itself undumpable": (OWN, (Process(7, 90_000, "x"),), True),
    "one that calls itself a key agent": (OWN, (Process(7, 90_000, "ssh-agent"),), True),
    "a key agent with a group of its own": (OWN.replace(groups=frozenset({GROUP, 111})), (Process(7, 90_000),), False),
    "one in another group of the user's": (OWN.replace(groups=frozenset({27})), (Process(7, 90_000),), True),
    "sudo, which asks": (OWN.replace(users=frozenset({ME, 0})), (Process(7, 90_000),), True),
    "another user's": (OWN.replace(users=frozenset({0})), (Process(7, 90_000),), False),
    "a keyring": (OWN.replace(capabilities=1 << 14), (Process(7, 90_000),), False),
    "an interpreter for low ports": (OWN.replace(capabilities=1 << 10), (Process(7, 90_000),), True),
    "one with everything, in a namespace of its own": (
        Rights(frozenset({ME, 0}), frozenset({0}), 1 << 14, "0 1000 1"),
        (Process(7, 90_000),),
        True,
    ),
    "(sd-pam)": (OWN, (Process(7, LOGIN + 10, "(sd-pam)"), Process(6, LOGIN, "systemd")), False),
    "started a minute after the login": (OWN, (Process(7, LOGIN + 6001),), True),
    "the system's sshd": (OWN, (Process(7, 90_000, "sshd-session"), Process(6, 1, "served")), False),
    "a browser's sandbox": (
        OWN,
        (Process(7, 90_000), Process(6, 89_000), Process(5, 88_000, "chrome", (), "/opt/google/chrome/chrome")),
        False,
    ),
    "a shell's child": (OWN, (Process(7, 90_000), Process(5, 88_000, "bash", (), "/usr/bin/bash")), True),
    "of a browser in the user's home": (OWN, (Process(7, 90_000), Process(5, 8, "", (), "/home/me/chrome")), True),
    "in a session of its own": (OWN, (Process(8, 90_000), Process(5, 8, "", (), "/opt/google/chrome/chrome")), True),
}  # fmt: skip


@pytest.mark.parametrize(("found", "line", "suspected"), HIDDEN.values(), ids=HIDDEN)
def test_what_could_hold_a_terminal(
    found: Rights, line: tuple[Process, ...], suspected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "rights", lambda pid: OWN if pid == os.getpid() else found)
    monkeypatch.setattr(hidden, "line_of", lambda pid: line)
    monkeypatch.setattr(hidden, "replaceable", lambda process: process.exe if "/home/" in process.exe else "")
    monkeypatch.setattr(hidden, "_groups", lambda: frozenset({GROUP, 27}))
    monkeypatch.setattr(hidden, "_login", lambda: LOGIN)
    monkeypatch.setattr(os, "getuid", lambda: ME)
    monkeypatch.setattr(os, "getsid", lambda pid: 8 if pid == 8 else 1)
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    served = hidden.suspect((7,), lambda line: any(process.name == "served" for process in line))
    assert (served is not None) is suspected


def test_root_can_look_into_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "rights", lambda pid: OWN.replace(users=frozenset({0})))
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert hidden.suspect((7,), lambda line: False) is None


#: A user of its own: what hides makes every terminal of its user doubtful, also those of other tests.
USER = 65533

#: Says whether the process of that pid is closed to this one, and suspected.
LOOK = """
import sys
from agentguard.edge.terminal.hidden import suspect
from agentguard.edge.terminal.masters import masters
pid = int(sys.argv[1])
closed = pid in masters().closed
print(closed, closed and suspect((pid,), lambda line: False) is not None)
"""
UNDUMPABLE = "import ctypes, time; ctypes.CDLL(None).prctl(4, 0); print(flush=True); time.sleep(60)"


@pytest.fixture
def looked() -> Iterator[object]:
    """How an ordinary user sees another process of theirs."""
    if os.getuid() != 0:
        pytest.skip("only root can be an ordinary user for a moment")
    python = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    if not os.path.exists(python):
        pytest.skip(f"{python} is not here")
    running: list[subprocess.Popen[str]] = []

    def look(*command: str) -> str:
        who = {"user": USER, "group": USER, "extra_groups": [], "cwd": "/"}
        words = [word.replace("PYTHON", python) for word in command]
        running.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **who))  # type: ignore[call-overload]
        assert running[-1].stdout
        running[-1].stdout.readline()
        said = subprocess.run(
            [python, "-c", LOOK, str(running[-1].pid)], env={"PYTHONPATH": str(PROJECT)}, text=True, check=True,
            stdout=subprocess.PIPE, **who,
        )  # type: ignore[call-overload]  # fmt: skip
        return str(said.stdout).strip()

    yield look
    for one in running:
        one.kill()
        one.communicate()


@pytest.mark.real
def test_a_real_one(looked) -> None:  # type: ignore[no-untyped-def]
    assert looked("PYTHON", "-c", UNDUMPABLE) == "True True"
    assert looked("PYTHON", "-c", UNDUMPABLE.replace("prctl(4, 0)", "getpid()")) == "False False"


@pytest.mark.real
def test_a_real_key_agent(looked) -> None:  # type: ignore[no-untyped-def]
    agent = shutil.which("ssh-agent")
    if not agent or not os.stat(agent).st_mode & 0o2000:
        pytest.skip("no ssh-agent with a group of its own here")
    assert looked(agent, "-D") == "True False"


@pytest.mark.real
def test_a_real_set_uid_program(looked) -> None:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory(prefix="hidden-") as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(shutil.which("tail") or "tail", folder)
        os.chmod(program, 0o4755)
        if os.statvfs(program).f_flag & os.ST_NOSUID:
            pytest.skip("no set-uid programs there")
        assert looked(program, "-n1", "-f", "/etc/passwd") == "True True"


@pytest.mark.parametrize(("child", "suspected"), [(frozenset({0}), False), (frozenset({ME, 0}), True)])
def test_one_that_has_let_somebody_in(child: frozenset[int], suspected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`su` waits for a shell of another user's; what is still this user's, too, may be its helper."""
    known = {os.getpid(): OWN, 7: OWN.replace(users=frozenset({ME, 0})), 8: OWN.replace(users=child)}
    monkeypatch.setattr(hidden, "rights", known.get)
    standings = tuple(Standing(pid, parent, pid, pid, None, 0, 90_000) for pid, parent in ((7, 1), (8, 7)))
    monkeypatch.setattr(hidden, "standings", lambda: standings)
    monkeypatch.setattr(hidden, "line_of", lambda pid: (Process(pid, 90_000),))
    monkeypatch.setattr(hidden, "_groups", lambda: frozenset({GROUP}))
    monkeypatch.setattr(hidden, "_login", lambda: None)
    monkeypatch.setattr(os, "getuid", lambda: ME)
    assert (hidden.suspect((7,), lambda line: False) is not None) is suspected
