"""Programs that look for files and do something with each: which files, and which commands (find)."""

from __future__ import annotations

from ..core.call import Argument, Call, Unresolved
from ..core.value import TYPE_CHECKING
from ..core.world import Unseen, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Search

#: How many commands are read for as many files; of more, one stands for all.
MOST_COMMANDS = 50


def found_below(call: Call, search: Search | None, world: World) -> tuple[Call, tuple[str, ...] | None]:
    """The call with an argument of the role FOUND for each file that it may find, and those files.

    Where that cannot be told, its START arguments stand for all that lies below them, and the files are None.
    Where nothing is done with what is found, nobody looks.
    """
    if search is None or not call.has(*search.acts):
        return call, None
    starts = tuple(a.value for a in call.playing("START") if a.value is not None)
    found = _found(call, search, starts, world)
    places = starts if found is None else found
    return call.replace(arguments=(*call.arguments, *(Argument("FOUND", "FOUND", path) for path in places))), found


def _found(call: Call, search: Search, starts: tuple[str, ...], world: World) -> tuple[str, ...] | None:
    names = _names(call, search)
    if not names or any(isinstance(word, Unresolved) for word in (*names, *starts, call.cwd)):
        return None
    try:
        return world.below(starts, names, call.cwd)
    except Unseen:
        return None


def _names(call: Call, search: Search) -> tuple[str, ...]:
    """Patterns of which every file that is acted upon matches one; none if there is no telling.

    Every alternative must ask for a name before it acts. One that does not is without
    consequence only if it does not act and is part of no group, which another could act upon.
    """
    if call.has(*search.denies):
        return ()
    alternatives: list[list[Argument]] = [[]]
    for argument in call.arguments:
        if argument.option in search.either:
            alternatives.append([])
        elif argument.option:
            alternatives[-1].append(argument)
    names = []
    for alternative in alternatives:
        acts = next((i for i, a in enumerate(alternative) if a.option in search.acts), len(alternative))
        name = next((a.value for a in alternative[:acts] if a.option in search.named), None)
        if name is not None:
            names.append(name)
        elif acts < len(alternative) or call.has(*search.group):
            return ()
    return tuple(names)


def commands(call: Call, found: tuple[str, ...] | None) -> Iterator[tuple[str, ...]]:
    """The commands that options carry, in which `{}` stands for what is found."""
    carried: list[list[str]] = []
    for argument in call.playing("ARGV"):
        if argument.option and argument.value is not None:
            if argument.written:
                carried.append([])
            carried[-1].append(argument.value)
    for argv in carried:
        parts = any("{}" in word and word != "{}" for word in argv)
        if found is None or (parts and len(found) > MOST_COMMANDS):
            yield tuple(Unresolved(word.replace("{}", ""), word) if "{}" in word else word for word in argv)
        elif parts:
            for path in found:
                yield tuple(word.replace("{}", path) for word in argv)
        elif found:
            yield tuple(part for word in argv for part in (found if word == "{}" else (word,)))
