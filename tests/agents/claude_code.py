"""Claude Code in a guarded place: told what to do by a scripted model, with a person at a desk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_model import ScriptedModel
from support.desk import PROMPT, Desk
from support.records import Records
from support.stores import Stores

from agentguard.edge.layout import Root

PROJECT = Path(__file__).parents[2]
CLAUDE = PROJECT / ".agents" / "node_modules" / ".bin" / "claude"
#: How long a call waits for a person, in seconds.
PATIENCE = 12

NEEDED = [
    pytest.mark.real,
    pytest.mark.agents,
    pytest.mark.skipif(not CLAUDE.exists(), reason="Claude Code is not here: `make agents` fetches it (needs npm)"),
]


def repository(where: Path) -> Path:
    """A repository there, with uncommitted work and an untracked directory."""
    where.mkdir()
    git = ["git", "-c", "user.name=dev", "-c", "user.email=dev@example.org"]
    (where / "main.py").write_text("committed\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run([*git, *words], cwd=where, check=True)
    (where / "main.py").write_text("hours of work\n")
    (where / "precious").mkdir()
    (where / "precious" / "data.csv").write_text("the only copy\n")
    return where


class Guarded:
    """A root with the guard installed, a person at their own desk, and an agent."""

    def __init__(self, scratch: Path, stores: Stores, repository: Path, desk: Desk) -> None:
        self.root = scratch / "root"
        self.home = scratch / "home"
        self.home.mkdir()
        self.repository = repository
        self.desk = desk
        self.records = Records(Root(str(self.root)))
        self.install(stores)

    def install(self, stores: Stores) -> None:
        """Put the guard in force."""
        stores.seed(Root(str(self.root)))
        self.agentguard("install", "--shell", "none", "--wait", str(PATIENCE))

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "SHELL": "/bin/bash", "LC_ALL": "C.UTF-8"}

    def agentguard(self, *words: str) -> str:
        command = [sys.executable, "-m", "agentguard", "--root", str(self.root), *words]
        done = subprocess.run(
            command, env=self.env, cwd=PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, model: ScriptedModel) -> subprocess.Popen[str]:
        """Claude Code under `agentguard run`, without a terminal, allowed to do anything by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "agentguard", "--root", str(self.root), "run", "--name", "claude", "--",
             str(CLAUDE), "-p", "go", "--dangerously-skip-permissions"],
            cwd=self.repository,
            env={
                **self.env, "PYTHONPATH": str(PROJECT), "ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "x",
                "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "IS_SANDBOX": "1",  # the agent refuses to act without asking as root, where build servers run it
            },
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def answer(self, verb: str, request: str, *typed: str) -> str:
        """What a person types at their own terminal, and what that shows."""
        self.desk.type(f"{sys.executable} -m agentguard --root {self.root} {verb} {request}\n")
        shown = ""
        for word in typed:
            shown += self.desk.until("leave it: ")
            self.desk.type(word + "\n")
        return shown + self.desk.until(PROMPT)

    def next_request(self, agent: subprocess.Popen[str], known: set[str]) -> str:
        while agent.poll() is None:
            for request in self.records.requests.pending():
                if request.id not in known:
                    known.add(request.id)
                    return request.id
        raise AssertionError(f"the agent ended: {agent.communicate()[0]}")
