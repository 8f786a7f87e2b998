"""`doctor` against real shells: what holds, what does not, and which line is to blame."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agentguard import __version__
from agentguard.actions.health import installed
from agentguard.actions.health.examination import examine
from agentguard.actions.health.finding import Finding
from agentguard.cli.doctor import _show
from agentguard.edge.installation import shell_probes, startup_files
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

Apply = Callable[..., list[str]]
Agentguard = Callable[..., subprocess.CompletedProcess[str]]
HERE = [shell for shell in startup_files.SHELLS if shutil.which(shell)]
PREPENDS = 'export PATH="/usr/bin:$PATH"'


def needs(shell: str) -> None:
    if shell not in HERE:
        pytest.skip(f"{shell} is not installed")


def files(*shells: str) -> list[str]:
    return [path for shell in shells for path in startup_files.files(shell, os.environ)]


def verdicts(root: Root) -> dict[str, tuple[str, str]]:
    return {check.subject: (check.state, f"{check.detail} {check.hint}") for check in examine(root)}


def test_after_install_every_shell_holds_every_way(root: Root, apply: Apply) -> None:
    apply(*files(*HERE))
    found = verdicts(root)
    for shell in startup_files.SHELLS:
        if shell not in HERE:
            assert found[shell][0] == "absent"
            continue
        for subject in (*(f"{shell} {way}" for way in shell_probes.WAYS), f"{shell}, a real call"):
            assert found[subject][0] == "good", (subject, found[subject])
    assert not [subject for subject, (state, _) in found.items() if state == "bad"]


def test_its_status_and_json_say_the_same(root: Root, apply: Apply, agentguard: Agentguard) -> None:
    apply(*files(*HERE))
    checks = json.loads(agentguard("doctor", "--json").stdout)
    assert {"subject", "state", "detail", "hint", "mend"} == set(checks[0])
    assert "bad" not in {check["state"] for check in checks}
    os.unlink(f"{root.shims}/git")
    assert "has no shim" in agentguard("doctor", status=1).stdout


def test_a_login_shell_that_sets_path_anew_is_named(root: Root, apply: Apply) -> None:
    """Debian's /etc/profile sets PATH; where it does not, there is nothing to find."""
    apply()
    given = {"PATH": "/nowhere:/usr/bin", "HOME": os.environ["HOME"]}
    if b"/nowhere" in subprocess.run(["sh", "-lc", "echo $PATH"], env=given, capture_output=True, check=True).stdout:
        pytest.skip("/etc/profile leaves PATH alone here")
    state, detail = verdicts(root)["sh -lc"]
    assert state == "bad"
    assert "/etc/profile:" in detail and "agentguard install --shell sh" in detail


@pytest.mark.parametrize(
    ("shell", "way", "file", "text", "line"),
    [
        ("bash", "-ic", ".bashrc", PREPENDS, 7),
        ("bash", "-ic", ".bashrc", 'eval "$(echo X=1; echo PATH=/usr/bin)"', 7),
        ("bash", "-lc", ".profile", PREPENDS, 7),
        ("sh", "-lc", ".profile", PREPENDS, 7),
        ("zsh", "-c", ".zshenv", PREPENDS, 7),
        ("zsh", "-lc", ".zlogin", 'eval "$(echo X=1; echo PATH=/usr/bin)"', 7),
        ("zsh", "-ic", ".zshrc", "path=(/usr/bin $path)", 3),
        ("fish", "-c", ".config/fish/config.fish", "set -gx PATH /usr/bin $PATH", 3),
        ("fish", "-ic", ".config/fish/config.fish", "fish_add_path --move --path /usr/bin", 3),
    ],
)
def test_a_line_that_takes_first_place_is_named_and_install_puts_ours_behind_it(
    root: Root, apply: Apply, home: Path, shell: str, way: str, file: str, text: str, line: int
) -> None:
    needs(shell)
    apply(*files(shell))
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    with (home / file).open("a") as stream:
        stream.write(f"\n# mine\n{text}\nX=1\n" if shell != "fish" else f"\n# mine\n{text}\n")
    state, detail = verdicts(root)[f"{shell} {way}"]
    assert state == "bad"
    assert f"PATH is changed in {home}/{file}:{line}" in detail
    apply(*files(shell))
    assert verdicts(root)[f"{shell} {way}"][0] == "good"


def test_a_line_in_a_file_that_is_sourced_is_named_with_the_line_that_sources_it(
    root: Root, apply: Apply, home: Path
) -> None:
    needs("bash")
    apply(*files("bash"))
    (home / "conda.sh").write_text(f"activate() {{\n  {PREPENDS}\n}}\n")
    with (home / ".bashrc").open("a") as stream:
        stream.write(". ~/conda.sh\nactivate\n")
    _, detail = verdicts(root)["bash -ic"]
    assert f"PATH is changed in {home}/conda.sh:2, from {home}/.bashrc:6" in detail


def test_a_function_in_front_of_a_guarded_program_is_worth_a_note(root: Root, apply: Apply, home: Path) -> None:
    needs("bash")
    apply(*files("bash"))
    with (home / ".bashrc").open("a") as stream:
        stream.write("git() { command git; }\n")
    state, detail = verdicts(root)["bash -ic"]
    assert state == "note" and "git" in detail


def test_a_shell_that_does_not_come_to_its_command_is_told(root: Root, apply: Apply, home: Path) -> None:
    apply(*files("sh"))
    (home / ".profile").write_text("echo no login today >&2; exit 3\n")
    state, detail = verdicts(root)["sh -lc"]
    assert state == "bad" and "ended with 3" in detail and "no login today" in detail


@pytest.mark.parametrize(
    ("damage", "subject", "words"),
    [
        ("store", "store", "is not what was installed"),
        ("interpreter", "store", "leads to no interpreter"),
        ("current", "store", "is missing"),
        ("shim", "shims", "is not as this version makes it"),
        ("record", "record", "is broken"),
        ("manifest", "installation", "nothing is installed"),
    ],
)
def test_what_is_broken_is_said(root: Root, apply: Apply, damage: str, subject: str, words: str) -> None:
    apply()
    subprocess.run([f"{root.shims}/git", "--version"], check=True, capture_output=True)
    if damage == "store":
        Path(root.current, "lib/agentguard/extra.py").touch()
    elif damage == "interpreter":
        Path(root.current, "python").unlink()
        Path(root.current, "python").symlink_to("/nowhere/python3")
    elif damage == "current":
        os.unlink(root.current)
    elif damage == "shim":
        with open(f"{root.shims}/git", "a") as shim:
            shim.write("\n")
    elif damage == "manifest":
        os.unlink(root.manifest)
    else:
        import sqlite3

        with sqlite3.connect(root.record) as connection:
            connection.execute("DROP TRIGGER record_stays")
            connection.execute("UPDATE record SET hash = 'x'")
        connection.close()
    state, detail = verdicts(root)[subject]
    assert state == "bad" and words in detail


def test_where_nothing_can_be_started_is_said_with_what_was_chosen(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply()
    monkeypatch.setattr(os, "devnull", "/nowhere/null")
    told = verdicts(root)
    assert told["interpreter"][0] == "bad" and "/nowhere/null" in told["interpreter"][1]
    assert root.config in told["policy"][1] and "everyone's calls ask" in told["policy"][1]
    assert told["terminal"][0] == "note" and "it does not count as your own: " in told["terminal"][1]


@pytest.mark.parametrize(("states", "last"), [(("good", "note"), "in force."), (("bad", "bad"), "2 things to mend.")])
def test_the_last_line_says_what_it_comes_to(
    states: tuple[str, ...], last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _show([Finding("one", state, "as it is") for state in states])
    assert capsys.readouterr().out.rstrip().endswith(last)


def test_a_package_of_another_version_than_the_one_in_force_is_worth_a_note(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply()
    assert "version" not in {one.subject for one in installed.made(root)}
    monkeypatch.setattr(installed, "__version__", "99.1")
    note = next(one for one in installed.made(root) if one.subject == "version")
    assert note.state == "note" and note.detail == f"{__version__} is in force, and this `agentguard` is 99.1"
    assert "`agentguard install`" in note.hint


def test_a_shim_without_its_program_is_worth_a_note(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    railway = tmp_path / "bin/railway"
    railway.write_text("#!/bin/sh\necho stands in for railway\n")
    railway.chmod(0o755)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{tmp_path}/bin")
    apply()
    assert verdicts(root)["railway"] == ("good", f"stands before {railway} ")
    railway.unlink()
    assert verdicts(root)["railway"][0] == "note"
