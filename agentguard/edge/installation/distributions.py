"""The installed packages that agentguard stands on, and which of their files it loads."""

from __future__ import annotations

import importlib.metadata
import re

from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What neither a shim nor a command loads (held by tests: test_libraries.py).
_UNUSED = re.compile(r"cffi/|pglast/printers/|pycparser/|pygments/(formatters|lexers/(?!_|python))")
#: Modules, by the ends of their files' names, what modules are linked to, and the icon of a note on the desktop.
_LOADED = re.compile(r".*\.(py|so|so\.[0-9.]+|dylib|png)")


def libraries() -> Iterator[tuple[str, str]]:
    """The modules of what agentguard stands on: their paths in a directory of packages, and where they are.

    Raises InstallError if something is not installed.
    """
    for distribution in _closure("agentguard"):
        if distribution.metadata["Name"] == "agentguard":
            continue
        if distribution.files is None:
            name = distribution.metadata["Name"]
            raise InstallError(f"nobody kept which files belong to {name}", "install agentguard with pip or pipx")
        for file in distribution.files:
            if ".." not in file.parts and _LOADED.fullmatch(file.name) and not _UNUSED.match(str(file)):
                yield str(file), str(file.locate())


def _closure(first: str) -> Iterator[importlib.metadata.Distribution]:
    """A distribution and everything that it needs here, as installed."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    waiting, seen = [first], set()
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
