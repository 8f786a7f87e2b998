"""What the wheel brings is taken as long as everything that it follows from is what it was; nothing else is."""

from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path

import pytest

from agentguard import resources
from agentguard.fastpath import derive
from agentguard.lean import prebuilt

PARTS = {"rules": {"rm.rules": b"compiled"}, "plain": {"rm.plain": b"_ag_flags="}, "bashlex": ("digest", [{"A": 1}])}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "agentguard"
    for name in ("__init__.py", "core/effect.py", "rules/rm.toml", "rules/apis/a.toml", "shims/settings.sh"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    prebuilt.write(str(package), PARTS)
    return package


def test_what_was_written_is_read(package: Path) -> None:
    assert prebuilt.read(str(package)) == PARTS
    assert prebuilt.is_proved(str(package))


def test_what_is_made_from_the_package_is_no_part_of_it(package: Path) -> None:
    for made in ("core/__pycache__/effect.pyc", "rules/compiled/rm.rules"):
        (package / made).parent.mkdir()
        (package / made).write_text("made")
    assert prebuilt.read(str(package)) == PARTS


@pytest.mark.parametrize("change", ["changed", "removed", "added", "renamed"])
@pytest.mark.parametrize("file", ["core/effect.py", "rules/rm.toml", "rules/apis/a.toml", "shims/settings.sh"])
def test_any_change_of_the_package_is_seen(package: Path, file: str, change: str) -> None:
    path = package / file
    if change == "changed":
        path.write_text(file.upper())
    elif change == "removed":
        path.unlink()
    elif change == "added":
        path.with_name(f"more{path.suffix}").touch()
    else:
        path.rename(path.with_name(f"other{path.suffix}"))
    assert prebuilt.read(str(package)) == {}


@pytest.mark.parametrize("part", [*PARTS, "digest", "more"])
def test_any_change_of_what_was_built_is_seen(package: Path, part: str) -> None:
    with open(package / "built" / part, "ab") as file:
        file.write(b" ")
    if part == "digest":  # a blank behind it says nothing else
        (package / "built" / part).write_text(
            "0" * 64 + "\n" + (package / "built" / part).read_text().partition("\n")[2]
        )
    assert prebuilt.read(str(package)) == {}


def test_where_nothing_was_built_nothing_is_read(package: Path) -> None:
    shutil.rmtree(package / "built")
    assert prebuilt.read(str(package)) == {} and not prebuilt.is_proved(str(package))


def test_it_is_the_copy_that_it_has_to_follow_from(package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("built"))
    assert prebuilt.read(str(package), str(copy)) == PARTS
    (copy / "core" / "effect.py").write_text("changed")
    assert prebuilt.read(str(package), str(copy)) == {}


def test_another_version_of_a_library_has_to_be_proved_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0" if name == "pglast" else version(name))
    assert not prebuilt.is_proved(str(package))
    assert prebuilt.read(str(package)) == PARTS, "for what is only read"


def test_that_it_was_proved_with_another_version_cannot_be_said_without_the_digest(package: Path) -> None:
    noted = package / "built" / "digest"
    noted.write_text(noted.read_text().replace("pglast ", "pglast 1"))
    assert prebuilt.read(str(package)) == {}


@pytest.mark.parametrize("state", ["whole", "edited", "another library", "not built"])
def test_a_store_gets_what_was_built_or_what_is_proved_now(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    lib = tmp_path / "lib"
    shutil.copytree(package, lib / "agentguard", ignore=shutil.ignore_patterns("built"))
    monkeypatch.setattr(resources, "package", lambda: str(package))
    monkeypatch.setattr(derive, "_made", lambda package: ({"rm.rules": b"proved now"}, {}))
    monkeypatch.setattr(derive.automaton, "keep", lambda lib: None)
    if state == "edited":
        (lib / "agentguard" / "rules" / "rm.toml").write_text("weaker")
    elif state == "another library":
        monkeypatch.setattr(prebuilt, "_versions", lambda: "bashlex 9")
    elif state == "not built":
        shutil.rmtree(package / "built")
    derive.derive(str(lib))
    compiled = (lib / "agentguard" / "rules" / "compiled" / "rm.rules").read_bytes()
    assert compiled == (b"compiled" if state == "whole" else b"proved now")
