"""The interpreter: what a shell knows while its text runs, and what every kind of command needs of it."""

from __future__ import annotations

import os.path

from ...core.call import Invocation, Stream
from ...core.context import Context
from ...core.effect import Effect, Reading, Target
from ...core.paths import may_change
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, known
from ...core.world_after import AfterEffects
from ...lean.typing import TYPE_CHECKING
from .lookup import located
from .made_files import MadeFiles
from .scope import Scope
from .syntax.grammar import Script, parse
from .syntax.word_parts import NotUnderstood, Rejected
from .words import Expander

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ...core.word import Word
    from ...core.world import World

    #: Runs any node of a script's tree: see nodes.py.
    Execute = Callable[["Interpreter", Script, Any], bytes | None]

#: How deep functions and texts may call each other.
MAX_CALLS = 24
_TEE = Known("tee")


class Interpreter:
    """Runs a text in the order in which a shell would: every command with what it would be given.

    `reading` grows as it goes on, so that what came before a stumble is not lost. What runs something
    returns what that prints on standard output, or None if it is not known; substitutions and pipes need it.
    """

    def __init__(
        self, context: Context, call: Invocation, arguments: tuple[Word, ...] | None, execute: Execute
    ) -> None:
        self.context = context
        self.made = MadeFiles(call.written)
        self.call = call
        self._execute = execute
        self.scope = Scope(call, arguments)
        self.words = Expander(self)
        self.reading = Reading()
        self.ahead: list[Effect] = list(call.ahead)
        self.commands = self.calls = 0
        self.beside = (0, 0)  # where in `ahead` the earlier stages of the pipeline are of which a stage runs
        self.at_end: list[Callable[[], bytes | None]] = []
        #: What the own variables of the functions that run hide, by name; None stands for names that nobody knows.
        self.shadowed: list[dict[str | None, Word | tuple[Word, ...] | None]] = []
        self.listing: Invocation | None = None  # the last program that was started, as long as it is by its own name

    @property
    def world(self) -> World:
        """The world as an earlier part of the text leaves it."""
        return AfterEffects(self.context.world, tuple(self.ahead), self.made.contents)

    def whole(self, text: str) -> None:
        """Run a text and what it leaves to be done at the end."""
        for name, value in self.call.env.items():
            if name.startswith("BASH_FUNC_"):
                self._given(name, value)
        self.run(text)
        for late in tuple(self.at_end):
            self.apart(late)

    def _given(self, name: str, value: Word) -> None:
        """A function that the environment hands on (bash(1), export -f)."""
        function = name.removeprefix("BASH_FUNC_").removesuffix("%%").removesuffix("()")
        if isinstance(value, Known) and value.text.startswith("()"):
            self.run(f"{function} {value.text}")
        elif isinstance(value, Unknown):
            self.add(self.context.text("shell", value, self.call))

    def run(self, text: str) -> bytes | None:
        """Run a text here, as `eval` and `.` do."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise NotUnderstood("functions or texts that call each other too deeply")
        script = parse(text)
        printed = together([self.node(script, node) for node in script.nodes])
        self.calls -= 1
        return printed

    def node(self, script: Script, node: Any) -> bytes | None:
        """Run any node of a script, in the present state."""
        return self._execute(self, script, node)

    def tested(self, script: Script, node: Any) -> bytes | None:
        """A node whose status is looked at: `set -e` does not count in it."""
        errexit, self.scope.errexit = self.scope.errexit, False
        printed = self.node(script, node)
        self.scope.errexit = errexit
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

    def at_any_time(self, run: Callable[[], bytes | None]) -> None:
        """Run something that may run again after any command: what it sets may be so from here on."""
        after = []

        def once() -> bytes | None:
            printed = run()
            after.append(self.scope)
            return printed

        self.apart(once)
        inner, outer = after[0], self.scope
        changed = {name for name, value in inner.variables.items() if outer.variables.get(name) != value}
        outer.forget(*changed)
        outer.changed |= changed
        if changed:
            self.apart(run)
        if (inner.cwd, inner.arguments, inner.functions, inner.aliases) != (
            outer.cwd,
            outer.arguments,
            outer.functions,
            outer.aliases,
        ):
            raise NotUnderstood("a trap that changes what later commands are")

    def substitute(self, text: Word, stdin: Stream | None = None) -> str | None:
        """What `$(text)` becomes, or what `>(text)` prints, which has a standard input of its own."""
        if isinstance(text, Unknown):
            self.add(self.context.text("shell", text, self.invocation(known(("bash",)))))
            return None
        calls = self.calls
        try:
            printed = self.apart(lambda: self.run(text.text), stdin)
        except Rejected as what:  # in backquotes: bash finds it only when it comes there, and goes on
            self.calls = calls
            self.add(unread(self.call, what))
            return None
        return None if printed is None or b"\0" in printed else decode(printed).rstrip("\n")

    @property
    def opening(self) -> tuple[Effect, ...]:
        """What comes before a file is opened here: not the programs of the same pipeline, which have only begun."""
        first, last = self.beside
        begun = (one for one in self.ahead[first:last] if one.verb != "run")
        return (*self.ahead[:first], *begun, *self.ahead[last:])

    def tell(self, *effects: Effect) -> None:
        """Effects of the shell itself."""
        self.add(Reading(effects))

    def add(self, reading: Reading) -> None:
        """What a part of the text does."""
        self.reading += reading
        self.ahead += [effect for effect in reading.effects if effect.verb != "observe"]
        self.made.after(reading, self.ahead)

    def shadow(self, argv: Sequence[Word], name: str | None) -> None:
        """A variable (None: some variable) becomes the function's own, if one runs and that command makes it so."""
        command, *words = (word.guess for word in argv)
        is_global = any(word.startswith("-") and "g" in word for word in words)
        if self.shadowed and command in ("local", "declare", "typeset") and not is_global:
            self.shadowed[-1].setdefault(name, None if name is None else self.scope.variables.get(name))

    def restore(self, hidden: dict[str | None, Word | tuple[Word, ...] | None]) -> None:
        """A function ends, and what its own variables have hidden is there again."""
        if None in hidden:
            self.scope.forget(None)
        if "-" in hidden:
            self.scope.globs = "otherwise"
        for name, value in hidden.items():
            if name is not None:
                self.scope.variables.pop(name, None)
            if name is not None and value is not None:
                self.scope.variables[name] = value

    def invocation(
        self, argv: tuple[Word, ...], stdin: Stream | None = None, env: Mapping[str, Word] | None = None
    ) -> Invocation:
        """A program started from here."""
        scope = self.scope
        environment = {**scope.environment, **(env or {})}
        return Invocation(
            argv,
            scope.cwd,
            environment,
            stdin or scope.stdin,
            self.opening if _TEE in argv[:2] else tuple(self.ahead),
            self.made.contents,
        )

    def absolute(self, path: Word) -> Word:
        """A path seen from here; not known if it or the directory is not."""
        return located(path, self.scope.cwd)

    def touched(self, path: Word) -> bool:
        """Whether an earlier part of the line may change a file."""
        whole = self.absolute(path).guess
        return may_change(self.ahead, whole)

    def exists(self, directory: Word) -> bool:
        """Whether there surely is such a directory when the line gets here."""
        if isinstance(directory, Unknown) or any(c in directory.text for c in "*?[(\\") or self.touched(directory):
            return False
        try:
            return bool(self.world.expand(os.path.join(directory.text, "."), "/"))
        except Unseen:
            return False


def unread(call: Invocation, what: NotUnderstood) -> Reading:
    """The effect of a text that cannot be read; another shell may find commands where bash finds none."""
    rejected = isinstance(what, Rejected)
    rule = "sh-syntax-error" if rejected else "sh-not-understood"
    reason = "text that bash cannot parse" if rejected else "shell text that agentguard does not understand"
    target = Target("command line", call.name)
    return Reading((Effect("unknown", target, rule=rule, program=call.name, reason=f"is given {reason}: {what}"),))


def together(printed: list[bytes | None]) -> bytes | None:
    """What several parts print one after the other."""
    known = [part for part in printed if part is not None]
    return b"".join(known) if len(known) == len(printed) else None
