"""`run`: the command that is started, its session, and the guard in the shells below it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.records import Records

from agentguard.cli.run import guarded
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

Agentguard = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def installed(root: Root, apply: Callable[..., list[str]]) -> Root:
    """The guard without any line in a start-up file."""
    apply()
    return root


def test_the_command_runs_with_the_shims_first_and_its_own_status(installed: Root, agentguard: Agentguard) -> None:
    ran = agentguard("run", "--", "sh", "-c", 'printf "%s\n" "$PATH" "$@"; exit 7', "name", "--name", "a  b", status=7)
    path, *arguments = ran.stdout.splitlines()
    assert path.split(":")[0] == installed.shims
    assert arguments == ["--name", "a  b"], "options behind the command are the command's"
    assert ran.stderr == ""


def test_it_names_a_session_for_the_process_that_the_command_becomes(installed: Root, agentguard: Agentguard) -> None:
    pid = int(agentguard("run", "sh", "-c", "echo $$").stdout)
    agentguard("run", "--name", "night shift", "true")
    sessions = Records(installed).sessions.recent()
    assert [session.name for (of, _), session in sessions.items() if of == pid] == ["sh"]
    assert "night shift" in {session.name for session in sessions.values()}


@pytest.mark.parametrize(
    "command", [["sh", "-c", "git --version; :"], ["bash", "-c", "git --version"], ["git", "--version"]]
)
def test_a_call_is_on_the_record_under_that_session_also_where_the_command_becomes_it(
    installed: Root, agentguard: Agentguard, command: list[str]
) -> None:
    agentguard("run", "--name", "night shift", *command)
    records = Records(installed)
    records.log.catch_up()
    assert {row.body["session_name"] for row in records.log.rows(program="git")} == {"night shift"}


@pytest.mark.parametrize("way", ["-c", "-lc", "-ic"])
def test_bash_keeps_the_guard_however_it_is_started(installed: Root, agentguard: Agentguard, way: str) -> None:
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    assert agentguard("run", "bash", way, "command -v git").stdout == f"{installed.shims}/git\n"


def test_what_it_puts_into_bash_env_makes_no_shell_worse(installed: Root, agentguard: Agentguard) -> None:
    rate = [sys.executable, "-m", "agentguard", "--root", installed.path, "check", "--json"]
    assert '"rating": "read"' in agentguard("run", *rate, "bash -c ls").stdout


def test_what_bash_env_named_before_is_read_too(
    installed: Root, agentguard: Agentguard, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "my env.sh").write_text("echo mine; PATH=/usr/bin\n")
    monkeypatch.setenv("BASH_ENV", "$HOME/my env.sh")
    ran = agentguard("run", "bash", "-c", "command -v git")
    assert ran.stdout == f"mine\n{installed.shims}/git\n"


def test_a_run_below_a_run_changes_nothing_more(root: Root) -> None:
    once = guarded(root, {"PATH": f"/nvm:{root.shims}:/usr/bin", "BASH_ENV": "/mine"})
    assert once["PATH"] == f"{root.shims}:/nvm:/usr/bin:{root.path}/bin"
    assert guarded(root, once) == once
    assert once["AGENTGUARD_BASH_ENV"] == "/mine"
    assert "PATH" in guarded(root, {}), "without PATH, the system's default follows the shims"


def test_signals_that_python_ignores_are_as_they_were(installed: Root, agentguard: Agentguard) -> None:
    if not os.path.exists("/proc/self/status"):
        pytest.skip("there is no /proc to ask")
    ran = agentguard("run", sys.executable, "-S", "-c", "print(open('/proc/self/status').read())")
    # Python itself ignores SIGPIPE (13) and SIGXFSZ (25) anew: a shell is asked instead.
    assert ran.returncode == 0
    status = agentguard("run", "cat", "/proc/self/status").stdout
    (ignored,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigIgn")]
    assert int(ignored, 16) & (1 << 12 | 1 << 24) == 0


@pytest.mark.parametrize(("name", "status"), [("no-such-program", 127), ("./no-such-program", 127), ("./plain", 126)])
def test_a_command_that_cannot_be_started(
    installed: Root, agentguard: Agentguard, tmp_path: Path, name: str, status: int
) -> None:
    (tmp_path / "plain").write_text("")
    ran = agentguard("run", name, status=status, cwd=tmp_path)
    assert ran.stderr.startswith("Error: ") and ran.stderr.count("\n") == 1


def test_without_an_installation_it_says_what_to_do_and_installs_nothing(root: Root, agentguard: Agentguard) -> None:
    ran = agentguard("run", "sh", "-c", "echo ran", status=5)
    assert ran.stdout == "" and "no guard under" in ran.stderr and "`agentguard install`" in ran.stderr
    assert not os.path.exists(root.path)
