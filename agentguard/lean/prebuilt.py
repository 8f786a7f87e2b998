"""Parts that were derived from the package when its wheel was built, and the check that it is unchanged since.

    built/rules     the rules compiled: the contents of their files by name (rulebook/compiled.py)
    built/plain     what shims read by themselves: likewise (fastpath/shell_tables.py)
    built/bashlex   the tables of bashlex's grammar, after the digest of the sources that they follow from
    built/digest    of the package and of these, and the versions of the libraries that the rules were proved with

The wheel alone has them: a checkout is compiled where it is used. Whoever changes a file of the package, or one of
these, is as well off as in a checkout, because they are then made again.
"""

from __future__ import annotations

import marshal
import os

from .typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

#: This package.
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: The folder, in that of the package.
FOLDER = "built"
_DIGEST = "digest"
#: The form of marshal that every Python since 3.4 reads: a wheel is for more than one of them.
_FORM = 4
#: What reads the languages that calls carry: another version could rate an example otherwise.
_READERS = ("bashlex", "graphql-core", "pglast")
#: Folders of a package that are not its sources, by their path in it.
_MADE = (FOLDER, "rules/compiled")


def write(package: str, parts: Mapping[str, Any]) -> None:
    """Write the parts, of the types that marshal takes, into a package whose rules are proved."""
    folder = os.path.join(package, FOLDER)
    os.mkdir(folder)
    contents = {name: marshal.dumps(part, _FORM) for name, part in parts.items()}
    versions = _versions()
    contents[_DIGEST] = f"{_digest(contents, package, versions)}\n{versions}\n".encode("ascii")
    for name, content in contents.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def read(package: str, copy: str = "") -> dict[str, Any]:
    """The built parts of a package; none if nothing was built, or if the package has changed since.

    `copy` is a copy of the package that they have to follow from instead.
    """
    folder = os.path.join(package, FOLDER)
    contents = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name), "rb") as file:
            contents[name] = file.read()
    noted, versions = _noted(contents.pop(_DIGEST, b""))
    if not noted or noted != _digest(contents, copy or package, versions):
        return {}
    return {name: marshal.loads(content) for name, content in contents.items()}


def is_proved(package: str) -> bool:
    """Whether the rules of a package were proved with the libraries that are here now, if they are still the same."""
    try:
        with open(os.path.join(package, FOLDER, _DIGEST), "rb") as file:
            return _noted(file.read())[1] == _versions()
    except FileNotFoundError:
        return False


def digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """The SHA-256 of files, each given as its name and its content: it changes with any of them."""
    from hashlib import sha256

    total = sha256()
    for name, content in contents:
        total.update(sha256(os.fsencode(name)).digest() + sha256(content).digest())
    return total.hexdigest()


def _digest(parts: Mapping[str, bytes], package: str, versions: str) -> str:
    made = sorted((f"{FOLDER}/{name}", part) for name, part in parts.items())
    return digest([("", versions.encode()), *_sources(package), *made])


def _sources(package: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a package that was not made from others: its path in the package, and its content."""
    found = []
    for directory, folders, files in os.walk(package):
        paths = {name: os.path.relpath(os.path.join(directory, name), package) for name in (*folders, *files)}
        folders[:] = [name for name in folders if name != "__pycache__" and paths[name] not in _MADE]
        found += [paths[name] for name in files]
    for path in sorted(found):
        with open(os.path.join(package, path), "rb") as file:
            yield path, file.read()


def _noted(content: bytes) -> tuple[str, str]:
    """What the digest file says: the digest, and the versions."""
    noted, _, versions = content.decode("ascii", "replace").partition("\n")
    return noted, versions.strip()


def _versions() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in _READERS)
