from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.desk import Desk

from agentguard.core.caller import Origin, Process, Session
from agentguard.edge.caller import agents, processes
from agentguard.edge.caller.processes import ancestry, call_started, origin, this_process

pytestmark = pytest.mark.real

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

#: Prints who calls, and when the call began, as one line of JSON; takes the named sessions as JSON.
WHO = """
import json, os, sys
from agentguard.edge.caller.processes import call_started, origin
from agentguard.core.caller import Session
sessions = {(pid, start): Session(id, name) for pid, start, name, id in json.loads(sys.argv[1])}
o = origin(sessions, os.environ)
print(json.dumps({
    "agent": o.agent, "session": [o.session.id, o.session.name, o.session.known], "terminal": o.terminal,
    "started": call_started(o, sessions), "above": [[p.pid, p.start, p.name, *p.argv[:2]] for p in o.ancestry],
}))
"""


def process(*argv: str, name: str = "", exe: str = "", pid: int = 0, start: int = 0) -> Process:
    return Process(pid, start, name or argv[0].rpartition("/")[2], argv, exe)


# What is an agent


@pytest.mark.parametrize(
    ("seen", "agent"),
    [
        (process("claude"), "claude"),
        (process("/home/u/.local/bin/claude", "--resume"), "claude"),
        (process("node", "/usr/local/bin/claude", "-p", "go", name="MainThread"), "claude"),
        (process("node", "--max-old-space-size=8192", "-r", "./hook.js", "/opt/bin/gemini"), "gemini"),
        (process("node", "/x/node_modules/@openai/codex/bin/codex.js"), "codex"),
        (process("node", "/x/node_modules/@google/gemini-cli/bundle/index.js"), "gemini"),
        (process("/x/node_modules/opencode-ai/bin/.opencode", "run"), "opencode"),
        (process("2.1.197", exe="/home/u/.local/share/claude/versions/2.1.197"), "claude"),
        (process("codex-linux-sandbox", "--", "bash"), "codex"),
        (process("sandboxed", exe="/usr/lib/codex/codex"), "codex"),
        (process("/usr/bin/python3.12", "/home/u/.local/bin/aider"), "aider"),
        (process("python", "-m", "aider", "--yes"), "aider"),
        (process("python3", "-Im", "aider.main"), "aider"),
        (process("/bin/sh", "/opt/bin/goose", "session", name="goose"), "goose"),
        (process("bun", "run", "/x/amp"), "amp"),
        (process("anything", name="opencode"), "opencode"),  # a title that the process gave itself
        (process("claude --resume"), "claude"),  # a title written over argv
        (process("cursor-agent", "-p"), "cursor"),
        # near misses: an editor, a file, an argument, code, another program's directory
        (process("/usr/share/cursor/cursor", "--type=zygote"), ""),
        (process("vim", "claude"), ""),
        (process("node", "server.js", "claude"), ""),
        (process("python3", "-c", "codex"), ""),
        (process("bash", "-lc", "claude"), ""),
        (process("cat", "/x/node_modules/@openai/codex/README.md"), ""),
        (process("/home/claude/bin/make"), ""),
        (process("claudette"), ""),
        (process("-bash"), ""),
        (process("tmux: server"), ""),
        (Process(2, 0, "kthreadd"), ""),
    ],
)
def test_agents_are_known_by_their_process(seen: Process, agent: str) -> None:
    assert agents.agent(seen) == agent


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"CLAUDECODE": "1"}, ("CLAUDECODE", "claude")),
        ({"CLAUDECODE": "1", "AMP_CURRENT_THREAD_ID": "T-1", "AGENT": "amp"}, ("AMP_CURRENT_THREAD_ID", "amp")),
        ({"GEMINI_CLI": "1", "QWEN_CODE": "1"}, ("QWEN_CODE", "qwen")),
        ({"OPENCODE": "1", "AGENT": "1"}, ("OPENCODE", "opencode")),
        ({"AI_AGENT": "claude-code_2.1.197"}, ("AI_AGENT", "claude-code")),
        ({"AI_AGENT": "crush@0.9"}, ("AI_AGENT", "crush")),
        ({"AGENT": "1"}, ("AGENT", "an agent")),
        ({"CLAUDECODE": "", "AGENT": ""}, ("", "")),
        ({"REPL_ID": "x", "CURSOR_TRACE_ID": "x", "CODEX_HOME": "/x", "SSH_AGENT_PID": "1"}, ("", "")),
    ],
)
def test_marks_in_the_environment(environment: dict[str, str], found: tuple[str, str]) -> None:
    assert agents.mark(environment) == found


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (("bash", "-c", "make"), "once"),
        (("/bin/bash", "-lc", "make"), "once"),
        (("-zsh",), "stays"),
        (("bash", "--norc", "-i"), "stays"),
        (("bash", "--rcfile", "/x/rc"), "stays"),
        (("bash", "--init-file", "/x/rc", "-i"), "stays"),
        (("bash", "-o", "pipefail", "-c", "make"), "once"),
        (("bash", "-O", "extglob"), "stays"),
        (("sh", "./configure", "--prefix=/x"), "once"),
        (("sh", "-e", "./configure"), "once"),
        (("sh", "--", "./configure"), "once"),
        (("bash", "/dev/stdin"), "stays"),
        (("bash", "/dev/fd/63"), "stays"),
        (("bash", "--", "/proc/self/fd/0"), "stays"),
        (("sh", "-s", "word"), "stays"),
        (("fish", "-C", "set x 1"), "stays"),
        (("fish", "-ic", "make"), "once"),
        (("make", "-c"), ""),
        ((), ""),
    ],
)
def test_shells_for_one_command_and_shells_that_stay(argv: tuple[str, ...], kind: str) -> None:
    assert agents.shell(Process(1, 1, "x", argv)) == kind


# Lineage


def test_the_lineage_is_this_process_and_its_parents() -> None:
    line = [this_process(), *ancestry()]
    assert line[0].pid == os.getpid()
    assert line[1].pid == os.getppid()
    assert [p.start for p in line] == sorted((p.start for p in line), reverse=True)


@linux
def test_a_name_with_spaces_and_parentheses(tmp_path: Path) -> None:
    odd = tmp_path / "a) S 1 (b"
    shutil.copy("/bin/sh", odd)
    (tmp_path / "who.py").write_text(WHO)
    told = json.loads(
        subprocess.check_output([odd, "-c", f"{sys.executable} who.py []; :"], cwd=tmp_path, env=_clean())
    )
    assert told["above"][0][2] == "a) S 1 (b"
    assert told["above"][1][0] == os.getpid()


def test_ps_knows_the_same_lineage() -> None:
    asked = processes._asked_ps()
    assert [p.pid for p in asked] == [p.pid for p in (this_process(), *ancestry())]
    assert asked[0].argv[0] == sys.executable or asked[0].argv


def test_processes_that_cannot_be_seen_count_as_an_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen() -> None:
        raise processes.Unseen("no /proc")

    monkeypatch.setattr(processes, "_lineage", unseen)
    caller = origin({}, {})
    assert (caller.session.known, caller.terminal, caller.ancestry) == (False, "", ())
    assert call_started(caller, {}) is None


# Who calls, in real process trees


def _clean() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def _who(desk: Desk, line: str, sessions: Sequence[tuple[int, int, str, str]] = ()) -> dict[str, object]:
    """Type a line in which {who} stands for the program that tells who calls it."""
    (desk.home / "who.py").write_text(WHO)
    who = f"python {desk.home}/who.py {shlex.quote(json.dumps(sessions))}"
    shown = desk.run(line.replace("{who}", who))
    return json.JSONDecoder().raw_decode(shown, shown.index("{"))[0]  # type: ignore[no-any-return]


def _script(path: Path, body: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    path.chmod(0o755)
    return str(path)


def test_a_person_at_a_terminal(desk: Desk) -> None:
    told = _who(desk, "{who}")
    assert told["agent"] == ""
    assert told["session"][1:] == [f"every program of user {os.getuid()}", False]  # type: ignore[index]
    assert str(told["terminal"]).startswith("/dev/")


AGENTS = {
    "a script": "./claude {who}",
    "a shell below it": "./claude bash -c '{who}; :'",
    "in a session of its own": "./claude setsid -w bash -c '{who}; :'",
    "an interpreter": "./node bin/claude {who}",
    "a title": "./titled {who}",
    "a version": "share/claude/versions/2.1.197 -c '{who}; :'",
    "another name": "bash -c 'exec -a claude sh -c \"$0; :\"' '{who}'",
}


@linux
@pytest.mark.parametrize("line", AGENTS.values(), ids=AGENTS.keys())
def test_below_an_agent(desk: Desk, line: str) -> None:
    home = desk.home
    _script(home / "claude", '#!/bin/sh\n"$@"\nexit $?\n')
    _script(home / "bin/claude", '"$@"\nexit $?\n')
    shutil.copy("/bin/sh", home / "node")
    (home / "share/claude/versions").mkdir(parents=True)
    shutil.copy("/bin/sh", home / "share/claude/versions/2.1.197")
    title = "import ctypes, subprocess, sys\nctypes.CDLL(None).prctl(15, b'claude')\nsubprocess.run(sys.argv[1:])\n"
    _script(home / "titled", f"#!{sys.executable}\n{title}")
    told = _who(desk, line)
    assert told["agent"] == "claude"
    assert told["terminal"] == ""
    assert told["session"][2] is True  # type: ignore[index]
    again = _who(desk, line)
    assert again["session"] != told["session"], "another process of the agent is another session"


def test_an_agent_is_one_session_for_all_its_calls(desk: Desk) -> None:
    _script(desk.home / "claude", '#!/bin/sh\n"$@"\n"$@"\n')
    (desk.home / "who.py").write_text(WHO)
    shown = desk.run(f"./claude sh -c 'python {desk.home}/who.py []; :'")
    first, second = map(json.loads, shown.splitlines())
    assert first["session"] == second["session"]


def test_an_agent_below_an_agent_makes_no_session_of_its_own(desk: Desk) -> None:
    for name in ("claude", "codex"):
        _script(desk.home / name, '#!/bin/sh\n"$@"\nexit $?\n')
    told = _who(desk, "./claude ./codex {who}")
    assert told["agent"] == "codex"
    assert str(told["session"][1]).startswith("claude (pid ")  # type: ignore[index]


def test_a_mark_makes_stricter_but_no_session(desk: Desk) -> None:
    told = _who(desk, "CLAUDECODE=1 {who}")
    assert (told["agent"], told["terminal"], told["started"]) == ("claude", "", None)
    assert told["session"][2] is False  # type: ignore[index]


def test_a_named_session_is_found_by_pid_and_start(desk: Desk) -> None:
    above = _who(desk, "{who}")["above"]
    pid, start = above[0][:2]  # type: ignore[index]
    assert _who(desk, "{who}", [(pid, start, "bash", "s1")])["session"] == ["s1", "bash", True]
    assert _who(desk, "{who}", [(pid, start, "bash", "s1")])["terminal"] == ""
    reused = _who(desk, "{who}", [(pid, start - 1, "bash", "s1")])
    assert reused["session"][2] is False  # type: ignore[index]
    assert reused["terminal"]


# When the call began


def _birth(path: Path) -> float:
    return float(subprocess.check_output(["stat", "-c", "%.9W", path]))


@linux
@pytest.mark.parametrize(
    "call",
    [
        "sh -c 'sleep 0.1; touch made; {who}'",
        "(sleep 0.1; touch made; {who})",
        "./claude setsid -w bash -c 'sleep 0.1; touch made; {who}'",
        "./claude bash -c 'sleep 0.1; touch made; {who}; :'",
        "./claude bash -c 'sleep 0.1; touch made; sh -c \"{who}; :\"'",
    ],
)
def test_files_of_this_call_and_of_an_earlier_one(desk: Desk, call: str) -> None:
    _script(desk.home / "claude", '#!/bin/sh\ntouch earlier\nsleep 0.1\n"$@"\nexit $?\n')
    desk.run("touch earlier")
    if _birth(desk.home / "earlier") == 0:
        pytest.skip("this file system keeps no birth times")
    started = _who(desk, call.replace("'{who}", "'{who}"))["started"]
    assert isinstance(started, float)
    assert _birth(desk.home / "earlier") < started < _birth(desk.home / "made")


@linux
def test_a_background_job_has_begun_too_but_not_without_a_terminal(desk: Desk) -> None:
    assert _who(desk, "{who} & wait")["started"]
    assert _who(desk, "setsid -w {who}")["started"] is None


#: Invented lines of processes from the topmost down to the call, and which of them began the call.
LINES = {
    "an agent's shell": (["init", "claude", "bash -c x", "make", "rm f"], 2),
    "an agent behind its own wrapper": (["node /x/codex", "codex", "bash -lc x", "rm f"], 2),
    "an agent's agent": (["claude", "bash -c codex", "codex", "sh -c x", "rm f"], 3),
    "a shell that stays below an agent": (["claude", "bash", "make", "rm f"], 2),
    "a server below an agent": (["claude", "python server.py", "sh -c x", "rm f"], None),
    "a program below an agent": (["claude", "rm f"], None),
    "a run's shell for one command": (["init", "sh -c x *", "make", "rm f"], 1),
    "a run's shell that became its last command": (["init", "make *", "sh -c y", "rm f"], 1),
    "a run's shell that stays": (["init", "bash *", "make", "rm f"], 2),
    "a run of an agent": (["init", "claude *", "bash -c x", "rm f"], 2),
    "a run's shell, an agent and its shell": (["sh -c x *", "claude", "bash -c y", "rm f"], 2),
    "a run's shell that has become an interpreter": (["init", "python somebot.py *", "sh -c x", "rm f"], 2),
    "a run's shell that has become its last command": (["init", "make *", "rm f"], 1),
    "a run of something else": (["init", "./somebot **", "sh -c x", "rm f"], 2),
    "a server below something else": (["init", "./somebot **", "node server.js", "rm f"], None),
    "nothing known": (["init", "cron", "sh -c x", "rm f"], None),
}


@linux
@pytest.mark.parametrize(("line", "first"), LINES.values(), ids=LINES.keys())
def test_the_outermost_process_of_the_call(line: list[str], first: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "has_terminal", lambda: False)
    away = 4_000_000  # above the highest pid that Linux gives: none of these exist
    early = _ticks_since_boot() - 100 * len(line)
    made = [process(*word.rstrip(" *").split(), pid=away + i, start=early + i * 100) for i, word in enumerate(line)]
    sessions = {
        (made[i].pid, made[i].start): Session("s", "somebot" if word.endswith("**") else "bash -c x")
        for i, word in enumerate(line)
        if word.endswith("*")
    }
    monkeypatch.setattr(processes, "_lineage", lambda: (made[-1],))
    caller = Origin(0, Session("s", "s"), tuple(reversed(made[:-1])), "claude")
    found = call_started(caller, sessions)
    if first is None:
        assert found is None
    else:
        expected = processes.started(made[first])
        assert found == pytest.approx(expected, abs=0.005)


def _ticks_since_boot() -> int:
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


@linux
@pytest.mark.parametrize(("age", "is_told"), [(60, True), (3500, True), (3700, False), (1_000_000, False)])
def test_what_was_left_running_has_begun_no_call(age: int, is_told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = _ticks_since_boot() - age * os.sysconf("SC_CLK_TCK")
    shell, call = process("bash", "-c", "x", pid=4_000_001, start=begun), process("rm", pid=4_000_002)
    monkeypatch.setattr(processes, "_lineage", lambda: (call,))
    caller = Origin(0, Session("s", "s"), (shell, process("claude", pid=4_000_000)), "claude")
    assert (call_started(caller, {}) is not None) is is_told


@linux
def test_a_start_is_never_told_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.os, "sysconf", lambda name: 100)
    monkeypatch.setattr(processes.time, "clock_gettime", {time.CLOCK_BOOTTIME: 50.0, time.CLOCK_REALTIME: 1050.0}.get)
    assert processes.started(process("make", start=700)) == 1007.01  # begun at some time in [1007.00, 1007.01)
