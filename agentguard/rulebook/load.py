"""Loads the rulebook: programs and APIs, from a directory of rule files."""

from __future__ import annotations

import os

from ..core.api import Api
from ..errors import RuleError
from ..lean.typing import TYPE_CHECKING
from . import apis
from .build import build
from .document import Document, Node
from .model import Program
from .schema import API, PROGRAM, check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The folder of a rulebook's directory with the tables of APIs.
_APIS = "apis"
#: The file of a program's folder that comes before the others: it has what is said of the whole program.
_FIRST = "program.toml"
#: What else lies there: the schemas, and what was made of the rules.
_NO_RULES = ("schema.json", "compiled", "__pycache__")


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
    """The rulebook of a directory, its examples not yet run; raises RuleError.

    Each file of the directory teaches a program, and so does each folder of files, but for `apis`: there, each
    file teaches a web API.
    """
    _refuse_strays(directory)
    programs: dict[str, Program] = {}
    names: dict[str, Node] = {}
    ids: dict[str, Node] = {}
    for files in _programs(directory):
        documents = [_read(directory, file, PROGRAM) for file in files]
        program = build(*documents)
        _claim(_ids(documents), ids)
        for document in documents:
            _claim((*Node(document).items("program", "names"), *Node(document).items("program", "packages")), names)
        programs |= dict.fromkeys((*program.names, *program.packages), program)
    if not programs:
        raise RuleError(f"{directory}: no rule files", "docs/rules.md says what they are")
    tables = [_read(directory, file, API) for file in _files(directory, _APIS)]
    found = tuple(map(apis.build, tables))
    _claim(_ids(tables), ids)
    return Rulebook(programs, found)


def rule_files(directory: str) -> list[str]:
    """The paths of all rule files of a directory that may be missing, below it."""
    return [*(file for files in _programs(directory) for file in files), *_files(directory, _APIS)]


def _programs(directory: str) -> Iterator[list[str]]:
    """The files of each program, below the directory."""
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
        files = [name] if name.endswith(".toml") else _files(directory, name) if name != _APIS else []
        if files:
            yield files


def _files(directory: str, folder: str) -> list[str]:
    """The rule files of a folder that may be missing, below the directory."""
    whole = os.path.join(directory, folder)
    names = sorted(os.listdir(whole), key=lambda name: (name != _FIRST, name)) if os.path.isdir(whole) else []
    return [f"{folder}/{name}" for name in names if name.endswith(".toml")]


def _refuse_strays(directory: str) -> None:
    """That nothing lies among the rule files which looks as if it taught something, and is not read."""
    read = {os.path.join(directory, file) for file in rule_files(directory)}
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in _NO_RULES and name[0] != ".")
        for name in sorted(files):
            path = os.path.join(folder, name)
            if path not in read and name not in _NO_RULES and name[0] != ".":
                what = f"{os.path.relpath(path, directory)}: is not read"
                raise RuleError(what, "rules are in NAME.toml, FOLDER/NAME.toml and apis/NAME.toml")


def _read(directory: str, file: str, schema: str) -> Document:
    document = Document.read(directory, file)
    check(document, schema)
    return document


def _ids(documents: Iterable[Document]) -> Iterator[Node]:
    return (rule / "id" for document in documents for rule in Node(document).items("rule"))


def _claim(nodes: Iterable[Node], taken: dict[str, Node]) -> None:
    """That nobody else has these names."""
    for node in nodes:
        other = taken.setdefault(node.value, node)
        if other is not node:
            raise node.fault(f"`{node.value}` is taken in {other}", "choose another name")
