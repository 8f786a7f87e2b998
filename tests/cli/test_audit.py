"""`agentguard audit` on records as the pipeline writes them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.desk import Desk
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import Asked
from agentguard.cli.audit import audit
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Reason
from agentguard.edge.layout import Root
from agentguard.errors import InstallError

pytestmark = pytest.mark.real

HOUR = 3600.0

CALLER = Origin(0, Session("s1", "claude-7"))


class Past:
    """A record written at times of one's own choice."""

    def __init__(self, root: Root) -> None:
        self.now = time.time() - HOUR
        self.records = Records(root, lambda: self.now)

    def row(self, kind: str, command: str, **facts: Any) -> None:
        argv = command.split(" ")
        text = {"rule": f"{argv[0]}.rule", "program": argv[0], "text": f"why not {argv[0]}", "instead": ""}
        standard = {"program": argv[0], "argv": argv, "cwd": "/w", "rating": "destructive", "reasons": [text]}
        self.records.log.append(kind, {**standard, "session": "s1", "session_name": "claude-7", **facts})
        self.now += 1

    def request(self, command: str) -> str:
        argv = tuple(command.split(" "))
        reasons = (Reason(f"{argv[0]}.rule", argv[0], "why"),)
        question = Question(argv[0], argv, "/w", "/bin/x", "destructive", "", reasons, (), "", "claude-7", "claude")
        request = self.records.requests.submit(Asked(question, command), CALLER).request
        self.row("asked", command, request=request.id)
        return request.id

    def answer(self, id: str, approved: bool, words: str = "") -> None:
        self.records.requests.answer((self.records.requests.request(id),), approved, {"user": "me"}, words)
        self.now += 1


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


@pytest.fixture
def past(root: Root) -> Past:
    return Past(root)


#: As a person at a terminal of that width sees it, but for the colours.
TABLE = {"TTY_COMPATIBLE": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}


def run(root: Root, *args: str, env: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(audit, args, obj=root, env=env, catch_exceptions=False)
    return result


def told(root: Root, *args: str) -> list[tuple[str, str]]:
    """Command lines and outcomes."""
    lines = map(json.loads, run(root, *args, "--json").stdout.splitlines())
    return [(" ".join(line["argv"]), line.get("outcome", line["kind"])) for line in lines]


def story(past: Past) -> None:
    """One call of each fate."""
    past.row("ran", "git status", rating="read")
    past.row("ran", "rm -rf scratch")  # destructive, but nothing stopped it
    past.row("asked", "rm here", terminal="/dev/pts/1")
    past.row("ran", "rm here", confirmed="typed at /dev/pts/1")
    past.row("asked", "rm no", terminal="/dev/pts/1")
    past.row("refused", "rm no", why="DELETE was not typed")
    past.row("asked", "rm shut", terminal="/dev/pts/1")
    past.row("refused", "git push --force", why="it cannot be shown")
    run_later = past.request("curl -X DELETE https://x")
    past.row("refused", "curl -X DELETE https://x", request=run_later, why="nobody answered")
    past.answer(run_later, True)
    past.row("ran", "curl -X DELETE https://x", request=run_later)
    denied = past.request("psql -c DROP")
    past.answer(denied, False, "not today")
    past.row("refused", "psql -c DROP", request=denied, why="a person denied it")
    late = past.request("git reset --hard")
    past.row("refused", "git reset --hard", request=late, why="nobody answered")
    gone = past.request("git clean -fdx")
    past.records.requests.withdraw(past.records.requests.request(gone))
    past.row("refused", "git clean -fdx", request=gone, why="interrupted while waiting")
    kept = past.request("git stash drop")
    past.answer(kept, True)
    changed = past.request("git branch -D x")
    past.answer(changed, True)
    past.row("refused", "git branch -D x", request=changed, why="it has changed")
    past.request("railway down")
    past.row("attempt", "agentguard approve abc", rating="", deed="approve a call")


FATES = [
    ("rm here", "approved and run"),
    ("rm no", "refused"),
    ("rm shut", "waiting"),
    ("git push --force", "refused"),
    ("curl -X DELETE https://x", "approved and run"),
    ("psql -c DROP", "denied"),
    ("git reset --hard", "timed out"),
    ("git clean -fdx", "interrupted"),
    ("git stash drop", "approved"),
    ("git branch -D x", "refused"),
    ("railway down", "waiting"),
    ("agentguard approve abc", "refused"),
]


def test_one_line_for_each_call_that_was_stopped(root: Root, past: Past) -> None:
    story(past)
    assert told(root) == FATES


def test_what_is_told_of_the_end_is_the_end(root: Root, past: Past) -> None:
    run_later = past.request("rm a")
    past.row("refused", "rm a", request=run_later, why="no person has answered yet")
    past.answer(run_later, True)
    past.row("ran", "rm a", request=run_later)
    denied = past.request("rm b")
    past.answer(denied, False, "not today")
    past.row("refused", "rm b", request=denied, why="a person said no: not today")
    shown = run(root).stdout
    assert "no person has answered yet" not in shown
    assert shown.count("not today") == 1
    assert "why" not in json.loads(run(root, "--json").stdout.splitlines()[0])


def test_filters(root: Root, past: Past) -> None:
    story(past)
    past.now += HOUR / 2
    past.row("refused", "rm other", session="s2", session_name="codex", rating="reversible")
    assert told(root, "--program", "rm") == [fate for fate in FATES if fate[0][:2] == "rm"] + [("rm other", "refused")]
    assert told(root, "--session", "codex") == told(root, "--session", "s2") == [("rm other", "refused")]
    assert told(root, "--rating", "reversible") == [("rm other", "refused")]
    assert told(root, "--limit", "2") == [("agentguard approve abc", "refused"), ("rm other", "refused")]
    assert told(root, "--since", "40m") == [("rm other", "refused")]
    assert told(root, "--since", "2h") == [*FATES, ("rm other", "refused")]
    assert told(root, "--since", "2001-02-03") == [*FATES, ("rm other", "refused")]
    assert told(root, "--since", "2999-02-03T04:05") == []
    assert len(told(root, "--all")) == past.records.log.extent().rows
    assert told(root, "--all", "--rating", "read") == [("git status", "ran")]
    assert told(root, "--all", "--limit", "2", "--session", "s1")[1] == ("agentguard approve abc", "attempt")
    assert "neither an age" in run(root, "--since", "soon").stderr


def test_what_a_limit_leaves_out_is_counted(root: Root, past: Past) -> None:
    for number in range(60):
        past.row("refused", f"rm {number}")
        past.row("ran", f"git show {number}", rating="read")
    assert told(root, "--all")[-1] == ("git show 59", "ran") and len(told(root, "--all")) == 120
    assert run(root, "--all", "--json").stderr == ""
    stopped = run(root, "--json")
    assert len(stopped.stdout.splitlines()) == 50
    assert stopped.stderr == "10 older calls that fit are left out (--limit)\n"
    assert run(root, "--all", "--program", "git", "--limit", "7").stderr == (
        "53 older rows that fit are left out (--limit)\n"
    )


def test_what_was_asked_before_since_and_answered_after_it_is_shown_whole(root: Root, past: Past) -> None:
    id = past.request("rm x")
    past.now += 1800
    past.answer(id, True)
    past.row("ran", "rm x", request=id)
    (line,) = map(json.loads, run(root, "--since", "40m", "--json").stdout.splitlines())
    assert (line["kind"], line["outcome"], line["by"]) == ("asked", "approved and run", {"user": "me"})


def test_a_request_that_waited_too_long_has_timed_out(root: Root, past: Past) -> None:
    past.now -= 2 * HOUR
    past.request("rm x")
    assert told(root) == [("rm x", "timed out")]


def test_a_call_that_was_killed_while_it_waited_is_not_waiting(root: Root, past: Past) -> None:
    past.now += HOUR / 2
    killed = {"waits": {"pid": os.getpid(), "start": 1, "seconds": 2 * HOUR}}
    past.request("rm x")
    request = past.request("rm y")
    past.row("asked", "rm y", request=request, **killed)
    assert told(root) == [("rm x", "waiting"), ("rm y", "interrupted")]
    assert [json.loads(line)["open"] for line in run(root, "--json").stdout.splitlines()] == [True, True]


def test_the_table_reads_well(root: Root, past: Past) -> None:
    story(past)
    shown = run(root, env=TABLE).stdout
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 100
    (row,) = re.findall(r"^.*psql -c DROP.*\n.*\n.*\n.*", shown, re.M)
    words = "destructive", "denied", "psql", "claude-7", "why not psql [psql.rule]", "a person denied it", "not today"
    assert [word for word in words if word not in row] == []
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row)
    waiting = past.records.requests.pending()[-1].id
    assert f"request {waiting}" in shown


def test_in_a_pipe_each_call_is_fields_between_tabs(root: Root, past: Past) -> None:
    story(past)
    past.row("refused", "rm a\tb\nc", why="x\ty")
    lines = [line.split("\t") for line in run(root).stdout.splitlines()]
    assert {len(line) for line in lines} == {8}
    assert [(line[6], line[3]) for line in lines] == [*FATES, (r"rm $'a\tb\nc'", "refused")]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", lines[0][0])
    assert lines[5][1:3] == ["claude-7", "destructive"]
    assert lines[5][7] == "why not psql [psql.rule]; a person denied it; not today"
    assert lines[-3][4] == past.records.requests.pending()[-1].id and lines[0][4] == ""
    assert lines[-1][7].endswith(r"; x\ty")
    every = run(root, "--all").stdout.splitlines()
    assert len(every) == past.records.log.extent().rows and every[0].split("\t")[3] == "ran"


def test_nothing_in_a_call_reaches_the_terminal_raw(root: Root, past: Past) -> None:
    evil = "rm \x1b[2J\u202e[bold]x\udce9"
    past.row("refused", evil, why="because \x1b]0;x\x07", session_name="s\x1b[1m", reasons=[{"text": "\r\n:smile:"}])
    shown = run(root, env=TABLE).stdout
    assert not set(run(root).stdout) & set("\x1b\x07\r\u202e\udce9")
    assert not set(shown) & set("\x1b\x07\r\u202e\udce9")
    assert "$'\\x1b[2J\\u202e[bold]x\\xe9'" in shown
    assert ":smile:" in shown
    raw = run(root, "--json").stdout
    assert raw.isascii() and json.loads(raw)["argv"] == evil.split(" ")


def test_a_huge_call_is_cut_in_the_table_only(root: Root, past: Past) -> None:
    past.row("refused", "rm " + "x" * 100_000)
    assert len(run(root, env=TABLE).stdout) < 3000
    assert len(run(root, "--json").stdout) > 100_000 < len(run(root).stdout)


def test_looking_makes_no_record(root: Root) -> None:
    for args in ((), ("--all",), ("verify",)):
        with pytest.raises(InstallError, match="nothing is installed"):
            run(root, *args)
    assert not os.path.exists(root.path)
    os.makedirs(root.data, 0o700)
    for args in ((), ("--all",), ("verify",)):
        result = run(root, *args)
        assert (result.stdout, result.stderr, result.exit_code) == ("", "The record is empty.\n", 0)
    assert not os.path.exists(root.record)


def test_nothing_fits(root: Root, past: Past) -> None:
    past.row("ran", "git status", rating="read")
    assert run(root, env=TABLE).stdout == "No call that was stopped fits.\n"
    assert run(root).stdout == run(root, "--json").stdout == ""


def test_verify_proves(root: Root, past: Past) -> None:
    story(past)
    extent = past.records.log.extent()
    result = run(root, "verify")
    assert result.exit_code == 0
    assert result.stdout == f"The record is whole: {extent.rows} rows, up to row {extent.rows}.\nhead {extent.head}\n"


def test_verify_names_the_broken_row(root: Root, past: Past) -> None:
    story(past)
    past.records.close()
    with closing(sqlite3.connect(root.record, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER record_remains")
        connection.execute("DELETE FROM record WHERE seq = 4")
    result = run(root, "verify")
    assert result.exit_code == 1
    assert result.stdout == "row 4 is broken: it is missing: row 5 follows row 3\n"


@pytest.mark.parametrize("args", [("old",), ("--keep", "2d", "--before", "2020-01-01", "old")])
def test_prune_wants_one_limit(root: Root, args: tuple[str, ...]) -> None:
    result = run(root, "prune", *args)
    assert result.exit_code == 2
    assert "either --before or --keep" in result.stderr


def test_prune_is_for_a_person(root: Root, past: Past, tmp_path: Path, desk: Desk) -> None:
    story(past)
    rows = past.records.log.extent().rows
    past.records.close()
    command = f"{sys.executable} -m agentguard.cli.main --root {root.path} audit"
    desk.run(f"CLAUDECODE=1 {command} prune --keep 1m old.jsonl")
    assert desk.status() == 126
    assert not (tmp_path / "old.jsonl").exists()
    assert f"{rows} rows are now in old.jsonl" in desk.run(f"{command} prune --keep 1m old.jsonl")
    assert "The record is whole: 2 rows" in desk.run(f"{command} verify"), "the attempt and the pruning"
    assert stat.S_IMODE((tmp_path / "old.jsonl").stat().st_mode) == 0o600
    row, attempt = past.records.log.rows()
    assert (row.body["kind"], attempt.body["kind"]) == ("pruned", "attempt")
    assert row.body["by"]["terminal"].startswith("/dev/pts/")
    assert row.body["file"] == str(tmp_path / "old.jsonl")


def test_colours_only_on_a_terminal_and_without_no_color(root: Root, past: Past, desk: Desk) -> None:
    past.row("refused", "rm x")
    past.records.close()
    command = f"{sys.executable} -m agentguard.cli.main --root {root.path} audit"
    assert "\x1b[31m" in desk.run(f"TERM=xterm-256color {command}")
    assert "\x1b[31m" not in desk.run(f"NO_COLOR=1 TERM=xterm-256color {command}")


def test_help_has_examples(root: Root) -> None:
    for args in ((), ("verify",), ("prune",)):
        assert "Examples:" in run(root, *args, "--help").stdout


@pytest.mark.parametrize("everything", [False, True])
def test_a_person_who_is_asked_for_a_proof_was_not_refused(root: Root, past: Past, everything: bool) -> None:
    nobody = {"session_name": "every program of user 7", "why": "its terminal is held by tmux", "rating": ""}
    past.row("attempt", "agentguard approve", **nobody, asked="a factor", terminal="/dev/pts/3")
    past.row("attempt", "agentguard deny", **nobody)
    told = CliRunner().invoke(audit, ["--all"] if everything else [], obj=root).stdout.splitlines()
    fields = [line.split("\t") for line in told]
    assert [(one[1], one[3]) for one in fields] == [
        ("a terminal of yours", "asked for a proof"),
        ("every program of user 7", "attempt" if everything else "refused"),
    ]
