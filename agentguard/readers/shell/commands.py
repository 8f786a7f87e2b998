"""Simple commands: assignments, words and redirections, and what the name in front stands for."""

from __future__ import annotations

from ...core.call import Stream, Unresolved
from ...lean.typing import TYPE_CHECKING
from .braces import braces
from .builtins import BUILTINS, DECLARING
from .control import may_leave
from .grammar import Script, place
from .pieces import NotUnderstood, Word
from .redirect import redirect
from .scope import Body
from .words import assigned, substitutes

if TYPE_CHECKING:
    from typing import Any

    from .walk import Walk

#: The most commands that one text may come to, loops and functions followed.
MAX_COMMANDS = 1000
#: Commands whose words name variables, and those that do so after -v: a subscript is an expression.
_NAMING = (*DECLARING, "unset", "read", "mapfile", "readarray", "getopts", "let")
_NAMING_BY_OPTION = ("printf", "test", "[")
#: What takes an expression on either side, or a name, in `[[`.
_NUMERIC = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v")
#: Variables with texts that are expanded when a shell asks for a command, or traces one.
_PROMPTS = ("PS0", "PS1", "PS2", "PS4")
#: How deep functions and texts may call each other.
MAX_CALLS = 24


def command(walk: Walk, script: Script, node: Any) -> bytes | None:
    """What bashlex calls a command: a call, assignments alone, or a condition that only looks."""
    walk.commands += 1
    if walk.commands > MAX_COMMANDS:
        raise NotUnderstood(f"it comes to more than {MAX_COMMANDS} commands")
    words = [script.word(part) for part in node.parts if part.kind != "redirect"]
    redirects = [part for part in node.parts if part.kind == "redirect"]
    if words and place(node.parts[0]) in script.data:
        walk.words.look(words[0])
        if any(f" {operator} " in words[0].raw for operator in _NUMERIC):
            walk.words.evaluate(words[0].raw)
        redirect(walk, script, redirects)
        return b""
    assignments = []
    while words and (found := assigned(words[0])) is not None:
        assignments.append(found)
        words = words[1:]
    argv = _argv(walk, words)
    stdin, shown = redirect(walk, script, redirects)
    values = [(name, mark, _value(walk, value)) for name, mark, value in assignments]
    for name, _, value in values:
        _prompts(walk, name, value)
    if not argv:
        for name, mark, value in values:
            walk.scope.assign(name, mark, value)
        return None if redirects else b""  # `< FILE` by itself is `cat` in `$( )`, and in zsh
    printed = _start(walk, argv, values, stdin)
    return printed if shown else b""


def _value(walk: Walk, word: Word) -> str | tuple[str, ...]:
    return walk.words.array(word) if word.array is not None else walk.words.single(word)


def _prompts(walk: Walk, name: str, value: str | tuple[str, ...]) -> None:
    """What a variable makes a shell run, before it asks for the next command or traces one."""
    if name in _PROMPTS and isinstance(value, str):
        traces = name == "PS4"  # of the others, what is not known is mostly the prompt that there was before
        walk.words.prompt(value if traces else str(value))
    if name == "PROMPT_COMMAND":
        for text in (value,) if isinstance(value, str) else value:
            walk.add(walk.context.text("shell", text, walk.invocation(("bash",))))


def _argv(walk: Walk, words: list[Word]) -> tuple[str, ...]:
    argv: list[str] = []
    for word in words:
        found = assigned(word) if argv and argv[0] in DECLARING else None
        if found is None:
            argv += walk.words.fields(word)
        else:
            name, mark = found[:2]
            value = _value(walk, found[2])
            if len(braces(word.raw)) > 1:  # assigned one after the other
                value = Unresolved("", word.raw)
            walk.shadow(argv, name)
            walk.scope.assign(name, mark, value)
            _prompts(walk, name, value)
            argv.append(f"{name}={value}" if type(value) is str else f"{name}=")
    return tuple(argv)


def _start(
    walk: Walk, argv: tuple[str, ...], values: list[tuple[str, str, str | tuple[str, ...]]], stdin: Stream | None
) -> bytes | None:
    """One command: a function, a builtin or a program."""
    scope = walk.scope
    options = [at for at, word in enumerate(argv) if word == "-v"] if argv[0] in _NAMING_BY_OPTION else []
    for word in argv[1:] if argv[0] in _NAMING else [argv[at + 1] for at in options if argv[at + 1 :]]:
        if "[" in word and substitutes(word):
            walk.words.evaluate(word[word.index("[") :])
    env = {name: value for name, _, value in values if isinstance(value, str)}
    bodies = scope.functions.get(argv[0], (None,))
    if bodies == (None,) and argv[0] not in BUILTINS:
        return walk.program(argv, stdin, env)
    before, outer = dict(scope.variables), scope.stdin
    scope.variables.update(env)
    scope.stdin = stdin or outer
    printed: bytes | None = None
    for body in bodies:
        state = walk.scope.copy()
        if body is not None:
            printed = _call(walk, body, argv)
        elif argv[0] in BUILTINS:
            printed = BUILTINS[argv[0]](walk, argv)
        else:
            printed = walk.program(argv, stdin, env)
        if len(bodies) > 1:
            walk.scope.merge(state)
            printed = None
    for name in env:
        walk.scope.variables.pop(name, None)
        walk.scope.variables.update({name: before[name]} if name in before else {})
    if stdin is not None and argv != ("exec",):
        walk.scope.stdin = outer
    return printed


def _call(walk: Walk, body: Body, argv: tuple[str, ...]) -> bytes | None:
    walk.calls += 1
    if walk.calls > MAX_CALLS:
        raise NotUnderstood(f"`{argv[0]}` calls itself too deeply")
    before = walk.scope.copy()
    walk.scope.arguments = argv[1:]
    walk.shadowed.append({})
    printed = walk.node(body.script, body.node)
    walk.restore(walk.shadowed.pop())
    walk.scope.arguments = before.arguments
    if may_leave(body.script, body.node):
        walk.scope.merge(before)
        printed = None
    walk.calls -= 1
    return printed
