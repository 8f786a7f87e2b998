"""A name of an open file stands for what the call has open there, not for what this process has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentguard.core.call import Invocation
from agentguard.core.world import PATH_STATES
from agentguard.edge.world import RealWorld


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "kept").write_text("kept")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    number = os.open(tmp_path / "kept", os.O_RDONLY)
    os.set_inheritable(number, True)
    yield number
    os.close(number)


def loses(path: str, running: bool = True) -> bool:
    world = RealWorld(Invocation.of(("curl",), "/", {}), "/nowhere", running=running)
    return not PATH_STATES[world.paths((path,), "/", True)[0].state]


@pytest.mark.parametrize("place", ["/dev/fd/{}", "/proc/self/fd/{}", "/dev/fd/../fd/{}"])
def test_a_file_that_holds_something_would_lose_it(descriptor: int, place: str) -> None:
    assert loses(place.format(descriptor))


def test_a_file_below_an_open_directory_is_one_as_any_other(descriptor: int, tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(directory, True)
    assert loses(f"/dev/fd/{directory}/kept")
    assert not loses(f"/dev/fd/{directory}/new")
    os.close(directory)


def test_what_the_program_does_not_get_loses_nothing(descriptor: int) -> None:
    os.set_inheritable(descriptor, False)
    assert not loses(f"/dev/fd/{descriptor}")
    assert not loses("/dev/fd/99999")


def test_ahead_of_running_nobody_knows_what_is_open(descriptor: int) -> None:
    assert not loses(f"/dev/fd/{descriptor}", running=False)


def test_pipes_and_empty_files_lose_nothing(descriptor: int, tmp_path: Path) -> None:
    os.truncate(tmp_path / "kept", 0)
    assert not loses(f"/dev/fd/{descriptor}")
    ends = os.pipe()
    os.set_inheritable(ends[1], True)
    assert not loses(f"/dev/fd/{ends[1]}")
    for end in ends:
        os.close(end)
