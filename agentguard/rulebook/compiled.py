"""The compiled rulebook that shims load: checked, without examples, one file a program.

Reading TOML and checking it costs more than everything else in a shim. `marshal` is bound to one
version of Python, as the store is that the compiled rules lie in.
"""

from __future__ import annotations

import marshal
import os

from ..core import api
from ..core.api import Api, ApiRule
from ..errors import RuleError
from ..lean.cache import cached, path_for
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from . import model
from .model import Command, Plain, Program, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .load import Rulebook

#: The folder with the compiled rules, inside that of the rule files.
FOLDER = "compiled"
#: The file with all the APIs, and that with the names that get a shim, inside that.
APIS, GUARDED = "apis", "guarded"


def write(rulebook: Rulebook, directory: str) -> None:
    """Compile a rulebook into the folder FOLDER of `directory`, which must not be there yet."""
    put(compiled(rulebook), directory)


def put(files: Mapping[str, bytes], directory: str) -> None:
    """Write compiled files into the folder FOLDER of `directory`, which must not be there yet."""
    folder = os.path.join(directory, FOLDER)
    os.mkdir(folder)
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def compiled(rulebook: Rulebook) -> dict[str, bytes]:
    """The compiled files of a rulebook: contents by names."""
    files = {
        APIS: _dumped(_freeze(tuple(map(_bare, rulebook.apis())))),
        GUARDED: _dumped(list(rulebook.guarded)),
    }
    for program in rulebook:
        rules = tuple(rule.replace(examples=(), misses=(), suggests=()) for rule in program.rules)
        bare = program.replace(rules=rules, plain=Plain())
        frozen = _dumped(_freeze(bare))
        files |= {_file(name): frozen for name in (*bare.names, *bare.packages)}
    return files


def plain_file(program: str, path: tuple[str, ...] = ()) -> str:
    """The file with the fast path of a command of a program."""
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
        folder = os.path.join(directory, FOLDER)
        if not os.path.isdir(folder):
            raise RuleError(f"{folder} is missing", "run `agentguard install` again")
        self._begin(folder)

    def _begin(self, place: str) -> None:
        self._place = place
        self._loaded: dict[str, Program | None] = {}
        self._apis: tuple[Api, ...] | None = None

    def program(self, name: str) -> Program | None:
        """The program called by that file name, or None; raises RuleError if its rules are damaged."""
        if name not in self._loaded:
            self._loaded[name] = None if "\0" in name else self._read(_file(name), Program)
        return self._loaded[name]

    def apis(self) -> tuple[Api, ...]:
        """Every API; raises RuleError if what is known of them is damaged."""
        if self._apis is None:
            self._apis = self._read(APIS, tuple)
            if self._apis is None:
                raise self._fault(APIS, "it is missing")
        return self._apis

    @property
    def guarded(self) -> tuple[str, ...]:
        """The names that get a shim, sorted; raises RuleError if they cannot be read."""
        found: tuple[str, ...] | None = self._read(GUARDED, tuple)
        if found is None:
            raise self._fault(GUARDED, "it is missing")
        return found

    def _read(self, file: str, kind: type[Any]) -> Any:
        """What was frozen into a file, None if it is not there; raises RuleError if it is nothing of that kind."""
        try:
            frozen = self._bytes(file)
            if frozen is None:
                return None
            thawed = _thaw(marshal.loads(frozen))
        except (OSError, ValueError, TypeError, EOFError, LookupError) as fault:
            raise self._fault(file, str(fault)) from fault
        if not isinstance(thawed, kind):
            raise self._fault(file, f"no {kind.__name__} in it")
        return thawed

    def _bytes(self, file: str) -> bytes | None:
        """A file's contents, None if it is not there."""
        try:
            with open(os.path.join(self._place, file), "rb") as opened:
                return opened.read()
        except FileNotFoundError:
            return None

    def _fault(self, file: str, why: str) -> RuleError:
        return RuleError(f"{os.path.join(self._place, file)}: {why}", "run `agentguard install` again")


class CachedRulebook(CompiledRulebook):
    """The same from files in memory; `place` is the directory that they were compiled from."""

    def __init__(self, place: str, files: dict[str, bytes]) -> None:
        self._files = files
        self._begin(place)

    def _bytes(self, file: str) -> bytes | None:
        return self._files.get(file)


def rulebook(directory: str) -> CompiledRulebook:
    """The rules of a directory: as `install` or the wheel's build left them, or compiled once; raises RuleError."""
    if os.path.isdir(os.path.join(directory, FOLDER)):
        return CompiledRulebook(directory)

    def make() -> dict[str, bytes]:
        from ..lean import prebuilt

        files: dict[str, bytes] = prebuilt.read(os.path.dirname(directory)).get("rules", {})
        if files:
            return files
        from .load import load

        return compiled(load(directory))

    return CachedRulebook(directory, cached(path_for(__file__, "rules"), _sources(directory), make))


def _sources(directory: str) -> Iterator[str]:
    """What compiled rules follow from: the rule files, and the code that compiles them."""
    here = os.path.dirname(os.path.abspath(__file__))
    package = os.path.dirname(here)
    code = (here, *(os.path.join(package, name) for name in ("core", "lean")))
    for folder, end in ((directory, ".toml"), *((folder, ".py") for folder in code)):
        yield from _below(folder, end)


def _below(folder: str, end: str) -> Iterator[str]:
    """The files at any depth whose names end so, in a fixed order; a `check` of one line notices what os.walk costs."""
    with os.scandir(folder) as listing:
        entries = sorted((entry.name, entry) for entry in listing)
    for name, entry in entries:
        if name.endswith(end):
            yield entry.path
        elif name != "__pycache__" and entry.is_dir():
            yield from _below(entry.path, end)


def _freeze(value: Any) -> Any:
    """`value` in the types that marshal knows; a Value is a tuple that starts with its type's name.

    What a call asks for one by one (a program's commands and rules, an API's rules) is bytes of its own.
    """
    if isinstance(value, Value):
        fields = {name: _freeze(getattr(value, name)) for name in value._fields}
        if isinstance(value, Program):
            fields["commands"] = {path: _frozen(command) for path, command in value.commands.items()}
            fields["rules"] = [(None if one.anywhere else one.commands, _frozen(one)) for one in value.rules]
        if isinstance(value, Api):
            fields["rules"] = [_frozen(rule) for rule in value.rules]
        return (type(value).__name__, *fields.values())
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_freeze(item) for item in value]
    return value


def _frozen(value: Value) -> bytes:
    return _dumped(_freeze(value))


def _dumped(frozen: Any) -> bytes:
    """In the form that every Python since 3.4 reads: what a wheel ships is read by another than made it."""
    return marshal.dumps(frozen, 4)


def _thaw(frozen: Any) -> Any:
    if isinstance(frozen, tuple):
        kind, *fields = frozen
        type = _TYPES[kind]
        if type is Program:
            return _Program(fields)
        made = object.__new__(type)
        made.__dict__.update(zip(type._fields, map(_thaw, fields), strict=True))
        if isinstance(made, Api):
            made.__dict__["rules"] = _Rules(made.rules)
        return made
    if isinstance(frozen, list):
        return tuple(map(_thaw, frozen))
    if isinstance(frozen, dict):
        return {key: _thaw(item) for key, item in frozen.items()}
    return frozen


_TYPES: dict[str, type[Value]] = {
    one.__name__: one
    for one in (*vars(model).values(), *vars(api).values())
    if isinstance(one, type) and issubclass(one, Value)
}


class _Program(Program):
    """A program whose commands and rules are thawed when a call is about them: of git's hundreds, some ten are."""

    def __init__(self, fields: list[Any]) -> None:
        named = dict(zip(Program._fields, fields, strict=True))
        commands, rules = named.pop("commands"), named.pop("rules")
        self.__dict__.update({name: _thaw(field) for name, field in named.items()})
        self.__dict__.update(commands=_Commands(commands), rules=_Rules(rule for _, rule in rules))
        self.__dict__.update(_rules=rules, _about={})

    def about(self, command: tuple[str, ...]) -> tuple[Rule, ...]:
        """See Program."""
        known: dict[tuple[str, ...], tuple[Rule, ...]] = self.__dict__["_about"]
        if command not in known:
            rules = self.__dict__["_rules"]
            known[command] = tuple(_Rules(rule for about, rule in rules if about is None or command in about))
        return known[command]


class _Rules(tuple[Any, ...] if TYPE_CHECKING else tuple):  # type: ignore[misc]
    """Frozen rules, thawed whenever they are looked through: a request is one API's."""

    def __iter__(self) -> Iterator[Any]:
        return (_thaw(marshal.loads(one)) for one in super().__iter__())


class _Commands:
    """Commands by path, each thawed when it is looked up."""

    def __init__(self, frozen: dict[tuple[str, ...], bytes]) -> None:
        self._frozen = frozen
        self._thawed: dict[tuple[str, ...], Command] = {}

    def __getitem__(self, path: tuple[str, ...]) -> Command:
        if path not in self._thawed:
            self._thawed[path] = _thaw(marshal.loads(self._frozen[path]))
        return self._thawed[path]

    def __contains__(self, path: object) -> bool:
        return path in self._frozen

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._frozen)

    def __len__(self) -> int:
        return len(self._frozen)
