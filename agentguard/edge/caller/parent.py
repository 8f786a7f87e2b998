"""The process above a call, as the call that it is itself: what a shell was told to do, where it can be seen."""

from __future__ import annotations

import os

from ...core.call import Stream
from ...core.text.encoding import decode
from ...core.word import Known, known
from ...lean.typing import TYPE_CHECKING
from .environ import started_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Invocation
    from ...core.caller import Origin, Process

#: The longest command line that is looked at, in bytes.
MOST = 1 << 20


def parent_calls(call: Invocation, caller: Origin) -> Iterator[Invocation]:
    """What the process above `call` was called as, in each directory that it may have begun in; none if unseen.

    Nobody can tell where it began: where `call` is made, where its environment says, or where its own caller is.
    """
    if not caller.ancestry:
        return
    words = _words(caller.ancestry[0])
    if words:
        made = call.replace(argv=known(words), stdin=Stream("unseen", why="it is the caller's"))
        begun = (_named(caller.ancestry[0]), *map(_directory, caller.ancestry[1:2]))
        for start in dict.fromkeys((call.cwd.guess, *filter(None, begun))):
            yield made.replace(cwd=Known(start))


def _words(process: Process) -> tuple[str, ...]:
    """All of a process's command line; () where it cannot be seen or is too long."""
    try:
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            told = file.read(MOST)
    except OSError:
        return ()
    return tuple(map(decode, told[:-1].split(b"\0"))) if told and len(told) < MOST else ()


def _named(process: Process) -> str:
    """The directory that a process was told that it begins in (PWD); "" if it was told none."""
    told = started_with(process.pid).get("PWD", "")
    return told if told.startswith("/") else ""


def _directory(process: Process) -> str:
    """Where a process is now; "" if that cannot be seen."""
    try:
        return decode(os.readlink(f"/proc/{process.pid}/cwd".encode()))
    except OSError:
        return ""
