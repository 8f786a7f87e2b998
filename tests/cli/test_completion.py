"""`completion` in the real shells: what it prints is all that is needed, also where nothing else was set up."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tmux import PROMPT, Tmux

pytestmark = pytest.mark.real

COMMAND = {
    "bash": f"PS1='{PROMPT} ' bash --noprofile --norc -i",
    "zsh": f"PS1='{PROMPT} ' zsh -f -i",
    "fish": "fish --no-config -i -C 'set -g fish_autosuggestion_enabled 0; function fish_prompt; "
    f'echo -n "{PROMPT} "; end\'',
}
BASH, ZSH = (f'eval "$(agentguard completion {shell})"' for shell in ("bash", "zsh"))
INIT = "autoload -Uz compinit; compinit -D -u"
#: How the lines come into each shell; zsh's also where a person's own start-up file sets completion up behind it.
WAYS = (
    ("bash", BASH),
    ("zsh", f"{ZSH}; {INIT}"),
    ("zsh", ZSH),
    ("zsh", f"mkdir c; agentguard completion zsh >c/_agentguard; fpath=($PWD/c $fpath); {INIT}"),
    ("fish", "agentguard completion fish | source"),
)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    environment = {
        "HOME": str(tmp_path), "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]), "SHELL": "/bin/sh", "TERM": "screen",
    }  # fmt: skip
    server = Tmux(tmp_path, environment, {})
    yield server
    server.close()


@pytest.mark.parametrize(("shell", "line"), WAYS)
def test_verbs_options_and_values_are_completed(tmp_path: Path, tmux: Tmux, shell: str, line: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    window = tmux.window(COMMAND[shell])
    window.run(line)
    window.press("agentguard completi", "Tab")
    window.sees("agentguard completion")
    window.press("ba", "Tab")
    window.sees("agentguard completion bash")
    window.press("C-u", "agentguard doctor --me", "Tab")
    window.sees("agentguard doctor --mend")
    left = {path.name for path in tmp_path.iterdir()} - {"tmux", "c", ".config", ".local", ".cache"}
    assert not left, "no file of zsh's is left"
