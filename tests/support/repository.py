"""Real git repositories for tests, untouched by whoever runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from agentguard.edge.system.programs import installed_git

#: The system's own: who runs these tests under a guard is not asked about what they prepare.
GIT = installed_git() or "git"
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/nonexistent/none",  # not a device: root would replace that by writing there
    "GIT_CONFIG_SYSTEM": "/nonexistent/none",
    "GIT_AUTHOR_NAME": "Dev",
    "GIT_AUTHOR_EMAIL": "dev@example.org",
    "GIT_COMMITTER_NAME": "Dev",
    "GIT_COMMITTER_EMAIL": "dev@example.org",
}


class Repository:
    """A repository at `path`; `git` runs a command in it and gives its output."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)
        self.git("config", "user.email", "dev@example.org")
        self.git("config", "user.name", "Dev")

    def git(self, *words: str, **env: str) -> str:
        done = subprocess.run([GIT, *words], cwd=self.path, env=ENV | env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str = "text\n") -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, name: str = "a.py", text: str = "one\n", **env: str) -> str:
        self.write(name, text)
        self.git("add", "-f", name)
        self.git("commit", "-q", "-m", f"change {name}", **env)
        return self.git("rev-parse", "HEAD")
