"""Modules out of one file are the modules that lie beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentguard.lean import bundle

SOURCES = {
    "agentguard/__init__.py": '"""The package."""\nfrom .lean import bundle\n',
    "agentguard/lean/__init__.py": '"""A package that holds nothing itself."""\n',
    "agentguard/lean/bundle.py": Path(bundle.__file__).read_text(),
    "agentguard/core/__init__.py": "from ..lean.value import VALUE\n",
    "agentguard/lean/value.py": "VALUE = 'first'\ndef fail():\n    raise ValueError('broken')\n",
    "agentguard/rules/x.toml": "",
    "bashlex/__init__.py": "assert True\n",
    "other/__init__.py": "",
}
SHOWN = """
import importlib.util, json, sys, traceback
sys.path.insert(0, sys.argv[1])
from agentguard.lean import bundle
bundle.use()
import agentguard.core, agentguard.lean.value, bashlex, other
modules = [agentguard.core, agentguard.lean.value, bashlex, other]
about = [[one.__name__, one.__package__, one.__file__, list(getattr(one, "__path__", ()))] for one in modules]
try:
    agentguard.lean.value.fail()
except ValueError:
    told = traceback.format_exc()
bundled = [type(one.__spec__.loader).__module__ == "agentguard.lean.bundle" for one in modules]
missing = importlib.util.find_spec("agentguard.nothing") is None
print(json.dumps([about, agentguard.core.VALUE, told.partition("<string>")[2], missing, bundled]))
"""


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def shown(lib: Path) -> list[Any]:
    argv = [sys.executable, "-I", "-S", "-B", "-c", SHOWN, str(lib)]
    found: list[Any] = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    return found


def test_they_are_the_same_modules(lib: Path) -> None:
    without = shown(lib)
    bundle.write(str(lib), str(lib))
    assert shown(lib)[:-1] == without[:-1]
    assert without[-1] == [False, False, False, False] and shown(lib)[-1] == [True, True, True, False]


def test_what_is_bundled_is_what_was_there_when_it_was_written(lib: Path) -> None:
    bundle.write(str(lib), str(lib))
    (lib / "agentguard/lean/value.py").write_text("VALUE = 'second'\n")
    assert "first" in shown(lib)


def test_they_may_be_moved_as_a_whole(lib: Path) -> None:
    bundle.write(str(lib), str(lib))
    moved = lib.with_name("moved")
    lib.rename(moved)
    assert [about[2].startswith(f"{moved}/") for about in shown(moved)[0]] == [True] * 4
