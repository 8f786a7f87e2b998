"""`agentguard check` as a process of its own: a line, a call, a batch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

Check = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def place(lasting_tmp: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is not temporary to the guard, with a file that no git knows."""
    (lasting_tmp / "precious").write_text("all there is\n")
    (lasting_tmp / "q.sql").write_text("select 1\n")
    monkeypatch.chdir(lasting_tmp)
    return lasting_tmp


@pytest.fixture
def check(place: Path, tmp_path: Path) -> Check:
    def run(*words: str, stdin: bytes = b"", status: int = 0) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "agentguard", "--root", str(tmp_path / "root"), "check", *words]
        ran = subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran

    return run


@pytest.fixture
def batch(check: Check) -> Callable[..., list[dict[str, Any]]]:
    def run(*lines: dict[str, Any] | str | bytes) -> list[dict[str, Any]]:
        raw = [
            one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one)).encode()
            for one in lines
        ]
        answers = check("--batch", stdin=b"".join(line + b"\n" for line in raw)).stdout
        return [json.loads(answer) for answer in answers.splitlines()]

    return run


RATED = [
    (["ls -la"], "read", "run"),
    (["rm precious"], "destructive", "ask"),
    (["rm missing; ls"], "reversible", "run"),
    (["make all"], "reversible", "run"),
    (["psql -f q.sql"], "read", "run"),
    (["echo 'drop table t' > q2.sql; psql -f q2.sql"], "destructive", "ask"),
    (["psql"], "destructive", "ask"),
    (["--", "rm", "precious"], "destructive", "ask"),
    (["rm", "-f", "--", "precious"], "destructive", "ask"),
    (["--", "rm precious"], "reversible", "run"),
    (["--", "echo"], "read", "run"),
    (["echo"], "read", "run"),
    (["echo", "rm precious; rm precious"], "read", "run"),
]


@pytest.mark.parametrize(
    ("words", "rating", "decision"), RATED, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_line_and_a_call_are_rated(check: Check, place: Path, words: list[str], rating: str, decision: str) -> None:
    answer = json.loads(check("--json", *words, stdin=b"select 1").stdout)
    assert (answer["rating"], answer["decision"]) == (rating, decision)
    assert sorted(p.name for p in place.iterdir()) == ["precious", "q.sql"]


def test_the_object_has_all_that_is_promised(check: Check) -> None:
    answer = json.loads(check("--json", "make && rm precious").stdout)
    assert answer == {
        "rating": "destructive",
        "rated": True,
        "catastrophic": False,
        "decision": "ask",
        "reasons": [
            {
                "rule": "rm-removes",
                "program": "rm",
                "text": answer["reasons"][0]["text"],
                "instead": answer["reasons"][0]["instead"],
            }
        ],
        "unguarded": ["make"],
    }
    assert answer["reasons"][0]["text"].startswith("removes for good")
    assert answer["reasons"][0]["instead"]
    assert json.loads(check("--json", "rm -rf /").stdout)["catastrophic"] is True
    untaught = json.loads(check("--json", "redis-cli flushall").stdout)
    assert (untaught["rated"], untaught["decision"], untaught["unguarded"]) == (False, "run", ["redis-cli"])


def test_a_person_reads_the_rating_the_reason_and_the_safer_way(check: Check) -> None:
    shown = check("make; rm precious").stdout.decode()
    assert shown.splitlines()[0] == "destructive: waits for a person"
    assert "rm removes for good" in shown and "[rm-removes]" in shown and "safer: " in shown
    assert shown.splitlines()[-1].endswith("not rated: make")
    assert check("ls").stdout.decode().startswith("read: runs at once")
    untaught = check("foo | bar").stdout.decode()
    assert untaught == "not rated: no rules cover foo, bar. Runs at once; what it starts meets the shims\n"
    assert b"\x1b" not in check("--", "git", "\x1b[2J").stdout


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ('rm -rf "$X"', True),
        ("sudo docker system prune -af", True),
        ("bash -c 'git push --force'", True),
        ("find . -exec rm {} +", True),
        ("docker system prune -af", False),
        ("git status && terraform destroy", False),
        ("ssh web1 rm -rf /srv/app", False),
        ('/bin/rm -rf "$X"', False),
        ('echo x > "$X"', False),
    ],
)
def test_a_person_is_told_whether_anybody_would_be_asked(check: Check, line: str, met: bool) -> None:
    said = check(line).stdout.decode().splitlines()[0]
    assert said.startswith("destructive")
    assert said.endswith("waits for a person" if met else "and nobody is asked")


def test_what_can_be_brought_back_says_by_what(check: Check) -> None:
    said = check("git reset --soft HEAD~1").stdout.decode()
    assert "what brings it back: git's reflog" in said and "safer" not in said


@pytest.mark.parametrize(
    ("line", "status"), [("ls", 0), ("redis-cli flushall", 0), ("rm precious", 3), ("rm -rf /", 3), ("rm 'x", 3)]
)
def test_the_exit_status_tells_the_decision_if_it_is_asked_for(check: Check, line: str, status: int) -> None:
    for options in ((), ("--json",), ("--explain",)):
        assert check(*options, "--exit-code", line, status=status).stdout == check(*options, line).stdout


@pytest.mark.parametrize(
    "words", [["--batch", "--exit-code"], [], ["--json"], ["--batch", "ls"], ["--unheard-of", "ls"]]
)
def test_a_call_that_makes_no_sense_is_a_usage_error(check: Check, words: list[str]) -> None:
    assert check(*words, status=2).stderr


def test_a_batch_answers_each_line_in_order(batch: Callable[..., list[dict[str, Any]]]) -> None:
    answers = batch(
        {"id": 1, "command": "ls"},
        {"id": "two", "argv": ["rm", "precious"]},
        {"command": "git push --force && make"},
        {"id": {"deep": [1]}, "argv": ["echo", "rm precious"]},
    )
    assert [a["id"] for a in answers] == [1, "two", None, {"deep": [1]}]
    assert [a["rating"] for a in answers] == ["read", "destructive", "destructive", "read"]
    assert answers[2]["unguarded"] == ["make"]
    assert list(answers[0]) == ["id", "rating", "rated", "catastrophic", "decision", "reasons", "unguarded"]


BAD = [
    ("", None, "not JSON"),
    ("{", None, "not JSON"),
    ("[" * 100_000, None, "not JSON"),
    ("[]", None, "not an object"),
    (b'{"command": "\xff"}', None, "not UTF-8: byte 14"),
    ({"id": 1}, 1, 'either "command" or "argv"'),
    ({"id": 1, "command": "ls", "argv": ["ls"]}, 1, 'either "command" or "argv"'),
    ({"id": 1, "command": "ls", "comand": ""}, 1, 'unknown key "comand"'),
    ({"id": 1, "command": ["ls"]}, 1, '"command" must be a text'),
    ({"id": 1, "command": "\ud800"}, 1, '"command" must be a text'),
    ({"id": 1, "argv": "ls"}, 1, '"argv" must be a list'),
    ({"id": 1, "argv": []}, 1, '"argv" must be a list'),
    ({"id": 1, "argv": ["ls", 1]}, 1, '"argv" must be a list'),
    ({"id": 1, "argv": ["a\0b"]}, 1, '"argv" must be a list'),
    ({"id": 1, "command": "ls", "cwd": 7}, 1, '"cwd" must be a text'),
    ({"id": 1, "command": "ls", "cwd": "/no/such"}, 1, "there is no directory /no/such"),
    ({"id": 1, "command": "ls", "cwd": "precious"}, 1, "there is no directory precious"),
    ({"id": 1, "command": "ls", "env": []}, 1, '"env" must be an object'),
    ({"id": 1, "command": "ls", "env": {"A": 1}}, 1, '"env" must be an object'),
    ({"id": 1, "command": "ls", "env": {"A=B": "c"}}, 1, '"env" must be an object'),
]


def test_a_line_that_cannot_be_taken_does_not_stop_the_batch(batch: Callable[..., list[dict[str, Any]]]) -> None:
    lines = [part for bad, _, _ in BAD for part in (bad, {"id": "next", "command": "ls"})]
    answers = batch(*lines)
    assert len(answers) == 2 * len(BAD)
    for (_, subject, error), answer, after in zip(BAD, answers[::2], answers[1::2], strict=True):
        assert set(answer) == {"id", "error"} and answer["id"] == subject and error in answer["error"]
        assert (after["id"], after["rating"]) == ("next", "read")


def test_directory_and_variables_are_those_of_the_line(
    batch: Callable[..., list[dict[str, Any]]], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INHERITED", str(place / "precious"))
    (place / "sub").mkdir()
    answers = batch(
        {"command": "rm precious", "cwd": str(place)},
        {"command": "rm precious", "cwd": str(place / "sub")},
        {"command": "rm precious", "cwd": "sub"},
        {"command": 'rm "$GIVEN"', "env": {"GIVEN": "missing"}},
        {"command": 'rm "$INHERITED"', "env": {"GIVEN": "x"}},
        {"command": 'rm "$INHERITED"', "env": {"INHERITED": "missing"}},
        {"command": 'rm "$INHERITED"', "env": {"INHERITED": None}},
    )
    ratings = [answer["rating"] for answer in answers]
    assert ratings == [
        "destructive",
        "reversible",
        "reversible",
        "reversible",
        "destructive",
        "reversible",
        "destructive",
    ]
    assert "$INHERITED" in answers[-1]["reasons"][0]["text"]


def test_undecodable_bytes_pass_as_json_can_carry_them(batch: Callable[..., list[dict[str, Any]]], place: Path) -> None:
    with open(bytes(place) + b"/\xff", "wb"):
        pass
    assert [a["rating"] for a in batch({"argv": ["rm", "\udcff"]}, {"argv": ["rm", "\udcfe"]})] == [
        "destructive",
        "reversible",
    ]


def test_each_line_is_answered_before_the_next_is_read(place: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agentguard", "--root", str(tmp_path / "root"), "check", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        for number in range(3):
            process.stdin.write(b'{"id": %d, "command": "ls"}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(60) == 0
