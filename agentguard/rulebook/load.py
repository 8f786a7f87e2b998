"""The rulebook: programs by name, from a directory of rule files."""

from __future__ import annotations

import os

from ..core.value import TYPE_CHECKING
from ..errors import RuleError
from .build import build
from .model import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Rulebook:
    """Every program that is taught."""

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = programs

    def program(self, name: str) -> Program | None:
        """The program called by that file name, or None."""
        return self._programs.get(name)

    def __iter__(self) -> Iterator[Program]:
        return iter({id(program): program for program in self._programs.values()}.values())

    @property
    def guarded(self) -> tuple[str, ...]:
        """The names that get a shim, sorted."""
        return tuple(sorted(name for name, program in self._programs.items() if program.guarded))


def load(directory: str) -> Rulebook:
    """The rulebook of a directory, structure checked but examples not yet run; raises RuleError."""
    import tomllib

    programs: dict[str, Program] = {}
    ids: dict[str, str] = {}
    for file in sorted(os.listdir(directory)):
        if not file.endswith(".toml"):
            continue
        try:
            with open(os.path.join(directory, file), "rb") as stream:
                raw = tomllib.load(stream)
        except (OSError, ValueError) as fault:
            raise RuleError(f"{file}: {fault}") from fault
        program = build(raw, file)
        for rule in program.rules:
            if not rule.examples or not rule.misses:
                missing = "an example that it matches" if not rule.examples else "a near miss that it must not match"
                raise RuleError(f"{file}: rule {rule.id}: it has not {missing}", "docs/rules.md has the format")
            if rule.id in ids:
                raise RuleError(f"{file}: rule {rule.id}: the id is taken in {ids[rule.id]}")
            ids[rule.id] = file
        for name in program.names:
            if name in programs:
                raise RuleError(f"{file}: [program]: `{name}` is taught in another file too")
            programs[name] = program
    if not programs:
        raise RuleError(f"{directory}: no rule files")
    return Rulebook(programs)
