"""A call as it was made (`Invocation`) and as its program's grammar reads it (`Call`)."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .effect import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal


class Unresolved(str):
    """A word of a command line whose value is not known before the line runs.

    It compares as the best guess (what is unset expands to nothing); `written` is the word as
    it stands on the line. A rule that decides by such a word decides strictly.
    """

    written: str

    def __new__(cls, guess: str, written: str) -> Unresolved:  # noqa: D102
        word = super().__new__(cls, guess)
        word.written = written
        return word

    @property
    def may_be_option(self) -> bool:
        """Whether not even its first character is known: `$X` and `"$X"` may be an option, `v$X` is none."""
        written = self.written.lstrip("\"'")
        return not self or self[:1] == "-" or written[:1] != self[:1]


class Stream(Value):
    """Standard input, as far as it is known before the call runs.

    "inherited": the process's own, which the World can read. "known": exactly `data` (a
    here-document, an `echo` before the pipe). "unseen": nobody can tell; `why` says so, and `lines`,
    where it is known, holds all the lines that it may have, some of which it has, in any order.
    """

    kind: Literal["inherited", "known", "unseen"] = "inherited"
    data: bytes = b""
    why: str = ""
    lines: bytes | None = None


class Invocation(Value):
    """One program about to be started.

    Strings are bytes decoded as UTF-8 with `surrogateescape`, so that every byte survives the
    way back. `argv[0]` is the program as it was called. `ahead` holds what earlier parts of the
    same line would do first: in a shim it is empty, because they have already happened.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    stdin: Stream = Stream()
    ahead: tuple[Effect, ...] = ()

    @property
    def name(self) -> str:
        """The program's file name, without its directory."""
        return self.argv[0].rpartition("/")[2]


#: Stands as an option for one whose command has no end (`find -exec rm {}`).
UNENDED = "-UNENDED"


class Argument(Value):
    """An option's value or an operand, with its part in the call.

    `option` is the canonical option it belongs to ("" for an operand), `role` what the grammar
    says the value is (PATH, SHELL, SQL, …; "" for plain data), `value` is None for a flag.
    """

    option: str
    role: str
    value: str | None
    written: str = ""


class Call(Value):
    """An invocation read by its program's argument grammar.

    `command` is the path of subcommands by their canonical names; `arguments` keeps options and
    operands in the order given; `unknown` holds what the grammar does not have, `doubtful` the
    operands that may turn out to be options: not known yet, and before any `--`.
    """

    program: str
    command: tuple[str, ...]
    arguments: tuple[Argument, ...]
    unknown: tuple[str, ...]
    invocation: Invocation
    doubtful: tuple[Unresolved, ...] = ()

    @property
    def operands(self) -> tuple[str, ...]:
        """What is neither an option nor an option's value."""
        return tuple(a.value for a in self.arguments if not a.option and a.value is not None)

    @property
    def cwd(self) -> str:
        """The directory that the call works in, after the arguments that take it there (role CHDIR)."""
        cwd = self.invocation.cwd
        for argument in self.playing("CHDIR"):
            given = argument.value or "."
            if given.startswith("/"):
                cwd = given
            elif isinstance(given, Unresolved) or isinstance(cwd, Unresolved):
                written = "/".join(getattr(part, "written", part) for part in (cwd, given))
                cwd = Unresolved(f"{cwd}/{given}", written)
            else:
                cwd = f"{cwd.rstrip('/')}/{given}"
        return cwd

    def has(self, *options: str) -> bool:
        """Whether one of these options (by canonical name) is given."""
        return any(a.option in options for a in self.arguments if a.option)

    def values(self, *options: str) -> tuple[str, ...]:
        """The values given to these options, in order."""
        return tuple(a.value for a in self.arguments if a.option in options and a.option and a.value is not None)

    def value(self, *options: str) -> str | None:
        """The last value given to one of these options, which is the one that counts."""
        return next(reversed(self.values(*options)), None)

    def playing(self, *roles: str) -> Iterator[Argument]:
        """The arguments that play one of these roles, in order."""
        return (a for a in self.arguments if a.role in roles)
