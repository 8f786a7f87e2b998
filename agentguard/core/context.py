"""What a reader may ask while it reads: facts of the world, and how to read other languages.

Readers of a text are modules of `readers/` with `read(text, call, context)`; the text is known.
Readers of a whole call, whose meaning lies in several arguments together, have `read_call(call, context)`.
"""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING, Protocol
from .api import Api
from .call import Call, Invocation, Stream
from .effect import Reading
from .paths import base_directory, is_descriptor
from .text.encoding import decode
from .unseen import Unseen
from .word import Known, text_of
from .world import World

if TYPE_CHECKING:
    from .word import Word


class Context(Protocol):
    """Handed to every reader."""

    world: World
    #: The most turns of a loop over known words that are followed one by one.
    most_turns: int = 64

    def command(self, call: Invocation) -> Reading:
        """What a program called with these arguments would do, by the rulebook."""
        raise NotImplementedError

    def text(self, language: str, text: Word, call: Invocation) -> Reading:
        """What a text in that language ("shell", …) would do if `call` ran it; of one that is not known, no less."""
        raise NotImplementedError

    def lines(self, call: Invocation) -> bytes | None:
        """All the lines of which a program called so prints some, in any order; None if they are not known."""
        raise NotImplementedError

    def apis(self) -> tuple[Api, ...]:
        """Every API that the rulebook describes."""
        raise NotImplementedError


def stdin(stream: Stream, world: World) -> bytes:
    """The bytes of a call's standard input; raises Unseen where they cannot be known."""
    if stream.kind == "known":
        return stream.data
    if stream.kind == "unseen":
        raise Unseen(stream.why)
    return world.stdin()


def content(path: Word, cwd: Word, world: World) -> bytes:
    """The bytes of a file that is named in a directory; raises Unseen where that cannot be known."""
    file = text_of(path)
    if is_descriptor(file) and file.rpartition("/")[2] != "0":
        raise Unseen(f"{file}: it leads elsewhere in each process")
    return world.read(file, base_directory(file, cwd))


def script(path: Word, call: Call, context: Context) -> str:
    """The text of a file that a call names, `-` for its standard input; raises Unseen where it cannot be known."""
    return decode(named_content(path, call, context, ("-", "/dev/stdin")))


def named_content(path: Word, call: Call, context: Context, standard_input: tuple[str, ...] = ("-",)) -> bytes:
    """The bytes of a file that a call names, or of its standard input under these names; raises Unseen."""
    if isinstance(path, Known) and path.text in standard_input:
        return stdin(call.invocation.stdin, context.world)
    return content(path, call.cwd, context.world)
