"""What is kept is what would be derived anew, and nothing is kept where nothing is to be."""

from __future__ import annotations

import marshal
import os
import sys
from pathlib import Path

import pytest

from agentguard.lean import cache


class Deriving:
    """Derives a number, another one each time, and keeps it in `file` for `source`."""

    def __init__(self, place: Path) -> None:
        self.source, self.file = place / "source", place / "__pycache__" / "number.cache"
        self.source.write_text("1")
        self.times = 0

    def derive(self) -> int:
        self.times += 1
        return self.times

    def number(self) -> int:
        return cache.cached(str(self.file), [str(self.source)], self.derive)


@pytest.fixture
def deriving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deriving:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return Deriving(tmp_path)


def test_it_is_derived_once(deriving: Deriving) -> None:
    assert [deriving.number(), deriving.number()] == [1, 1]


def test_it_is_derived_again_when_a_source_has_changed(deriving: Deriving) -> None:
    deriving.number()
    deriving.source.write_text("22")
    assert [deriving.number(), deriving.number()] == [2, 2]
    os.utime(deriving.source, (1, 1))
    assert [deriving.number(), deriving.number()] == [3, 3]


@pytest.mark.parametrize("damage", [b"", b"\xe9", b"nothing", marshal.dumps(None), marshal.dumps((1, 2)), b"N" * 9])
def test_damage_is_as_good_as_nothing(deriving: Deriving, damage: bytes) -> None:
    deriving.number()
    deriving.file.write_bytes(damage)
    assert [deriving.number(), deriving.number()] == [2, 2]


def test_nothing_is_kept_where_python_keeps_nothing(deriving: Deriving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [deriving.number(), deriving.number()] == [1, 2]
    assert not deriving.file.exists()


def test_where_nothing_can_be_written_it_is_derived_each_time(deriving: Deriving) -> None:
    deriving.file.parent.write_text("in the way")
    assert [deriving.number(), deriving.number()] == [1, 2]


def test_a_missing_source_is_an_error(deriving: Deriving) -> None:
    deriving.source.unlink()
    with pytest.raises(FileNotFoundError):
        deriving.number()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "_second", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("why", ["told so", "in the way"])
def test_what_cannot_be_kept_beside_the_code_is_kept_elsewhere(
    deriving: Deriving, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "told so":
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    else:
        deriving.file.parent.write_text("in the way")
    assert [deriving.number(), deriving.number()] == [1, 1]
    assert not deriving.file.exists() and len(os.listdir(elsewhere)) == 1
    deriving.source.write_text("22")
    assert [deriving.number(), deriving.number()] == [2, 2]
    assert len(os.listdir(elsewhere)) == 1


def test_elsewhere_a_file_of_the_same_size_and_time_is_another_one(
    deriving: Deriving, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    os.utime(deriving.source, (1, 1))
    assert deriving.number() == 1
    deriving.source.write_text("2")
    os.utime(deriving.source, (1, 1))
    assert deriving.number() == 2


def test_what_is_kept_beside_the_code_needs_nothing_elsewhere(deriving: Deriving, elsewhere: Path) -> None:
    assert [deriving.number(), deriving.number()] == [1, 1]
    assert not elsewhere.exists()


def test_two_of_one_name_are_kept_apart(tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "source").write_text("1")
    sources = [str(tmp_path / "source")]
    for name in ("one", "two"):
        file = str(tmp_path / name / "number.cache")
        assert cache.cached(file, sources, lambda name=name: name) == name  # type: ignore[misc]
        assert cache.cached(file, sources, lambda: "derived again") == name


def test_only_check_keeps_anything_elsewhere() -> None:
    """A shim takes nothing from where an agent could write, and `install` nothing either."""
    package = Path(cache.__file__).parents[1]
    naming = [path for path in package.rglob("*.py") if "cache.use_second(" in path.read_text()]
    assert naming == [package / "cli" / "rated.py"]
    assert cache._second == ""
