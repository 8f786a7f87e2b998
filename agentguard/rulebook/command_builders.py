r"""Commands that a program builds of its operands and its input: `echo a b | xargs rm` builds `rm a b`."""

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
    from .model import CommandBuilder

    #: Words that are given together: one, or one of each of several sources.
    Item = tuple[Word, ...]

#: How many commands are read for as many words; of more, one stands for all.
MOST_COMMANDS = 50
#: The operands behind which words are given in the call, and whether these name files; and those in step with others.
_SOURCES = {":::": False, "::::": True}
_LINKED = (":::+", "::::+")
_ENDS = {"\n": "\n", "\\n": "\n", "\0": "\0", "\\0": "\0"}


class BuiltCommand(Value):
    """A command as it may be run: in one of `ways` (`rm a b`, `rm b a`), or, where these differ, as `otherwise`."""

    ways: tuple[tuple[Word, ...], ...]
    otherwise: tuple[Word, ...]


def input_of(call: Call, builder: CommandBuilder) -> Invocation:
    """The call that the built commands start from: without the input that their words are taken from."""
    made = call.invocation
    if call.has(*builder.pipes):
        made = made.replace(stdin=Stream("unseen", why=f"{call.program} hands it on in parts"))
    elif not call.has(*builder.files) and not (builder.joins and _parted(call)[1]):
        made = made.replace(stdin=Stream("known"))
    return made.replace(env={**made.env, INPUT: Unknown("", f"the input of {call.program}")}) if builder.joins else made


def together(make: Callable[[tuple[Item, ...]], tuple[Word, ...]], items: tuple[Item, ...], why: str) -> BuiltCommand:
    """One command with all the items, in an order that is not known before it runs."""
    orders = (items,) if len(items) < 2 else (items, items[::-1])
    return BuiltCommand(tuple(map(make, orders)), make(((Unknown("", why),),)))


def built_commands(call: Call, builder: CommandBuilder, world: World) -> Iterator[BuiltCommand]:
    """The commands that a call builds; those of a program that `joins` (parallel) are one word, a text for a shell."""
    if call.has(*builder.runs_nothing_with):
        return
    command, sources = _parted(call) if builder.joins else (call.operands or known(("echo",)), [])
    given = call.value(*builder.marks)
    mark = given.guess if given is not None else ""
    mark = mark or ("{}" if builder.joins or call.has(*builder.marks) else "")

    def make(items: tuple[Item, ...]) -> tuple[Word, ...]:
        if builder.joins:
            return (line(command, mark, items, call.has(*builder.quotes)),)
        if mark:
            return tuple(replaced(word, mark, items[0][0]) for word in command)
        return (*command, *(word for item in items for word in item))

    why = f"the input of {call.program}"
    items: list[Item] | None = None
    if call.has(*builder.pipes):
        items = [()]
    elif _is_followed(call, builder) and not isinstance(given, Unknown):
        items = _items(call, builder, sources, bool(mark), world)
    each = (bool(mark) and not call.has(*builder.grouped)) or call.has(*(name for name, _ in builder.single))
    bare = not (builder.joins or mark or call.has(*builder.nonempty))  # it runs even where there is no word
    if items is None or (each and len(items) > MOST_COMMANDS):
        argv = make(((Unknown("", why),),))
        yield BuiltCommand((argv,), argv)
    elif each:
        for item in items:
            argv = make((item,))
            yield BuiltCommand((argv,), argv)
        if not items and bare:
            yield BuiltCommand((command,), command)
    elif call.invocation.stdin.lines is None and not call.has(*builder.grouped):
        argv = make(tuple(items))
        yield BuiltCommand((argv,), argv)
    else:
        yield together(make, tuple(items), why)
    if items and bare and call.invocation.stdin.lines is not None:
        yield BuiltCommand((command,), command)


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


def _is_followed(call: Call, builder: CommandBuilder) -> bool:
    """Whether no option makes other words, or puts them together in another way."""
    single = dict(builder.single)
    known = {
        *builder.plain, *builder.marks, *builder.null, *builder.delimiters, *builder.files, *builder.grouped,
        *builder.quotes,
    }  # fmt: skip
    return all(
        not one.option or one.option in known or (one.option in single and one.value == Known(single[one.option]))
        for one in call.arguments
    )


def _items(
    call: Call, builder: CommandBuilder, sources: list[tuple[str, list[Word]]], by_line: bool, world: World
) -> list[Item] | None:
    """What the call is given; None where that is not known or not followed."""
    try:
        given = _given(call, builder, sources, by_line, world)
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
    call: Call, builder: CommandBuilder, sources: list[tuple[str, list[Word]]], by_line: bool, world: World
) -> list[list[Word]]:
    """The words of each source; raises Unseen."""
    delimiter = call.value(*builder.delimiters)
    given_end = text_of(delimiter) if delimiter is not None else ""
    end = "\0" if call.has(*builder.null) else _ENDS.get(given_end or "\n", "")
    raw = builder.joins or call.has(*builder.null, *builder.delimiters)
    given: list[list[Word]] = []
    for mark, words in [*sources, *(("::::", [path]) for path in call.values(*builder.files))]:
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
