"""What a shell knows at one point of a text: directory, variables, functions, standard input."""

from __future__ import annotations

from ...core.call import Invocation, Stream
from ...core.word import Known, Unknown, Word
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .arithmetic import arms
from .fresh import Fresh
from .syntax.grammar import offset

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ...core.effect import Effect
    from ...core.world import World
    from .syntax.grammar import Script

    class Shell(Protocol):
        """What the words are expanded in."""

        scope: Scope
        ahead: list[Effect]

        @property
        def world(self) -> World:
            """What is asked which paths there are."""

        def substitute(self, text: Word, stdin: Stream | None = None) -> str | None:
            """Run a command substitution, with a standard input of its own; what it prints, if that is known."""

        def tell(self, *effects: Effect) -> None:
            """Effects of the shell itself."""


#: Whatever may have read part of standard input makes the rest unknown to what follows.
READ_BEFORE = Stream("unseen", why="an earlier command may have read part of it")

#: Variables of bash's own whose values are expressions.
_INTEGERS = ("BASHPID", "EPOCHSECONDS", "HISTCMD", "LINENO", "MAILCHECK", "OPTIND", "RANDOM", "SECONDS", "SRANDOM")


#: Variables with the options that are set.
_OPTIONS = ("SHELLOPTS", "BASHOPTS")


class Body(Value):
    """What a function name stands for: a compound command of a text."""

    script: Script
    node: Any

    @property
    def source(self) -> str:
        """The text of the command."""
        start = offset(self.node)
        return self.script.text[start : start + self.node.pos[1] - self.node.pos[0]]


class Scope:
    """A shell's state. A subshell works on a copy; alternatives are merged.

    A variable that is not in `variables` may still exist in the shell that will run the text,
    so it is not known to be unset. A name in `functions` maps to all that it may stand for,
    None for the program. `fallback` is the directory if the `cd` just before has failed.
    """

    def __init__(self, call: Invocation, arguments: tuple[Word, ...] | None) -> None:
        self.cwd = call.cwd
        self.fallback: Word | None = None
        self.inherited = call.env
        self.variables: dict[str, Word | tuple[Word, ...]] = dict(call.env)
        self.exported = set(call.env)
        self.functions: dict[str, tuple[Body | None, ...]] = {}
        self.aliases: dict[str, Word] = {}
        self.arguments = arguments
        self.stdin = call.stdin
        self.errexit = self.exports_all = False
        self.globs = "on"  # "off", or "otherwise": patterns match more, or less, than by themselves
        self.changed = {"PWD"}  # variables that make something else of what is assigned to them
        self.references: dict[str, str] = {}  # names that stand for another variable, and for which, as far as is known
        self.integers = set(_INTEGERS)  # names whose values are expressions
        self.is_zsh = call.name == "zsh"
        self.is_posix = call.name in ("sh", "dash", "ash")  # which may lack what bash has

    def copy(self) -> Scope:
        """The same, to be changed apart."""
        other = object.__new__(Scope)
        other.__dict__.update(self.__dict__)
        other.variables = dict(self.variables)
        other.exported = set(self.exported)
        other.changed = set(self.changed)
        other.references = dict(self.references)
        other.integers = set(self.integers)
        other.functions = dict(self.functions)
        other.aliases = dict(self.aliases)
        return other

    def splits(self, value: str) -> bool:
        """Whether it is known how an unquoted variable with this value is split: at blanks."""
        if "IFS" in self.variables:
            return not value
        return not self.is_zsh or value.split() == [value]

    @property
    def environment(self) -> dict[str, Word]:
        """What a program that is started here gets."""
        return {
            name: value for name, value in self.variables.items() if name in self.exported and isinstance(value, Word)
        }

    def is_untouched(self, program: str) -> bool:
        """Whether a name stands for the program that it was before the line, found by the same PATH."""
        is_program = program not in self.functions and program not in self.aliases
        return is_program and self.variables.get("PATH") == self.inherited.get("PATH")

    def settle(self) -> None:
        """A command follows whether or not the last `cd` has worked."""
        if self.fallback is not None and not self.errexit and self.fallback != self.cwd:
            self.cwd = _doubted(self.cwd)
        self.fallback = None

    def if_failed(self) -> Scope:
        """The state if the last command has failed."""
        other = self.copy()
        if other.fallback is not None:
            other.cwd, other.fallback = other.fallback, None
        return other

    def merge(self, other: Scope) -> None:
        """Either of two states may be the real one: only what they agree about stays known."""
        other = other.copy()
        self.settle()
        other.settle()
        for name in {**self.variables, **other.variables}:
            self.variables[name] = _either(name, self.variables.get(name), other.variables.get(name))
        self.exported |= other.exported
        for name in {**self.functions, **other.functions}:
            bodies = self.functions.get(name, (None,)) + other.functions.get(name, (None,))
            self.functions[name] = tuple({id(body and body.node): body for body in bodies}.values())
        self.aliases |= other.aliases
        if self.cwd != other.cwd:
            self.cwd = _doubted(other.cwd)
        if self.arguments != other.arguments:
            self.arguments = None
        if self.stdin != other.stdin:
            self.stdin = READ_BEFORE
        self.errexit = self.errexit and other.errexit
        self.exports_all = self.exports_all or other.exports_all
        self.globs = self.globs if self.globs == other.globs else "otherwise"
        self.changed |= other.changed
        self.references |= other.references
        self.integers |= other.integers

    @property
    def certain(self) -> tuple[Any, ...]:
        """All that is known for sure; it only shrinks when states are merged."""
        variables = {name: value for name, value in self.variables.items() if not isinstance(value, Unknown)}
        functions = {name: len(bodies) for name, bodies in self.functions.items()}
        return variables, functions, isinstance(self.cwd, Unknown), self.arguments, self.stdin

    def assign(self, name: str, mark: str, value: Word | tuple[Word, ...]) -> None:
        """`NAME=VALUE`, or what stands in place of the `=`: `+=`, `[…]=`."""
        if name in self.references:
            self.forget(None)
            return
        before = self.variables.get(name)
        if name in self.changed:
            value = Unknown(_armed(value), f"${name}")
        elif mark == "+=" and isinstance(before, tuple) and isinstance(value, tuple):
            value = before + value
        elif mark == "+=" and isinstance(value, Word):
            value = before + value if isinstance(before, Word) else Unknown(value.guess, f"${name}")
        elif mark != "=":
            value = Unknown(_armed(value) or _armed(before), f"${name}")
        self.variables[name] = value
        if self.exports_all:
            self.exported.add(name)

    def tell_options(self) -> None:
        """The options are others by now, in the variables that hand them on to shells."""
        for name in self.exported.intersection(_OPTIONS):
            self.variables[name] = Unknown("", f"${name}")

    def define(self, name: str, body: Body) -> None:
        """A function gets a body; one that is handed on stays so."""
        self.functions[name] = (body,)
        if self.exports_all or f"BASH_FUNC_{name}%%" in self.exported:
            self.hand_on(name)

    def hand_on(self, name: str) -> None:
        """A function goes to the shells that are started from here."""
        bodies, variable = self.functions[name], f"BASH_FUNC_{name}%%"
        body = bodies[0] if len(bodies) == 1 else None
        self.variables[variable] = Known(f"() {body.source}") if body else Unknown("", name)
        self.exported.add(variable)

    def may_lose(self, *functions: str) -> None:
        """The functions may be gone, and their names those of programs again."""
        for name in self.functions.keys() & functions:
            bodies = self.functions[name]
            self.functions[name] = bodies if None in bodies else (*bodies, None)

    def forget(self, *names: str | None) -> None:
        """The variables have values that nobody knows; for None, any variable may be the one."""
        if None in names or self.references.keys() & set(names):
            names = (*names, *self.variables, "IFS", "CDPATH")  # of these, it counts already whether they are set
        for name in names:
            if name:
                self.variables[name] = Unknown(_armed(self.variables.get(name)), f"${name}")

    def forget_most(self) -> None:
        """Any variable may have another value (`export $(cat .env)`), but HOME is taken to stay.

        Programs look for their configuration there: else none that has one could be rated behind that idiom.
        """
        home = self.variables.get("HOME")
        self.forget(None)
        if home is not None:
            self.variables["HOME"] = home


def _doubted(directory: Word) -> Unknown:
    """A directory that may be another one."""
    return Unknown(directory.guess, directory.written if isinstance(directory, Unknown) else "$PWD")


def _either(
    name: str, one: Word | tuple[Word, ...] | None, other: Word | tuple[Word, ...] | None
) -> Word | tuple[Word, ...]:
    """One value of two. The guess is the emptier one: what empty would hit is the worse to be wrong about."""
    if one == other and one is not None and (isinstance(other, Fresh) or not isinstance(other, Unknown)):
        return one
    texts = [value.guess if isinstance(value, Word) else "" for value in (one, other)]
    return Unknown(_armed(one) or _armed(other) or min(texts, key=bool), f"${name}")


def _armed(value: Word | tuple[Word, ...] | None) -> str:
    """The text of a value in which a command would run if it were evaluated: a guess that must not be lost."""
    texts = () if value is None else (value,) if isinstance(value, Word) else value
    return next((word.guess for word in texts if arms(word.guess)), "")
