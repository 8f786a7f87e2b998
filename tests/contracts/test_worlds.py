"""What rating relies on in a World: held by the one that examples state, by the real one, and by what stands before
either of them.
"""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agentguard.core.call import Call, Invocation
from agentguard.core.unseen import Unseen
from agentguard.core.world import Witness, World
from agentguard.core.world_after import AfterEffects
from agentguard.edge.world import RealWorld
from agentguard.rulecheck.examples import StatedWorld

#: The same place, once stated and once made.
GIVEN = {
    "files": {"a.txt": "one\n", "dir/b.txt": "two\n", "{home}/.toolrc": "x"},
    "paths": {
        "a.txt": "untracked",
        "b.txt": "untracked",
        "gone": "missing",
        "dir/a.txt": "untracked",
        "dir/b.txt": "untracked",
    },
    "directories": ["dir"],
    "archives": {"all.tar": ["top/a.txt", "top/new.txt"]},
    "git-alias": {"st": "status"},
}


def make(place: Path) -> None:
    made = {"a.txt": "one\n", "b.txt": "", "dir/a.txt": "", "dir/b.txt": "two\n", "home/.toolrc": "x"}
    for name, text in made.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    with tarfile.open(place / "all.tar", "w") as archive:
        for name in ("a.txt", "new.txt"):
            archive.add(place / "a.txt", f"top/{name}")
    for command in (["init", "-q"], ["config", "alias.st", "status"]):
        subprocess.run(["git", "-C", str(place), *command], check=True)


def stated(place: Path, call: Invocation) -> World:
    files = {name.replace("{home}", str(place / "home")): text for name, text in GIVEN["files"].items()}
    return StatedWorld({**GIVEN, "files": files})


def real(place: Path, call: Invocation) -> World:
    make(place)
    return RealWorld(call, "/nowhere")


WORLDS: dict[str, Callable[[Path, Invocation], World]] = {
    "stated": stated,
    "real": real,
    "witness of a stated": lambda place, call: Witness(stated(place, call)),
    "witness of the real": lambda place, call: Witness(real(place, call)),
    "later than a stated": lambda place, call: AfterEffects(stated(place, call), ()),
    "later than the real": lambda place, call: AfterEffects(real(place, call), ()),
}


@pytest.fixture
def call(tmp_path: Path) -> Call:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home")}
    return Call("git", ("st",), (), (), Invocation.of(("git", "st"), str(tmp_path), env))


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path, call: Call) -> World:
    return WORLDS[request.param](tmp_path, call.invocation)


def test_a_file_is_read_to_its_end(world: World, tmp_path: Path) -> None:
    assert world.read("a.txt", str(tmp_path)) == b"one\n"
    assert world.read("dir/b.txt", str(tmp_path)) == b"two\n"


@pytest.mark.parametrize("path", ["gone", "dir", "dir/gone"])
def test_what_is_no_file_is_unseen(world: World, tmp_path: Path, path: str) -> None:
    with pytest.raises(Unseen):
        world.read(path, str(tmp_path))


def test_each_path_has_its_state_in_the_order_asked(world: World, tmp_path: Path) -> None:
    asked = ("gone", "dir/../a.txt", "gone")
    found = world.paths(asked, str(tmp_path), False)
    assert [path.path for path in found] == [str(tmp_path / name) for name in ("gone", "a.txt", "gone")]
    assert [path.state for path in found] == ["missing", "untracked", "missing"]
    assert world.paths((), str(tmp_path), False) == ()


def test_a_pattern_stands_for_what_is_there(world: World, tmp_path: Path) -> None:
    assert world.expand("*.txt", str(tmp_path)) == ("a.txt", "b.txt")
    assert world.expand("d*/?.txt", str(tmp_path)) == ("dir/a.txt", "dir/b.txt")
    assert world.expand("*.none", str(tmp_path)) == world.expand("gon*", str(tmp_path)) == ()


@pytest.mark.parametrize(
    ("destination", "inside", "at", "over"),
    [
        ("dir", True, "dir/a.txt", ("dir/a.txt",)),
        ("dir/", True, "dir/a.txt", ("dir/a.txt",)),
        ("b.txt", True, "b.txt", ("b.txt",)),
        ("b.txt", False, "b.txt", ("b.txt",)),
        ("gone", True, "gone", ()),
    ],
)
def test_where_a_file_comes_to_lie(
    world: World, tmp_path: Path, destination: str, inside: bool, at: str, over: tuple[str, ...]
) -> None:
    found = world.destination(("a.txt",), destination, str(tmp_path), inside)
    assert found.at == (str(tmp_path / at),)
    assert found.over == tuple(str(tmp_path / path) for path in over)


def test_where_an_archive_comes_to_lie(world: World, tmp_path: Path) -> None:
    found = world.unpacking("all.tar", "dir", str(tmp_path), 1)
    assert found.over == (str(tmp_path / "dir/a.txt"),)
    assert world.unpacking("all.tar", "dir", str(tmp_path), 0).over == ()
    with pytest.raises(Unseen):
        world.unpacking("none.tar", "dir", str(tmp_path), 0)


def test_what_lies_below_and_is_named_so(world: World, tmp_path: Path) -> None:
    assert world.below(("dir",), ("*.txt",), str(tmp_path)) == ("dir/a.txt", "dir/b.txt")
    assert world.below(("dir",), ("b*", "*.none"), str(tmp_path)) == ("dir/b.txt",)
    assert world.below(("dir",), ("*.none",), str(tmp_path)) == ()


def test_a_probe_that_is_not_there_sees_nothing(world: World, call: Call) -> None:
    answer = world.ask("no-such-probe", call)
    assert answer.unseen and not answer.lost


def test_a_configured_value(world: World, call: Call) -> None:
    assert world.lookup("git-alias", "st", call) == "status"
    assert world.lookup("git-alias", "none", call) is None


def test_what_a_program_reads_by_itself(world: World, call: Call, tmp_path: Path) -> None:
    found = world.ambient((), ("~/.toolrc", "~/.none", "$HOME/.toolrc", "$NOWHERE/.toolrc"), call)
    assert {path for path, _ in found} == {str(tmp_path / "home/.toolrc")}
    assert all(content for _, content in found)
