"""`agentguard check --explain`: what runs what, which rules spoke, what was looked up, what decided."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Explain = Callable[..., str]


@pytest.fixture
def explain(lasting_tmp: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """The command, where one file is known to no git and another lies in a directory."""
    (lasting_tmp / "precious").write_text("all there is\n")
    (lasting_tmp / "clean.sh").write_text("rm precious\n")
    monkeypatch.chdir(lasting_tmp)
    monkeypatch.delenv("PGHOST", raising=False)

    def run(*words: str, stdin: str = "") -> str:
        command = [sys.executable, "-m", "agentguard", "--root", str(tmp_path / "root"), "check", "--explain", *words]
        env = os.environ | {"COLUMNS": "300", "PYTHONIOENCODING": "utf-8"}
        ran = subprocess.run(command, input=stdin, env=env, capture_output=True, encoding="utf-8", check=True)
        return ran.stdout

    return run


@pytest.fixture
def explained(explain: Explain) -> Callable[[str], dict[str, Any]]:
    return lambda line: json.loads(explain("--json", line))["explanation"]


def ways(step: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every way from a step down to one that runs nothing more, as kinds of texts and names of programs."""
    name = step["text"].split()[0] if step["kind"] == "call" else step["kind"]
    if not step["steps"]:
        yield (name,)
    for below in step["steps"]:
        yield from ((name, *way) for way in ways(below))


WHAT_RUNS_WHAT = [
    ("ls", [("shell", "ls")]),
    ("ls; make", [("shell", "ls"), ("shell", "make")]),
    ("sudo sh -c 'rm a; ls'", [("shell", "sudo", "sh", "shell", "rm"), ("shell", "sudo", "sh", "shell", "ls")]),
    ("env A=1 nohup timeout 5 rm x", [("shell", "env", "nohup", "timeout", "rm")]),
    ("sh clean.sh", [("shell", "sh", "shell", "rm")]),
    ("echo precious | xargs rm", [("shell", "echo"), ("shell", "xargs", "rm")]),
    ("echo 'rm precious' | sh", [("shell", "echo"), ("shell", "sh", "shell", "rm")]),
    ("git -c alias.x='!rm precious' x", [("shell", "git", "shell", "rm")]),
    ("psql -c '\\! rm precious'", [("shell", "psql", "shell", "rm")]),
    ("f() { rm \"$1\"; }; f precious", [("shell", "rm")]),
    ("for i in 1 2 3; do ls; done", [("shell", "ls")]),
    ("eval \"rm $(cat)\"", [("shell", "cat"), ("shell", "shell", "shell", "rm")]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), WHAT_RUNS_WHAT, ids=[line for line, _ in WHAT_RUNS_WHAT])
def test_what_runs_what(explained: Callable[[str], dict[str, Any]], line: str, expected: list[tuple[str, ...]]) -> None:
    assert list(ways(explained(line))) == expected


def test_each_part_has_its_own_effects_and_facts(explained: Callable[[str], dict[str, Any]]) -> None:
    line = explained("sudo rm precious && rm missing")
    assert (line["kind"], line["text"], line["rating"]) == ("shell", "sudo rm precious && rm missing", "destructive")
    assert line["cwd"] == str(Path.cwd()) and line["effects"] == line["facts"] == []
    sudo, second = line["steps"]
    assert [effect["rule"] for effect in sudo["effects"]] == ["sudo-runs"]
    [first] = sudo["steps"]
    [removed] = first["effects"]
    assert removed["rule"] == "rm-removes" and removed["verb"] == "remove" and removed["recoverable_by"] == ""
    assert removed["target"] == str(Path("precious").absolute())
    assert [(fact["question"], fact["about"]) for fact in first["facts"]] == [("path", removed["target"])]
    assert first["facts"][0]["answer"].startswith("unversioned")
    assert second["facts"][0]["answer"] == "missing" and second["rating"] == "reversible"


def test_what_could_not_be_looked_up_is_told(explained: Callable[[str], dict[str, Any]]) -> None:
    [call] = explained("sh gone.sh")["steps"]
    asked = [fact for fact in call["facts"] if fact["question"] == "read"]
    assert [(fact["about"], fact["answer"].partition(":")[0]) for fact in asked] == [("gone.sh", "cannot be seen")]


def test_a_tree_for_people(explain: Explain) -> None:
    shown = explain("ls; sudo bash -c 'rm precious'; make")
    lines = [line.strip("│├└─ ") for line in shown.splitlines()]
    assert lines[0] == "destructive: waits for a person"
    assert "rm precious  destructive" in lines
    assert any(line.startswith("destructive rm-removes: removes for good") for line in lines)
    assert any(line.startswith("looked up path /") and "unversioned" in line for line in lines)
    assert "reversible not taught: what make runs meets the shims in turn" in lines
    assert lines[-1] == (
        "destructive: the strictest part decides: shell text → sudo → bash → shell text → rm [rm-removes]"
    )


def test_what_only_looks_has_no_part_that_decides(explain: Explain) -> None:
    assert explain("ls; pwd").splitlines()[-1].endswith("read: every part only looks")


def test_of_many_parts_those_that_decide_are_shown(explain: Explain) -> None:
    shown = explain("; ".join([f"ls {i}" for i in range(30)] + ["rm precious"]))
    assert "rm precious  destructive" in shown and "ls 29  read" not in shown
    assert "… and 18 more parts, none of them as strict as the whole" in shown


def test_only_printable_text_without_colours_or_secrets(explain: Explain) -> None:
    shown = explain(
        "--", "curl", "-H", "Authorization: Bearer hunter2hunter2", "https://\x1b[2J.example/", "-X", "DELETE"
    )
    assert "\x1b" not in shown and "hunter2" not in shown and "***" in shown
    whole = explain("--json", "curl -H 'Authorization: Bearer hunter2hunter2' -X DELETE https://h.example/")
    assert "hunter2" not in whole


def test_a_batch_explains_each_line(explain: Explain) -> None:
    answers = explain("--batch", stdin='{"command": "ls"}\n{"argv": ["rm", "precious"]}\n{}\n').splitlines()
    first, second, third = map(json.loads, answers)
    assert first["explanation"]["kind"] == "shell" and second["explanation"]["kind"] == "call"
    assert "explanation" not in third


def test_the_rating_is_the_same_with_and_without(explain: Explain) -> None:
    for line, _ in WHAT_RUNS_WHAT:
        whole = json.loads(explain("--json", line))
        assert whole["explanation"]["rating"] == whole["rating"]
