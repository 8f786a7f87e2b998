"""The modules of agentguard and bashlex in one file, so that a shim opens one instead of forty.

Python looks into a directory, at a source and at its compiled form for each module that it imports.
Here one file is read, `modules` beside the packages: what there is, then the compiled forms one
after the other. Only `install` writes it; the sources that it was made from lie beside it, for
whoever reads a traceback.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec, module_from_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, ModuleType

#: The packages that are put into the file.
PACKAGES = ("agentguard", "bashlex")
#: What is imported before the file is in use.
FIRST = ("agentguard/__init__.py", "agentguard/lean/__init__.py", "agentguard/lean/bundle.py")
FILE = "modules"


def write(lib: str, place: str) -> None:
    """Put the modules of the packages in `lib` into one file there. Tracebacks will name them as if in `place`."""
    table, forms, at = {}, [], 0
    for name, path in _modules(lib):
        source = os.path.join(place, path)
        with open(os.path.join(lib, path), "rb") as file:
            text = file.read()
        form = b"" if _is_idle(text) else marshal.dumps(compile(text, source, "exec", dont_inherit=True, optimize=0))
        table[name] = (path, at, len(form))
        forms.append(form)
        at += len(form)
    header = marshal.dumps(table)
    with open(os.path.join(lib, FILE), "wb") as file:
        file.write(len(header).to_bytes(4, "little") + header + b"".join(forms))


def _modules(lib: str) -> Iterator[tuple[str, str]]:
    """Every module by its name, and its source below `lib`."""
    for package in PACKAGES:
        for folder, _, files in os.walk(os.path.join(lib, package)):
            for file in files:
                if file.endswith(".py"):
                    path = os.path.relpath(os.path.join(folder, file), lib)
                    yield path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"), path


def _is_idle(source: bytes) -> bool:
    """Whether nothing happens in a module: it has a docstring at most, as packages do that only hold others."""
    from ast import Constant, Expr, parse

    if source.strip()[-1:] not in (b"", b'"', b"'"):  # which spares parsing nearly all of them
        return False
    return all(isinstance(part, Expr) and isinstance(part.value, Constant) for part in parse(source).body)


def use() -> None:
    """Import from the file beside this package from now on, if there is one."""
    path = os.path.join(__file__.rpartition("/agentguard/")[0], FILE)
    if os.path.exists(path):
        finder = _Finder(path)
        sys.meta_path.insert(0, finder)
        finder.register()


class _Finder:
    """A finder and loader as the import system takes them (importlib.abc)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lib = os.path.dirname(path)
        size = int.from_bytes(self._read(0, 4), "little")
        self._table: dict[str, tuple[str, int, int]] = marshal.loads(self._read(4, size))
        self._start = 4 + size

    def register(self) -> None:
        """Make the packages that hold nothing themselves: importing one takes as long as a module that does."""
        for name, (_, _, size) in self._table.items():
            parent, _, last = name.rpartition(".")
            if not size and name not in sys.modules and parent in sys.modules:
                spec = self.find_spec(name)
                assert spec
                module = sys.modules[name] = module_from_spec(spec)
                setattr(sys.modules[parent], last, module)

    def _read(self, at: int, size: int) -> bytes:
        # Not kept open: where the caller has closed its standard input, this would get its number.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, size, at)
        finally:
            os.close(descriptor)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Where a module is, None if it is not here."""
        found = self._table.get(name)
        if found is None:
            return None
        origin = f"{self._lib}/{found[0]}"
        folder, _, file = origin.rpartition("/")
        spec = ModuleSpec(name, self, origin=origin, is_package=file == "__init__.py")  # type: ignore[arg-type]
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None: a module like any other."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code, if it has any."""
        if self._table[module.__name__][2]:
            exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, name: str) -> CodeType:
        """A module's code."""
        _, at, size = self._table[name]
        code: CodeType = marshal.loads(self._read(self._start + at, size))
        return code
