"""The store has every module that a shim or a command can load, and neither loads anything from elsewhere."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.stores import Stores

import agentguard
from agentguard.edge.layout import Root

PACKAGE = Path(agentguard.__file__).parent
#: What is imported only where a version is made, by functions that a shim's modules have but no shim calls.
MAKING = {"fastjsonschema", "packaging"}
#: Modules of Python's own that not every Python has.
OWN = {"_sha2", "_sha256"}

#: Imports modules, or what is in them, from a directory of packages, and says where all that was loaded lies.
_IMPORT = """
import json, sys
from importlib import import_module
lib, *names = sys.argv[1:]
sys.path.insert(0, lib)
for name in names:
    module, _, within = name.rpartition(".")
    if not (module and hasattr(import_module(module), within)):
        import_module(name)
print(json.dumps(sorted(filter(None, (getattr(one, "__file__", None) for one in sys.modules.values())))))
"""
#: Uses every library as the readers and the factors do.
_USE = """
from agentguard.core.call import Invocation
from agentguard.edge.factors import passphrase
from agentguard.readers.shell.syntax import automaton
import graphql, pglast
assert automaton.load().parse("if a; then b | c; fi")[0].kind == "compound"
assert pglast.parse_sql("with x as (delete from a returning *) select * from x")
assert pglast.parse_plpgsql("create function f() returns int language plpgsql as $$ begin drop table a; end $$")
assert graphql.parse("mutation { volumeDelete(volumeId: 1) }").definitions
passphrase.COST = 2
public, sealed = passphrase.made("four unrelated plain words")
signature = passphrase.signed(public, sealed, "four unrelated plain words", b"digest")
assert passphrase.verified(public, b"digest", signature) and not passphrase.verified(public, b"other", signature)
"""


class _Imports(ast.NodeVisitor):
    """The modules that a module imports when it runs or in any of its functions."""

    def __init__(self, path: Path, name: str) -> None:
        self.found: list[str] = []
        self._package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self.visit(ast.parse(path.read_text()))

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
        for one in node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else ():
            self.visit(one)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        above = self._package.split(".")[: len(self._package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        self.found += [base, *(f"{base}.{alias.name}" for alias in node.names)]


def file(name: str) -> Path | None:
    """The file of a module of agentguard's, None if it is no module."""
    place = PACKAGE.parent.joinpath(*name.split("."))
    return next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()), None)


def reachable(*folders: str) -> tuple[dict[str, Path], set[str]]:
    """The modules of agentguard's that a shim can load, and what they import that is neither these nor Python's.

    Readers are found by their names in the rules: all of them can be loaded. `folders` are what can be besides.
    """
    waiting = ["agentguard.shim"]
    for path in (path for folder in ("readers", *folders) for path in PACKAGE.joinpath(folder).rglob("*.py")):
        waiting.append(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"))
    modules: dict[str, Path] = {}
    foreign: set[str] = set()
    while waiting:
        name = waiting.pop()
        top = name.partition(".")[0]
        if top == "agentguard":
            path = file(name)
            if path is not None and name not in modules:
                modules[name] = path
                waiting += [name.rpartition(".")[0], *_Imports(path, name).found]
        elif top and top not in sys.stdlib_module_names | OWN:
            foreign.add(name)
    return modules, foreign


@pytest.fixture(scope="module")
def version(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished version of a store."""
    root = Root(str(tmp_path_factory.mktemp("version")))
    stores.seed(root)
    (made,) = Path(root.store).iterdir()
    return made


@pytest.fixture(scope="module")
def lib(version: Path) -> str:
    return str(version / "lib")


def test_every_module_that_a_shim_can_load_is_in_the_store(lib: str) -> None:
    modules, foreign = reachable()
    assert {
        "agentguard.readers.sql.parse",
        "agentguard.edge.factors.passphrase",
        "agentguard.edge.terminal.prompt",
    } <= set(modules)
    assert not [name for name in modules if name.startswith(("agentguard.cli", "agentguard.watch"))]
    for path in modules.values():
        assert os.path.exists(os.path.join(lib, path.relative_to(PACKAGE.parent))), path
    wanted = {name.partition(".")[0] for name in foreign} - MAKING
    assert wanted == {"bashlex", "cryptography", "graphql", "pglast", "tomli_w"}


def test_all_of_them_and_all_that_commands_load_come_from_the_store_alone(lib: str) -> None:
    modules, foreign = reachable("cli", "watch")
    wanted = sorted({*modules, *foreign} - {"desktop_notifier.DesktopNotifier"})  # which takes a desktop
    argv = [sys.executable, "-I", "-S", "-B", "-c", _IMPORT, lib, *wanted]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    standard = os.path.dirname(os.__file__)
    files: list[str] = json.loads(done.stdout)
    assert len(files) > 600
    assert [one for one in files if not one.startswith((f"{lib}/", f"{standard}/")) or "site-packages" in one] == []


def test_the_libraries_work_from_the_store_alone(lib: str) -> None:
    use = f"import sys; sys.path.insert(0, {lib!r})\n{_USE}"
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", use], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_shim_reads_every_language_out_of_the_store(
    root: Root, apply: Callable[..., list[str]], tmp_path: Path
) -> None:
    apply(wait=0)
    delete = "curl -X DELETE https://api.github.com/repos/a/b"
    document = '{"query": "mutation { volumeDelete(volumeId: 1) }"}'
    calls = [
        ("psql", "-c", "with x as (delete from a returning *) select * from x"),
        ("psql", "-c", "do $$ begin execute 'drop table a'; end $$"),
        ("psql", "-c", f"\\! {delete}"),
        ("bash", "-c", f"if true; then {delete}; fi; for i in a; do ls $i; done"),
        ("sh", "-c", "sed -i 's/a/b/e' x | awk '{ system($0) }'"),
        ("curl", "https://backboard.railway.com/graphql/v2", "-d", document),
        ("find", "/", "-exec", "rm", "-rf", "{}", "+"),
        ("git", "push", "--force", "https://example.org/a", "main"),
        ("railway", "volume", "delete"),
    ]
    (tmp_path / "bin").mkdir()
    env = {"PATH": f"{root.shims}:{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "CI": "1"}
    for call in calls:
        stands_in = tmp_path / "bin" / call[0]
        stands_in.write_text("#!/bin/sh\n")
        stands_in.chmod(0o755)
        entry = [f"{root.current}/python", "-I", "-S", "-B", "-X", "utf8", f"{root.current}/enter.py", ":"]
        done = subprocess.run(
            [*entry, *call], env=env, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 126 and f"{call[0]} was not run" in done.stderr, (call, done.stderr)
        assert "judging it failed" not in done.stderr and "No module" not in done.stderr, call


def test_a_version_is_small(version: Path) -> None:
    size = sum(path.lstat().st_blocks * 512 for path in version.rglob("*"))
    assert size < 65e6, f"{size / 1e6:.0f} MB"
