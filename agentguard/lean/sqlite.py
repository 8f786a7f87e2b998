"""Python's SQLite module alone, without what it does not need here.

The package around it loads `datetime`, for converters that nothing uses. The module itself takes
`lru_cache` from `functools`, which loads `collections` and more, and costs a shim as much as
everything that it does with the database. What works in `lru_cache` is C (`_functools`); so only
the line around that stands in its place while the module is loaded.
"""

from __future__ import annotations

import sys

from .typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _sqlite3 as sqlite3
    from types import ModuleType

__all__ = ["sqlite3"]


def _load() -> ModuleType:
    try:
        return _without_functools()
    except (ImportError, AttributeError):  # an interpreter that has it otherwise
        import sqlite3

        return sqlite3


def _without_functools() -> ModuleType:
    from _functools import _lru_cache_wrapper

    stand_in = type(sys)("functools")
    stand_in.lru_cache = lambda size: lambda function: _lru_cache_wrapper(function, size, False, tuple)  # type: ignore[attr-defined]
    if sys.modules.setdefault("functools", stand_in) is stand_in:
        try:
            import _sqlite3
        finally:
            del sys.modules["functools"]
    import _sqlite3

    return _sqlite3


if not TYPE_CHECKING:
    sqlite3 = _load()
