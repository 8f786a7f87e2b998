"""A version is complete or not there, and one rename puts it in force."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentguard.edge.installation import store
from agentguard.edge.layout import Root
from agentguard.errors import InstallError


def no_rules(lib: str) -> None:
    """Stands in for compiling the rules, where only files are looked at."""
    os.mkdir(os.path.join(lib, "agentguard", "rules", "compiled"))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a few files in place of everything that agentguard needs: what `contents` gives."""
    source = tmp_path / "source"
    for path, text in {
        "lib/agentguard/a.py": "A = 1\n",
        "lib/agentguard/rules/rm.toml": "",
        "enter.py": "print('entered')\n",
        "command.py": "",
    }.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    monkeypatch.setattr(store, "contents", lambda: dict(store._tree(str(source))))
    return source


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "root").mkdir()
    return Root(str(tmp_path / "root"))


def test_the_same_files_give_the_same_version(small: Path, root: Root) -> None:
    version = store.build(root, no_rules)
    assert store.switch(root, version)
    assert store.build(root, no_rules) == version
    assert not store.switch(root, version), "it is in force already"
    assert store.faults(root) == []
    assert os.readlink(root.current) == f"store/{version}", "relative: the root may be moved as a whole"


def test_any_change_gives_another_version_and_those_before_can_be_removed(small: Path, root: Root) -> None:
    versions = []
    for text in ("A = 1\n", "A = 2\n", "A = 3\n", "A = 4\n"):
        (small / "lib/agentguard/a.py").write_text(text)
        versions.append(store.build(root, no_rules))
        if text != "A = 4\n":
            store.switch(root, versions[-1])
    assert len(set(versions)) == 4
    assert store.in_force(root) == versions[2]
    assert sorted(store.former(root)) == sorted(versions[:2]), "the last one is about to be put in force"
    store.remove(root, store.former(root))
    assert sorted(os.listdir(root.store)) == sorted(versions[2:]) and store.faults(root) == []


def test_what_an_interrupted_build_left_is_no_version(small: Path, root: Root) -> None:
    def interrupted(_lib: str) -> None:
        raise KeyboardInterrupt

    former = store.build(root, no_rules)
    store.switch(root, former)
    (small / "lib/agentguard/a.py").write_text("A = 2\n")
    with pytest.raises(KeyboardInterrupt):
        store.build(root, interrupted)
    assert os.listdir(root.store) == [former], "what failed takes no space"
    with subprocess.Popen(["sleep", "60"]) as other:
        left, growing = Path(root.store) / ".new-99999999", Path(root.store) / f".new-{other.pid}"
        left.mkdir()
        growing.mkdir()
        with pytest.raises(KeyboardInterrupt):
            store.build(root, interrupted)
        assert not left.exists(), "it may be what fills the disk: it goes before anything is copied"
        os.utime(growing, (0, 0))
        assert growing.exists() and store.former(root) == [], "what another one builds stays"
        other.kill()
    assert store.former(root) == [growing.name]
    assert store.in_force(root) == former and store.faults(root) == []
    after = store.build(root, no_rules)
    store.switch(root, after)
    assert sorted(os.listdir(root.store)) == sorted([former, after])


def test_a_directory_of_somebody_else_in_the_store_stays(small: Path, root: Root) -> None:
    foreign = Path(root.store) / "photos"
    foreign.mkdir(parents=True)
    store.switch(root, store.build(root, no_rules))
    store.clear(root)
    assert os.listdir(root.store) == ["photos"]


@pytest.mark.parametrize(
    "damage", ["changed", "removed", "added", "compiled", "cached", "interpreter", "library", "sums", "current"]
)
def test_damage_is_found_and_repaired(small: Path, root: Root, damage: str) -> None:
    version = store.build(root, no_rules)
    store.switch(root, version)
    file = Path(root.current, "lib/agentguard/a.py")
    if damage == "changed":
        file.write_text("A = 9\n")
    elif damage == "removed":
        file.unlink()
    elif damage == "added":
        file.with_name("b.py").touch()
    elif damage == "compiled":
        file.with_name("rules").joinpath("compiled/rm").write_bytes(b"")
    elif damage == "cached":
        file.with_name("__pycache__").mkdir()
        file.with_name("__pycache__").joinpath("a.pyc").write_bytes(b"")
    elif damage == "library":
        Path(root.current, "pyvenv.cfg").write_text("home = /nowhere\n")
    elif damage == "sums":
        Path(root.current, "SHA256SUMS").unlink()
    elif damage == "interpreter":
        Path(root.current, "python").unlink()
        Path(root.current, "python").symlink_to("/nowhere/python3")
    else:
        os.unlink(root.current)
    (fault,) = store.faults(root)
    assert root.path in fault
    store.switch(root, store.build(root, no_rules))
    assert store.faults(root) == []
    assert os.listdir(root.store) == [version]


def test_another_standard_library_is_found(small: Path, root: Root) -> None:
    store.switch(root, store.build(root, no_rules))
    Path(root.path, "pyvenv.cfg").write_text("home = /nowhere\n")
    (fault,) = store.faults(root)
    assert f"{root.path}/pyvenv.cfg" in fault


def test_the_sums_of_a_version_are_as_sha256sum_takes_them(small: Path, root: Root) -> None:
    store.switch(root, store.build(root, no_rules))
    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=root.current, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_files_that_change_while_they_are_copied_are_refused(
    small: Path, root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(source: str, target: str) -> None:
        Path(target).write_bytes(Path(source).read_bytes() + b"#")

    monkeypatch.setattr(store.shutil, "copyfile", careless)
    with pytest.raises(InstallError, match="changed while"):
        store.build(root, no_rules)
    assert os.listdir(root.store) == []


def test_agentguard_and_all_that_it_stands_on_is_in_the_store() -> None:
    files = store.contents()
    for needed in ("agentguard/cli/main.py", "agentguard/rules/rm.toml", "agentguard/shims/shim.sh"):
        assert f"lib/{needed}" in files
    for library in ("bashlex", "cryptography", "graphql", "pglast", "tomli_w", "tomlkit", "click", "rich", "textual"):
        assert any(path.startswith(f"lib/{library}/") for path in files), library
    assert not any(path.startswith(("lib/_pytest/", "lib/hypothesis/")) for path in files), "tools stay behind"
    assert not any(part in ("..", "__pycache__") for path in files for part in path.split("/"))

    kinds = {path.rpartition(".")[2] for path in files if not path.startswith("lib/agentguard/")}
    assert kinds <= {"py", "so", "dylib", "png"}, "no sources in other languages, stubs or documents"


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def distribution(name: str) -> object:
        if name == "graphql-core":
            raise importlib.metadata.PackageNotFoundError
        return real(name)

    real = importlib.metadata.distribution
    monkeypatch.setattr(importlib.metadata, "distribution", distribution)
    with pytest.raises(InstallError, match="graphql-core is not installed"):
        store.contents()


def test_the_interpreter_is_not_that_of_the_virtual_environment() -> None:
    python = store.interpreter()
    script = "import sys; print(sys.prefix == sys.base_prefix)"
    assert subprocess.run([python, "-I", "-c", script], capture_output=True, text=True).stdout == "True\n"
    assert sys.prefix == sys.base_prefix or not python.startswith(sys.prefix + "/")
