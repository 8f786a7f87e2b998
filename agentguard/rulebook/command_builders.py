"""Programs that make commands out of their own words and of words that they are given (xargs, parallel)."""

from __future__ import annotations

from ..core.call import Call, Invocation, Stream
from ..core.context import stdin
from ..core.text import encoding
from ..core.unseen import Unseen
from ..core.word import Known, Unknown, known, replaced, text_of
from ..core.world import World
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .parallel_marks import INPUT, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..core.word import Word
    from .model import Filling

    #: Words that are given together: one, or one of each of several sources.
    Item = tuple[Word, ...]

#: How many commands are read for as many words; of more, one stands for all.
MOST_COMMANDS = 50
#: The operands behind which words are given in the call, and whether these name files; and those in step with others.
_SOURCES = {":::": False, "::::": True}
_LINKED = (":::+", "::::+")
_ENDS = {"\n": "\n", "\\n": "\n", "\0": "\0", "\\0": "\0"}


class Filled(Value):
    """A command as it may be run: in one of `ways`, or, where they do not come to the same, `otherwise`."""

    ways: tuple[tuple[Word, ...], ...]
    otherwise: tuple[Word, ...]


def surroundings(call: Call, filling: Filling) -> Invocation:
    """What the commands start from: the call's own, but for standard input that their words come from."""
    made = call.invocation
    if call.has(*filling.pipes):
        made = made.replace(stdin=Stream("unseen", why=f"{call.program} hands it on in parts"))
    elif not call.has(*filling.files) and not (filling.joins and _parted(call)[1]):
        made = made.replace(stdin=Stream("known"))
    return made.replace(env={**made.env, INPUT: Unknown("", f"the input of {call.program}")}) if filling.joins else made


def together(make: Callable[[tuple[Item, ...]], tuple[Word, ...]], items: tuple[Item, ...], why: str) -> Filled:
    """All of them in one command, in an order that nobody knows."""
    orders = (items,) if len(items) < 2 else (items, items[::-1])
    return Filled(tuple(map(make, orders)), make(((Unknown("", why),),)))


def filled(call: Call, filling: Filling, world: World) -> Iterator[Filled]:
    """The commands that a call makes; those of a program that `joins` are one word, the text for a shell."""
    if call.has(*filling.runs_nothing_with):
        return
    command, sources = _parted(call) if filling.joins else (call.operands or known(("echo",)), [])
    given = call.value(*filling.marks)
    mark = given.guess if given is not None else ""
    mark = mark or ("{}" if filling.joins or call.has(*filling.marks) else "")

    def make(items: tuple[Item, ...]) -> tuple[Word, ...]:
        if filling.joins:
            return (line(command, mark, items, call.has(*filling.quotes)),)
        if mark:
            return tuple(replaced(word, mark, items[0][0]) for word in command)
        return (*command, *(word for item in items for word in item))

    why = f"the input of {call.program}"
    items: list[Item] | None = None
    if call.has(*filling.pipes):
        items = [()]
    elif _is_followed(call, filling) and not isinstance(given, Unknown):
        items = _items(call, filling, sources, bool(mark), world)
    each = (bool(mark) and not call.has(*filling.grouped)) or call.has(*(name for name, _ in filling.single))
    bare = not (filling.joins or mark or call.has(*filling.nonempty))  # it runs even where there is no word
    if items is None or (each and len(items) > MOST_COMMANDS):
        argv = make(((Unknown("", why),),))
        yield Filled((argv,), argv)
    elif each:
        for item in items:
            argv = make((item,))
            yield Filled((argv,), argv)
        if not items and bare:
            yield Filled((command,), command)
    elif call.invocation.stdin.lines is None and not call.has(*filling.grouped):
        argv = make(tuple(items))
        yield Filled((argv,), argv)
    else:
        yield together(make, tuple(items), why)
    if items and bare and call.invocation.stdin.lines is not None:
        yield Filled((command,), command)


def _parted(call: Call) -> tuple[tuple[Word, ...], list[tuple[str, list[Word]]]]:
    """The command of a call, and each `:::` with what is behind it."""
    command: list[Word] = []
    sources: list[tuple[str, list[Word]]] = []
    for word in call.operands:
        if isinstance(word, Known) and word.text in (*_SOURCES, *_LINKED):
            sources.append((word.text, []))
        else:
            (sources[-1][1] if sources else command).append(word)
    return tuple(command), sources


def _is_followed(call: Call, filling: Filling) -> bool:
    """Whether no option makes other words, or puts them together in another way."""
    single = dict(filling.single)
    known = {
        *filling.plain, *filling.marks, *filling.null, *filling.delimiters, *filling.files, *filling.grouped,
        *filling.quotes,
    }  # fmt: skip
    return all(
        not one.option or one.option in known or (one.option in single and one.value == Known(single[one.option]))
        for one in call.arguments
    )


def _items(
    call: Call, filling: Filling, sources: list[tuple[str, list[Word]]], by_line: bool, world: World
) -> list[Item] | None:
    """What the call is given; None where that is not known or not followed."""
    try:
        given = _given(call, filling, sources, by_line, world)
    except Unseen:
        return None
    if len(given) == 1:  # of which there may be more
        return [(word,) for word in given[0]]
    items: list[Item] = [()]
    for words in given:
        items = [(*item, word) for item in items for word in words]
        if len(items) > MOST_COMMANDS:
            return None
    return items


def _given(
    call: Call, filling: Filling, sources: list[tuple[str, list[Word]]], by_line: bool, world: World
) -> list[list[Word]]:
    """The words of each source; raises Unseen."""
    delimiter = call.value(*filling.delimiters)
    given_end = text_of(delimiter) if delimiter is not None else ""
    end = "\0" if call.has(*filling.null) else _ENDS.get(given_end or "\n", "")
    raw = filling.joins or call.has(*filling.null, *filling.delimiters)
    given: list[list[Word]] = []
    for mark, words in [*sources, *(("::::", [path]) for path in call.values(*filling.files))]:
        if mark in _LINKED or any(isinstance(word, Unknown) for word in words):
            raise Unseen("which words go together is not followed")
        texts = (
            [encoding.decode(world.read(text_of(path), text_of(call.cwd))) for path in words] if _SOURCES[mark] else []
        )
        given += [list(known(_words(text, end, raw, by_line))) for text in texts] if _SOURCES[mark] else [words]
    return given or [list(known(_words(encoding.decode(_stdin(call.invocation.stdin, world)), end, raw, by_line)))]


def _stdin(stream: Stream, world: World) -> bytes:
    return stream.lines if stream.lines is not None else stdin(stream, world)


def _words(text: str, end: str, raw: bool, by_line: bool) -> list[str]:
    """A text cut at every `end`; where it is not `raw`, as xargs(1) does, at blanks. Raises Unseen."""
    if raw and end:
        return text.removesuffix(end).split(end) if text else []
    if raw or any(char in text for char in "'\"\\"):
        raise Unseen("how it is cut into words is not followed")
    if by_line:
        return [part for line in text.split("\n") if (part := line.lstrip(" \t"))]
    return [part for part in text.replace("\t", " ").replace("\n", " ").split(" ") if part]
