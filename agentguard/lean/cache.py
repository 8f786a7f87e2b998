"""A cache beside the code, valid while the sizes and times of the files that it was derived from are unchanged.

It lies in `__pycache__`, as Python's compiled modules do: writing there is as easy as writing to the
code itself, no easier. Nothing is stored there where Python is told to store nothing (`-B`), as in a
shim.

What cannot be stored there goes to a second directory, if `use_second` names one. Only `check` names
one, the user's own: what is in force comes from the store alone, and what an agent could write to
that directory is in nobody's way but its own.
"""

from __future__ import annotations

import marshal
import os
import sys

from .typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    Derived = TypeVar("Derived")

_second = ""


def use_second(folder: str) -> None:
    """Store in this directory from now on what cannot be stored beside its code."""
    global _second
    _second = folder


def path_for(module: str, name: str) -> str:
    """The cache file of that name for the module in the file `module`."""
    folder = os.path.join(os.path.dirname(os.path.abspath(module)), "__pycache__")
    return os.path.join(folder, f"{name}.{sys.implementation.cache_tag}.cache")


def cached(file: str, sources: Iterable[str], derive: Callable[[], Derived]) -> Derived:
    """The result of `derive`, of the types that marshal takes: cached in that file while `sources` are unchanged."""
    facts = [(os.path.basename(source), os.stat(source)) for source in sources]
    key = _key(facts)
    for expected, content in _contents(file, facts, key):
        try:
            found, derived = marshal.loads(content)
            if found == expected:
                return derived  # type: ignore[no-any-return]
        except (ValueError, TypeError, EOFError):
            pass  # there is none, or not a whole one: as good as one that does not fit
    derived = derive()
    if (sys.dont_write_bytecode or not _write(file, key, derived)) and _second:
        from . import user_cache

        made: Any = (_strict(facts), derived)
        user_cache.write(_second, _name(file), marshal.dumps(made))
    return derived


def store(file: str, sources: Iterable[str], derived: Any) -> None:
    """Write what has been derived to the cache file; where that cannot be, it is derived again next time."""
    _write(file, _key([(os.path.basename(source), os.stat(source)) for source in sources]), derived)


def _contents(file: str, facts: list[tuple[str, os.stat_result]], key: object) -> Iterator[tuple[object, bytes]]:
    """What is stored in either place, each with the key that it must have."""
    try:
        with open(file, "rb") as opened:
            yield key, opened.read()
    except OSError:
        pass
    if _second:
        from . import user_cache

        yield _strict(facts), user_cache.read(_second, _name(file))


def _write(file: str, key: list[tuple[str, int, int]], derived: Any) -> bool:
    """Whether it could be written."""
    new = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(new, "xb") as opened:
            opened.write(marshal.dumps((key, derived)))
        os.replace(new, file)
    except OSError:
        return False
    return True


def _key(facts: list[tuple[str, os.stat_result]]) -> list[tuple[str, int, int]]:
    return [(name, one.st_size, one.st_mtime_ns) for name, one in facts]


def _strict(facts: list[tuple[str, os.stat_result]]) -> list[tuple[str, int, int, int]]:
    """A key that no other files can have at the same paths: away from the code, nobody else sees that it is replaced.

    A package manager that sets every file to one time cannot set when it did so.
    """
    return [(name, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for name, one in facts]


def _name(file: str) -> str:
    """The name in a directory that is for all code, of what would be stored in that file."""
    from .canonical import fingerprint

    return f"{fingerprint(os.fsencode(file))[:32]}.cache"
