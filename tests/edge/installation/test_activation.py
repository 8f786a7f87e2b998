"""What start-up files run: the shims are first on PATH, once, whatever was there and however often it is run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agentguard.edge.installation import shims
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

#: Each shell with the file that it reads, and how it says its PATH.
SHELLS = {
    "dash": ("dash -eu", "activate.sh", 'echo "$PATH"'),
    "bash": ("bash --norc -eu", "activate.sh", 'echo "$PATH"'),
    "bash as sh": ("bash --posix -eu", "activate.sh", 'echo "$PATH"'),
    "zsh": ("zsh -f -eu", "activate.sh", 'echo "$PATH"'),
    "fish": ("fish --no-config", "activate.fish", "string join : $PATH"),
}
#: What PATH is before, None for nothing, and after; S stands for the shims, B for the directory of `agentguard`.
PATHS = [
    (None, "S:B"),
    ("/usr/bin:/bin", "S:/usr/bin:/bin:B"),
    ("S:/usr/bin", "S:/usr/bin:B"),
    ("/nvm:S:/usr/bin:B", "S:/nvm:/usr/bin:B"),
    ("/a:S:S:/b:B:/c:S", "S:/a:/b:B:/c"),
    ("Sx:/usr/bin:S", "S:Sx:/usr/bin:B"),
]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A root whose name needs quoting everywhere, with what activates it."""
    root = Root(str(tmp_path / "it's a $root"))
    shims.put(shims.wanted(root, []))
    return root


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shims_come_first_and_once(root: Root, shell: str) -> None:
    command, file, say = SHELLS[shell]
    program = shutil.which(command.split()[0])
    if program is None:
        pytest.skip(f"{shell} is not installed")
    read = f". {shims.quoted(f'{root.path}/{file}')}"
    for before, after in PATHS:
        path = None if before is None else before.replace("S", root.shims).replace("B", f"{root.path}/bin")
        wanted = after.replace("S", root.shims).replace("B", f"{root.path}/bin")
        first = ("set -e PATH" if shell == "fish" else "unset PATH") if path is None else "true"
        done = subprocess.run(
            [program, *command.split()[1:], "-c", f"{first}; {read}; {say}; {read}; {say}"],
            env={} if path is None else {"PATH": path}, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == (f"{wanted}\n" * 2, ""), before
