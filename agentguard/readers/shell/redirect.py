"""Redirections: where standard input comes from, and which files are written over."""

from __future__ import annotations

from ...core.call import Stream, Unresolved
from ...core.effect import Effect, Target
from ...core.paths import on_path
from ...lean.typing import TYPE_CHECKING
from .grammar import Script, place
from .prints import contents

if TYPE_CHECKING:
    from typing import Any

    from .walk import Walk

_STREAMS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero", "/dev/full")
#: What is "appended" to these is no file's new end.
_DEVICES = ("/dev/", "/proc/", "/sys/")


def redirect(walk: Walk, script: Script, nodes: list[Any]) -> tuple[Stream | None, bool]:
    """Do a command's redirections in order.

    The standard input that they give it (None: the one it has anyway), and whether its
    standard output still goes where the shell's goes.
    """
    stdin: Stream | None = None
    shown = True
    for node in nodes:
        if not hasattr(node.output, "pos"):  # a descriptor's number, or "-"
            if node.type == "<&" and node.input in (None, 0):
                stdin = Stream("known") if node.output == "-" else Stream("unseen", why="it is another descriptor")
            elif node.input in (None, 1) and node.output != 1:
                shown = False
            continue
        at, word = place(node.output), script.words.get(place(node.output))
        if at in script.heredocs:
            given = _text(walk.words.single(script.heredocs[at]))
        elif node.type == "<<<":
            given = _text(walk.words.single(script.word(node.output)), "\n")
        elif node.type == "<&":
            walk.words.single(script.word(node.output))
            given = Stream("unseen", why="it is another descriptor")
        elif node.type == "<":
            given = contents(walk, walk.words.single(script.word(node.output)))
        else:
            fields = walk.words.fields(script.word(node.output))
            path = fields[0] if len(fields) == 1 else Unresolved(" ".join(fields), word.raw if word else "")
            _written(walk, path, node.type)
            shown = shown and node.input not in (None, 1)
            continue
        if node.input in (None, 0):
            stdin = given
    return stdin, shown


def only_errors_elsewhere(node: Any) -> bool:
    """Whether a command prints where it would without redirections, all that it prints there and nothing else."""
    redirects = [part for part in node.parts if part.kind == "redirect"] if node.kind == "command" else [None]
    return all(one is not None and one.input == 2 and one.type in (">", ">>") for one in redirects)


def _text(text: str, end: str = "") -> Stream:
    if isinstance(text, Unresolved):
        return Stream("unseen", why="it holds values that are not known before the line runs")
    return Stream("known", (text + end).encode("utf-8", "surrogateescape"))


def _written(walk: Walk, path: str, operator: str) -> None:
    """A file is opened for writing."""
    if path in _STREAMS or path.startswith("/dev/fd/"):
        return
    if path.startswith(("/dev/tcp/", "/dev/udp/")):
        reason = "sends to a network connection what agentguard does not look at"
        walk.tell(
            Effect("unknown", Target("connection", path), rule="sh-redirect-network", program="sh", reason=reason)
        )
        return
    truncates = operator not in (">>", "&>>", "<>") or path.startswith(_DEVICES)
    base = Effect(
        "replace" if truncates else "create",
        Target("file", walk.absolute(path)),
        rule="sh-redirect-truncates" if truncates else "sh-redirect-appends",
        program="sh",
        reason="empties a file before writing to it" if truncates else "adds to a file",
        instead="write to a new name, or append with >>" if truncates else "",
    )
    if not truncates:
        walk.tell(base)
    elif isinstance(path, Unresolved) or isinstance(walk.absolute(path), Unresolved):
        what = path.written if isinstance(path, Unresolved) else path
        reason = f"{base.reason}: what {what} stands for is not known before the line runs"
        walk.tell(base.replace(target=Target("file", what), reason=reason))
    else:
        for state in walk.world.paths((path,), walk.scope.cwd, True):
            if state.state == "missing" and not walk.touched(
                path, besides=("sh-redirect-truncates", "sh-redirect-appends")
            ):
                walk.tell(base.replace(verb="create", target=Target("file", state.path), reason="makes a file"))
            else:
                walk.tell(on_path(base, state, tuple(walk.ahead)))
