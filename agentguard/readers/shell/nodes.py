"""Any node of a script's tree: commands, pipelines, lists, functions, coprocesses."""

from __future__ import annotations

from ...core.call import Stream
from ...lean.typing import TYPE_CHECKING
from .commands import command
from .control import compound
from .grammar import Script, place
from .lists import list_of, pipeline
from .pieces import NotUnderstood
from .scope import Body

if TYPE_CHECKING:
    from typing import Any

    from .interpreter import Interpreter


def execute(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """Run a node; what it prints on standard output, or None if that is not known."""
    if node.kind in ("command", "compound") and place(node) in script.coprocesses:
        return _coprocess(shell, script, node)
    return _node(shell, script, node)


def _coprocess(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """What runs beside the shell, which writes to it and reads from it by descriptors."""
    name = script.coprocesses[place(node)]
    shell.apart(lambda: _node(shell, script, node), Stream("unseen", why="it is what the shell writes to a coprocess"))
    shell.scope.forget(name, f"{name}_PID")
    return b""


def _node(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    if node.kind == "command":
        return command(shell, script, node)
    if node.kind == "pipeline":
        return pipeline(shell, script, node)
    if node.kind == "list":
        return list_of(shell, script, node.parts)
    if node.kind == "compound":
        return compound(shell, script, node)
    if node.kind == "function":
        shell.scope.functions[script.word(node.name).raw] = (Body(script, node.body),)
        return b""
    raise NotUnderstood(f"`{script.source(node)}`")
