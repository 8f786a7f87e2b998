"""Any node of a script's tree: commands, pipelines, lists, functions, coprocesses."""

from __future__ import annotations

from ...core.call import Stream
from ...lean.typing import TYPE_CHECKING
from .compound import compound
from .lists import list_of, pipeline
from .scope import Body
from .simple_command import simple_command
from .syntax.grammar import Script, offset
from .syntax.word_parts import NotUnderstood

if TYPE_CHECKING:
    from typing import Any

    from .interpreter import Interpreter

#: Functions that bash or zsh call by themselves.
_CALLED = (
    "command_not_found_handle", "command_not_found_handler", "chpwd", "precmd", "preexec", "periodic", "zshexit",
)  # fmt: skip


def execute(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """Run any node of a tree; what it prints on standard output, or None if that is not known."""
    if node.kind in ("command", "compound") and offset(node) in script.coprocesses:
        return _coprocess(shell, script, node)
    return _node(shell, script, node)


def _called(shell: Interpreter, script: Script, body: Any) -> None:
    """A function that a shell calls by itself, with arguments that nobody knows."""

    def run() -> bytes | None:
        shell.scope.arguments = None
        return shell.node(script, body)

    shell.apart(run)
    shell.at_end.append(run)


def _coprocess(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """What runs beside the shell, which writes to it and reads from it by descriptors."""
    name = script.coprocesses[offset(node)]
    shell.apart(lambda: _node(shell, script, node), Stream("unseen", why="it is what the shell writes to a coprocess"))
    shell.scope.forget(name, f"{name}_PID")
    return b""


def _node(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    if node.kind == "command":
        return simple_command(shell, script, node)
    if node.kind == "pipeline":
        return pipeline(shell, script, node)
    if node.kind == "list":
        return list_of(shell, script, node.parts)
    if node.kind == "compound":
        return compound(shell, script, node)
    if node.kind == "function":
        name = script.word(node.name).raw
        shell.scope.define(name, Body(script, node.body))
        if name in _CALLED or name.startswith("TRAP"):
            _called(shell, script, node.body)
        return b""
    raise NotUnderstood(f"`{script.source(node)}`")
