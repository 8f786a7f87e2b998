"""Simple commands: assignments, words and redirections, and what the name in front stands for."""

from __future__ import annotations

from ...core.call import Stream
from ...core.word import Known, Unknown, Word
from ...lean.typing import TYPE_CHECKING
from .assignments import DECLARING, assign, declaration, name_variables, value_of
from .builtins import BUILTINS, alias_of
from .fresh import given_to
from .interpreter import MAX_CALLS
from .lists import may_leave
from .program import program
from .redirect import compared, redirect
from .scope import Body
from .syntax.grammar import Script, offset
from .syntax.word_parts import NotUnderstood, Token
from .words import assigned

if TYPE_CHECKING:
    from typing import Any

    from .interpreter import Interpreter

#: The most commands that one text may come to, loops and functions followed.
MAX_COMMANDS = 1000
#: POSIX's special builtins: after `A=1 export B`, some shells keep A.
_SPECIAL = (
    ":", ".", "break", "continue", "declare", "eval", "exec", "exit", "export", "local", "readonly", "return", "set",
    "shift", "source", "times", "trap", "typeset", "unset",
)  # fmt: skip
_EXEC = Known("exec")
#: What takes an expression on either side, or a name, in `[[`.
_NUMERIC = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R")


def simple_command(shell: Interpreter, script: Script, node: Any) -> bytes | None:
    """What bashlex calls a command: a call, assignments alone, or a condition that only looks."""
    shell.commands += 1
    if shell.commands > MAX_COMMANDS:
        raise NotUnderstood(f"it comes to more than {MAX_COMMANDS} commands")
    words = [script.word(part) for part in node.parts if part.kind != "redirect"]
    redirects = [part for part in node.parts if part.kind == "redirect"]
    if words and offset(node.parts[0]) in script.data:
        shell.words.look(words[0])
        if any(f" {operator} " in words[0].raw for operator in _NUMERIC):
            shell.words.expressions.evaluate(words[0].raw)
        if shell.scope.is_posix:
            compared(shell, words[0].raw)
        redirect(shell, script, redirects)
        return b""
    assignments = []
    while words and (found := assigned(words[0])) is not None:
        assignments.append(found)
        words = words[1:]
    argv = _argv(shell, words)
    stdin, shown, made = redirect(shell, script, redirects)
    before = dict(shell.scope.variables)
    for name, mark, right in assignments:  # one after the other: in `A=rm B=$A`, B is rm
        assign(shell, name, mark, value_of(shell, right))
    if not argv:
        return None if redirects else b""  # `< FILE` by itself is `cat` in `$( )`, and in zsh
    values = {name: shell.scope.variables[name] for name, _, _ in assignments if name in shell.scope.variables}
    shell.scope.variables = before
    printed = _start(shell, argv, {name: value for name, value in values.items() if isinstance(value, Word)}, stdin)
    if made:
        shell.made.write(made, None if _EXEC in argv else printed)  # what follows prints there, too
    return printed if shown else b""


def _argv(shell: Interpreter, tokens: list[Token]) -> tuple[Word, ...]:
    argv: list[Word] = []
    for token in tokens:
        declares = bool(argv) and isinstance(argv[0], Known) and argv[0].text in DECLARING
        found = assigned(token) if declares else None
        if found is None:
            argv += shell.words.fields(token)
        else:
            argv.append(declaration(shell, token, found))
    return tuple(given_to(argv[0], word) for word in argv)


def _start(
    shell: Interpreter,
    argv: tuple[Word, ...],
    env: dict[str, Word],
    stdin: Stream | None,
) -> bytes | None:
    """One command: a function, a builtin or a program."""
    if isinstance(argv[0], Unknown):
        return program(shell, argv, stdin, env)
    scope, command = shell.scope, argv[0].text
    words = [word.guess for word in argv]
    name_variables(shell, argv)
    ways: tuple[Body | str | None, ...] = scope.functions.get(command, (None,))
    if command in scope.aliases:  # which only some shells expand
        ways = ("alias", *ways)
    if ways == (None,) and command not in BUILTINS:
        return program(shell, argv, stdin, env)
    before, outer = dict(scope.variables), scope.stdin
    scope.variables.update(env)
    scope.stdin = stdin or outer
    printed: bytes | None = None
    for way in ways:
        state = shell.scope.copy()
        if isinstance(way, str):
            printed = alias_of(shell, argv)
        elif way is not None:
            printed = _call(shell, way, command, argv[1:])
        elif command in BUILTINS:
            printed = BUILTINS[command](shell, argv)
        else:
            printed = program(shell, argv, stdin, env)
        if len(ways) > 1:
            shell.scope.merge(state)
            printed = shell.listing = None
    for name in env:
        shell.scope.variables.pop(name, None)
        shell.scope.variables.update({name: before[name]} if name in before else {})
    if command in _SPECIAL:
        shell.scope.forget(*env)
    if stdin is not None and words != ["exec"]:
        shell.scope.stdin = outer
    return printed


def _call(shell: Interpreter, body: Body, name: str, arguments: tuple[Word, ...]) -> bytes | None:
    shell.calls += 1
    if shell.calls > MAX_CALLS:
        raise NotUnderstood(f"`{name}` calls itself too deeply")
    before = shell.scope.copy()
    shell.scope.arguments = arguments
    shell.shadowed.append({})
    printed = shell.node(body.script, body.node)
    shell.restore(shell.shadowed.pop())
    shell.scope.arguments = before.arguments
    if may_leave(body.script, body.node):
        shell.scope.merge(before)
        printed = None
    shell.calls -= 1
    return printed
