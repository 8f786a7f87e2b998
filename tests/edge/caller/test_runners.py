"""What may be an agent between a person's shell and a call: told by executables, not by names."""

from __future__ import annotations

import pytest

from agentguard.core.caller import Process
from agentguard.edge.caller.runners import beside_in_doubt, in_doubt

BASH = Process(5, 1, "bash", ("-bash",), "/usr/bin/bash")


def process(exe: str, *argv: str, name: str = "") -> Process:
    return Process(9, 2, name or exe.rpartition("/")[2][:15], argv or (exe,), exe)


def changeable(process: Process) -> str:
    """As if all of the system's were root's, and everything else the user's own."""
    return "" if process.exe.startswith("/usr/") else process.exe


def typed(process: Process) -> bool:
    """As if every shell were typed into, but for what is called fed."""
    return process.name != "fed"


def python(*argv: str) -> Process:
    return process("/usr/bin/python3.11", *argv)


def node(*argv: str) -> Process:
    return process("/usr/bin/node", *argv)


@pytest.mark.parametrize(
    ("between", "doubt"),
    [
        ((), ""),
        ((process("/usr/bin/make"), process("/usr/bin/dash", "sh", "-c", "rm data")), ""),
        ((process("", "sudo", "rm", name="sudo"),), ""),
        ((node("npm run build"),), ""),
        ((node("node", "/usr/lib/node_modules/npm/bin/npm-cli.js", "ci"),), ""),
        ((python("/usr/bin/python3", "/usr/bin/pre-commit", "run"),), ""),
        ((python("python3", "-m", "tox"),), ""),
        ((python("/usr/bin/python3", "-sP", "/usr/bin/pip", "install", "x"),), ""),
        ((node("node", "--disable-warning", "npm", "helper.js"),), "node"),  # the value of an option
        ((python("python3", "helper.py"),), "python3"),
        ((python("python3", "-c", "import pip"),), "python3"),
        *(((python("python3", name),), "python3") for name in ("watch.py", "task.py", "git.py", "nox.py")),
        *(((node("node", name),), "node") for name in ("make.js", "task", "find.mjs", "npm.js")),
        ((python("npm run build"),), "npm run build"),  # a title that only node gives itself
        ((node("git helper"),), "git helper"),
        ((node("npm"),), "npm"),
        ((process("/home/ada/work/task", "./task"),), "task"),  # a binary that is called like one
        ((process("/home/ada/bin/agent", "git", name="git"),), "git"),  # by its executable
        ((process("", "helper", name="helper"),), "helper"),
        ((BASH, process("/home/ada/bin/agent")), ""),  # above the session's leader: the terminal's holder is judged
        ((process("/usr/bin/make"), process("/home/ada/bin/agent")), "agent"),
        ((process("/usr/bin/dash", "sh", name="fed"),), "sh"),  # helper | sh
        ((process("/usr/bin/dash", "sh", "build.sh", name="fed"),), ""),  # which reads a script
    ],
)
def test_who_may_be_an_agent(between: tuple[Process, ...], doubt: str) -> None:
    assert in_doubt((*between, BASH), BASH.pid, changeable, typed) == doubt


@pytest.mark.parametrize(
    ("leader", "doubt"),
    [
        (process("/usr/bin/zsh", "-zsh"), ""),
        (process("", "login", name="login"), ""),
        (process("/usr/bin/bash", "bash", "-c", "rm -rf data"), "bash"),  # what tmux was given to run in a pane
        (process("/usr/bin/bash", "bash", "nightly.sh"), "bash"),
        (process("/usr/bin/make", "make"), "make"),
        (process("/home/ada/work/bash", "bash"), "bash"),
    ],
)
def test_a_terminal_belongs_to_a_shell_that_is_typed_into(leader: Process, doubt: str) -> None:
    assert in_doubt((leader,), leader.pid, changeable, typed) == doubt


def test_what_left_its_session_is_in_doubt() -> None:
    assert in_doubt((process("/usr/bin/make"),), BASH.pid, changeable, typed)


@pytest.mark.parametrize(
    ("beside", "doubt"),
    [
        ((), ""),
        ((process("/usr/bin/ls"), process("/usr/bin/grep"), process("/usr/bin/xargs")), ""),
        ((process("/usr/bin/bash", "bash", "list.sh"),), ""),
        ((python("python3", "helper.py"),), "python3"),  # python3 helper.py | sh
        ((process("/usr/bin/curl", "curl", "-s", "https://x"),), "curl"),
        ((process("/usr/local/bin/llm", "llm"),), "llm"),
        ((process("/home/ada/work/agent", "./agent"),), "agent"),
    ],
)
def test_who_runs_beside_it_may_say_what_it_runs(beside: tuple[Process, ...], doubt: str) -> None:
    assert beside_in_doubt(beside, changeable) == doubt
