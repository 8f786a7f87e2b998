"""The versioned store: copies of everything that the shims run from, one version in force.

    store/VERSION-DIGEST/lib/         agentguard, its rules, and the libraries that it loads, all compiled
                        /enter.py     what shims run
                        /command.py   what bin/agentguard runs
                        /python       → the interpreter
                        /SHA256SUMS   of all these files, in the form that `sha256sum --check` takes

It stands on nothing else but the interpreter: what it was copied from may go.

A version is complete or not there: it is built under another name and renamed. The shims reach
it through `current`, so one rename puts packages and interpreter in force together.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import py_compile
import re
import shutil
import sys

from ... import __version__, resources
from ...errors import InstallError
from ...lean import bundle, prebuilt
from ...lean.typing import TYPE_CHECKING
from ...rulebook.compiled import FOLDER
from ..layout import Root
from .distributions import libraries
from .elf import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LIBRARY = re.compile(r".*\.so(\.[0-9.]+)?")
_SHIPPED = ("rules", "shims")
_ENTRIES = ("enter.py", "command.py")
_PYTHON = "python"
_SUMS = "SHA256SUMS"
#: Beside an interpreter or above it, this file says where its standard library is to come from.
_ELSEWHERE = "pyvenv.cfg"
_RULES = "lib/agentguard/rules"
#: Where the compiled rules lie in a version.
COMPILED = f"{_RULES}/{FOLDER}"


def interpreter() -> str:
    """The interpreter that outlives a removed virtual environment.

    Out of the store itself, it is what the store's link points at.
    """
    base: str = getattr(sys, "_base_executable", "") or sys.executable
    within = os.path.exists(os.path.join(os.path.dirname(base), "enter.py"))
    return os.readlink(base) if within else base


def contents() -> dict[str, str]:
    """What one version holds: its files by their path in the version, each with its source.

    The package with rules and shims, and the libraries that it loads; if what runs is itself a
    version of some store, all of that. Raises InstallError if something that is needed is not there.
    """
    version = os.path.dirname(os.path.dirname(resources.package()))
    if os.path.lexists(os.path.join(version, _SUMS)):
        for fault in _damage(version):
            raise InstallError(fault, "install agentguard anew, with pipx say, and run that one's `agentguard install`")
        return dict(_sources(version))
    files = {f"lib/agentguard/{path}": source for path, source in _tree(resources.package())}
    for name, folder in zip(_SHIPPED, (resources.rules(), resources.shims()), strict=True):
        files |= {f"lib/agentguard/{name}/{path}": source for path, source in _tree(folder)}
    files = {path: source for path, source in files.items() if not _derived(path)}
    files |= {name: os.path.join(resources.shims(), name) for name in _ENTRIES}
    return files | {f"lib/{path}": source for path, source in libraries()}


def build(root: Root, derive: Callable[[str], None]) -> str:
    """Build the version of what runs now, unless it is there already and whole; its name. Raises InstallError.

    `derive` is called with the directory of the packages in the new version, to add what follows from them.
    """
    files, python = contents(), interpreter()
    version = f"{__version__}-{_digest(files, python)}"
    place = os.path.join(root.store, version)
    if os.path.isdir(place) and not _damage(place):
        return version
    os.makedirs(root.store, exist_ok=True)
    remove(root, (name for name in _versions(root) if _is_left(name)))  # first: it may be what fills the disk
    building = os.path.join(root.store, f".new-{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        _fill(building, place, files, python, derive)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if os.path.isdir(place):
        os.rename(place, f"{building}-damaged")
    os.rename(building, place)
    shutil.rmtree(f"{building}-damaged", ignore_errors=True)
    return version


def _fill(building: str, place: str, files: dict[str, str], python: str, derive: Callable[[str], None]) -> None:
    """Make a version that will lie at `place`, all of it."""
    for path, source in files.items():
        target = os.path.join(building, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _copy(source, target)
    if _digest({path: os.path.join(building, path) for path in files}, python) != place.rpartition("-")[2]:
        raise InstallError("agentguard's own files changed while they were copied", "run `agentguard install` again")
    os.symlink(python, os.path.join(building, _PYTHON))
    derive(os.path.join(building, "lib"))
    _compile(building, place)
    with open(os.path.join(building, _SUMS), "wb") as file:
        file.write(_sums(building))


def _compile(building: str, place: str) -> None:
    """Compile the modules of a version that will lie at `place`: into one file, or each beside its source."""
    lib = os.path.join(building, "lib")
    bundle.write(lib, os.path.join(place, "lib"))
    for name in (*bundle.FIRST, *(name for name in os.listdir(lib) if name not in bundle.PACKAGES)):
        path = os.path.join(lib, name)
        compile = compileall.compile_dir if os.path.isdir(path) else compileall.compile_file
        # Unchecked: a shim must not spend its time on comparing sources, which never change here.
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compile(path, quiet=2, stripdir=building, prependdir=place, invalidation_mode=unchecked)


def in_force(root: Root) -> str:
    """The name of the version in force, "" if there is none."""
    try:
        return os.path.basename(os.readlink(root.current))
    except OSError:
        return ""


def switch(root: Root, version: str) -> bool:
    """Put a version in force, in one step; False if it was already. The others stay: something may run from them."""
    if in_force(root) == version:
        return False
    link = f"{root.current}.new"
    if os.path.lexists(link):  # an interrupted switch left it
        os.unlink(link)
    os.symlink(f"store/{version}", link)
    os.replace(link, root.current)
    return True


def former(root: Root) -> list[str]:
    """The versions from before the one in force, and what builds left that have ended."""
    try:
        switched = os.lstat(root.current).st_mtime
        names = [name for name in _versions(root) if name != in_force(root) and not _is_built(name)]
        # A later one is being made, or is about to be put in force.
        return [name for name in names if os.stat(os.path.join(root.store, name)).st_mtime < switched]
    except FileNotFoundError:
        return []


def remove(root: Root, versions: Iterable[str]) -> None:
    """Take versions out of the store."""
    for name in versions:
        shutil.rmtree(os.path.join(root.store, name))


def clear(root: Root) -> None:
    """Remove every version, and what leads to the one in force."""
    for link in (root.current, f"{root.current}.new"):
        if os.path.islink(link):
            os.unlink(link)
    remove(root, _versions(root))


def faults(root: Root) -> list[str]:
    """What is wrong with the version in force, a line each; none if it is whole."""
    version = in_force(root)
    if not version:
        return [f"{root.current} is missing"]
    place = os.path.join(root.store, version)
    if os.path.exists(beside := os.path.join(root.path, _ELSEWHERE)):
        return [f"{beside} gives the shims' Python another standard library: remove it"]
    return _damage(place)


def _damage(place: str) -> list[str]:
    """What is wrong with a version by itself, a line each."""
    python = os.path.join(place, _PYTHON)
    if not os.access(python, os.X_OK):
        return [f"{python} leads to no interpreter"]
    files = dict(_sources(place))
    try:
        with open(os.path.join(place, _SUMS), "rb") as file:
            is_whole = file.read() == _sums(place)
    except OSError:  # missing, or not to be read
        is_whole = False
    if not is_whole or not place.endswith("-" + _digest(files, os.readlink(python))):
        return [f"{place} is not what was installed"]
    return []


def _sources(place: str) -> Iterator[tuple[str, str]]:
    """What a version was copied from, and nothing else depends on: its files by their path in the version."""
    return ((path, at) for path, at in _tree(place) if path not in (_PYTHON, _SUMS) and not _derived(path))


def _sums(place: str) -> bytes:
    """A line for every file of a version, whatever made it."""
    lines = []
    for path, source in sorted(_tree(place, compiled=True)):
        if path not in (_PYTHON, _SUMS):
            with open(source, "rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path}\n")
    return os.fsencode("".join(lines))


def _versions(root: Root) -> list[str]:
    """The names of all versions, and of what an interrupted build left."""
    names = os.listdir(root.store) if os.path.isdir(root.store) else []
    return [name for name in names if re.fullmatch(r"[0-9].*-[0-9a-f]{16}|\.new-[0-9]+(-damaged)?", name)]


def _is_left(name: str) -> bool:
    """Whether that is what an interrupted build left."""
    return name.startswith(".new-") and not _is_built(name)


def _is_built(name: str) -> bool:
    """Whether a process that runs may be building under this name."""
    builder = re.match(r"\.new-([0-9]+)", name)
    try:
        if builder:
            os.kill(int(builder[1]), 0)
        return builder is not None
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # another user's


def _tree(folder: str, compiled: bool = False) -> Iterator[tuple[str, str]]:
    """Every file below a directory, compiled ones only if wanted: its relative and its full path."""
    for directory, names, files in os.walk(folder):
        names[:] = [name for name in names if compiled or name != "__pycache__"]
        for name in files:
            path = os.path.join(directory, name)
            yield os.path.relpath(path, folder), path


def _derived(path: str) -> bool:
    """Whether this part of a package or of a version was made from others."""
    made = (f"{COMPILED}/", f"lib/agentguard/{prebuilt.FOLDER}/")
    return path.startswith(made) or path == f"lib/{bundle.FILE}"


def _copy(source: str, target: str) -> None:
    if not _LIBRARY.fullmatch(source):
        shutil.copyfile(source, target)
        return
    with open(target, "xb") as file:
        file.write(_content(source))


def _content(path: str) -> bytes:
    """What a version holds of a file: of a shared library only what is loaded."""
    with open(path, "rb") as file:
        content = file.read()
    return loaded(content) if _LIBRARY.fullmatch(path) else content


def _digest(files: dict[str, str], python: str) -> str:
    """16 hexadecimal digits that change with any file, its name or the interpreter."""
    total = hashlib.sha256(os.fsencode(f"{python}\0{sys.implementation.cache_tag}\n"))
    for path in sorted(files):
        try:
            total.update(os.fsencode(path) + b"\0" + hashlib.sha256(_content(files[path])).digest())
        except OSError as fault:
            raise InstallError(f"{files[path]}: {fault.strerror}", "install agentguard again") from fault
    return total.hexdigest()[:16]
