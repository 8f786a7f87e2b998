"""A tmux that nobody is attached to, with a shell in each of its windows, as whoever is wanted."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: How a shell says that it has done what was typed.
PROMPT = "ready>"


class Tmux:
    """A server in `folder`; `identity` is whose it is, for subprocess."""

    def __init__(self, folder: Path, environment: Mapping[str, str], identity: Mapping[str, Any]) -> None:
        self._command = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
        self._options: dict[str, Any] = {"env": dict(environment), "cwd": folder, **identity}
        self.tell("new-session", "-d", "-x", "200", "-y", "50", "cat")

    def tell(self, *words: str) -> str:
        """What the server answers to a command."""
        done = subprocess.run(
            [*self._command, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, **self._options
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def window(self, command: str) -> Window:
        """A new window in which a shell runs, which prompts as PROMPT."""
        window = Window(self, self.tell("new-window", "-d", "-P", "-F", "#{pane_id}", command).strip())
        window.until_prompt()
        return window

    def close(self) -> None:
        """End all that runs in it."""
        self.tell("kill-server")


class Window:
    """One window, by what is typed into it and what it shows."""

    def __init__(self, tmux: Tmux, pane: str) -> None:
        self._tmux, self._pane = tmux, pane

    def run(self, line: str) -> str:
        """Type a line into the shell; what it shows until it prompts again."""
        self.type(line)
        return self.until_prompt()

    def type(self, line: str) -> None:
        """Type a line on an empty screen."""
        self._tmux.tell("send-keys", "-t", self._pane, "-R", ";", "clear-history", "-t", self._pane)
        self._tmux.tell("send-keys", "-t", self._pane, "-l", line)
        self._tmux.tell("send-keys", "-t", self._pane, "Enter")

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them, or type words that are no keys."""
        self._tmux.tell("send-keys", "-t", self._pane, *keys)

    def until_prompt(self) -> str:
        """Wait until the shell prompts; what stands above that."""
        return self.sees(PROMPT).removesuffix(PROMPT)

    def sees(self, end: str, seconds: float = 120) -> str:
        """Wait until what is shown ends so; all of it, long lines as one."""
        until = time.monotonic() + seconds
        while not (shown := self._shown()).endswith(end):
            assert time.monotonic() < until, f"no {end!r} at the end of {shown!r}"
            time.sleep(0.1)
        return shown

    def _shown(self) -> str:
        return self._tmux.tell("capture-pane", "-t", self._pane, "-p", "-J", "-S", "-").rstrip()
