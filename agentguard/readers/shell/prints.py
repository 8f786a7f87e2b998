"""What a few commands print, where that is known: it is what the next command in a pipe reads."""

from __future__ import annotations

from ...core.call import Stream, Unresolved
from ...core.world import Unseen
from ...lean.typing import TYPE_CHECKING
from .pieces import unescaped

if TYPE_CHECKING:
    from .walk import Walk


def prints(walk: Walk, argv: tuple[str, ...], stdin: Stream) -> bytes | None:
    """The standard output of a command, or None if it is not known before it runs."""
    if any(isinstance(word, Unresolved) for word in argv):
        return None
    known = {"echo": _echo, "printf": _printf}.get(argv[0])
    if known is not None:
        text = known(argv[1:])
        return None if text is None else text.encode("utf-8", "surrogateescape")
    if argv[0] == "cat":
        return _cat(walk, argv[1:], stdin)
    if argv == ("pwd",) and not isinstance(walk.scope.cwd, Unresolved):
        return walk.scope.cwd.encode("utf-8", "surrogateescape") + b"\n"
    return None


def _echo(words: tuple[str, ...]) -> str | None:
    end = "\n"
    if words[:1] == ("-n",):
        words, end = words[1:], ""
    if words[:1] and words[0].startswith("-") and set(words[0][1:]) <= set("neE"):
        return None
    text = " ".join(words)
    # dash's echo resolves escapes, bash's does not.
    return None if unescaped(text) != text.replace('\\"', '"') and unescaped(text) != text else text + end


def _printf(words: tuple[str, ...]) -> str | None:
    if not words or words[0].startswith("-"):
        return None
    form, *rest = words
    if "%" not in form:
        return unescaped(form)
    for one in ("%s", "%s\\n", "%s\\0"):
        if form == one:
            end = unescaped(one[2:])
            return "".join(word + end for word in rest or [""])
    return None


def _cat(walk: Walk, words: tuple[str, ...], stdin: Stream) -> bytes | None:
    if any(word.startswith("-") and word != "-" for word in words):
        return None
    parts = [stdin if word == "-" else contents(walk, word) for word in words or ("-",)]
    return b"".join(part.data for part in parts) if all(part.kind == "known" for part in parts) else None


def contents(walk: Walk, path: str) -> Stream:
    """A file as standard input."""
    if isinstance(path, Unresolved):
        return Stream("unseen", why=f"it is the file {path.written}, which is not known before the line runs")
    if path == "/dev/null":
        return Stream("known")
    if path in ("/dev/stdin", "/dev/fd/0"):
        return walk.scope.stdin
    if walk.touched(path):
        return Stream("unseen", why=f"it is the file {path}, which an earlier part of the same line may change")
    try:
        return Stream("known", walk.world.read(path, walk.scope.cwd))
    except Unseen as why:
        return Stream("unseen", why=f"it is the file {path}: {why}")
