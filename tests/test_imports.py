"""Who may import whom, as docs/architecture.md has it; and what a shim must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "agentguard"
ALLOWED = {
    "errors": set(),
    "core": {"core", "errors"},
    "kept": {"core"},
    "readers": {"core", "errors", "kept", "readers", "rulebook"},
    "rulebook": {"core", "errors", "kept", "rulebook", "classify"},
    "classify": {"core", "errors", "readers", "rulebook"},
    "explain": {"core", "classify"},
    "pipeline": {"core", "errors"},
    "watch": {"core", "edge", "errors", "watch"},
    "edge": {"bundle", "core", "errors", "edge", "resources", "rulebook"},
    "bundle": set(),
    "resources": {"errors"},
}
HEAVY = {
    "bashlex",
    "click",
    "graphql",
    "pglast",
    "rich",
    "tomllib",
    "tomli_w",
    "platformdirs",
    "tree_sitter",
    "textual",
}
SLOW = {"typing", "re", "json", "enum", "dataclasses", "subprocess", "pathlib", "hashlib", "sqlite3"}


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path):
    """The parts of the package that a module imports, type checking included."""
    package = ("agentguard", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            whole = (*base, *(node.module or "").split(".")) if node.module else base
            names = [whole] if len(whole) > 1 else [(*whole, alias.name) for alias in node.names]
            yield from (name[1] for name in names)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_table(path):
    allowed = ALLOWED.get(part(path))
    if allowed is None:
        return
    assert set(imported(path)) - {"__version__"} <= allowed


def test_a_shim_loads_nothing_heavy():
    code = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); before = set(sys.modules); "
        "import agentguard.shim; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & (
        HEAVY | {"typing", "re", "json", "enum", "dataclasses", "subprocess", "pathlib", "hashlib", "sqlite3"}
    )
