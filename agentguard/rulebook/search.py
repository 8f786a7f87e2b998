"""Programs that look for files and do something with each: which files, and which commands (find)."""

from __future__ import annotations

from ..core.call import UNENDED, Argument, Call, Unresolved
from ..core.value import TYPE_CHECKING
from ..core.world import TooWide, Unseen, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Search

#: How many commands are read for as many files; of more, one stands for all.
MOST_COMMANDS = 50


def found_below(call: Call, search: Search, world: World) -> tuple[Call, tuple[str, ...] | str]:
    """The call with an argument of the role FOUND for each file that it may find, and those files.

    Where that cannot be told, its START arguments stand for all that lies below them, and there is
    the reason in place of the files, "" if the call itself leaves it open.
    """
    starts = tuple(a.value for a in call.playing("START") if a.value is not None)
    found: tuple[str, ...] | str = ""
    places = starts
    names = _names(call, search)
    if names and not any(isinstance(word, Unresolved) for word in (*names, *starts, call.cwd)):
        try:
            places = found = world.below(starts, names, call.cwd)
        except TooWide as why:
            found = str(why)
            written = f"{' '.join(names)} below {' '.join(starts)} ({why})"
            places = (Unresolved(f"{starts[0].rstrip('/')}/{names[0]}", written),)
        except Unseen as why:
            found = str(why)
    return call.replace(arguments=(*call.arguments, *(Argument("FOUND", "FOUND", path) for path in places))), found


def acts(call: Call, search: Search | None) -> bool:
    """Whether something is done with what is found."""
    return search is not None and call.has(*search.acts) and not call.has(UNENDED)


def _names(call: Call, search: Search) -> tuple[str, ...]:
    """Patterns of which every file that is acted upon matches one; none if there is no telling.

    Every alternative must ask for a name, and not for any, before it acts. One that does not is without
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
        if name is not None and name.strip("*"):
            names.append(name)
        elif acts < len(alternative) or call.has(*search.group):
            return ()
    return tuple(names)


def commands(call: Call, found: tuple[str, ...] | str) -> Iterator[tuple[str, ...]]:
    """The commands that options carry, in which `{}` stands for what is found; none where one of them has no end."""
    if call.has(UNENDED):
        return
    carried: list[list[str]] = []
    for argument in call.playing("ARGV"):
        if argument.option and argument.value is not None:
            if argument.written:
                carried.append([])
            carried[-1].append(argument.value)
    for argv in carried:
        parts = any("{}" in word and word != "{}" for word in argv)
        if isinstance(found, str) or (parts and len(found) > MOST_COMMANDS):
            why = f" ({found})" if isinstance(found, str) and found else ""
            yield tuple(Unresolved(word.replace("{}", ""), word + why) if "{}" in word else word for word in argv)
        elif parts:
            for path in found:
                yield tuple(word.replace("{}", path) for word in argv)
        elif found:
            yield tuple(part for word in argv for part in (found if word == "{}" else (word,)))
