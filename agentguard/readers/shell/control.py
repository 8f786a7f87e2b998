"""Compound commands: which of their parts may run, and what is known afterwards."""

from __future__ import annotations

from ...core.word import Unknown
from ...lean.typing import TYPE_CHECKING
from .grammar import Script, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .scope import Scope
    from .walk import Walk

#: The most turns of a `for` that are followed one by one.
MAX_TURNS = 64
_LEAVING = ("exit", "return", "break", "continue")


def branch(walk: Walk, script: Script, parts: list[Any]) -> None:
    """Conditions run one after the other; one of the branches runs, or none without an `else`."""
    ends: list[Scope] = []
    has_else = False
    role = ""
    for part in parts:
        if part.kind == "reservedword":
            role = part.word
        elif role in ("if", "elif"):
            walk.tested(script, part)
        else:
            otherwise = walk.scope.if_failed()
            walk.scope.fallback = None
            walk.node(script, part)
            ends.append(walk.scope)
            walk.scope = otherwise
            has_else = role == "else"
    states = ends if has_else else [*ends, walk.scope]
    walk.scope = states[0]
    for other in states[1:]:
        walk.scope.merge(other)


def choose(walk: Walk, script: Script, node: Any) -> None:
    """`case`, which the lexer has made a list: the word, then for each pattern it and its commands."""
    base, ends = walk.scope, [walk.scope]
    for chain, _ in chains(node.parts if node.kind == "list" else [node]):
        if place(chain[0][1]) in script.patterns:
            walk.scope = base.copy()
            if place(chain[0][1]) in script.falls:
                walk.scope.merge(ends[-1])
            ends.append(walk.scope)
        walk.scope.settle()
        walk.chain(script, chain)
        ends[-1] = walk.scope
    walk.scope = ends[0].copy()
    for other in ends[1:]:
        walk.scope.merge(other)


def each(walk: Walk, script: Script, node: Any) -> None:
    """`for NAME in …`, turn by turn where the words are known and few; `select`, where a person chooses."""
    parts = node.parts
    name = script.word(parts[1]).raw
    words = [script.word(part) for part in parts[2:] if part.kind == "word"]
    body = next(part for part in reversed(parts) if part.kind not in ("reservedword", "word"))
    if any(part.kind == "reservedword" and part.word == "in" for part in parts):
        values = [field for word in words for field in walk.words.fields(word)]
    else:
        values = list(walk.scope.arguments if walk.scope.arguments is not None else (Unknown("", '"$@"'),))
    if not values:
        return
    chosen = place(node) in script.selects
    if chosen:
        walk.scope.forget("REPLY")
    if chosen or len(values) > MAX_TURNS or any(isinstance(value, Unknown) for value in values):
        some = Unknown(values[0].guess, f"${name}")

        def turn() -> None:
            walk.scope.variables[name] = some
            walk.node(script, body)

        loop(walk, turn)
        return
    for value in values:
        before = walk.scope.copy()
        walk.scope.variables[name] = value
        walk.node(script, body)
        walk.scope.settle()
        if may_leave(script, body):
            walk.scope.merge(before)


def loop(walk: Walk, turn: Callable[[], object]) -> None:
    """Turns of which nobody knows how many: until the state says nothing new, and twice, so
    that the second comes after what the first has done.
    """
    turns = 0
    while True:
        before, known = walk.scope.copy(), walk.scope.certain
        turn()
        walk.scope.merge(before)
        walk.scope.settle()
        turns += 1
        if turns > 1 and walk.scope.certain == known:
            return


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
    text = script.text[place(node) : place(node) + node.pos[1] - node.pos[0]]
    return any(word in text for word in _LEAVING)
