"""What is derived from files once and kept, as Python keeps its compiled modules.

It lies where those lie, in `__pycache__` beside the code that it belongs to: writing there is as
easy as writing to the code itself, no easier. With it lie the names, sizes and times of the files
that it was derived from; where they differ, it is derived again. Nothing is kept there where Python
is told to keep nothing (`-B`), as in a shim.

What cannot be kept there is kept in a directory that `also` names, if one was named. Only `check`
names one, the user's own: what is in force comes from the store alone, and what an agent could write
to that directory is in nobody's way but its own.
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

_also = ""


def also(folder: str) -> None:
    """Keep in this directory from now on what cannot be kept beside its code."""
    global _also
    _also = folder


def beside(module: str, name: str) -> str:
    """The file for what is derived under that name for the module in the file `module`."""
    folder = os.path.join(os.path.dirname(os.path.abspath(module)), "__pycache__")
    return os.path.join(folder, f"{name}.{sys.implementation.cache_tag}.kept")


def kept(file: str, sources: Iterable[str], derive: Callable[[], Derived]) -> Derived:
    """What `derive` gives, of the types that marshal takes: kept in that file as long as `sources` stay as they are."""
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
    if (sys.dont_write_bytecode or not _write(file, key, derived)) and _also:
        from . import user_cache

        made: Any = (_strict(facts), derived)
        user_cache.write(_also, _name(file), marshal.dumps(made))
    return derived


def keep(file: str, sources: Iterable[str], derived: Any) -> None:
    """Keep what has been derived; where nothing can be written, it is derived again next time."""
    _write(file, _key([(os.path.basename(source), os.stat(source)) for source in sources]), derived)


def _contents(file: str, facts: list[tuple[str, os.stat_result]], key: object) -> Iterator[tuple[object, bytes]]:
    """What is kept, and the key that it must have."""
    try:
        with open(file, "rb") as opened:
            yield key, opened.read()
    except OSError:
        pass
    if _also:
        from . import user_cache

        yield _strict(facts), user_cache.read(_also, _name(file))


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
    """The name in a directory that is for all code, of what would be kept in that file."""
    from .canonical import fingerprint

    return f"{fingerprint(os.fsencode(file))[:32]}.kept"
