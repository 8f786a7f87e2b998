"""Compound commands (groups, `if`, `case`, loops): which parts may run, and what is known afterwards."""

from __future__ import annotations

from ...core.word import Unknown
from ...lean.typing import TYPE_CHECKING
from .assignments import assign
from .lists import chain_of, chains, may_leave
from .redirect import redirect
from .scope import Scope
from .syntax.grammar import Script, offset

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .interpreter import Interpreter


def compound(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """What bashlex calls a compound: a group, a subshell, a condition or a loop, with its redirections."""
    stdin, shown, made = redirect(shell, script, node.redirects)
    outer = shell.scope.stdin
    shell.scope.stdin = stdin or outer
    printed = _inside(shell, script, node)
    if stdin is not None:
        shell.scope.stdin = outer
    if made:
        shell.made.write(made, printed)
    return printed if shown else b""


def _inside(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    first, *rest = node.list
    if first.kind == "reservedword" and offset(node) not in script.cases:
        alone = first.word == "("
        return shell.apart(lambda: shell.node(script, rest[0])) if alone else shell.node(script, rest[0])
    if first.kind == "reservedword":
        _choose(shell, script, rest[0])
    elif first.kind == "for":
        _each(shell, script, first)
    elif first.kind == "if":
        _branch(shell, script, _flat(first.parts))
    else:
        parts = [part for part in first.parts if part.kind != "reservedword"]
        _loop(shell, lambda: [shell.tested(script, part) for part in parts])
    return None


def _branch(shell: Interpreter, script: Script, parts: list[Any]) -> None:
    """Conditions run one after the other; one of the branches runs, or none without an `else`."""
    ends: list[Scope] = []
    has_else = False
    role = ""
    for part in parts:
        if part.kind == "reservedword":
            role = part.word
        elif role in ("if", "elif"):
            shell.tested(script, part)
        else:
            otherwise = shell.scope.if_failed()
            shell.scope.fallback = None
            shell.node(script, part)
            ends.append(shell.scope)
            shell.scope = otherwise
            has_else = role == "else"
    states = ends if has_else else [*ends, shell.scope]
    shell.scope = states[0]
    for other in states[1:]:
        shell.scope.merge(other)


def _choose(shell: Interpreter, script: Script, node: Any) -> None:
    """`case`, which the lexer has made a list: the word, then for each pattern it and its commands."""
    (word, _), *branches = chains(node.parts if node.kind == "list" else [node])
    chain_of(shell, script, word)
    untaken, ends = shell.scope, list[Scope]()  # the state where no pattern so far has matched, and at branches' ends
    for chain, _ in branches:
        if offset(chain[0][1]) not in script.patterns:
            shell.scope.settle()
            chain_of(shell, script, chain)
            ends[-1] = shell.scope
            continue
        operator = script.falls.get(offset(chain[0][1]))
        if operator == ";;&":  # the branch before goes on to this pattern, and if that does not match, to later ones
            untaken.merge(ends[-1])
        shell.scope = untaken
        shell.scope.settle()
        chain_of(shell, script, chain)
        untaken = shell.scope.copy()
        if operator == ";&":
            shell.scope.merge(ends[-1])
        ends.append(shell.scope)
    shell.scope = untaken
    for end in ends:
        shell.scope.merge(end)


def _each(shell: Interpreter, script: Script, node: Any) -> None:
    """`for NAME in …`, turn by turn where the words are known and few; `select`, where a person chooses."""
    parts = node.parts
    name = script.word(parts[1]).raw
    words = [script.word(part) for part in parts[2:] if part.kind == "word"]
    body = next(part for part in reversed(parts) if part.kind not in ("reservedword", "word"))
    if any(part.kind == "reservedword" and part.word == "in" for part in parts):
        values = [field for word in words for field in shell.words.fields(word)]
    else:
        values = list(shell.scope.arguments if shell.scope.arguments is not None else (Unknown("", '"$@"'),))
    if not values:
        return
    chosen = offset(node) in script.selects
    if chosen:
        shell.scope.forget("REPLY")
    if chosen or len(values) > shell.context.most_turns or any(isinstance(value, Unknown) for value in values):
        some = Unknown(values[0].guess, f"${name}")

        def turn() -> None:
            assign(shell, name, "=", some)
            shell.node(script, body)

        _loop(shell, turn)
        return
    for value in values:
        before = shell.scope.copy()
        assign(shell, name, "=", value)
        shell.node(script, body)
        shell.scope.settle()
        if may_leave(script, body):
            shell.scope.merge(before)


def _loop(shell: Interpreter, turn: Callable[[], object]) -> None:
    """Turns of which nobody knows how many: until the state says nothing new, and twice, so
    that the second comes after what the first has done.
    """
    turns = 0
    while True:
        before, known = shell.scope.copy(), shell.scope.certain
        turn()
        shell.scope.merge(before)
        shell.scope.settle()
        turns += 1
        if turns > 1 and shell.scope.certain == known:
            return


def _flat(parts: list[Any]) -> list[Any]:
    """An `if`'s parts; of a second `elif` bashlex makes a reserved word that holds a list."""
    flat = []
    for part in parts:
        nested = part.kind == "reservedword" and isinstance(part.word, list)
        flat += _flat(part.word) if nested else [part]
    return flat
