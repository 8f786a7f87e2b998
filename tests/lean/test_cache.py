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
        self.source, self.file = place / "source", place / "__pycache__" / "number.kept"
        self.source.write_text("1")
        self.times = 0

    def derive(self) -> int:
        self.times += 1
        return self.times

    def number(self) -> int:
        return cache.kept(str(self.file), [str(self.source)], self.derive)


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
