"""What starts a file that is a program: the first line of a script, as execve(2) and shells read it."""

from __future__ import annotations

from ..core.text.encoding import decode

#: The longest first line that Linux looks at, in bytes, is shorter than this.
_MAX_LINE = 4096


def interpreter(text: bytes) -> tuple[str, ...]:
    """The program that a script is given to, with its one argument if it has one; () for a binary.

    A text that names none is run by the shell that started it.
    """
    if not text.startswith(b"#!"):
        return () if b"\0" in text[:80] else ("sh",)  # as shells tell the one from the other
    line = decode(text[2:_MAX_LINE].partition(b"\n")[0])
    return tuple(line.strip().split(None, 1))
