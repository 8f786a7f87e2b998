"""From `pipx install` to `agentguard uninstall`, as an ordinary user in tmux, with bash, zsh, fish and dash open."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.stores import Stores
from support.tmux import PROMPT, Tmux

from agentguard import __version__
from agentguard.edge.installation import distributions, store
from agentguard.edge.layout import Root
from agentguard.lean import prebuilt
from agentguard.readers.shell.syntax import automaton

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux here"),
]
PASSPHRASE = "correct horse battery"
#: How each shell is opened in a new terminal; dash reads no start-up file unless it is a login shell.
SHELLS = {"bash": "bash", "zsh": "zsh", "fish": "fish", "dash": f"bash -ic 'PS1=\"{PROMPT} \" exec dash'"}
#: What a person has in their start-up files, whatever its end.
FILES = {
    ".bashrc": f"PS1='{PROMPT} '\nHISTFILE=",
    ".zshrc": f"PROMPT='{PROMPT} '\n",
    ".config/fish/config.fish": f"function fish_prompt\n    echo -n '{PROMPT} '\nend\nset -g fish_greeting\n",
    ".profile": "# mine\r\n",
}
#: What fish keeps for itself, whoever starts it.
FISH = (".local/share/fish", ".config/fish/fish_variables", ".config/fish/completions", ".config/fish/functions")


class Person:
    """An ordinary user with a HOME of their own: whoever runs the tests, or for root somebody without rights."""

    def __init__(self, place: Path, stores: Stores) -> None:
        place.chmod(0o755)
        self.home = place / "home"
        self.home.mkdir()
        self.root = Root(f"{self.home}/.local/share/agentguard")
        self._stores = stores
        self._account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        #: An interpreter that they can run, and that takes the packages of this one.
        self._python = (
            f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}" if os.getuid() == 0 else sys.executable
        )
        if not os.path.exists(self._python):
            pytest.skip(f"{self._python} is not here, and this one may not be another user's to run")
        for name, content in FILES.items():
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            (self.home / name).write_text(content, newline="")
        self.owns(self.home)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a process theirs, for subprocess."""
        mine = self._account.pw_uid == os.getuid()
        return {} if mine else {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    @property
    def environment(self) -> dict[str, str]:
        """PATH has no directory of theirs, as in a new account."""
        return {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "SHELL": "/bin/bash",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
        }

    def owns(self, path: Path) -> None:
        """Everything there is theirs."""
        for one in (path, *path.rglob("*")):
            os.lchown(one, self._account.pw_uid, self._account.pw_gid)

    def pipx(self) -> Path:
        """What `pipx install agentguard` makes: an environment, and a link in ~/.local/bin; where its packages are."""
        venv = self.home / ".local/share/pipx/venvs/agentguard"
        subprocess.run([self._python, "-m", "venv", "--without-pip", str(venv)], check=True)
        (site,) = venv.glob("lib/python*/site-packages")
        files = {path: source for path, source in store.contents().items() if path.startswith("lib/")}
        for distribution in distributions._closure("agentguard"):
            notes = [file for file in distribution.files or () if "dist-info" in str(file)]
            files |= {f"lib/{file}": str(file.locate()) for file in notes}
            files |= {f"lib/{file}": str(file.locate()) for file in distribution.files or () if file.suffix == ".py"}
        for path, source in files.items():
            if ".." not in Path(path).parts:
                (site / path[len("lib/") :]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, site / path[len("lib/") :])
        command = venv / "bin/agentguard"
        command.write_text(f"#!{venv}/bin/python\nfrom agentguard.cli.main import main\nmain()\n")
        command.chmod(0o755)
        (self.home / ".local/bin").mkdir()
        (self.home / ".local/bin/agentguard").symlink_to(command)
        self.wheel(site)
        return site

    def wheel(self, site: Path) -> None:
        """Beside the package lies what was made of its rules, as in a wheel."""
        shutil.rmtree(site / "agentguard/built", ignore_errors=True)
        parts = {"rules": self._stores.compiled(), "plain": {}, "bashlex": automaton.shipped()}
        prebuilt.write(str(site / "agentguard"), parts)
        self.owns(self.home)

    def files(self) -> dict[str, tuple[int, bytes | str]]:
        """Every file and directory of their HOME but fish's own: its mode, and what is in it."""
        found: dict[str, tuple[int, bytes | str]] = {}
        for path in self.home.rglob("*"):
            name, mode = str(path.relative_to(self.home)), path.lstat().st_mode
            if not name.startswith(FISH) and name != "tmux":
                content = path.read_bytes() if stat.S_ISREG(mode) else os.readlink(path) if path.is_symlink() else ""
                found[name] = (mode, content)
        return found


@pytest.fixture
def person(lasting_tmp: Path, stores: Stores) -> Person:
    return Person(lasting_tmp, stores)


@pytest.fixture
def tmux(person: Person) -> Iterator[Tmux]:
    tmux = Tmux(person.home, person.environment, person.identity)
    yield tmux
    tmux.close()


def test_install_use_upgrade_and_uninstall(person: Person, tmux: Tmux) -> None:
    tmux.window("bash").run("fish -c true; zsh -ic true")  # whatever these make of their own
    before = person.files()
    site = person.pipx()

    first = tmux.window("bash")
    assert "not found" in first.run("agentguard --version"), "pipx's directory is not on PATH"
    first.type("~/.local/bin/agentguard install --guard everyone --factor passphrase")
    first.sees("characters or more:")
    assert not os.path.exists(person.root.path)
    first.type(PASSPHRASE)
    first.sees("again:")
    first.type(PASSPHRASE)
    asked = first.sees("? [Y/n]:")
    assert f"changes {person.home}/.bashrc  (bash)" in asked and f"changes {person.home}/.profile  (sh, bash)" in asked
    first.type("y")
    shown = first.until_prompt()
    assert f"Added lines to {person.home}/.bashrc" in shown and f"Made {person.home}/.zshenv" in shown
    assert f"`agentguard` is {person.root.path}/bin/agentguard" in shown

    open_shells = {name: tmux.window(command) for name, command in SHELLS.items() if shutil.which(name)}
    for shell in open_shells.values():
        assert f"{person.root.shims}/git" in shell.run("command -v git")
        assert "git version" in shell.run("git --version")
        assert __version__ in shell.run("agentguard --version")
        assert shell.run("bash -ic 'echo $PATH'").count(person.root.shims) == 1
    first = open_shells["bash"]
    assert "rm was not run" in first.run("touch precious; agentguard run -- sh -c 'CI=1 rm precious'")

    former = os.listdir(person.root.store)
    upgraded = site / "agentguard/__init__.py"
    upgraded.write_text(upgraded.read_text().replace(__version__, "9.9"))
    person.wheel(site)
    assert f"`{person.home}/.local/bin/agentguard install`" in first.run("agentguard install"), "that is the former one"
    assert "Put version 9.9-" in first.run("~/.local/bin/agentguard install")
    assert len(os.listdir(person.root.store)) == 1 and os.listdir(person.root.store) != former
    for shell in open_shells.values():
        assert "git version" in shell.run("git --version")

    for path in pipx_made(person):
        if not (person.home / path).is_dir():
            (person.home / path).unlink()
    for shell in open_shells.values():
        assert "9.9" in shell.run("agentguard --version"), "it outlives `pipx uninstall`"

    shutil.rmtree(person.home / ".local/share/pipx")
    (person.home / ".local/bin").rmdir()
    (person.home / "precious").unlink()
    first.type("agentguard uninstall --purge")
    first.sees("Passphrase:")
    first.type(PASSPHRASE)
    gone = first.until_prompt()
    assert "The guard is gone" in gone and f"Removed {person.home}/.zshenv" in gone
    for name, shell in open_shells.items():
        assert "git version" in shell.run("git --version"), name
    assert person.files() == before


def pipx_made(person: Person) -> list[str]:
    """What `pipx install` has put into HOME."""
    return [path for path in person.files() if path.startswith((".local/share/pipx", ".local/bin"))]
