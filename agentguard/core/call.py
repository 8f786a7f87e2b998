"""A call as an argument vector (`Invocation`), and as its program's grammar parses it (`Call`)."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .effect import Effect
from .word import Known, Unknown, joined, known, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Literal

    from .word import Word


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
    """A program about to be started: its arguments, directory, environment and standard input.

    Texts are bytes decoded as UTF-8 with `surrogateescape`, so that every byte survives the
    way back. `argv[0]` is the program as it was called. `ahead` holds what earlier parts of the
    same line would do first: in a shim it is empty, because they have already happened. `written` are
    the files that they make, as far as it is known what will be in them.
    """

    argv: tuple[Word, ...]
    cwd: Word
    env: Mapping[str, Word]
    stdin: Stream = Stream()
    ahead: tuple[Effect, ...] = ()
    written: tuple[tuple[str, bytes], ...] = ()

    @staticmethod
    def of(argv: Iterable[str], cwd: str, env: Mapping[str, str], stdin: Stream = Stream()) -> Invocation:  # noqa: B008
        """A call of which every word is known, as a shim is given it."""
        return Invocation(known(argv), Known(cwd), {name: Known(value) for name, value in env.items()}, stdin)

    @property
    def name(self) -> str:
        """The program's file name, without its directory; a guess where the program is not known."""
        return self.argv[0].guess.rpartition("/")[2]

    @property
    def texts(self) -> tuple[str, ...]:
        """The whole argument vector as text; raises Unseen if a word is not known."""
        return tuple(map(text_of, self.argv))

    @property
    def surroundings(self) -> dict[str, str]:
        """The whole environment as text; raises Unseen if a value is not known."""
        return {name: text_of(value) for name, value in self.env.items()}

    def variable(self, name: str) -> str | None:
        """A variable's text, None if it is not set; raises Unseen if it is not known."""
        value = self.env.get(name)
        return None if value is None else text_of(value)


#: Stands as an option for one whose command has no end (`find -exec rm {}`).
UNENDED = "-UNENDED"


class Argument(Value):
    """An option's value or an operand, with its part in the call.

    `option` is the canonical option it belongs to ("" for an operand), `role` what the grammar
    says the value is (PATH, SHELL, SQL, …; "" for plain data), `value` is None for a flag. It is `doubtful`
    directly behind an option that the grammar does not have, whose value it may be.
    """

    option: str
    role: str
    value: Word | None
    written: str = ""
    doubtful: bool = False


class Misfit(Value):
    """A word that the grammar does not have, or `note` says in what way it does not fit (`-exec` "without its end").

    It stands where an option does, or, where `is_command`, a subcommand; `command` is the one that it is given to.
    """

    word: Word
    note: str = ""
    is_command: bool = False
    command: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """The word as it stands on the line, and the note."""
        return f"{self.word.written} {self.note}" if self.note else self.word.written


class Call(Value):
    """An invocation read by its program's argument grammar.

    `command` is the path of subcommands by their canonical names; `arguments` keeps options and
    operands in the order given. `unknown` holds what the grammar does not have, or what is not known
    before the line runs where the grammar has to know it. `doubtful` are words before any `--`
    that may turn out to be options, or more of them.
    """

    program: str
    command: tuple[str, ...]
    arguments: tuple[Argument, ...]
    unknown: tuple[Misfit, ...]
    invocation: Invocation
    doubtful: tuple[Unknown, ...] = ()

    @property
    def unknown_command(self) -> bool:
        """Whether the first operand stands where a subcommand does, and is none that is taught."""
        return any(misfit.is_command for misfit in self.unknown)

    @property
    def operands(self) -> tuple[Word, ...]:
        """What is neither an option nor an option's value."""
        return tuple(a.value for a in self.arguments if not a.option and a.value is not None)

    @property
    def cwd(self) -> Word:
        """The directory that the call works in, after the arguments that take it there (role CHDIR)."""
        cwd = self.invocation.cwd
        for argument in self.playing("CHDIR"):
            given = argument.value
            if given is None or given == Known(""):
                given = Known(".")
            if given.start[:1] == "/":
                cwd = given
            else:
                cwd = joined((cwd.map(lambda path: path.rstrip("/")) if isinstance(cwd, Known) else cwd, given), "/")
        return cwd

    def has(self, *options: str) -> bool:
        """Whether one of these options (by canonical name) is given."""
        return any(a.option in options for a in self.arguments if a.option)

    def values(self, *options: str) -> tuple[Word, ...]:
        """The values given to these options, in order."""
        return tuple(a.value for a in self.arguments if a.option in options and a.option and a.value is not None)

    def value(self, *options: str) -> Word | None:
        """The last value given to one of these options, which is the one that counts."""
        return next(reversed(self.values(*options)), None)

    # The same as text, for what there is no telling of otherwise: all raise Unseen where a word is not known.

    @property
    def operand_texts(self) -> tuple[str, ...]:
        """The operands as text; raises Unseen."""
        return tuple(map(text_of, self.operands))

    def texts(self, *options: str) -> tuple[str, ...]:
        """The values given to these options as text; raises Unseen."""
        return tuple(map(text_of, self.values(*options)))

    def text(self, *options: str) -> str | None:
        """The value that counts as text; raises Unseen."""
        return next(reversed(self.texts(*options)), None)

    def guessed(self) -> Call:
        """The call as if every word were what it is guessed to be, for a look that can only add to what is found."""

        def guess(word: Word) -> Word:
            return Known(word.guess)

        made = self.invocation
        env = {name: guess(value) for name, value in made.env.items()}
        arguments = tuple(a if a.value is None else a.replace(value=guess(a.value)) for a in self.arguments)
        return self.replace(arguments=arguments, invocation=made.replace(argv=tuple(map(guess, made.argv)), env=env))

    # By role

    def playing(self, *roles: str) -> Iterator[Argument]:
        """The arguments with one of these roles, in order."""
        return (a for a in self.arguments if a.role in roles)

    def played(self, *roles: str) -> tuple[Word, ...]:
        """The values of the arguments with one of these roles, in order."""
        return tuple(a.value for a in self.playing(*roles) if a.value is not None)
