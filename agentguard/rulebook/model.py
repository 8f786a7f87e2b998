"""Programs, their grammars and their rules, as values."""

from __future__ import annotations

from ..core.effect import Rating, Verb
from ..lean.typing import TYPE_CHECKING, Protocol
from ..lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from ..core.api import Api
    from .document import Node

    Takes = Literal["nothing", "value", "next", "optional", "command"]


class Option(Value):
    """One option: all its names with their dashes, and what its value is.

    It `takes` a "value", the "next" word as one if there is a next word, or an "optional" one that is attached.
    """

    names: tuple[str, ...]
    takes: Takes = "nothing"
    role: str = ""

    @property
    def name(self) -> str:
        """The canonical name: the first long one, or the only one."""
        return next((n for n in self.names if n.startswith("--")), self.names[0])

    @property
    def consumes(self) -> bool:
        """Whether the next word is its value, where none is attached."""
        return self.takes in ("value", "next")


class Search(Value):
    """The options by which a search program (find) narrows what it finds, and acts on it.

    `named` take the pattern that a name must match, before one that `acts`. `either` separates
    alternatives, `group` opens a group of them, and with one of `denies` nothing is narrowed. What is
    found is printed, a line each, by `prints` or where none of these is given, unless one `acts` or
    `tells` something else; `null` ends names with NUL instead.
    """

    named: tuple[str, ...]
    acts: tuple[str, ...]
    either: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


class CommandBuilder(Value):
    """How a program builds commands of its operands and its input (`[grammar.fills]`, see docs/rules.md)."""

    joins: bool = False
    marks: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    delimiters: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    single: tuple[tuple[str, str], ...] = ()
    grouped: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    pipes: tuple[str, ...] = ()
    runs_nothing_with: tuple[str, ...] = ()
    nonempty: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


class Command(Value):
    """A program or one of its subcommands: what its arguments mean."""

    path: tuple[str, ...]
    options: Mapping[str, Option]
    operands: tuple[str, ...] = ()
    when: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    commands: Mapping[str, str] = {}
    inherit: bool = False
    open: bool = False
    reads: str = ""
    stdin: str = ""
    cwd_unknown_with: tuple[str, ...] = ()
    unsets: tuple[str, ...] = ()
    unsets_with: tuple[str, ...] = ()
    remote: bool = False
    resets_path: bool = False
    runs_in: str = ""
    absent: Mapping[str, str] = {}
    joined: Mapping[str, tuple[str, ...]] = {}
    search: Search | None = None
    fills: CommandBuilder | None = None
    remote_with: tuple[str, ...] = ()

    @property
    def carries(self) -> bool:
        """Whether its operands are a command that it runs, at least with some options."""
        roles = (*self.operands, *(role for _, roles in self.when for role in roles))
        return any(role.removesuffix("...") in ("ARGV", "SHELL", "WORDS") for role in roles)


class Grammar(Value):
    """How a program's argument vectors are read (see docs/rules.md)."""

    abbreviate: bool = False
    negate: bool = False
    permute: bool = True
    long: str = "--"
    assign: bool = False
    digits: bool = False
    bundled: bool = False
    switches: Literal["", "attached", "next"] = ""
    contents: bool = False
    said_by: Mapping[str, tuple[str, str, str]] = {}


class Condition(Value):
    """An option that must (or must not) be given: any of `names`, with a value like `value` if that is not "".

    Names that start with `$` are variables of the environment, with `*` for any text.
    """

    names: tuple[str, ...]
    value: str = ""


class Example(Value):
    """A call, the facts it is made under, and its rating; `place` is where it stands in a rule file."""

    run: str | tuple[str, ...]
    rating: Rating
    given: Mapping[str, Any]
    catastrophic: bool = False
    place: Node | None = None


class Rule(Value):
    """One rule (see docs/rules.md for every field)."""

    id: str
    commands: tuple[tuple[str, ...], ...]
    effect: Verb
    reason: str
    names: tuple[str, ...] = ()
    instead: str = ""
    given: tuple[tuple[Condition, ...], ...] = ()
    ordered: bool = False
    unless: tuple[tuple[Condition, ...], ...] = ()
    excepted: tuple[Condition, ...] = ()
    operands: str = ""
    operand: tuple[str, ...] = ()
    argument: Mapping[str, tuple[str, ...]] = {}
    target: str = ""
    on: str = ""
    refuses_kind: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refuses_name: tuple[str, ...] = ()
    follow: bool | None = None
    overwrites: bool = False
    moves: bool = False
    asks: str = ""
    unaffected_by: tuple[str, ...] = ()
    where: tuple[str, str] = ("", "")
    unless_where: tuple[str, str] = ("", "")
    carries: str = ""
    uncertain: bool = False
    typed: bool = False
    recoverable_by: str = ""
    environment: str = ""
    catastrophic: str = ""
    also: bool = False
    overrides: bool = False
    open: bool = False
    examples: tuple[Example, ...] = ()
    misses: tuple[Example, ...] = ()
    suggests: tuple[str, ...] = ()

    @property
    def is_harmful(self) -> bool:
        """Whether it says that something is lost, sent out, or not known."""
        return self.effect not in ("observe", "create", "run")

    @property
    def is_stricter(self) -> bool:
        """Whether a call can only be rated worse because it speaks."""
        return self.is_harmful or bool(self.carries)

    @property
    def carries_answer(self) -> bool:
        """Whether what its `where` finds is a line that runs."""
        return bool(self.carries and self.where[0] and not self.given)

    @property
    def anywhere(self) -> bool:
        """Whether it is about every command of its program."""
        return self.commands == ((),) and (self.also or self.overrides)


class Plain(Value):
    """What a shim may take for granted of the surroundings, and of calls that a reader looks at (docs/rules.md).

    `place` is where it stands in a rule file.
    """

    absent: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = {}
    options: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    upward: str = ""
    settings: Mapping[str, tuple[str, ...]] = {}
    needs_settings: Mapping[str, tuple[str, ...]] = {}
    silent: Mapping[str, tuple[str, ...]] = {}
    place: Node | None = None


class Program(Value):
    """Everything that one rule file teaches."""

    name: str
    names: tuple[str, ...]
    grammar: Grammar
    commands: Mapping[tuple[str, ...], Command]
    rules: tuple[Rule, ...]
    guarded: bool = False
    open: bool = False
    dashed: bool = False
    reads: str = ""
    aliases: str = ""
    packages: tuple[str, ...] = ()
    linked: str = ""
    variables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    plain: Plain = Plain()

    def about(self, command: tuple[str, ...]) -> tuple[Rule, ...]:
        """The rules that can speak about a call of that command, in their order."""
        return tuple(rule for rule in self.rules if rule.anywhere or command in rule.commands)


class Programs(Protocol):
    """The part of the rulebook that the classifier needs."""

    def program(self, name: str) -> Program | None:
        """The grammar and rules of the program of that file name; None if there are none."""
        raise NotImplementedError

    def apis(self) -> tuple[Api, ...]:
        """Every API that the rulebook describes."""
        raise NotImplementedError
