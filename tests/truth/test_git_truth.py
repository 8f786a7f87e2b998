"""Destructive exactly where work would be lost: git calls are rated, then really made, and what is left is looked at.

`git.toml` has the places (see support/git_contents.py) and `cases`, a list of tables:

    in         the places that the calls are made in
    run        the calls, a line for each; " <<< TEXT" gives standard input, "\\n" and "\\0" as in C
    stricter   why they are destructive although nothing is lost …
    milder     … or why they are not although something is; without either, rating and truth agree
    objects    true: objects that nothing reaches count as well

A call that git refuses may be rated either way, as long as nothing is lost.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.git_contents import Ground
from support.guarded import lasting_directory

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.edge.world import RealWorld
from agentguard.rulebook.load import Rulebook

pytestmark = pytest.mark.real

#: Where files are in memory only: hundreds of repositories are put back.
MEMORY = "/dev/shm"
TABLE = tomllib.loads(Path(__file__).with_name("git.toml").read_text())


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with contextlib.ExitStack() as stack:
        if os.access(MEMORY, os.W_OK):
            top = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        else:
            top = stack.enter_context(lasting_directory())
        yield Ground(top.resolve(), TABLE["place"])


def _cases() -> list[Any]:
    return [
        pytest.param(place, line, case, id=f"{place}-{line}")
        for case in TABLE["cases"]
        for place in case["in"]
        for line in case["run"]
    ]


@pytest.mark.parametrize(("place", "line", "case"), _cases())
def test_destructive_exactly_where_work_is_lost(
    place: str, line: str, case: dict[str, Any], rulebook: Rulebook, ground: Ground
) -> None:
    assert case.keys() <= {"in", "run", "stricter", "milder", "objects"}
    argv, stdin = _call(line)
    before = ground.go(place, case.get("objects", False))
    call = Invocation.of(argv, str(ground.work), ground.env | {"PWD": str(ground.work)}, Stream("known", stdin))
    reading = Classifier(rulebook, RealWorld(call, "/nowhere")).command(call)
    done = ground.call(argv, ground.work, stdin)
    lost = before.without(ground.kept(case.get("objects", False)))
    told = "; ".join(f"{effect.rule}: {effect.told}" for effect in reading.effects)
    destructive = reading.rating == "destructive"
    if "milder" in case:
        assert lost, "nothing is lost any more: no reason to be milder"
        assert not destructive, told
    elif lost:
        assert destructive, f"{', '.join(lost)} is lost: {told}"
    elif "stricter" in case:
        assert destructive, "no reason to be stricter any more"
    else:
        assert not destructive or done.returncode, f"nothing is lost: {told}"


def test_rating_runs_nothing_and_changes_nothing(rulebook: Rulebook, ground: Ground) -> None:
    """No program that a repository names for any purpose runs, though its index is locked and every call is rated."""
    ground.put("armed")
    left = _seen(ground.live)
    for line in {line for case in TABLE["cases"] for line in case["run"]}:
        argv, stdin = _call(line)
        call = Invocation.of(argv, str(ground.work), ground.env | {"PWD": str(ground.work)}, Stream("known", stdin))
        Classifier(rulebook, RealWorld(call, "/nowhere")).command(call)
        assert not (ground.live / "ran").exists(), f"{line}: {(ground.live / 'ran').read_text()}"
    assert _seen(ground.live) == left


def _seen(top: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in top.rglob("*")}


def _call(line: str) -> tuple[tuple[str, ...], bytes]:
    """The words of a line of the table, and its standard input."""
    line, _, given = line.partition(" <<< ")
    return tuple(shlex.split(line)), given.replace("\\n", "\n").replace("\\0", "\0").encode()
