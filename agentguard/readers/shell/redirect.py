"""Redirections: where standard input comes from, and which files are written over."""

from __future__ import annotations

from ...core.call import Stream
from ...core.effect import Effect, Target
from ...core.paths import doubted, holds, is_stream, on_path
from ...core.text.encoding import encode
from ...core.word import Known, Unknown, joined
from ...lean.typing import TYPE_CHECKING
from .known_output import contents
from .lookup import is_there
from .syntax.grammar import Script, offset
from .syntax.lexer import closing
from .syntax.quoting import Scanner
from .syntax.word_parts import identifier

if TYPE_CHECKING:
    from typing import Any

    from ...core.word import Word
    from .interpreter import Interpreter
    from .syntax.word_parts import Token

#: What is "appended" to these is no file's new end.
_DEVICES = ("/dev/", "/proc/", "/sys/")


def redirect(shell: Interpreter, script: Script, nodes: list[Any]) -> tuple[Stream | None, bool, str]:
    """Do a command's redirections in order.

    The standard input that they give it (None: the one it has anyway), whether its standard output still goes where
    the shell's goes, and the new file that it goes to, if it does.
    """
    stdin: Stream | None = None
    shown = True
    made = ""
    for node in nodes:
        at = offset(node)
        if script.text[at] == "}":  # `{NAME}>`: the variable gets the number of the descriptor
            shell.scope.forget(identifier(script.text[script.text.rindex("{", 0, at) + 1 : at]))
        if not hasattr(node.output, "pos"):  # a descriptor's number, or "-"
            if node.type == "<&" and node.input in (None, 0):
                stdin = Stream("known") if node.output == "-" else Stream("unseen", why="it is another descriptor")
            elif node.input in (None, 1) and node.output != 1:
                shown, made = False, ""
            continue
        if offset(node.output) in script.heredocs:
            given = _text(shell.words.single(script.heredocs[offset(node.output)]))
        elif node.type == "<<<":
            given = _text(shell.words.single(script.word(node.output)) + "\n")
        elif node.type == "<&":
            shell.words.single(script.word(node.output))
            given = Stream("unseen", why="it is another descriptor")
        elif node.type == "<":
            given = contents(shell, shell.words.single(script.word(node.output)))
        elif node.type == "<>" and node.input in (None, 0) and "&0" not in script.text:
            given = contents(shell, shell.words.single(script.word(node.output)))
            _opened(shell, script.word(node.output), ">>")
        else:
            file = _opened(shell, script.word(node.output), node.type)
            if node.input in (None, 1):
                shown, made = False, file
            elif file == made:
                made = ""
            continue
        if node.input in (None, 0):
            stdin = given
    return stdin, shown, made


def compared(shell: Interpreter, expression: str) -> None:
    """Say what `>` in `((…))` or `[[…]]` empties where a shell has neither, so that it redirects (dash)."""
    for part in expression.split(">")[1:]:
        token = Scanner(part.lstrip("> ").partition(" ")[0].rstrip(")"), closing).whole()
        path = shell.absolute(shell.words.single(token)) if token.raw else None
        if isinstance(path, Known) and is_there(path.text, shell.world):  # else it is taken for one that compares
            _opened(shell, token, ">")


def only_errors_elsewhere(node: Any) -> bool:
    """Whether a command prints where it would without redirections, all that it prints there and nothing else."""
    redirects = [part for part in node.parts if part.kind == "redirect"] if node.kind == "command" else [None]
    return all(one is not None and one.input == 2 and one.type in (">", ">>") for one in redirects)


def _text(text: Word) -> Stream:
    if isinstance(text, Unknown):
        return Stream("unseen", why="it holds values that are not known before the line runs")
    return Stream("known", encode(text.text))


def _opened(shell: Interpreter, token: Token, operator: str) -> str:
    """A file is opened for writing, of the name that a word becomes; its path if it is surely a new one."""
    fields = shell.words.fields(token)
    if [piece.kind for piece in token.pieces] == ["sink"]:
        return ""  # a pipe
    path = fields[0] if len(fields) == 1 else Unknown(joined(fields).guess, token.raw)
    if is_stream(path) and not holds(path, shell.world):
        return ""
    if path.guess.startswith(("/dev/tcp/", "/dev/udp/")):
        target = Target("connection", path.guess)
        reason = "sends to a network connection what agentguard does not look at"
        shell.tell(Effect("unknown", target, rule="sh-redirect-network", program="sh", reason=reason))
        return ""
    whole = shell.absolute(path)
    truncates = operator not in (">>", "&>>") or path.guess.startswith(_DEVICES)
    base = Effect(
        "replace" if truncates else "create",
        Target("file", path.written if isinstance(path, Unknown) else whole.guess),
        rule="sh-redirect-truncates" if truncates else "sh-redirect-appends",
        program="sh",
        reason="empties a file before writing to it" if truncates else "adds to a file",
        instead="write to a new name, or append with >>" if truncates else "",
        target_known=isinstance(whole, Known),
    )
    if not truncates:
        shell.tell(base)
    elif isinstance(path, Unknown) or isinstance(whole, Unknown):
        reason = f"{base.reason}: what {path.written} stands for is not known before the line runs"
        shell.tell(base.replace(target=Target("file", path.written), reason=reason))
    else:
        for state in shell.world.paths((path.text,), shell.scope.cwd.guess, True):
            if state.state == "missing" and not doubted(whole.text, shell.opening):
                shell.tell(base.replace(verb="create", target=Target("file", state.path), reason="makes a file"))
                return state.path
            shell.tell(on_path(base, state, shell.opening))
    return ""
