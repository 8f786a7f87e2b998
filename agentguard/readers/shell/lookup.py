"""Which file a command starts, where the line itself has made that, or has put other directories on PATH."""

from __future__ import annotations

import os.path

from ...core.paths import within
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from ..shebang import interpreter
from .made_files import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Invocation
    from ...core.effect import Effect
    from ...core.word import Word
    from ...core.world import World


def located(path: Word, cwd: Word) -> Word:
    """A path seen from a directory; not known if one of them is not."""
    whole = os.path.normpath(os.path.join(cwd.guess, path.guess))
    if isinstance(path, Unknown):
        return Unknown(whole, path.written)
    if isinstance(cwd, Unknown) and not path.text.startswith("/"):
        return Unknown(whole, f"{cwd.written}/{path.text}")
    return Known(whole)


def started(call: Invocation, world: World, before: Word | None) -> tuple[Invocation, bool]:
    """What a call of a known name starts, a script given to its interpreter, and whether nobody knows what that is.

    `before` is the PATH that there was before the line, `world` is asked as the call finds it.
    """
    name = call.argv[0]
    file = name if "/" in name.guess else next(on_path(call, name.guess, world, before), None)
    if file is None:
        return call, False
    path = located(file, call.cwd)
    is_made = may_make(call.ahead, path)
    if not is_made and isinstance(path, Known) and not all(one.target_known for one in _making(call.ahead)):
        is_made = not _is_there(path.text, world)  # so that the line makes it, if there is something to start
    if not is_made and file is name:
        return call, False
    if isinstance(path, Unknown):
        return call, is_made
    try:
        words = interpreter(world.read(text_of(path), "/"))
    except Unseen:
        words = ()
    return call.replace(argv=(*map(Known, words), file, *call.argv[1:])), is_made and not words


def on_path(call: Invocation, name: str, world: World, before: Word | None) -> Iterator[Word]:
    """Where a name is found in the line's own directories, as far as they come before those that PATH had before."""
    path, cwd = call.env.get("PATH"), call.cwd
    if path is None or path == before:
        return
    if isinstance(path, Unknown) or isinstance(cwd, Unknown):
        somewhere = Unknown(name, f"$PATH/{name}")
        if may_make(call.ahead, somewhere):
            yield somewhere
        return
    others = before.guess.split(":") if before is not None else []
    for directory in path.text.split(":"):
        if directory in others:
            return
        file = located(Known(os.path.join(directory, name)), cwd)
        is_there = within(file.guess, cwd.text) and _is_there(file.guess, world)
        if is_there or may_make(call.ahead, file):
            yield file


def _is_there(path: str, world: World) -> bool:
    return world.paths((path,), "/", True)[0].state != "missing"


def may_make(ahead: tuple[Effect, ...], path: Word) -> bool:
    """Whether an earlier part of the line may put a file at a path, or a directory or link above it."""
    return any(_makes(effect, path) for effect in _making(ahead))


def _making(ahead: tuple[Effect, ...]) -> Iterator[Effect]:
    return (one for one in ahead if one.verb in ("create", "replace") and one.program not in ABOUT)


def _makes(effect: Effect, path: Word) -> bool:
    """Of what is not known where it lies, the names count; an unknown file that is replaced may be any."""
    if effect.target_known and isinstance(path, Known):
        return effect.target.kind == "file" and within(path.text, effect.target.name)
    names = {word.rpartition("/")[2] for word in effect.target.name.split()} - {""}
    replaces_any = effect.verb == "replace" and not effect.target_known
    return replaces_any or not names.isdisjoint(path.guess.split("/"))
