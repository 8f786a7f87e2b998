"""The files that stand in for real programs, filled in from the prototypes in shims/."""

from __future__ import annotations

import os
import re
import stat

from ... import resources
from ...core.text.glob import in_any_case
from ...core.text.redact import HINTS
from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING
from ...rulebook.compiled import plain_file
from ..layout import Root
from ..records.spool import FIELD, LINE
from .startup_files import fish_quoted, quoted, write
from .store import COMPILED, in_force

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The start of the second line of every file that `install` makes to be executed.
_MARKS = (b"# agentguard shim for ", b"# agentguard command\n")
#: What an installation has besides shims and store: the prototype of each file, and its mode.
_OTHERS = {
    "bin/agentguard": ("command.sh", 0o755),
    "activate.sh": ("activate.sh", 0o644),
    "activate.fish": ("activate.fish", 0o644),
    "bash_env.sh": ("bash_env.sh", 0o644),
}
#: Shells that a shim may run in. dash takes nothing from the environment; bash would import
#: functions and options that decide what a shim does, unless it is started with -p.
_INTERPRETERS = (
    ("/usr/bin/dash", ""), ("/bin/dash", ""), ("/usr/local/bin/dash", ""),
    ("/usr/bin/bash", " -p"), ("/bin/bash", " -p"), ("/usr/local/bin/bash", " -p"),
    ("/run/current-system/sw/bin/bash", " -p"),
)  # fmt: skip


def wanted(root: Root, names: Iterable[str], pins: Iterable[str] = ()) -> dict[str, tuple[bytes, int]]:
    """Every file outside the store that an installation with shims for `names` has: content and mode by path.

    `pins` are the fingerprints of the factors that the shims believe.
    """
    factors = ",".join(sorted(pins))
    files = {f"{root.shims}/{name}": (_filled("shim.sh", root, name, factors), 0o755) for name in names}
    files |= {f"{root.path}/{name}": (_filled(prototype, root), mode) for name, (prototype, mode) in _OTHERS.items()}
    return files


def others(root: Root) -> list[str]:
    """The paths of the files outside the store that are no shims, such as activate.sh."""
    return [f"{root.path}/{name}" for name in _OTHERS]


def put(files: dict[str, tuple[bytes, int]]) -> list[str]:
    """Write each file that is not as it should be, in one step each; the paths written."""
    written = []
    for path, (content, mode) in files.items():
        if not same(path, content, mode):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, content, mode)
            written.append(path)
    return written


def same(path: str, content: bytes, mode: int) -> bool:
    """Whether a file has that content and mode."""
    try:
        facts = os.lstat(path)
        if not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) != mode:
            return False
        with open(path, "rb") as file:
            return file.read() == content
    except OSError:
        return False


def ours(path: str) -> bool:
    """Whether `install` made the executable file at that path."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with open(path, "rb") as file:
            file.readline(256)
            return file.readline(256).startswith(_MARKS)
    except OSError:
        return False


def present(root: Root) -> list[str]:
    """The names that have a shim of ours, sorted."""
    try:
        return sorted(name for name in os.listdir(root.shims) if ours(f"{root.shims}/{name}"))
    except FileNotFoundError:
        return []


def pins(root: Root) -> frozenset[str]:
    """The fingerprints that the shims hold: of all of them, should a change have been interrupted."""
    held: set[str] = set()
    for name in present(root):
        with open(f"{root.shims}/{name}", "rb") as file:
            for found in re.findall(rb'"\$_ag_ignored:([^"]+)"', file.read()):
                held.update(found.decode("ascii", "replace").split(","))
    return frozenset(held)


def _filled(prototype: str, root: Root, name: str = "", factors: str = "") -> bytes:
    """A prototype with its placeholders filled, quoted for its shell."""
    text = _prototype(prototype)
    quote = fish_quoted if prototype.endswith(".fish") else quoted
    for placeholder, value in (
        ("@SHELL@", _interpreter() if "@SHELL@" in text else ""),
        ("@PLAIN@", _fast_way(root, name) if "@PLAIN@" in text else ""),
        ("@NAME@", name),
        ("@FACTORS@", factors),
        ("@SHIMS@", quote(root.shims)),
        ("@ROOT@", quote(root.path)),
    ):
        text = text.replace(placeholder, value)
    return os.fsencode(text)


def _fast_way(root: Root, name: str) -> str:
    """What a shim does by itself: nothing for programs of which no calls are plain."""
    version = in_force(root)
    if not os.path.exists(f"{root.store}/{version}/{COMPILED}/{plain_file(name)}"):
        return ""
    text = _prototype("plain.sh")
    for placeholder, value in (
        ("@VERSION@", version),
        ("@RULES@", COMPILED),
        ("@HINTS@", " | ".join(f"*{in_any_case(hint)}*".replace(" ", "\\ ") for hint in HINTS)),
        ("@FIELD@", FIELD),
        ("@LINE@", LINE),
        ("@TAB@", "\t"),
    ):
        text = text.replace(placeholder, value)
    return text + "\n"


def _prototype(name: str) -> str:
    with open(os.path.join(resources.shims(), name), "rb") as file:
        return os.fsdecode(file.read())


def _interpreter() -> str:
    for path, option in _INTERPRETERS:
        if os.access(path, os.X_OK):
            return path + option
    raise InstallError("the shims need dash or bash, and neither is here", "install dash")
