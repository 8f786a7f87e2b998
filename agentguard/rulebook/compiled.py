"""The rulebook as `install` leaves it for the shims: checked, without examples, a file for each program.

Reading TOML and checking it costs more than everything else in a shim. `marshal` is bound to one
version of Python, as the store is that the compiled rules lie in.
"""

from __future__ import annotations

import marshal
import os

from ..core import api
from ..core.api import Api, ApiRule
from ..core.value import TYPE_CHECKING, Value
from ..errors import RuleError
from . import model
from .load import Rulebook
from .model import Command, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: The folder with the compiled rules, inside that of the rule files.
FOLDER = "compiled"
#: The file with all the APIs, inside that.
APIS = "apis"


def write(rulebook: Rulebook, directory: str) -> None:
    """Compile a rulebook into the folder FOLDER of `directory`, which must not be there yet."""
    folder = os.path.join(directory, FOLDER)
    os.mkdir(folder)
    for program in rulebook:
        bare = program.replace(rules=tuple(rule.replace(examples=(), misses=()) for rule in program.rules))
        frozen = marshal.dumps(_freeze(bare))
        for name in (*bare.names, *bare.packages):
            with open(os.path.join(folder, _file(name)), "wb") as file:
                file.write(frozen)
    with open(os.path.join(folder, APIS), "wb") as file:
        file.write(marshal.dumps(_freeze(tuple(map(_bare, rulebook.apis())))))


def plain_file(program: str, path: tuple[str, ...] = ()) -> str:
    """The file in which a shim finds which calls of one of its commands are plain."""
    return ".".join((program, *path, "plain"))


def _file(name: str) -> str:
    """The file with the rules of a program or a package."""
    return f"{name.replace('/', '%2F')}.rules"


def _bare(one: Api) -> Api:
    """An API without the examples of its rules."""
    return one.replace(rules=tuple(ApiRule(*(getattr(rule, f) for f in ApiRule._fields)) for rule in one.rules))


class CompiledRulebook:
    """Programs by name, each loaded when it is first asked for."""

    def __init__(self, directory: str) -> None:
        self._folder = os.path.join(directory, FOLDER)
        self._loaded: dict[str, Program | None] = {}
        self._apis: tuple[Api, ...] | None = None
        if not os.path.isdir(self._folder):
            raise RuleError(f"{self._folder} is missing", "run `agentguard install` again")

    def program(self, name: str) -> Program | None:
        """The program called by that file name, or None; raises RuleError if its rules are damaged."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def apis(self) -> tuple[Api, ...]:
        """Every API; raises RuleError if what is known of them is damaged."""
        if self._apis is None:
            path = os.path.join(self._folder, APIS)
            try:
                self._apis = _read(path)
            except FileNotFoundError as fault:
                raise RuleError(f"{path} is missing", "run `agentguard install` again") from fault
        return self._apis

    def _load(self, name: str) -> Program | None:
        if "\0" in name:
            return None
        path = os.path.join(self._folder, _file(name))
        try:
            thawed = _read(path)
        except FileNotFoundError:
            return None
        if not isinstance(thawed, Program):
            raise RuleError(f"{path}: no program in it", "run `agentguard install` again")
        return thawed


def _read(path: str) -> Any:
    """What was frozen into a file; raises FileNotFoundError, and RuleError if it is damaged."""
    try:
        with open(path, "rb") as file:
            return _thaw(marshal.loads(file.read()))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, EOFError, AttributeError) as fault:
        raise RuleError(f"{path}: {fault}", "run `agentguard install` again") from fault


def _freeze(value: Any) -> Any:
    """`value` in the types that marshal knows; a Value is a tuple that starts with its type's name."""
    if isinstance(value, Value):
        return (type(value).__name__, *(_freeze(field) for field in value.astuple()))
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_freeze(item) for item in value]
    return value


def _thaw(frozen: Any) -> Any:
    if isinstance(frozen, tuple):
        fields: list[Any]
        kind, *fields = frozen
        if kind == "Program":
            at = Program._fields.index("commands")
            thawed: list[Any] = [_thaw(field) for i, field in enumerate(fields) if i != at]
            thawed.insert(at, _Commands(fields[at]))
            return Program(*thawed)
        if kind == "Api":
            at = Api._fields.index("rules")
            return Api(*(_Rules(field) if i == at else _thaw(field) for i, field in enumerate(fields)))
        return getattr(api if kind.startswith("Api") else model, kind)(*map(_thaw, fields))
    if isinstance(frozen, list):
        return tuple(map(_thaw, frozen))
    if isinstance(frozen, dict):
        return {key: _thaw(item) for key, item in frozen.items()}
    return frozen


class _Rules(tuple[Any, ...] if TYPE_CHECKING else tuple):  # type: ignore[misc]
    """The rules of an API, thawed when they are looked through: a request is one API's."""

    def __iter__(self) -> Iterator[ApiRule]:
        return map(_thaw, super().__iter__())


class _Commands:
    """Commands by path, each thawed when it is looked up: of git's two hundred, a call is one."""

    def __init__(self, frozen: dict[tuple[str, ...], Any]) -> None:
        self._frozen = frozen

    def __getitem__(self, path: tuple[str, ...]) -> Command:
        command = self._frozen[path]
        if not isinstance(command, Command):
            command = self._frozen[path] = _thaw(command)
            assert isinstance(command, Command)
        return command

    def __contains__(self, path: object) -> bool:
        return path in self._frozen

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._frozen)

    def __len__(self) -> int:
        return len(self._frozen)
