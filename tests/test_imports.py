"""Who may import whom, wing by wing, as docs/architecture.md has it; and what a shim must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "agentguard"

#: Each wing, and which others it may import. What is not named here wires them and may import everything.
ALLOWED = {
    "errors": set(),
    "resources": {"errors"},
    "core": {"lean"},
    "rulebook": {"core", "errors", "lean"},
    "readers": {"core", "lean"},
    "classify": {"approval", "core", "lean", "readers", "rulebook"},
    "pipeline": {"approval", "core", "errors", "lean", "policy"},
    "edge.git": {"core", "edge.system", "lean"},
    "edge.files": {"core", "edge.git", "lean"},
    "edge.layout": {"lean"},
    "edge.records": {"approval", "core", "edge.caller", "edge.layout", "errors", "lean", "policy"},
    "edge.caller": {"core", "lean"},
    "edge.terminal": {"approval", "core", "edge.caller", "lean"},
    "edge.factors": {
        "approval",
        "core",
        "edge.installation",
        "edge.layout",
        "edge.records",
        "edge.system",
        "errors",
        "lean",
    },
    "edge.system": {"core", "errors", "lean"},
    "edge.providers": {"core", "lean"},
    "edge.installation": {"core", "edge.layout", "edge.records", "errors", "lean", "policy", "resources", "rulebook"},
    "rulecheck": {"classify", "core", "errors", "rulebook"},
    "fastpath": {"classify", "core", "errors", "lean", "rulebook", "rulecheck"},
    "policy": {"core", "lean"},
    "approval": {"core", "errors", "lean", "policy"},
    "lean": set(),
    "edge.world": {"core", "edge.files", "edge.git", "edge.providers", "edge.system", "errors", "lean"},
    "watch": {"approval", "edge.factors", "edge.layout", "edge.records", "edge.terminal", "errors", "lean"},
    "actions": {
        "approval",
        "classify",
        "core",
        "edge.caller",
        "edge.factors",
        "edge.files",
        "edge.installation",
        "edge.layout",
        "edge.records",
        "edge.system",
        "edge.terminal",
        "edge.world",
        "errors",
        "fastpath",
        "lean",
        "policy",
        "readers",
        "resources",
        "rulebook",
        "rulecheck",
    },
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


def dotted(path: Path) -> str:
    """A module as it is named below the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def wing(module: str) -> str:
    """The row of the table that a module belongs to, "" if it is in none."""
    return max((name for name in ALLOWED if f"{module}.".startswith(f"{name}.")), key=len, default="")


def imported(module: str) -> Iterator[str]:
    """The modules of the package that a module imports, wherever in it, those for types included."""
    path = MODULES[module]
    package = ("agentguard", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package[: len(package) - node.level + 1] if node.level else ()
        whole = (*base, *(node.module.split(".") if node.module else ()))
        if whole[0] != "agentguard":
            continue
        for alias in node.names:
            name = ".".join((*whole[1:], alias.name))
            yield name if name in MODULES else ".".join(whole[1:])


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_follow_the_table(module: str) -> None:
    own = wing(module)
    if own:
        assert {wing(one) or one for one in imported(module)} - {own, ""} <= ALLOWED[own]


def test_a_shim_loads_nothing_heavy() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); before = set(sys.modules); "
        "import agentguard.shim; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & (HEAVY | SLOW)
