"""Which file a command starts, where the line itself has made that, or has put other directories on PATH."""

from __future__ import annotations

import os.path

from ...core.effect import Effect, Target
from ...core.paths import within
from ...core.unseen import Unseen
from ...core.word import Known, Unknown
from ...lean.typing import TYPE_CHECKING
from ..shebang import interpreter
from .made_files import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...core.word import Word
    from .interpreter import Interpreter


def started(shell: Interpreter, argv: tuple[Word, ...], env: Mapping[str, Word]) -> tuple[Word, ...]:
    """The arguments of what a call starts: a script that is found so is given to its interpreter."""
    name = argv[0]
    if isinstance(name, Unknown):
        return argv
    file = name if "/" in name.text else next(_on_path(shell, name.text, env), None)
    if file is None:
        return argv
    whole = shell.absolute(file)
    is_made = isinstance(whole, Known) and any(_makes(effect, whole.text, shell) for effect in shell.ahead)
    if not is_made and file is name:
        return argv
    try:
        words = interpreter(shell.world.read(whole.guess, "/"))
    except Unseen:
        words = ()
    if words:
        return (*map(Known, words), file, *argv[1:])
    if is_made:
        reason = f"starts {name.text}, which an earlier part of the same line makes"
        shell.tell(Effect("unknown", Target("file", whole.guess), rule="sh-made-program", program="sh", reason=reason))
    return (file, *argv[1:])


def _makes(effect: Effect, path: str, shell: Interpreter) -> bool:
    """Whether an earlier part of the line puts a file there, or a directory or link above it."""
    if effect.verb not in ("create", "replace") or effect.program in ABOUT:
        return False
    if effect.target_known:
        return effect.target.kind == "file" and within(path, effect.target.name)
    return shell.world.paths((path,), "/", False)[0].state == "missing"


def _on_path(shell: Interpreter, name: str, env: Mapping[str, Word]) -> Iterator[Word]:
    """Where a name is found in directories of the line's own that it puts before those of PATH."""
    path, before = env.get("PATH", shell.scope.variables.get("PATH")), shell.scope.inherited.get("PATH")
    if path == before or not isinstance(path, Known) or not isinstance(shell.scope.cwd, Known):
        return
    inherited = before.guess.split(":") if before is not None else []
    for directory in path.text.split(":"):
        if directory in inherited:
            return
        file = shell.absolute(Known(os.path.join(directory, name)))
        if within(file.guess, shell.scope.cwd.text) and _is_there(shell, file.guess):
            yield file


def _is_there(shell: Interpreter, path: str) -> bool:
    there = shell.world.paths((path,), "/", True)[0].state != "missing"
    return there or any(_makes(effect, path, shell) for effect in shell.ahead if effect.target_known)
