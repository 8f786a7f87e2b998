"""Derives compiled rules and fast-path tables: once for a wheel, or for each store.

Every example is proved first. What the wheel brings is taken for a store only if it follows from what lies in
that store, file by file, and was proved with the libraries that are here (see prebuilt.py); else it is made again.
"""

from __future__ import annotations

import os

from .. import resources
from ..lean import prebuilt
from ..lean.typing import TYPE_CHECKING
from ..readers.shell.syntax import automaton
from ..rulebook import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping


def ship(package: str) -> None:
    """Write what is derived into a package that is to be shipped; raises RuleError."""
    rules, plain = _made(package)
    prebuilt.write(package, {"rules": rules, "plain": plain, "bashlex": automaton.shipped()})


def derive(lib: str) -> None:
    """Write what shims read in place of the rules into a store's copy of the packages; raises RuleError."""
    package, original = os.path.join(lib, "agentguard"), resources.package()
    found = prebuilt.read(original, package) if prebuilt.is_proved(original) else {}
    rules, plain = (found["rules"], found["plain"]) if found else _made(package)
    compiled.put({**rules, **plain}, os.path.join(package, "rules"))
    automaton.keep(lib)


def _made(package: str) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    """The files of the rules, and those that shims read by themselves, once all examples hold."""
    from ..rulebook.load import load
    from ..rulecheck.examples import proved
    from . import shell_tables

    rulebook = proved(load(os.path.join(package, "rules")))
    with open(os.path.join(package, "shims", "settings.sh"), encoding="utf-8") as prototype:
        return compiled.compiled(rulebook), shell_tables.files(rulebook, prototype.read())
