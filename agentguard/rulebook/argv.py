"""Parses argument vectors by the grammar of their program, as getopt_long(3), git and clap do."""

from __future__ import annotations

from ..core.call import UNENDED, Argument, Call, Invocation, Misfit
from ..core.text.glob import like
from ..core.word import Known, Unknown, joined
from ..lean.typing import TYPE_CHECKING
from .said_by import said_by_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.word import Word
    from .model import Command, Option, Program


def parse(program: Program, invocation: Invocation) -> Call:
    """The call that an invocation is by the grammar of its program: options, their values, operands.

    What the grammar does not have (an option, a subcommand, a missing value) is listed in
    `unknown`. After an unknown subcommand, it and all that follows are operands.
    """
    call = _Parser(program, invocation).parse()
    if not program.grammar.said_by:
        return call
    said = tuple(said_by_variables(program, invocation.env))
    given = tuple(one for one in said if isinstance(one, Argument))
    unread = tuple(one for one in said if isinstance(one, Misfit))
    return call.replace(arguments=given + call.arguments, unknown=unread + call.unknown)


#: Values that turn a switch off, in lower case …
_OFF = frozenset(("false", "f", "0", "no", "off", "none"))
#: … and words that a program which looks for a switch's value in the next word takes for one.
_TRUTH = ("true", "false")


class _Parser:
    """One pass over the words; `at` is the index of the next one, `behind` of one that an unknown option may take.

    Of an unknown word counts what surely stands on the line: where all of an option's name is certain,
    what is attached to it is its value, unknown; where it is not, so is the option.
    """

    def __init__(self, program: Program, invocation: Invocation) -> None:
        self.program = program
        self.grammar = program.grammar
        self.invocation = invocation
        self.words = invocation.argv
        self.at = 1
        self.behind = 0
        self.in_doubt = False  # whether the present word is that one
        self.path: tuple[str, ...] = ()
        self.ways: list[tuple[str, ...]] = [()]
        self.command: Command = program.commands[()]
        self.options: dict[str, Option] = dict(self.command.options)
        self.arguments: list[Argument] = []
        self.given: set[str] = set()  # the options among them: looking at all for each operand would take for ever
        self.operands = 0
        self.unknown: list[Misfit] = []
        self.doubtful: list[Unknown] = []

    def parse(self) -> Call:
        ended = False
        # getopt_long(3) then ends the options at the first operand; git and clap do not: nobody can tell here.
        doubtful = self.grammar.permute and "POSIXLY_CORRECT" in self.invocation.env
        if self.grammar.bundled and len(self.words) > 1 and self.words[1].start[:1] not in ("-", ""):
            self._bundle(self.words[1])
        while self.at < len(self.words):
            word = self.words[self.at]
            self.in_doubt = self.at == self.behind
            self.at += 1
            if not ended and word == Known("--"):
                ended = True
            elif not ended and self._is_option(word):
                if doubtful and self.operands:
                    self._misfit(word, "behind an operand, where POSIXLY_CORRECT is set")
                misfits = len(self.unknown)
                self._option(word)
                if len(self.unknown) > misfits and "=" not in word.guess:
                    self.behind = self.at
            elif ended or not self._descend(word):
                if not ended and isinstance(word, Unknown) and word.may_be_option:
                    self.doubtful.append(word)
                self._operand(word)
                if self._takes_the_rest(word):
                    for rest in self.words[self.at :]:
                        self._operand(rest)
                    break
                ended = ended or not self.grammar.permute
        return Call(
            self.program.name,
            self.path,
            self._with_roles(),
            tuple(self.unknown),
            self.invocation,
            tuple(self.doubtful),
        )

    # Subcommands

    def _descend(self, word: Word) -> bool:
        """Go into the subcommand of that name; False if the word is an operand after all."""
        if self.operands or not self.command.commands:
            return False
        ways = self._below(word.text) if isinstance(word, Known) else []
        if not ways:
            if not self.command.operands:
                self.unknown.append(Misfit(word, is_command=True, command=self.path))
            return False
        self.ways = ways
        self.path = ways[0]
        kept = self.options if self.command.inherit else {}
        self.command = self.program.commands[self.path]
        self.options = {**kept, **self.command.options}
        return True

    def _below(self, word: str) -> list[tuple[str, ...]]:
        """The paths of the commands that the words up to this one may name, the best first: the last word says most."""
        found: list[tuple[str, ...]] = []
        for way in self.ways:
            for name, canonical in self.program.commands[way].commands.items():
                if name == word or ("*" in name and like(word, name)):
                    found.append((*way, canonical))
        if len(found) > 1:
            found.sort(key=lambda path: [_openness(name) for name in reversed(path)])
        return found

    def _takes_the_rest(self, word: Word) -> bool:
        """Whether everything after this operand is an operand too: a carried command, or nobody's grammar."""
        if self.unknown and self.unknown[-1].is_command:
            return True
        roles = self._roles()
        if not roles or roles[-1] not in ("ARGV...", "SHELL...", "WORDS..."):
            return False
        if roles[0] == "ASSIGN...":
            return not _is_assignment(word)
        return self.operands >= len(roles)

    # Options

    def _is_option(self, word: Word) -> bool:
        if word.guess[:1] == "-" and (len(word.guess) > 1 or isinstance(word, Unknown)):
            return True
        is_exact = isinstance(word, Known) and word.text in self.options
        return (is_exact and not word.guess[:1].isalnum()) or self._is_assigned(word)

    def _is_assigned(self, word: Word) -> bool:
        """Whether it is an option without dashes, written NAME=VALUE (dd)."""
        name, equals, _value = word.partition("=")
        return equals and name.guess[:1].isalnum() and name.guess in self.options

    def _option(self, word: Word) -> None:
        if isinstance(word, Unknown) and any(name[:2] != "--" and _goes_on(name, word) for name in self.options):
            self._misfit(word)
        elif self._is_assigned(word):
            name, _, value = word.partition("=")
            if isinstance(name, Known):
                self._given(self.options[name.text], value, word)
            else:
                self._misfit(word)
        elif isinstance(word, Known) and word.text in self.options and not (word.text[:2] == "--" != word.text):
            self._exact(word)
        elif word.start[:2] == "--" or (self.grammar.long == "-" and len(word.guess) > 2):
            self._long(word)
        elif self.grammar.digits and word.start[1:].isdigit():
            self._note(Argument("-NUM", "", word.cut(1), word.written))
        else:
            self._cluster(word)

    def _exact(self, word: Known) -> None:
        """A short option by itself, or a long one of a program whose long options have one dash."""
        option = self.options[word.text]
        if option.takes == "command":
            self._command_up_to_its_end(option, word)
        elif option.role == "SWITCH":
            self._switch(option, True, None, word)
        else:
            self._given(option, self._next(word.text, option) if option.consumes else None, word)

    def _command_up_to_its_end(self, option: Option, word: Known) -> None:
        """The command of `-exec`: up to `;`, or to a `+` after `{}`; its first word keeps the option as written."""
        start = self.at
        while self.at < len(self.words):
            self.at += 1
            end = self.words[self.at - 1]
            if end == Known(";") or (end == Known("+") and self.words[self.at - 2] == Known("{}")):
                for index, value in enumerate(self.words[start : self.at - 1]):
                    self._note(Argument(option.name, option.role, value, "" if index else word.written))
                return
        if any(isinstance(value, Unknown) for value in self.words[start:]):
            self._misfit(word, "without its end")
        else:
            self._note(Argument(UNENDED, "", None, word.written))

    def _bundle(self, word: Word) -> None:
        """A first word of short options without their dash; their values are the words that follow, in order (tar)."""
        self.at = 2
        for letter in word.start:
            option = self.options.get("-" + letter)
            if option is None:
                self._misfit(Known(f"-{letter} in {word.written}"))
            else:
                self._given(option, self._next("-" + letter, option) if option.consumes else None, word)
        if isinstance(word, Unknown):
            self._misfit("-" + word)

    def _long(self, word: Word) -> None:
        name, attached, value = word.partition("=")
        option, positive = self._resolve(name.text) if isinstance(name, Known) else (None, True)
        if option is None:
            self._misfit(word)
        elif option.role == "SWITCH":
            self._switch(option, positive, value if attached else None, word)
        elif not positive:
            self._take_back(option, word)
        elif option.takes == "nothing" and attached:
            self._doubted(option, value, word)
        elif attached or not option.consumes:
            self._given(option, value if attached else None, word)
        else:
            self._given(option, self._next(word.written, option), word)

    def _resolve(self, name: str) -> tuple[Option | None, bool]:
        """The option of that name, maybe abbreviated, and whether it is given rather than taken back."""
        exact = self._by_name(name)
        if exact[0] is not None or not self.grammar.abbreviate or len(name) < 3:
            return exact
        found = {
            (option.name, positive): (option, positive)
            for known, option in self.options.items()
            for spelled, positive in self._spellings(known)
            if spelled.startswith(name)
        }
        if len(found) == 1:
            return next(iter(found.values()))
        return None, True

    def _by_name(self, name: str) -> tuple[Option | None, bool]:
        if name in self.options:
            return self.options[name], True
        if self.grammar.negate and name.startswith("--no-"):
            return self.options.get("--" + name[5:]), False
        if self.grammar.negate and name.startswith("--") and "--no-" + name[2:] in self.options:
            return self.options["--no-" + name[2:]], False
        return None, True

    def _spellings(self, known: str) -> tuple[tuple[str, bool], ...]:
        if not known.startswith("--"):
            return ()
        if not self.grammar.negate:
            return ((known, True),)
        opposite = "--" + known[5:] if known.startswith("--no-") else "--no-" + known[2:]
        return ((known, True),) if opposite in self.options else ((known, True), (opposite, False))

    def _cluster(self, word: Word) -> None:
        """Short options: `-xzf FILE` is -x, -z and -f with its value."""
        for index, letter in enumerate(word.start[1:], 1):
            option = self.options.get("-" + letter)
            if option is None:
                self._misfit(word if index == 1 else Known(f"-{letter} in {word.written}"))
                return
            rest = word.cut(index + 1)
            if option.role == "SWITCH" and rest.start[:1] == "=":
                self._switch(option, True, rest.cut(1), word)
                return
            if option.role == "SWITCH":
                in_doubt = isinstance(rest, Unknown) and not rest.start  # it may be `=false` as well
                self._switch(option, True, rest if in_doubt else None, word)
                continue
            if option.takes == "nothing" and rest.start[:1] == "=":
                self._doubted(option, rest.cut(1), word)
                return
            if option.takes == "nothing":
                self._given(option, None, word)
                continue
            if self.grammar.assign and rest.start[:1] == "=":
                rest = rest.cut(1)
            if option.takes == "optional" and rest.guess == "":  # it may be empty: then nothing is attached
                self._given(option, None, word)
            elif rest != Known(""):
                self._given(option, rest, word)
            else:
                self._given(option, self._next(word.written, option), word)
            return
        if isinstance(word, Unknown):  # whose other letters may be any options
            self._misfit(word)

    def _switch(self, option: Option, positive: bool, value: Word | None, word: Word) -> None:
        """A switch that may have a value, which turns it off or on again (`--force=false`): the last one counts."""
        if value is None and self.grammar.switches == "next":
            value = self._truth_behind()
        is_off = isinstance(value, Known) and value.text.lower() in _OFF
        if is_off or value == Known("true"):
            positive, value = positive != is_off, None
        if not positive and value is None:
            self._take_back(option, word)
        else:
            self._forget(option)
            self._given(option, value, word)

    def _truth_behind(self) -> Word | None:
        """The next word if a switch takes it for its value; one that is not known may be an operand as well."""
        following = self.words[self.at] if self.at < len(self.words) else Known("")
        if isinstance(following, Known) and following.text in _TRUTH:
            self.at += 1
            return following
        may_be = isinstance(following, Unknown) and any(one.startswith(following.start) for one in _TRUTH)
        return following if may_be else None

    def _doubted(self, option: Option, value: Word, word: Word) -> None:
        """A switch with a value, in a program that takes none: whether it counts, if the program runs, nobody knows."""
        self._misfit(word)
        self._forget(option)
        self._note(Argument(option.name, "SWITCH", value, word.written))

    def _take_back(self, option: Option, word: Word) -> None:
        """`--no-force`: it counts as if it had not been given before."""
        self._forget(option)
        self._note(Argument(f"--no-{option.name.lstrip('-')}", "", None, word.written))

    def _forget(self, option: Option) -> None:
        self.arguments = [a for a in self.arguments if a.option != option.name]
        self.given.discard(option.name)

    def _next(self, written: str, option: Option) -> Word | None:
        """The next word, as an option's value."""
        if self.at >= len(self.words):
            if option.takes != "next":
                self._misfit(Known(written), "without its value")
            return None
        self.at += 1
        return self.words[self.at - 1]

    def _misfit(self, word: Word, note: str = "") -> None:
        self.unknown.append(Misfit(word, note, command=self.path))

    def _given(self, option: Option, value: Word | None, word: Word) -> None:
        self._note(Argument(option.name, option.role, value, word.written))

    def _note(self, argument: Argument) -> None:
        self.arguments.append(argument.replace(doubtful=True) if self.in_doubt else argument)
        self.given.add(argument.option)

    # Operands

    def _operand(self, word: Word) -> None:
        self.operands += 1
        self._note(Argument("", "", word, word.written))

    def _with_roles(self) -> tuple[Argument, ...]:
        """The arguments, operands with the role that their place gives them."""
        roles = self._roles()
        found = tuple(self.arguments)
        if self.operands and roles:
            values = [a.value for a in found if not a.option and a.value is not None]
            parts = iter(_spread(roles, values))
            found = tuple(a if a.option else a.replace(role=next(parts)) for a in found)
        if self.grammar.contents:
            found = tuple(
                a.replace(value=a.value + ".")
                if a.role == "SOURCE" and a.value is not None and a.value.guess[-1:] == "/"
                else a
                for a in found
            )
        if self.command.absent:
            played = {a.role for a in found}
            absent = ((role, value) for role, value in self.command.absent.items() if role not in played)
            found += tuple(Argument(role, role, Known(value)) for role, value in absent)
        return found + tuple(self._joined(found))

    def _joined(self, found: tuple[Argument, ...]) -> Iterator[Argument]:
        """Arguments that together say what an option of the program says: `config KEY VALUE` is `-c KEY=VALUE`."""
        for name, roles in self.command.joined.items():
            parts = [next((a.value for a in found if a.role == role and a.value is not None), None) for role in roles]
            words = [part for part in parts if part is not None]
            if len(words) == len(parts):
                yield Argument(name, self.program.commands[()].options[name].role, joined(words, "="))

    def _roles(self) -> tuple[str, ...]:
        """What the operands are, given these options."""
        for options, roles in self.command.when:
            if self.given.issuperset(options):
                return roles
        return self.command.operands


def _goes_on(name: str, word: Unknown) -> bool:
    """Whether the option of that name may be what a word is of which only the beginning is known (`-f$X`, -fprint)."""
    return len(word.start) > 1 and len(name) > len(word.start) and name.startswith(word.start)


def _openness(name: str) -> float:
    """How little a command's name says of what the word is: nothing at all if it is a mere `*`."""
    return 1 / len(name) if "*" in name else 0


def _is_assignment(word: Word) -> bool:
    name, equals, _value = word.guess.partition("=")
    return bool(equals and name and "/" not in name)


def _spread(roles: tuple[str, ...], operands: list[Word]) -> list[str]:
    """A role for each operand; one "ROLE..." takes what the others leave."""
    if roles[0] == "ASSIGN...":
        lead = next((i for i, word in enumerate(operands) if not _is_assignment(word)), len(operands))
        return ["ASSIGN"] * lead + (_spread(roles[1:], operands[lead:]) if roles[1:] else [])
    many = next((i for i, role in enumerate(roles) if role.endswith("...")), None)
    if many is None:
        return [*roles[: len(operands)], *[""] * (len(operands) - len(roles))]
    after = roles[many + 1 :]
    middle = max(len(operands) - many - len(after), 0)
    return [*roles[:many], *[roles[many][:-3]] * middle, *after][: len(operands)]
