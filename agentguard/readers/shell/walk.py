"""A shell text, walked in the order in which it would run: every command with what it would be given."""

from __future__ import annotations

import os.path

from ...core.call import Invocation, Stream
from ...core.context import Context
from ...core.effect import Effect, Reading, Target
from ...core.paths import could_touch
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, joined, known
from ...lean.typing import TYPE_CHECKING
from .builtins import QUIET
from .commands import MAX_CALLS, command
from .control import branch, chains, choose, each, leaves, loop
from .grammar import Script, parse, place
from .pieces import NotUnderstood, Rejected
from .prints import prints
from .redirect import only_errors_elsewhere, redirect
from .scope import READ_BEFORE, Body, Scope
from .words import Expander

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ...core.word import Word


class Walk:
    """`reading` grows as the walk goes on, so that what came before a stumble is not lost.

    The methods for nodes return what the node prints on standard output, or None if that is
    not known; it is needed for substitutions and pipes.
    """

    def __init__(self, context: Context, call: Invocation, arguments: tuple[Word, ...] | None) -> None:
        self.context = context
        self.world = context.world
        self.call = call
        self.scope = Scope(call, arguments)
        self.words = Expander(self)
        self.reading = Reading()
        self.ahead: list[Effect] = list(call.ahead)
        self.commands = self.calls = 0
        self.at_end: list[Callable[[], bytes | None]] = []
        self.shadowed: list[dict[str, Word | tuple[Word, ...] | None]] = []  # what the functions' own variables hide
        self.listing: Invocation | None = None  # the last program that was started, as long as it is by its own name

    def whole(self, text: str) -> None:
        """Run a text and what it leaves to be done at the end."""
        self.run(text)
        for late in tuple(self.at_end):
            self.apart(late)

    # What others need: builtins, redirections, words

    def run(self, text: str) -> bytes | None:
        """Run a text here, as `eval` and `.` do."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise NotUnderstood("functions or texts that call each other too deeply")
        script = parse(text)
        printed = _joined([self.node(script, node) for node in script.nodes])
        self.calls -= 1
        return printed

    def apart(self, run: Callable[[], bytes | None], stdin: Stream | None = None) -> bytes | None:
        """Run something in a subshell."""
        outer, self.scope = self.scope, self.scope.copy()
        if stdin is not None:
            self.scope.stdin = stdin
        try:
            return run()
        finally:
            outer.stdin = outer.stdin if stdin is not None else self.scope.stdin
            self.scope = outer

    def substitute(self, text: Word) -> str | None:
        """What `$(text)` becomes."""
        if isinstance(text, Unknown):
            self.add(self.context.text("shell", text, self.invocation(known(("bash",)))))
            return None
        calls = self.calls
        try:
            printed = self.apart(lambda: self.run(text.text))
        except Rejected as what:  # in backquotes: bash finds it only when it comes there, and goes on
            self.calls = calls
            self.add(unread(self.call, what))
            return None
        return None if printed is None or b"\0" in printed else printed.decode("utf-8", "surrogateescape").rstrip("\n")

    def tell(self, *effects: Effect) -> None:
        """Effects of the shell itself."""
        self.add(Reading(effects))

    def add(self, reading: Reading) -> None:
        """What a part of the text does."""
        self.reading += reading
        self.ahead += [effect for effect in reading.effects if effect.verb != "observe"]

    def shadow(self, argv: Sequence[Word], name: str) -> None:
        """A variable becomes the function's own, if one runs and that command makes it so."""
        command, *words = (word.guess for word in argv)
        is_global = any(word.startswith("-") and "g" in word for word in words)
        if self.shadowed and command in ("local", "declare", "typeset") and not is_global:
            self.shadowed[-1].setdefault(name, self.scope.variables.get(name))

    def restore(self, hidden: dict[str, Word | tuple[Word, ...] | None]) -> None:
        """A function ends, and what its own variables have hidden is there again."""
        for name, value in hidden.items():
            self.scope.variables.pop(name, None)
            if value is not None:
                self.scope.variables[name] = value

    def invocation(
        self, argv: tuple[Word, ...], stdin: Stream | None = None, env: Mapping[str, Word] | None = None
    ) -> Invocation:
        """A program started from here."""
        scope = self.scope
        return Invocation(
            argv, scope.cwd, {**scope.environment, **(env or {})}, stdin or scope.stdin, tuple(self.ahead)
        )

    def absolute(self, path: Word) -> Word:
        """A path seen from here; not known if it or the directory is not."""
        cwd = self.scope.cwd
        whole = os.path.normpath(os.path.join(cwd.guess, path.guess))
        if isinstance(path, Unknown):
            return Unknown(whole, path.written)
        if isinstance(cwd, Unknown) and not path.text.startswith("/"):
            return Unknown(whole, f"{cwd.written}/{path.text}")
        return Known(whole)

    def touched(self, path: Word, besides: tuple[str, ...] = ()) -> bool:
        """Whether an earlier part of the line may change a file, leaving aside what some rules say."""
        whole = self.absolute(path).guess
        return any(could_touch(effect, whole) for effect in self.ahead if effect.rule not in besides)

    def exists(self, directory: Word) -> bool:
        """Whether there surely is such a directory when the line gets here."""
        if isinstance(directory, Unknown) or any(c in directory.text for c in "*?[(\\") or self.touched(directory):
            return False
        try:
            return bool(self.world.expand(os.path.join(directory.text, "."), "/"))
        except Unseen:
            return False

    # Nodes

    def node(self, script: Script, node: Any) -> bytes | None:
        """Any node, in the present state."""
        if node.kind in ("command", "compound") and place(node) in script.coprocesses:
            return self._coprocess(script, node)
        return self._node(script, node)

    def _coprocess(self, script: Script, node: Any) -> bytes | None:
        """What runs beside the shell, which writes to it and reads from it by descriptors."""
        name = script.coprocesses[place(node)]
        self.apart(lambda: self._node(script, node), Stream("unseen", why="it is what the shell writes to a coprocess"))
        self.scope.forget(name, f"{name}_PID")
        return b""

    def _node(self, script: Script, node: Any) -> bytes | None:
        if node.kind == "command":
            return command(self, script, node)
        if node.kind == "pipeline":
            return self._pipeline(script, node)
        if node.kind == "list":
            return self._list(script, node.parts)
        if node.kind == "compound":
            return self._compound(script, node)
        if node.kind == "function":
            self.scope.functions[script.word(node.name).raw] = (Body(script, node.body),)
            return b""
        raise NotUnderstood(f"`{script.source(node)}`")

    def _list(self, script: Script, parts: list[Any]) -> bytes | None:
        printed: list[bytes | None] = []
        for chain, background in chains(parts):
            self.scope.settle()
            if background:
                self.apart(lambda chain=chain: self.chain(script, chain), Stream("known"))  # type: ignore[misc]
                printed.append(None)
            else:
                printed.append(self.chain(script, chain))
        return _joined(printed)

    def chain(self, script: Script, chain: list[tuple[str, Any]]) -> bytes | None:
        """`A && B || C`: each but the first may run or not."""
        if len(chain) == 1:
            return self.node(script, chain[0][1])
        self.tested(script, chain[0][1])
        skipped: list[Scope] = []
        for number, (operator, node) in enumerate(chain[1:], 2):
            run = self.node if number == len(chain) else self.tested
            if operator == "&&":
                skipped.append(self.scope.if_failed())
                self.scope.fallback = None
                run(script, node)
                continue
            succeeded, self.scope = self.scope, self.scope.if_failed()
            succeeded.fallback = None
            for other in skipped:
                self.scope.merge(other)
            run(script, node)
            if leaves(script, node):
                self.scope, skipped = succeeded, []
            else:
                self.scope.merge(succeeded)
        for other in skipped:
            self.scope.merge(other)
        return None

    def tested(self, script: Script, node: Any) -> bytes | None:
        """A node whose status is looked at: `set -e` does not count in it."""
        errexit, self.scope.errexit = self.scope.errexit, False
        printed = self.node(script, node)
        self.scope.errexit = errexit
        return printed

    def _pipeline(self, script: Script, node: Any) -> bytes | None:
        stages = [part for part in node.parts if part.kind not in ("pipe", "reservedword")]
        both = [part.pipe == "|&" for part in node.parts if part.kind == "pipe"]
        if len(stages) == 1:  # after `!`
            printed = self.tested(script, stages[0])
            self.scope.settle()
            return printed
        printed = lines = None
        for number, stage in enumerate(stages):
            outer = self.scope.copy()
            if number:
                why = f"it comes from `{script.source(stages[number - 1])}`"
                known = printed is not None and not both[number - 1]
                lines = None if both[number - 1] else lines
                self.scope.stdin = Stream("known", printed or b"") if known else Stream("unseen", why=why, lines=lines)
            commands, self.listing = self.commands, None
            printed = self.node(script, stage)
            is_alone = self.commands == commands + 1 and only_errors_elsewhere(stage)
            lines = self._lines() if is_alone and number + 1 < len(stages) else None
            inner, self.scope = self.scope, outer
            if not number:
                self.scope.stdin = inner.stdin
        inner.stdin = self.scope.stdin
        self.scope.merge(inner)  # zsh runs the last stage in the shell itself
        return printed

    def _lines(self) -> bytes | None:
        """All the lines that the only program of a stage may print."""
        return None if self.listing is None else self.context.lines(self.listing)

    def _compound(self, script: Script, node: Any) -> bytes | None:
        stdin, shown = redirect(self, script, node.redirects)
        outer = self.scope.stdin
        self.scope.stdin = stdin or outer
        printed = self._inside(script, node)
        if stdin is not None:
            self.scope.stdin = outer
        return printed if shown else b""

    def _inside(self, script: Script, node: Any) -> bytes | None:
        first, *rest = node.list
        if first.kind == "reservedword" and place(node) not in script.cases:
            alone = first.word == "("
            return self.apart(lambda: self.node(script, rest[0])) if alone else self.node(script, rest[0])
        if first.kind == "reservedword":
            choose(self, script, rest[0])
        elif first.kind == "for":
            each(self, script, first)
        elif first.kind == "if":
            branch(self, script, _flat(first.parts))
        else:
            parts = [part for part in first.parts if part.kind != "reservedword"]
            loop(self, lambda: [self.tested(script, part) for part in parts])
        return None

    def program(
        self, argv: tuple[Word, ...], stdin: Stream | None = None, env: Mapping[str, Word] | None = None
    ) -> bytes | None:
        """A program, started as found on PATH."""
        call = self.invocation(argv, stdin, env)
        alias = self.scope.aliases.get(argv[0].guess)
        self.listing = call if alias is None else None
        self.add(self.context.command(call))
        if alias is not None:  # only some shells expand it, so it is both
            self.add(self.context.text("shell", _line(alias, argv[1:]), call))
        printed = prints(self, argv, call.stdin)
        if stdin is None and argv[0] not in QUIET and call.stdin != Stream("known"):
            self.scope.stdin = READ_BEFORE
        return printed


def unread(call: Invocation, what: NotUnderstood) -> Reading:
    """The effect of a text that cannot be read; another shell may find commands where bash finds none."""
    rejected = isinstance(what, Rejected)
    rule = "sh-syntax-error" if rejected else "sh-not-understood"
    reason = "text that bash cannot parse" if rejected else "shell text that agentguard does not understand"
    target = Target("command line", call.name)
    return Reading((Effect("unknown", target, rule=rule, program=call.name, reason=f"is given {reason}: {what}"),))


def _joined(printed: list[bytes | None]) -> bytes | None:
    known = [part for part in printed if part is not None]
    return b"".join(known) if len(known) == len(printed) else None


def _line(alias: Word, arguments: tuple[Word, ...]) -> Word:
    """The text that an alias becomes."""
    from shlex import quote

    return joined((alias, *(word.map(quote) for word in arguments)))


def _flat(parts: list[Any]) -> list[Any]:
    """An `if`'s parts; of a second `elif` bashlex makes a reserved word that holds a list."""
    flat = []
    for part in parts:
        nested = part.kind == "reservedword" and isinstance(part.word, list)
        flat += _flat(part.word) if nested else [part]
    return flat
