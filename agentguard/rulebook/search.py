"""Programs that search for files and act on each (find): which files these are, and which commands run on them."""

from __future__ import annotations

from ..core.call import UNENDED, Argument, Call
from ..core.text.encoding import encode
from ..core.unseen import TooWide, Unseen
from ..core.word import Known, Unknown, known, replaced, text_of
from ..core.world import World
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.word import Word
    from .command_builders import BuiltCommand
    from .model import Search


def found_below(call: Call, search: Search, world: World) -> tuple[Call, tuple[str, ...] | str]:
    """The call with a FOUND argument for each file that it may find, and those files.

    Where that cannot be told, its START arguments stand for all that lies below them, and there is
    the reason in place of the files, "" if the call itself leaves it open.
    """
    found: tuple[str, ...] | str = ""
    places = starts = call.played("START")
    names = _names(call, search, search.acts)
    if names and not any(isinstance(word, Unknown) for word in (*names, *starts, call.cwd)):
        tops, patterns = tuple(map(text_of, starts)), tuple(map(text_of, names))
        try:
            found = world.below(tops, patterns, text_of(call.cwd))
            places = known(found)
        except TooWide as why:
            found = str(why)
            written = f"{' '.join(patterns)} below {' '.join(tops)} ({why})"
            places = (Unknown(f"{tops[0].rstrip('/')}/{patterns[0]}", written),)
        except Unseen as why:
            found = str(why)
    return call.replace(arguments=(*call.arguments, *(Argument("FOUND", "FOUND", path) for path in places))), found


def acts_on_found(call: Call, search: Search | None) -> bool:
    """Whether the search acts on what it finds (`-delete`, `-exec`), and does not only print it."""
    return search is not None and call.has(*search.acts) and not call.has(UNENDED)


def _names(call: Call, search: Search, acts: tuple[str, ...]) -> tuple[Word, ...]:
    """Patterns of which every file that is acted upon matches one; none if there is no telling.

    `acts` are the options that act; where there are none, every alternative acts at its end.

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
        at = next((i for i, a in enumerate(alternative) if a.option in acts), len(alternative))
        name = next((a.value for a in alternative[:at] if a.option in search.named), None)
        if name is not None and name.guess.strip("*"):
            names.append(name)
        elif at < len(alternative) or not acts or call.has(*search.group):
            return ()
    return tuple(names)


def printed_lines(call: Call, search: Search | None, world: World) -> bytes | None:
    """The names of files that a search may print, one a line; None where that cannot be told."""
    if search is None or call.unknown or call.has(*search.acts, *search.tells):
        return None
    prints = search.prints if call.has(*search.prints) else ()
    names = _names(call, search, prints)
    if not names:
        return None
    ends = {b"\0" if one in search.null else b"\n" for one in prints if call.has(one)} or {b"\n"}
    try:
        starts, patterns = tuple(map(text_of, call.played("START"))), tuple(map(text_of, names))
        found = map(encode, world.below(starts, patterns, text_of(call.cwd)))
        return b"".join(path + end for path in found for end in ends) if len(ends) == 1 else None
    except Unseen:
        return None


def commands_for(call: Call, found: tuple[str, ...] | str) -> Iterator[BuiltCommand]:
    """The commands of `-exec` and its like, with `{}` replaced by what is found; none where one of them has no end."""
    if call.has(UNENDED) or not any(True for one in call.playing("ARGV") if one.option):
        return
    from .command_builders import MOST_COMMANDS, together

    carried: list[list[Word]] = []
    for argument in call.playing("ARGV"):
        if argument.option and argument.value is not None:
            if argument.written:
                carried.append([])
            carried[-1].append(argument.value)
    for argv in carried:
        why = f"{{}} ({found})" if isinstance(found, str) and found else "{}"
        parts = any("{}" in word.guess and word.guess != "{}" for word in argv)

        def put(items: tuple[tuple[Word, ...], ...], argv: list[Word] = argv) -> tuple[Word, ...]:
            return tuple(word for one in argv for word in _put(one, items))

        if isinstance(found, str) or (parts and len(found) > MOST_COMMANDS):
            yield together(put, ((Unknown("", why),),), why)
        elif parts:
            yield from (together(put, ((Known(path),),), why) for path in found)
        elif found:
            yield together(put, tuple((Known(path),) for path in found), why)


def _put(word: Word, items: tuple[tuple[Word, ...], ...]) -> Iterator[Word]:
    """What a word of a carried command becomes."""
    if word == Known("{}"):
        yield from (path for (path,) in items)
    else:
        yield replaced(word, "{}", items[0][0])
