"""What is built into the wheel is what `install` would make of a checkout, and is taken from it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentguard import resources
from agentguard.fastpath import derive, shell_tables
from agentguard.lean import prebuilt
from agentguard.readers.shell.syntax import automaton
from agentguard.rulebook import compiled
from agentguard.rulebook.load import Rulebook

PROJECT = Path(__file__).parents[3]


def hook(version: str) -> tuple[Any, dict[str, Any]]:
    """The build hook after it ran, and what it adds to the wheel."""
    spec = importlib.util.spec_from_file_location("hatch_build", PROJECT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Prove(str(PROJECT), {}, None, None, "", "wheel")
    data: dict[str, Any] = {"force_include": {}}
    made.initialize(version, data)
    return made, data


def test_the_wheel_brings_what_a_checkout_would_have_made(
    tmp_path: Path, rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hatchling", reason="builds wheels")
    made, data = hook("standard")
    ((built, place),) = data["force_include"].items()
    assert place == "agentguard/built"
    package = tmp_path / "site" / "agentguard"
    for source, target in (("agentguard", ""), ("rules", "rules"), ("shims", "shims"), (built, "built")):
        shutil.copytree(PROJECT / source, package / target, ignore=shutil.ignore_patterns("__pycache__"))
    made.finalize("standard", data, "")
    assert not Path(built).exists()

    assert prebuilt.is_proved(str(package))
    prototype = Path(resources.shims(), "settings.sh").read_text()
    assert prebuilt.read(str(package)) == {
        "rules": compiled.compiled(rulebook),
        "plain": shell_tables.files(rulebook, prototype),
        "bashlex": automaton.shipped(),
    }

    lib = tmp_path / "lib"
    shutil.copytree(package, lib / "agentguard", ignore=shutil.ignore_patterns("built"))
    bashlex = str(automaton.load().__path__[0])
    shutil.copytree(bashlex, lib / "bashlex", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resources, "package", lambda: str(package))
    monkeypatch.setattr(prebuilt, "PACKAGE", str(package))
    monkeypatch.setattr(derive, "_made", None)  # nothing is proved again …
    monkeypatch.setattr(automaton, "_derived", None)  # … nor derived
    derive.derive(str(lib))
    assert compiled.rulebook(str(lib / "agentguard" / "rules")).guarded == rulebook.guarded


def test_a_checkout_that_is_installed_as_it_lies_there_gets_nothing() -> None:
    pytest.importorskip("hatchling", reason="builds wheels")
    assert hook("editable")[1] == {"force_include": {}}
