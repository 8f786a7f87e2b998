"""What a shim lets through by itself runs by the classifier's word too: on generated calls, in real shells.

Vectors are made from each program's own grammar: any command, options in every spelling and order,
abbreviated, clustered, taken back, with odd values, odd bytes and nothing at all. The block of the
shim that decides is run by a shell over all of them, with its `exec` replaced by a verdict.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fastway import PROGRAMS, SHELLS, Blind, Ground
from support.hunting import TIMES

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import RATINGS
from agentguard.core.text.redact import masked
from agentguard.edge.world import RealWorld
from agentguard.policy.decide import decide
from agentguard.policy.denials import may_share
from agentguard.rulebook.load import Rulebook
from agentguard.rulebook.model import Command, Program

pytestmark = pytest.mark.real

#: How many vectors of each program a shell is asked about.
VECTORS = 6_000 * TIMES

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
    "https://slack.com/api/chat.delete", "https://example.org/exec?SQL=drop+table+t", "http://localhost:7379/FLUSHALL",
    "https://example.org/?Query=truncate+table+t", "https://eu1.upstash.io/del/x", "http://localhost:8086/query?q=drop+x",
    "file:///etc/passwd", "https://example.org/{a,b}",
    "https://example.org/[1-9]", "https://%61.example.org/", "http://localhost:6443/api/v1/namespaces/x/pods/y/exec",
    "example.org", "-", "https://example.org//api//v1/", "https://example.org/../x", "http:/x", "GET", "HEAD",
    "DELETE", "POST", "/dev/null", "%{http_code}", "\\n%{http_code}", "%output{x}", "Accept: a/b",
    "X-HTTP-Method-Override: DELETE", "Authorization: Bearer abcdef123456", "@body.json", "x=1",
)  # fmt: skip


COMMANDS = ("\\dt", "\\d x", "\\dt\ndrop table t", "\\! rm -rf x", "select 1", "drop table t", "app", "host=db", "\\q")


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


@pytest.mark.hunt
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
    let_through = [vector for vector, run in zip(called, dash.run, strict=True) if run]
    with ground.denied():
        after = ground.ask(SHELLS["dash"], name, let_through, tmp_path / "dash")
    remains = dict(zip(let_through, after.run, strict=True))
    looked_up: dict[Any, Any] = {}
    rows = iter(dash.rows)
    for vector, run in zip(called, dash.run, strict=True):
        if not run:
            continue
        assert not re.search(r"[\0-\x1f\x7f]", "".join(vector)), "what it sends or stores may end a line there"
        call = Invocation.of((name, *vector), str(ground.tree), ground.env)
        reading = Classifier(rulebook, Blind(RealWorld(call, ground.root.shims), looked_up)).command(call)
        told = [(effect.rule, effect.told) for effect in reading.effects]
        assert decide(reading).action == "run", (vector, told)
        assert not (remains[vector] and may_share(reading)), (vector, "may aim at what was denied")
        row = next(rows)
        assert row["argv"] == masked(call.texts) == call.texts, "nothing of it is secret"
        assert RATINGS.index(row["rating"]) >= RATINGS.index(reading.rating), (vector, row["rating"], told)
    assert bash.run == dash.run
    assert [row["argv"] for row in bash.rows] == [row["argv"] for row in dash.rows]
    assert sum(dash.run) > len(called) / 200, "some of them are plain"
    reads = [row for row in dash.rows if row["rating"] == "read"]
    assert sum(after.run) >= len(reads), "a denial leaves whatever only looks"
