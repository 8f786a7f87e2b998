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
    from collections.abc import Iterable, Iterator

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


def started(call: Invocation, world: World, before: Word | None) -> tuple[Invocation, str]:
    """What a call of a known name starts, a script given to its interpreter; "maybe" if it may also be what it seems,
    "unknown" if nobody knows what it is.

    `before` is the PATH that there was before the line, `world` is asked as the call finds it.
    """
    name = call.argv[0]
    file, is_sure = (name, True) if "/" in name.guess else next(on_path(call, name.guess, world, before), (None, True))
    if file is None:
        return call, ""
    path = located(file, call.cwd)
    is_made = may_make(call.ahead, path)
    if not is_made and isinstance(path, Known) and not all(one.target_known for one in _making(call.ahead)):
        is_made = not is_there(path.text, world)  # so that the line makes it, if there is something to start
    if not is_made and file is name:
        return call, ""
    if isinstance(path, Unknown):
        return call, "unknown" if is_made else ""
    try:
        words = interpreter(world.read(text_of(path), "/"))
    except Unseen:
        words = ()
    doubt = "unknown" if is_made and not words else "" if is_sure else "maybe"
    return call.replace(argv=(*map(Known, words), file, *call.argv[1:])), doubt


def on_path(call: Invocation, name: str, world: World, before: Word | None) -> Iterator[tuple[Word, bool]]:
    """Where PATH leads to files that the line makes, or that lie in directories which it has put before all others.

    With each, whether a name surely stands for it: in the directories of before there may be others.
    """
    path, cwd, making = call.env.get("PATH"), call.cwd, tuple(_making(call.ahead))
    if path is None or (path == before and not making):
        return
    if isinstance(path, Unknown):
        somewhere = Unknown(name, f"$PATH/{name}")
        if may_make(making, somewhere):
            yield somewhere, False
        return
    others = before.guess.split(":") if before is not None else []
    is_own = True
    for directory in path.text.split(":"):
        is_own = is_own and directory not in others
        file = located(Known(os.path.join(directory, name)), cwd)
        lies_there = is_own and within(file.guess, cwd.guess) and is_there(file.guess, world)
        if lies_there or may_make(making, file):
            yield file, is_own


def is_there(path: str, world: World) -> bool:
    """Whether there is a file, or what a link there leads to, at a full path."""
    return world.paths((path,), "/", True)[0].state != "missing"


def may_make(ahead: Iterable[Effect], path: Word) -> bool:
    """Whether an earlier part of the line may put a file at a path, or a directory or link above it."""
    return any(_makes(effect, path) for effect in _making(ahead))


def _making(ahead: Iterable[Effect]) -> Iterator[Effect]:
    return (one for one in ahead if one.verb in ("create", "replace") and one.program not in ABOUT)


def _makes(effect: Effect, path: Word) -> bool:
    """Of what is not known where it lies, the names count; what is lost in an unknown one may be any."""
    if effect.target_known and isinstance(path, Known):
        return effect.target.kind == "file" and within(path.text, effect.target.name)
    names = {word.rpartition("/")[2] for word in effect.target.name.split()} - {""}
    is_any = effect.rating == "destructive" and not effect.target_known
    return is_any or not names.isdisjoint(path.written.split("/"))
