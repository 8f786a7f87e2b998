"""What may be an agent between a person's shell and a call: told by executables, not by names."""

from __future__ import annotations

import pytest

from agentguard.core.caller import Process
from agentguard.edge.caller.runners import in_doubt

BASH = Process(5, 1, "bash", ("-bash",), "/usr/bin/bash")


def process(exe: str, *argv: str, name: str = "") -> Process:
    return Process(9, 2, name or exe.rpartition("/")[2][:15], argv or (exe,), exe)


@pytest.mark.parametrize(
    ("between", "doubt"),
    [
        ((), ""),
        ((process("/usr/bin/make"), process("/usr/bin/dash", "sh", "-c", "rm data")), ""),
        ((process("", "sudo", "rm", name="sudo"),), ""),
        ((process("/usr/bin/node", "npm run build"),), ""),
        ((process("/usr/bin/node", "node", "/usr/lib/node_modules/npm/bin/npm-cli.js", "ci"),), ""),
        ((process("/usr/bin/python3.11", "/usr/bin/python3", "/usr/bin/pre-commit", "run"),), ""),
        ((process("/usr/bin/python3.11", "python3", "-m", "tox"),), ""),
        ((process("/usr/bin/python3.11", "python3", "helper.py"),), "python3"),
        ((process("/usr/bin/python3.11", "python3", "-c", "import pip"),), "python3"),
        ((process("/usr/bin/node", "node", "make"),), ""),  # a script that is called so, and runs what it is told
        ((process("/usr/bin/node", "npm"),), "npm"),
        ((process("/home/ada/bin/agent", "git", name="git"),), "git"),  # by its executable
        ((process("", "helper", name="helper"),), "helper"),
        ((BASH, process("/home/ada/bin/agent")), ""),  # above the session's leader: the terminal's holder is judged
        ((process("/usr/bin/make"), process("/home/ada/bin/agent")), "agent"),
    ],
)
def test_who_may_be_an_agent(between: tuple[Process, ...], doubt: str) -> None:
    assert in_doubt((*between, BASH), BASH.pid) == doubt


def test_what_left_its_session_is_in_doubt() -> None:
    assert in_doubt((process("/usr/bin/make"),), BASH.pid)
