"""Lists, `A; B`, and-or chains, `A && B || C`, and pipelines, `A | B`."""

from __future__ import annotations

from ...core.call import Stream
from ...lean.typing import TYPE_CHECKING
from .interpreter import together
from .redirect import only_errors_elsewhere
from .syntax.grammar import Script, offset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .interpreter import Interpreter
    from .scope import Scope

_LEAVING = ("exit", "return", "break", "continue")


def list_of(shell: Interpreter, script: Script, parts: list[Any]) -> bytes | None:
    """`A; B & C`: one after the other, or beside the rest."""
    printed: list[bytes | None] = []
    for chain, background in chains(parts):
        shell.scope.settle()
        if background:
            shell.apart(lambda chain=chain: chain_of(shell, script, chain), Stream("known"))  # type: ignore[misc]
            printed.append(None)
        else:
            printed.append(chain_of(shell, script, chain))
    return together(printed)


def chain_of(shell: Interpreter, script: Script, chain: list[tuple[str, Any]]) -> bytes | None:
    """`A && B || C`: each but the first may run or not."""
    if len(chain) == 1:
        return shell.node(script, chain[0][1])
    shell.tested(script, chain[0][1])
    skipped: list[Scope] = []
    for number, (operator, node) in enumerate(chain[1:], 2):
        run = shell.node if number == len(chain) else shell.tested
        if operator == "&&":
            skipped.append(shell.scope.if_failed())
            shell.scope.fallback = None
            run(script, node)
            continue
        succeeded, shell.scope = shell.scope, shell.scope.if_failed()
        succeeded.fallback = None
        for other in skipped:
            shell.scope.merge(other)
        run(script, node)
        if leaves(script, node):
            shell.scope, skipped = succeeded, []
        else:
            shell.scope.merge(succeeded)
    for other in skipped:
        shell.scope.merge(other)
    return None


def pipeline(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """`A | B`: each stage reads what the one before prints; of `! A` the status is looked at."""
    stages = [part for part in node.parts if part.kind not in ("pipe", "reservedword")]
    both = [part.pipe == "|&" for part in node.parts if part.kind == "pipe"]
    if len(stages) == 1:  # after `!`
        printed = shell.tested(script, stages[0])
        shell.scope.settle()
        return printed
    printed = lines = None
    beside, first = shell.beside, len(shell.ahead)
    for number, stage in enumerate(stages):
        shell.beside = (first, len(shell.ahead))
        outer = shell.scope.copy()
        if number:
            why = f"it comes from `{script.source(stages[number - 1])}`"
            known = printed is not None and not both[number - 1]
            lines = None if both[number - 1] else lines
            shell.scope.stdin = Stream("known", printed or b"") if known else Stream("unseen", why=why, lines=lines)
        commands, shell.listing = shell.commands, None
        printed = shell.node(script, stage)
        is_alone = shell.commands == commands + 1 and only_errors_elsewhere(stage)
        lines = _lines(shell) if is_alone and number + 1 < len(stages) else None
        inner, shell.scope = shell.scope, outer
        if not number:
            shell.scope.stdin = inner.stdin
    shell.beside = beside
    inner.stdin = shell.scope.stdin
    shell.scope.merge(inner)  # zsh runs the last stage in the shell itself
    return printed


def _lines(shell: Interpreter) -> bytes | None:
    """All the lines that the only program of a stage may print."""
    return None if shell.listing is None else shell.context.lines(shell.listing)


def chains(parts: list[Any]) -> Iterator[tuple[list[tuple[str, Any]], bool]]:
    """The and-or chains of a list, each with whether it runs in the background."""
    chain: list[tuple[str, Any]] = []
    operator = ""
    for part in parts:
        if part.kind != "operator":
            chain.append((operator, part))
        elif part.op in ("&&", "||"):
            operator = part.op
        elif chain:
            yield chain, part.op == "&"
            chain, operator = [], ""
    if chain:
        yield chain, False


def leaves(script: Script, node: Any) -> bool:
    """Whether what follows does not run once this has: `exit`, or a group that ends with it."""
    if node.kind == "compound" and node.list[0].kind == "reservedword" and node.list[0].word == "{":
        return leaves(script, node.list[1])
    if node.kind == "list":
        commands = [part for part in node.parts if part.kind != "operator"]
        operators = {part.op for part in node.parts if part.kind == "operator"}
        return not operators & {"&&", "||", "&"} and leaves(script, commands[-1])
    return node.kind == "command" and node.parts[0].kind == "word" and script.word(node.parts[0]).raw in _LEAVING


def may_leave(script: Script, node: Any) -> bool:
    """Whether some way through the node ends early."""
    text = script.text[offset(node) : offset(node) + node.pos[1] - node.pos[0]]
    return any(word in text for word in _LEAVING)
