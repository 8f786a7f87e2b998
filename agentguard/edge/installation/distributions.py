"""The installed packages that agentguard stands on: which of them shims load, and where the others lie."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import sys

from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What agentguard loads from in a shim; what these need comes with them (held by tests: test_libraries.py).
_LOADED = ("bashlex", "cryptography", "graphql-core", "pglast", "tomli-w")
#: What no shim loads of those and of what they need.
_UNUSED = ("cffi/", "pglast/printers/", "pycparser/")
#: Modules, by the ends of their files' names, and what modules are linked to.
_MODULE = re.compile(r".*\.(py|so|so\.[0-9.]+|dylib)")


def libraries() -> Iterator[tuple[str, str]]:
    """The modules of what a shim can load: their paths in a directory of packages, and where they are.

    Raises InstallError if something is not installed.
    """
    for distribution in _closure(_LOADED):
        if distribution.files is None:
            name = distribution.metadata["Name"]
            raise InstallError(f"nobody kept which files belong to {name}", "install agentguard with pip or pipx")
        for file in distribution.files:
            if ".." not in file.parts and _MODULE.fullmatch(file.name) and not str(file).startswith(_UNUSED):
                yield str(file), str(file.locate())


@functools.cache
def places() -> tuple[str, ...]:
    """The directories that agentguard's own commands load packages from, in the order of `sys.path`.

    Raises InstallError if something is not installed.
    """
    found = {os.path.abspath(str(distribution.locate_file(""))) for distribution in _closure(["agentguard"])}
    return tuple(dict.fromkeys(path for path in map(os.path.abspath, sys.path) if path in found))


def _closure(names: Iterable[str]) -> Iterator[importlib.metadata.Distribution]:
    """Distributions and everything that they need here, as installed."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    waiting, seen = list(names), set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError as fault:
            raise InstallError(f"the package {name} is not installed", "install agentguard with pip or pipx") from fault
        yield distribution
        for wanted in map(Requirement, distribution.requires or ()):
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
