"""Who may import whom, wing by wing, as docs/architecture.md has it; and what a shim must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "agentguard"

#: Each wing, from the ground up, and which of those before it it may import. What is not named here (`cli`, `shim`)
#: wires them: it may import everything, and nothing here imports it.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "resources": {"errors"},
    "lean": set(),
    "core": {"lean"},
    "policy": {"lean", "core"},
    "approval": {"errors", "lean", "core", "policy"},
    "rulebook": {"errors", "lean", "core"},
    "readers": {"lean", "core"},
    "classify": {"lean", "core", "approval", "rulebook", "readers"},
    "rulecheck": {"errors", "core", "rulebook", "classify"},
    "fastpath": {"errors", "resources", "lean", "core", "rulebook", "readers", "classify", "rulecheck"},
    "ports": {"core", "policy", "approval"},
    "pipeline": {"errors", "lean", "core", "policy", "approval", "ports"},
    "edge.layout": {"lean"},
    "edge.system": {"errors", "lean", "core"},
    "edge.caller": {"lean", "core"},
    "edge.providers": {"lean", "core"},
    "edge.postgres": {"lean", "core", "edge.system"},
    "edge.git": {"lean", "core", "edge.system"},
    "edge.files": {"lean", "core", "edge.system", "edge.git"},
    "edge.records": {"errors", "lean", "core", "policy", "approval", "edge.layout", "edge.caller"},
    "edge.terminal": {"lean", "core", "approval", "edge.caller"},
    "edge.installation": {"errors", "resources", "lean", "core", "rulebook", "policy", "edge.layout", "edge.records"},
    "edge.factors": {
        "errors",
        "lean",
        "core",
        "approval",
        "edge.layout",
        "edge.system",
        "edge.records",
        "edge.installation",
    },
    "edge.world": {
        "errors",
        "lean",
        "core",
        "edge.system",
        "edge.providers",
        "edge.postgres",
        "edge.git",
        "edge.files",
    },
    "watch": {"errors", "lean", "approval", "edge.layout", "edge.records", "edge.terminal", "edge.factors"},
    "actions": {
        "errors",
        "resources",
        "lean",
        "core",
        "rulebook",
        "readers",
        "classify",
        "rulecheck",
        "fastpath",
        "policy",
        "approval",
        "edge.layout",
        "edge.system",
        "edge.caller",
        "edge.files",
        "edge.records",
        "edge.terminal",
        "edge.installation",
        "edge.factors",
        "edge.world",
    },
}

HEAVY = {
    "bashlex",
    "click",
    "fastjsonschema",
    "graphql",
    "pglast",
    "rich",
    "tomllib",
    "tomli_w",
    "tomlkit",
    "platformdirs",
    "tree_sitter",
    "textual",
    "packaging",
    "cryptography",
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


def test_no_wing_may_import_upward() -> None:
    wings = list(ALLOWED)
    for at, name in enumerate(wings):
        assert ALLOWED[name] <= set(wings[:at]), name


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles({module: set(imported(module)) - {module} for module in MODULES}) == set()


def circles(imports: dict[str, set[str]]) -> set[frozenset[str]]:
    """The largest groups of modules that all reach each other."""
    reached = {module: reach(module, imports) for module in imports}
    groups = {frozenset(other for other in reached[one] if one in reached[other]) for one in imports}
    return groups - {frozenset()}


def reach(start: str, imports: dict[str, set[str]]) -> set[str]:
    """What is imported from there on, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = imports[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_a_shim_loads_nothing_heavy() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); before = set(sys.modules); "
        "import agentguard.shim; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert "agentguard.ports" not in done.stdout.split(), "it is for type checkers, and loads `typing`"
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & (HEAVY | SLOW)
