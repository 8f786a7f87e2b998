"""A script as it comes in: text of whole lines, piece by piece, so that a long one is never held as a whole."""

from __future__ import annotations

from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The longest line that is read, in bytes.
LONGEST_LINE = 64 << 20


class Source:
    """The lines of a script. `nul` is called at a NUL byte, `broken` with the reason where the rest cannot be read."""

    def __init__(self, pieces: Iterator[bytes], nul: Callable[[], None], broken: Callable[[Unseen], None]) -> None:
        self._pieces = pieces
        self._nul = nul
        self._broken = broken

    def __iter__(self) -> Iterator[str]:
        """Pieces of text that end where a line does; in the first one a byte order mark is left out."""
        begun: list[bytes] = []
        size, first = 0, True
        try:
            for piece in self._pieces:
                if b"\0" in piece:
                    self._nul()
                end = piece.rfind(b"\n") + 1
                size += len(piece)
                if not end:
                    begun.append(piece)
                    if size > LONGEST_LINE:
                        raise Unseen(f"a line of it has more than {LONGEST_LINE >> 20} MiB")
                    continue
                text = decode(b"".join((*begun, piece[:end])))
                begun, size = [piece[end:]], len(piece) - end
                yield text.removeprefix("\ufeff") if first else text
                first = False
            if size:
                yield decode(b"".join(begun)).removeprefix("\ufeff" if first else "")
        except Unseen as why:
            self._broken(why)

    def finish(self) -> None:
        """Look at what no reader wanted: whoever is asked answers for all of it."""
        try:
            for _ in self._pieces:
                continue
        except Unseen as why:
            self._broken(why)
