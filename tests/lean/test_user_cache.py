"""A user's cache is theirs: what others could have written is not read, and nothing is written at another's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agentguard.lean import user_cache

NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away is root's")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "agentguard"


def test_what_is_written_is_read_and_is_this_users_alone(folder: Path) -> None:
    assert user_cache.read(str(folder), "a") == b""
    user_cache.write(str(folder), "a", b"one")
    user_cache.write(str(folder), "a", b"two")
    assert user_cache.read(str(folder), "a") == b"two"
    assert os.listdir(folder) == ["a"]
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["readable", "link", "folder link", "folder writable", "pipe"])
def test_what_others_could_have_written_or_led_to_is_not_there(folder: Path, tmp_path: Path, damage: str) -> None:
    user_cache.write(str(folder), "a", b"one")
    file = folder / "a"
    if damage == "readable":
        file.chmod(0o640)
    elif damage == "link":
        file.rename(tmp_path / "other")
        file.symlink_to(tmp_path / "other")
    elif damage == "folder link":
        folder.rename(tmp_path / "other")
        folder.symlink_to(tmp_path / "other")
    elif damage == "folder writable":
        folder.chmod(0o770)
    else:
        file.unlink()
        os.mkfifo(file, 0o600)
    assert user_cache.read(str(folder), "a") == b""


@root_only
@pytest.mark.parametrize("whose", ["a", "."])
def test_another_users_is_not_read(folder: Path, whose: str) -> None:
    user_cache.write(str(folder), "a", b"one")
    os.chown(folder / whose, NOBODY, NOBODY)
    assert user_cache.read(str(folder), "a") == b""


@root_only
def test_nothing_is_written_below_what_is_anothers(folder: Path) -> None:
    """As root with HOME still the developer's: what root left there would be in the developer's way."""
    home = folder.parents[1]
    os.chown(home, NOBODY, NOBODY)
    user_cache.write(str(folder), "a", b"one")
    assert os.listdir(home) == []
    folder.parent.mkdir()
    os.chown(folder.parent, NOBODY, NOBODY)
    user_cache.write(str(folder), "a", b"one")
    assert os.listdir(folder.parent) == []
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    user_cache.write(str(folder), "a", b"one")
    assert os.listdir(folder) == []


@pytest.mark.parametrize("above", ["missing", "file"])
def test_where_nothing_can_be_written_nothing_happens(folder: Path, above: str) -> None:
    if above == "missing":
        folder = folder / "deep" / "deeper"
    else:
        folder.parent.write_text("in the way")
    user_cache.write(str(folder), "a", b"one")
    assert user_cache.read(str(folder), "a") == b""
