"""The face of the command: help, versions, and every kind of failure in its own status."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from agentguard import __version__
from agentguard.cli import main, verbs
from agentguard.errors import InstallError, RuleError

Agentguard = Callable[..., subprocess.CompletedProcess[str]]


def test_help_lists_every_verb_with_what_it_does(agentguard: Agentguard) -> None:
    shown = agentguard("-h").stdout
    listed = re.findall(r"^  (\S+)  +\S", shown.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(verbs.VERBS)
    assert "..." not in shown.partition("Commands:")[2]  # click cuts a first sentence that is too long
    for verb in verbs.VERBS:
        told = agentguard(verb, "-h").stdout
        assert "-h, --help" in told
        assert re.search(rf"\n\n  {re.escape(verbs.VERBS[verb])}\s", told), verb
        assert re.search(rf"Examples?:\n    (.* )?agentguard (.* )?{verb}\b", told), verb


def test_the_version(agentguard: Agentguard) -> None:
    assert __version__ in agentguard("--version").stdout


def test_an_unknown_verb_is_wrong_usage(agentguard: Agentguard) -> None:
    assert agentguard("frobnicate", status=2).stderr.endswith("Error: No such command 'frobnicate'.\n")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["chek"], "check"),
        (["aprove", "q7m2xk"], "approve"),
        (["check", "--jsn", "ls"], "--json"),
        (["audit", "prun", "x"], "prune"),
        (["factor", "ad"], "add"),
        (["config", "st", "wait", "1"], "set"),
        (["config", "--pth"], "--path"),
        (["doctor", "--mnd"], "--mend"),
    ],
)
def test_what_was_misspelt_is_told_with_what_was_meant(agentguard: Agentguard, words: list[str], meant: str) -> None:
    assert agentguard(*words, status=2).stderr.endswith(f"Did you mean {meant!r}?\n")


@pytest.mark.parametrize(
    ("failure", "status", "shown"),
    [
        (InstallError("it broke", "mend it"), 5, ["Error: it broke", "Hint: mend it"]),
        (InstallError("a\x1b[31mb"), 5, ["Error: a\\x1b[31mb"]),
        (RuleError("x", "mend it", "  1 | a\n      ^"), 3, ["Error: x", "  1 | a", "      ^", "Hint: mend it"]),
        (KeyboardInterrupt(), 130, []),
        (click.UsageError("no such thing"), 2, ["Error: no such thing"]),
    ],
)
def test_every_failure_has_its_status_and_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: BaseException,
    status: int,
    shown: list[str],
) -> None:
    assert fails(monkeypatch, failure) == status
    assert capsys.readouterr().err.split("\n") == [*shown, ""]


def test_a_bug_is_three_lines_and_a_file_to_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert fails(monkeypatch, ZeroDivisionError("by zero")) == main.BUG
    bug, details, hint = capsys.readouterr().err.splitlines()
    assert bug == "Error: agentguard has a bug: ZeroDivisionError: by zero"
    assert "Traceback" in Path(details.removeprefix("Details: ")).read_text()
    assert hint.startswith("Hint: please report it")


@pytest.mark.parametrize(
    ("fault", "shown", "remedy"),
    [
        (PermissionError(13, "Permission denied", "/x/data"), "/x/data: Permission denied", "the right to it"),
        (PermissionError(13, "Permission denied", b"/x/\xff"), "/x/\\xff: Permission denied", "the right to it"),
        (OSError(28, "No space left on device"), "No space left on device", "free some space"),
        (OSError(30, "Read-only file system", "/home/ada"), "/home/ada: Read-only file system", "--root"),
        (OSError(24, "Too many open files", "/x"), "/x: Too many open files", "ulimit -n"),
        (NotADirectoryError(20, "Not a directory", "/x/data"), "/x/data: Not a directory", "instead of a directory"),
    ],
)
def test_what_the_system_refuses_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fault: OSError, shown: str, remedy: str
) -> None:
    monkeypatch.setattr(main, "_discard_output", lambda: None)
    assert fails(monkeypatch, fault) == main.SYSTEM
    error, hint = capfd.readouterr().err.splitlines()
    assert error == f"Error: {shown}" and hint.startswith("Hint: ") and remedy in hint


def test_a_file_that_should_be_there_and_is_not_is_a_bug_still(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert fails(monkeypatch, FileNotFoundError(2, "No such file or directory", "/x")) == main.BUG
    assert "has a bug" in capsys.readouterr().err
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert fails(monkeypatch, ZeroDivisionError("by zero")) == main.BUG
    assert "ZeroDivisionError: by zero" in capsys.readouterr().err.partition("Details: ")[2]


def test_a_full_disk_and_a_directory_that_is_gone_are_told_as_such(tmp_path: Path) -> None:
    command = f"{sys.executable} -m agentguard"
    full = subprocess.run(f"{command} check ls >/dev/full", shell=True, capture_output=True, text=True)
    assert full.returncode == main.SYSTEM and full.stderr.startswith("Error: No space left on device\n")
    gone = f"mkdir {tmp_path}/x; cd {tmp_path}/x; rmdir {tmp_path}/x; {command} --root r audit"
    told = subprocess.run(gone, shell=True, capture_output=True, text=True, env={"PYTHONPATH": str(Path.cwd())})
    assert told.returncode == main.SYSTEM and "change into another" in told.stderr, told.stderr


def test_a_reader_that_goes_away_ends_it_quietly(agentguard: Agentguard) -> None:
    ran = subprocess.run(f"{sys.executable} -m agentguard -h | true", shell=True, capture_output=True, text=True)
    assert ran.stderr == ""


def fails(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> int:
    def verb(*_arguments: object, **_options: object) -> None:
        raise failure

    monkeypatch.setattr(verbs.cli, "main", verb)
    with pytest.raises(SystemExit) as ended:
        main.main()
    return int(ended.value.code or 0)
