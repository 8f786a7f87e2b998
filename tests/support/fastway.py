"""The shims' fast way in tests: a root with all that it reads, and shells that say what it decides."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agentguard import resources
from agentguard.core.call import Call
from agentguard.core.text.encoding import encode
from agentguard.core.world import World
from agentguard.edge.installation import shims
from agentguard.edge.installation.startup_files import quoted
from agentguard.edge.layout import Root
from agentguard.edge.records import spool
from agentguard.edge.world import RealWorld
from agentguard.fastpath import shell_tables
from agentguard.rulebook import compiled
from agentguard.rulebook.load import Rulebook

#: Sources whose answer depends on the words of the call.
BY_WORDS = ("git-push-forced", "git-autostash-drops", "git-staged-gone")
PROGRAMS = ("curl", "git", "psql", "railway", "rm")
SHELLS = {"dash": ["dash"], "bash": ["bash", "-p"]}
PERSON = "[user]\n\tname = Dev\n\temail = dev@example.org\n[alias]\n\tco = checkout\n[core]\n\tpager = less\n"
#: Stands for a program: says with what it was started.
RECORDER = """#!/bin/sh
case " $* " in *' diff-files '*) exit ;; esac # which a shim asks by itself
printf '%s\\n' "$0"
[ $# = 0 ] || printf '<%s>' "$@"
exit 7
"""


class Verdicts(NamedTuple):
    """What a shell said of each vector, and the rows that it wrote for those that it lets through."""

    run: list[bool]
    rows: list[dict[str, Any]]


class Ground:
    """A root with everything that a shim reads, a repository to call from, and programs that are never started."""

    def __init__(self, place: Path, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.root = Root(str(place / "root"))
        store = place / "root" / "store" / "v1"
        rules = store / "lib" / "agentguard" / "rules"
        rules.mkdir(parents=True)
        compiled.write(rulebook, str(rules))
        shell_tables.write(rulebook, str(rules), Path(resources.shims(), "settings.sh").read_text())
        (store / "enter.py").write_text("")
        (store / "python").symlink_to(shutil.which("true") or "/bin/true")
        (place / "root" / "current").symlink_to("store/v1")
        (place / "root" / "data").mkdir(mode=0o700)
        (place / "root" / "shims").mkdir()
        (place / "bin").mkdir()
        shims.put(shims.wanted(self.root, PROGRAMS))
        for name in PROGRAMS:
            (place / "bin" / name).write_text(RECORDER)
            (place / "bin" / name).chmod(0o755)
        self.home, self.tree = place / "home", place / "tree"
        self.home.mkdir()
        (self.home / ".gitconfig").write_text(PERSON)
        self.env = {
            "PATH": f"{self.root.shims}:{place}/bin:/usr/bin:/bin", "HOME": str(self.home), "PWD": str(self.tree),
            "PAGER": "cat", "GIT_EDITOR": "true", "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        subprocess.run(["git", "init", "-q", str(self.tree)], env=self.env | {"PATH": "/usr/bin:/bin"}, check=True)
        with open(self.tree / ".git" / "config", "a") as config:
            config.write('[remote "origin"]\n\turl = ../up\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')

    @contextlib.contextmanager
    def denied(self) -> Iterator[None]:
        """Meanwhile a person has denied something."""
        spool.deny(self.root.data)
        try:
            yield
        finally:
            Path(self.root.data, "denied").unlink()

    def ask(
        self,
        shell: list[str],
        program: str,
        vectors: list[tuple[str, ...]],
        place: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Verdicts:
        """What that shell, running the shim's own text, decides about each vector."""
        folder = Path(self.root.data, "spool")
        shutil.rmtree(folder, ignore_errors=True)
        spool.prepare(self.root.data)
        defined, _, rest = Path(self.root.shims, program).read_text().partition("_ag_plain=")
        block = "_ag_plain=" + rest.partition("\n# Python changes signal")[0]
        assert block.count('exec "$_ag_real" "$@"') == 1
        block = block.replace('exec "$_ag_real" "$@"', "_ag_verdict=run\n    break")
        # A function, so that the shell reads the block once.
        decide = f"_ag_decide() {{\n_ag_verdict=slow\n{block}\nprintf '%s\\n' \"$_ag_verdict\" >&3\n}}\n"
        calls = (f"_ag_decide {' '.join(map(quoted, vector))}\n" for vector in vectors)
        (place / "driver").write_bytes(encode(defined + decide + "".join(calls)))
        with open(place / "verdicts", "wb") as verdicts:
            done = subprocess.run(
                ["sh", "-c", f'exec 3>&1 1>&2; exec "$@" {quoted(str(place / "driver"))}', "sh", *shell],
                cwd=cwd or self.tree, env=env or self.env, stdout=verdicts, stderr=subprocess.PIPE, timeout=1200,
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        run = [line == "run" for line in (place / "verdicts").read_text().splitlines()]
        assert len(run) == len(vectors)
        lines = [line for number in sorted(folder.glob("[0-9]*")) for line in number.read_bytes().split(b"\n") if line]
        return Verdicts(run, [spool._facts(line, 0, 0, spool.Caller("", "", "", ()), {}) for line in lines])


class Blind(World):
    """A world that may be asked for configuration alone: a call that is plain needs nothing else."""

    def __init__(self, real: RealWorld, looked_up: dict[Any, Any]) -> None:
        self.real = real
        self.looked_up = looked_up

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        asked = (source, key, call.cwd, call.invocation.argv if source in BY_WORDS else ())
        if asked not in self.looked_up:
            self.looked_up[asked] = self.real.lookup(source, key, call)
        return self.looked_up[asked]  # type: ignore[no-any-return]

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        return self.real.ambient(variables, files, call)
