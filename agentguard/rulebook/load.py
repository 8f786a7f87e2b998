"""The rulebook: programs by name, from a directory of rule files."""

from __future__ import annotations

import os

from ..core.api import Api
from ..errors import RuleError
from ..lean.typing import TYPE_CHECKING
from . import apis
from .build import build
from .model import Program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any


class Rulebook:
    """Every program and every API that is taught."""

    def __init__(self, programs: Mapping[str, Program], apis: tuple[Api, ...] = ()) -> None:
        self._programs = programs
        self._apis = apis

    def program(self, name: str) -> Program | None:
        """The program called by that file name, or that a package of that name brings; or None."""
        return self._programs.get(name)

    def apis(self) -> tuple[Api, ...]:
        """Every API."""
        return self._apis

    def __iter__(self) -> Iterator[Program]:
        return iter({id(program): program for program in self._programs.values()}.values())

    @property
    def guarded(self) -> tuple[str, ...]:
        """The names that get a shim, sorted."""
        return tuple(sorted(name for name, one in self._programs.items() if one.guarded and name in one.names))


def load(directory: str) -> Rulebook:
    """The rulebook of a directory, structure checked but examples not yet run; raises RuleError.

    Programs lie in the directory itself, APIs in its `apis`.
    """
    programs: dict[str, Program] = {}
    ids: dict[str, str] = {}
    for file, raw in _tables(directory):
        program = build(raw, file)
        _check(program.rules, file, ids)
        for name in (*program.names, *program.packages):
            if name in programs:
                raise RuleError(f"{file}: [program]: `{name}` is taught in another file too")
            programs[name] = program
    if not programs:
        raise RuleError(f"{directory}: no rule files")
    found = []
    for file, raw in _tables(os.path.join(directory, "apis")):
        api = apis.build(raw, file)
        _check(api.rules, file, ids)
        found.append(api)
    return Rulebook(programs, tuple(found))


def _tables(directory: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every TOML file of a directory that may be missing, by name."""
    import tomllib

    for file in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
        if not file.endswith(".toml"):
            continue
        try:
            with open(os.path.join(directory, file), "rb") as stream:
                raw = tomllib.load(stream)
        except (OSError, ValueError) as fault:
            raise RuleError(f"{file}: {fault}") from fault
        yield file, raw


def _check(rules: Iterable[Any], file: str, ids: dict[str, str]) -> None:
    """That every rule has its proofs and an id of its own."""
    for rule in rules:
        if not rule.examples or not rule.misses:
            missing = "an example that it matches" if not rule.examples else "a near miss that it must not match"
            raise RuleError(f"{file}: rule {rule.id}: it has not {missing}", "docs/rules.md has the format")
        if rule.id in ids:
            raise RuleError(f"{file}: rule {rule.id}: the id is taken in {ids[rule.id]}")
        ids[rule.id] = file
