"""What a shim lets through by itself runs by the classifier's word too: on generated calls, in real shells.

Vectors are made from each program's own grammar: any command, options in every spelling and order,
abbreviated, clustered, taken back, with odd values, odd bytes and nothing at all. The block of the
shim that decides is run by a shell over all of them, with its `exec` replaced by a verdict.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agentguard import resources
from agentguard.classify import Classifier
from agentguard.core.call import Call, Invocation
from agentguard.core.decide import decide
from agentguard.core.effect import RATINGS
from agentguard.core.octets import raw
from agentguard.core.secrets import masked
from agentguard.core.world import World
from agentguard.edge import shims, spool
from agentguard.edge.root import Root
from agentguard.edge.startup_files import quoted
from agentguard.edge.world import RealWorld
from agentguard.rulebook import compiled, fastpath
from agentguard.rulebook.load import Rulebook, load
from agentguard.rulebook.model import Command, Program

#: How many vectors of each program a shell is asked about.
VECTORS = 20_000
PROGRAMS = ("curl", "git", "psql", "railway", "rm")
SHELLS = {"dash": ["dash"], "bash as sh": ["bash", "--posix", "-p"]}
PERSON = "[user]\n\tname = Dev\n\temail = dev@example.org\n[alias]\n\tco = checkout\n[core]\n\tpager = less\n"

#: Words that programs take for more than data, or that a shell could stumble over.
ODD = (
    "", "-", "--", "---", "-x", "--x=", "=", "a b", " ", "*", "?", "[a]", "!x", "\\", "'", '"', "$HOME", "`id`", ";",
    "\n", "a\nb", "\x1b[2J", "\udcff", "--\udcff", "é", "--output=x", "--help", "--version", "-h", "-q -s",
    "--short --branch", " --short ", "-C", "--git-dir=/x", "--no-x", "x" * 300, "ext::sh -c x", "fd::7", "+main:main",
    ":main", "main:refs/heads/x", "HEAD", "origin", "@{u}", "HEAD:a", "secret=hunter2",
    "https://user:pw@example.org/", "ghp_0123456789abcdef0123456789abcdef0123", "-p x", "\x1f", "\x1e", "\t", "a\rb",
    "-5", "-5x", "-n5", "0",
)  # fmt: skip
URLS = (
    "https://example.org/", "http://localhost:3000/health", "localhost:8080/x?y=1", "127.0.0.1:9200/_all",
    "https://EXAMPLE.org", "ftp://example.org/x", "https://api.telegram.org/bot1/deleteWebhook",
    "https://example.org/graphql?query=mutation{x}", "https://ec2.AMAZONAWS.com/?Action=TerminateInstances",
    "https://slack.com/api/chat.delete", "file:///etc/passwd", "https://example.org/{a,b}",
    "https://example.org/[1-9]", "https://%61.example.org/", "http://localhost:6443/api/v1/namespaces/x/pods/y/exec",
    "example.org", "-", "https://example.org//api//v1/", "https://example.org/../x", "http:/x", "GET", "HEAD",
    "DELETE", "POST", "/dev/null", "%{http_code}", "\\n%{http_code}", "%output{x}", "Accept: a/b",
    "X-HTTP-Method-Override: DELETE", "Authorization: Bearer abcdef123456", "@body.json", "x=1",
)  # fmt: skip


COMMANDS = ("\\dt", "\\d x", "\\dt\ndrop table t", "\\! rm -rf x", "select 1", "drop table t", "app", "host=db", "\\q")


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
        fastpath.write(rulebook, str(rules), Path(resources.shims(), "settings.sh").read_text())
        (store / "enter.py").write_text("")
        (store / "python").symlink_to(shutil.which("true") or "/bin/true")
        (place / "root" / "current").symlink_to("store/v1")
        (place / "root" / "data").mkdir(mode=0o700)
        (place / "root" / "shims").mkdir()
        (place / "bin").mkdir()
        shims.put(shims.wanted(self.root, PROGRAMS))
        for name in PROGRAMS:
            (place / "bin" / name).write_text("#!/bin/sh\n")
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

    def ask(self, shell: list[str], program: str, vectors: list[tuple[str, ...]], place: Path) -> Verdicts:
        """What that shell, running the shim's own text, decides about each vector."""
        folder = Path(self.root.data, "spool")
        shutil.rmtree(folder, ignore_errors=True)
        spool.prepare(self.root.data)
        defined, _, rest = Path(self.root.shims, program).read_text().partition("_ag_plain=")
        block = "_ag_plain=" + rest.partition("\n# Python changes signal")[0]
        assert block.count('exec "$_ag_real" "$@"') == 1
        block = block.replace('exec "$_ag_real" "$@"', "_ag_verdict=run\n    break")
        (place / "block").write_text(f"_ag_verdict=slow\n{block}\nprintf '%s\\n' \"$_ag_verdict\" >&3\n")
        calls = (f"set -- {' '.join(map(quoted, vector))}\n. {quoted(str(place / 'block'))}\n" for vector in vectors)
        (place / "driver").write_bytes(raw(defined + "".join(calls)))
        with open(place / "verdicts", "wb") as verdicts:
            done = subprocess.run(
                ["sh", "-c", f'exec 3>&1 1>&2; exec "$@" {quoted(str(place / "driver"))}', "sh", *shell],
                stdout=verdicts, stderr=subprocess.PIPE, cwd=self.tree, env=self.env, timeout=1200, check=False,
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
        asked = (source, key, call.cwd)
        if asked not in self.looked_up:
            self.looked_up[asked] = self.real.lookup(source, key, call)
        return self.looked_up[asked]  # type: ignore[no-any-return]

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        return self.real.ambient(variables, files, call)


def vectors(program: Program, number: int, seed: int) -> Iterator[tuple[str, ...]]:
    """Argument vectors of that program, most of them such as somebody could mean."""
    random_ = random.Random(f"{program.name} {seed}")
    paths = [path for path in program.commands if path]
    for _ in range(number):
        path = random_.choice(paths) if paths and random_.random() < 0.9 else ()
        words: list[str] = []
        for depth in range(len(path) + 1):
            for _ in range(random_.choice((0, 0, 0, 1) if depth < len(path) else (0, 1, 1, 2, 3))):
                words += _option(program.commands[path[:depth]], random_)
            if depth < len(path):
                above = program.commands[path[:depth]]
                names = [name for name, own in above.commands.items() if own == path[depth]]
                words.append(random_.choice(names))
        for _ in range(random_.choice((0, 0, 1, 1, 2, 3))):
            words.insert(random_.randint(len(path), len(words)), _value(program, random_))
        if random_.random() < 0.1:
            words.insert(random_.randint(0, len(words)), random_.choice(ODD))
        if random_.random() < 0.002:
            words += ["x"] * 3000
        yield tuple(words)


def _option(command: Command, random_: random.Random) -> list[str]:
    if not command.options or random_.random() < 0.03:
        return [random_.choice(ODD)]
    name, option = random_.choice(list(command.options.items()))
    value = random_.choice((*ODD, *URLS, *COMMANDS, *COMMANDS, "x", "main", "1"))
    if not name.startswith("--"):
        letters = [other[1] for other in command.options if len(other) == 2 and other[0] == "-"]
        cluster = "".join(random_.choices(letters or ["x"], k=random_.choice((0, 0, 0, 1, 2)))) + name[1:]
        return [f"-{cluster}", *([value] if option.takes == "value" and random_.random() < 0.8 else ())]
    if random_.random() < 0.15:
        name = name[: random_.randint(2, len(name))]
    if random_.random() < 0.1:
        name = f"--no-{name[2:]}" if random_.random() < 0.8 else name.replace("--no-", "--")
    if option.takes == "nothing":
        return [name if random_.random() < 0.95 else f"{name}={value}"]
    attached = option.takes == "optional" or random_.random() < 0.5
    return [f"{name}={value}"] if attached else [name, *([value] if random_.random() < 0.9 else ())]


def _value(program: Program, random_: random.Random) -> str:
    if program.name == "curl" and random_.random() < 0.9:
        return random_.choice(URLS)
    return random_.choice((*ODD, "x", "a.txt", "src", "main", "HEAD~1")) if random_.random() < 0.5 else "x"


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(resources.rules())


@pytest.fixture(scope="module")
def ground(rulebook: Rulebook, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground"), rulebook)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_shim_lets_through_runs(ground: Ground, rulebook: Rulebook, name: str, tmp_path: Path) -> None:
    program = rulebook.program(name)
    assert program
    called = list(dict.fromkeys(vectors(program, VECTORS, 1)))
    said = {}
    for shell, command in SHELLS.items():
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
        (tmp_path / command[0]).mkdir()
        said[shell] = ground.ask(command, name, called, tmp_path / command[0])
    dash, bash = said.values()
    looked_up: dict[Any, Any] = {}
    rows = iter(dash.rows)
    for vector, run in zip(called, dash.run, strict=True):
        if not run:
            continue
        call = Invocation((name, *vector), str(ground.tree), ground.env)
        reading = Classifier(rulebook, Blind(RealWorld(call, ground.root.shims), looked_up)).command(call)
        told = [(effect.rule, effect.reason) for effect in reading.effects]
        assert decide(reading).action == "run", (vector, told)
        row = next(rows)
        assert row["argv"] == masked(call.argv) == call.argv, "nothing of it is secret"
        assert RATINGS.index(row["rating"]) >= RATINGS.index(reading.rating), (vector, row["rating"], told)
    assert not any(of_bash and not of_dash for of_bash, of_dash in zip(bash.run, dash.run, strict=True))
    assert sum(dash.run) > len(called) / 200, "some of them are plain"
