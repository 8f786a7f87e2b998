"""What is derived from files once and kept, as Python keeps its compiled modules.

It lies where those lie, in `__pycache__` beside the code that it belongs to: writing there is as
easy as writing to the code itself, no easier. With it lie the names, sizes and times of the files
that it was derived from; where they differ, it is derived again. Nothing is kept where Python is
told to keep nothing (`-B`), as in a shim.
"""

from __future__ import annotations

import marshal
import os
import sys

from .typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    Derived = TypeVar("Derived")


def beside(module: str, name: str) -> str:
    """The file for what is derived under that name for the module in the file `module`."""
    folder = os.path.join(os.path.dirname(os.path.abspath(module)), "__pycache__")
    return os.path.join(folder, f"{name}.{sys.implementation.cache_tag}.kept")


def kept(file: str, sources: Iterable[str], derive: Callable[[], Derived]) -> Derived:
    """What `derive` gives, of the types that marshal takes: kept in that file as long as `sources` stay as they are."""
    key = _key(sources)
    try:
        with open(file, "rb") as opened:
            found, derived = marshal.loads(opened.read())
        if found == key:
            return derived  # type: ignore[no-any-return]
    except (OSError, ValueError, TypeError, EOFError):
        pass  # there is none, or not a whole one: as good as one that does not fit
    derived = derive()
    if not sys.dont_write_bytecode:
        _write(file, key, derived)
    return derived


def keep(file: str, sources: Iterable[str], derived: Any) -> None:
    """Keep what has been derived; where nothing can be written, it is derived again next time."""
    _write(file, _key(sources), derived)


def _write(file: str, key: list[tuple[str, int, int]], derived: Any) -> None:
    new = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(new, "xb") as opened:
            opened.write(marshal.dumps((key, derived)))
        os.replace(new, file)
    except OSError:
        return


def _key(sources: Iterable[str]) -> list[tuple[str, int, int]]:
    found = [(os.path.basename(source), os.stat(source)) for source in sources]
    return [(name, facts.st_size, facts.st_mtime_ns) for name, facts in found]
