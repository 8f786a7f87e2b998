"""Labelled tables: what an expert with the manual open would say of a call in a known state.

Every `*.toml` here holds `cases`, a list of tables:

    run          the command line, or a list of words for one call as a shim sees it
    rating       read, reversible or destructive
    why          what makes it so
    catastrophic true where it must be said to be; never where it is not given
    names        words that the reasons must hold
    source       where it really happened, in public
    given        the facts, as examples of rules state them (docs/rules.md) …
    in           … or the place that it is called in, which is really built; "PLACE/DIRECTORY" goes down

A place is `[place.NAME]` with `script`, shell lines that make it (in an empty directory, by a
person who is nobody's user), `after`, a place whose script runs first, and `env`, the
environment that its calls have. All places of a file lie beside each other.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.guarded import lasting_directory
from support.repository import ENV

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.core.word import Known
from agentguard.edge.world import RealWorld
from agentguard.rulebook.load import Rulebook
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

TABLES = sorted(Path(__file__).parent.glob("*.toml"))
BLANK = {"GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC"}


class Places:
    """The places of one table; all are built when the first is gone to, since calls may reach from one to another."""

    def __init__(self, described: dict[str, Any], ground: Path) -> None:
        self.described = described
        self.ground = ground
        self.env = {"PATH": os.environ["PATH"], "HOME": str(ground / "home"), **BLANK}
        self.is_built = False

    def go(self, place: str) -> tuple[Path, dict[str, str]]:
        """The directory of a place, and the environment that calls there have."""
        name, _, below = place.partition("/")
        if not self.is_built:
            self.is_built = True
            (self.ground / "home").mkdir()
            for one in self.described:
                self.build(one)
        return self.ground / name / below, self.env | self.described[name].get("env", {})

    def build(self, name: str) -> None:
        (self.ground / name).mkdir()
        made = subprocess.run(
            ["sh", "-e", "-c", self.script(name)],
            cwd=self.ground / name,
            # The system's own programs, so that the scene is set under a guard as well.
            env=ENV | self.env | {"PATH": f"{os.confstr('CS_PATH')}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, f"[place.{name}] {made.stderr}"

    def script(self, name: str) -> str:
        about = self.described[name]
        before = self.script(about["after"]) if "after" in about else ""
        return f"{before}\n{about.get('script', '')}"


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Places]]:
    with lasting_directory() as ground:
        made = {}
        for table in TABLES:
            (ground / table.stem).mkdir()
            described = tomllib.loads(table.read_text()).get("place", {})
            made[table.stem] = Places(described, (ground / table.stem).resolve())
        yield made


def _cases() -> Iterator[Any]:
    for table in TABLES:
        for number, case in enumerate(tomllib.loads(table.read_text())["cases"]):
            shown = case["run"] if isinstance(case["run"], str) else " ".join(case["run"])
            yield pytest.param(table.stem, case, id=f"{table.stem}-{number}-{case.get('in', '')}-{shown[:60]}")


@pytest.mark.parametrize(("table", "case"), list(_cases()))
def test_case(table: str, case: dict[str, Any], rulebook: Rulebook, places: dict[str, Places]) -> None:
    assert case.keys() <= {"run", "rating", "why", "catastrophic", "names", "given", "in", "source"}
    assert case["why"]
    if "in" in case:
        reading = there(rulebook, case["run"], *places[table].go(case["in"]))
    else:
        run = case["run"] if isinstance(case["run"], str) else tuple(case["run"])
        reading = rate(rulebook, Example(run, case["rating"], case.get("given", {})))
    told = "; ".join(f"{effect.rule}: {effect.told}" for effect in reading.effects)
    assert reading.rating == case["rating"], told
    assert bool(reading.catastrophic) == case.get("catastrophic", False), reading.catastrophic or told
    for name in case.get("names", ()):
        assert name in told


def there(rulebook: Rulebook, run: str | list[str], cwd: Path, env: dict[str, str]) -> Reading:
    """How a line or a call is read in a real place."""
    env = env | {"PWD": str(cwd)}
    argv = ("sh", "-c", run) if isinstance(run, str) else tuple(run)
    call = Invocation.of(argv, str(cwd), env, Stream("unseen", why="a test has no input"))
    classifier = Classifier(rulebook, RealWorld(call, "/nowhere", running=False))
    return classifier.text("shell", Known(run), call) if isinstance(run, str) else classifier.command(call)
