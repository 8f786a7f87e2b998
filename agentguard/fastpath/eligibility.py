"""Which calls may take the fast path: their rating follows from their words alone, and is not destructive.

For each command of a program, the options and the numbers of operands with which no rule that could
ask, or look at the world, can match, and with which a harmless one surely does. What cannot be shown
from the rules is left out: then the shim hands the call to the classifier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..core.effect import CHANGES, Effect, Rating, Target, worst
from ..core.text.glob import like
from ..lean.value import Value
from ..rulebook.conditions import counts, specificity
from ..rulebook.model import Command, Condition, Option, Program, Programs, Rule
from .assumptions import place_of, prove_settings, rating_of_texts, urls_that_do_more_than_read

#: How many operands a call has, as far as it is told apart: none, one, more.
COUNTS = (0, 1, 2)
#: Roles that are commands themselves, or change what else a call is about (themselves, too: a SWITCH may be taken
#: back), or must not be written down.
_CARRYING = (
    *("SHELL", "SCRIPT", "ARGV", "WORDS", "PACKAGED", "PROMPT", "ASSIGN"),
    *("SQL", "SQLFILE"),
    *("CONFIGFILE", "EXPANDED", "SECRET", "TEXT", "SWITCH"),
)


class FastPath(Value):
    """The calls of one command that a shim lets through.

    `options` are those that may be given, `before` those that may also stand before a command below
    this one, `counts` the numbers of operands (see COUNTS). Where `needed` is not empty, one of those
    options must be given. No word may be like one of `refused`, and every operand like one of
    `operands` if there are any; `checked` are options with the globs that their values must be like.
    `absent` are variables that must not be set, `values` those that may only have the values that the
    program's file allows, and `started` those of them that name what is surely started. `looks` says whether
    configuration files matter, and `asked` are settings there whose value does. `silent` are arguments with which
    the program itself must print nothing. `rating` is the worst that such a call can be rated,
    `rating_without_operands` that of a call without any, and `rules` are those that are sure to match. `shares`
    says whether what a person has denied may be the aim of such a call: then it takes this path only while
    nothing is denied.
    """

    path: tuple[str, ...]
    options: tuple[Option, ...] = ()
    before: tuple[Option, ...] = ()
    counts: tuple[int, ...] = ()
    needed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    checked: tuple[tuple[str, tuple[str, ...]], ...] = ()
    absent: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    looks: bool = False
    silent: tuple[str, ...] = ()
    rating: Rating = "reversible"
    rating_without_operands: Rating = "reversible"
    rules: tuple[str, ...] = ()
    shares: bool = False


def fast_paths(program: Program, rulebook: Programs) -> dict[tuple[str, ...], FastPath]:
    """The fast paths of a program by command path; () is the program itself, always there if any command has one.

    Raises RuleError if what the program's file takes for granted is not so.
    """
    if not _simple(program):
        return {}
    before = _before_the_command(program) if len(program.commands) > 1 else ()
    everywhere = set(program.commands[()].options)
    values = {
        name: rating_of_texts(texts, rulebook, place_of(program, "values", name))
        for name, texts in program.plain.values.items()
    }
    prove_settings(program, rulebook)
    found = {}
    for path, command in program.commands.items():
        analysis = _Analysis(program, command, before if path else (), values)
        if "URL..." in command.operands:
            analysis.refused |= dict.fromkeys(urls_that_do_more_than_read(rulebook.apis()))
        fast_path = analysis.fast_path()
        # That `COMMAND --help` only prints is not worth a fast path.
        if fast_path is not None and not (path and everywhere.issuperset(fast_path.needed) and fast_path.needed):
            found[path] = fast_path
    if found:
        found[()] = found.get((), FastPath(())).replace(before=before)
    for path in list(found):  # the way to a command leads through those above it
        for length in range(1, len(path)):
            found.setdefault(path[:length], FastPath(path[:length]))
    return found


def _simple(program: Program) -> bool:
    """Whether the arguments can be told apart by a loop over them: options have dashes and may stand anywhere."""
    grammar = program.grammar
    dashed = all(name.startswith("-") for command in program.commands.values() for name in command.options)
    return dashed and grammar.permute and grammar.long == "--" and not grammar.bundled and not grammar.contents


def _before_the_command(program: Program) -> tuple[Option, ...]:
    """The program's own options that may stand before any command: no rule that could ask depends on them."""
    told = {name for rule in program.rules if not _harmless(rule) for name in _named(*rule.given, *rule.unless)}
    settled = bool(program.plain.upward)
    return tuple(
        option
        for option in dict.fromkeys(program.commands[()].options.values())
        if option.name not in told
        and _sayable(option)
        and option.name not in program.plain.absent
        and (option.role != "CHDIR" or settled)
        and not any(rule.overrides and option.name in _named(*rule.given, *rule.unless) for rule in program.rules)
    )


class _Analysis:
    """One command, with what can still be given to it: what could make a rule ask is taken away, one by one."""

    def __init__(
        self, program: Program, command: Command, before: tuple[Option, ...], values: Mapping[str, Rating]
    ) -> None:
        self.program = program
        self.command = command
        self.before = before
        self.values = values
        self.rules = program.about(command.path)
        self.refused: dict[str, None] = dict.fromkeys(program.plain.refused)
        self._start()

    def _start(self) -> None:
        never = self.program.plain.absent if not self.command.path else ()
        given = set(self.command.absent)
        joined = {role for roles in self.command.joined.values() for role in roles}
        least = min((len(set(roles) - given) for roles in self.command.joined.values()), default=len(COUNTS))
        self.options = {
            o.name: o
            for o in self.command.options.values()
            if _sayable(o) and o.name not in never and o.role not in joined and self.command.options[o.name] == o
        }
        # Of operands that are joined to an option, fewer say nothing.
        self.counts = {count for count in COUNTS if count < least}
        self.needed: Rule | None = None
        self.absent: dict[str, None] = {}
        self.asked: dict[str, None] = {}
        self.silent: tuple[str, ...] = ()
        self.looks = bool(self.program.files) and not self.program.linked and not self.program.plain.needs_settings
        self._possible_names: set[str] | None = None

    def fast_path(self) -> FastPath | None:
        """The fast path of the command, None if it has none."""
        if self._carries():
            return None
        if (not self._read_by_a_reader() or self._leave_what_no_reader_minds()) and self._base():
            return self._fast_path(tuple(name for name in self.program.plain.needed if name in self.options))
        for rule in self.rules:
            if self._can_be_needed(rule) and not self._read_by_a_reader():
                self._start()
                self.needed = rule
                self._drop(_named(*rule.unless))
                if self._base() and (needed := self._names_of(rule)):
                    return self._fast_path(needed)
        self._start()
        needed = self._won()
        return self._fast_path(needed) if needed else None

    def _carries(self) -> bool:
        """Whether its operands, its input or what it finds are commands or something else that must be looked at."""
        one = self.command
        roles = (*one.operands, *(role for _, roles in one.when for role in roles))
        carried = any(role.removesuffix("...") in _CARRYING for role in roles)
        return carried or bool(one.stdin or one.search or one.fills or one.remote)

    def _read_by_a_reader(self) -> bool:
        return bool(self.program.reads or self.command.reads)

    def _leave_what_no_reader_minds(self) -> bool:
        """Leave what the program's file says that its reader has nothing to say about; False if that is nothing."""
        self._keep(self._unminded())
        return bool(self.program.plain.options)

    def _unminded(self) -> set[str]:
        return {written.partition("=")[0] for written in self.program.plain.options}

    def _keep(self, names: set[str]) -> None:
        self.options = {name: option for name, option in self.options.items() if name in names}
        self._possible_names = None

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.options.pop(name, None)
        self._possible_names = None

    # Without a rule that overrides, or with one that some option makes decide

    def _base(self) -> bool:
        """Take away what could make a rule ask; whether something is left that surely does not."""
        for rule in self.rules:
            while not _harmless(rule) and self._possible(rule) and not self._overruled(rule):
                if not self._prevent(rule):
                    return False
        for count in sorted(self.counts):
            if not any(self._certain(rule, count) for rule in self.rules) and not self._make_certain(count):
                self.counts.discard(count)
        return bool(self.counts)

    def _possible(self, rule: Rule) -> bool:
        """Whether the rule could match some call that is still let through."""
        if rule.operands and not any(_can_count(rule.operands, count) for count in self.counts):
            return False
        if rule.operand and set(rule.operand) <= set(self.refused):
            return False
        if not all(any(self._could_meet(one) for one in choice) for choice in rule.given):
            return False
        if rule.where[0] in self.program.plain.needs_settings:
            self.looks = True
            self.asked |= dict.fromkeys(self._settings_asked_for(rule))
            return False
        if rule.where[0] in self.program.plain.silent:
            self.silent = self.program.plain.silent[rule.where[0]]
            return False
        return True

    def _could_meet(self, condition: Condition) -> bool:
        """Whether something lets the condition hold, and not only a variable with a value that is harmless."""
        if condition.names[0].startswith("$"):
            return self._could_hold(condition) and condition.names[0][1:] not in self.program.plain.values
        return self._could_hold(condition)

    def _could_hold(self, condition: Condition) -> bool:
        if condition.names[0].startswith("$"):
            return condition.names[0][1:] not in (*self.program.plain.absent, *self.absent)
        return not self._names().isdisjoint(condition.names)

    def _names(self) -> set[str]:
        """Every name that an argument can have: options given, and options taken back."""
        if self._possible_names is None:
            given = {option.name for option in (*self.options.values(), *self.before)} | {"-NUM"}
            if self.program.grammar.negate:
                given |= {f"--no-{name[2:]}" for name in given if name.startswith("--")}
            self._possible_names = given
        return self._possible_names

    def _prevent(self, rule: Rule) -> bool:
        """Take away what the rule needs, as little as possible; False if it needs nothing that can be."""
        if rule.operand:
            self.refused |= dict.fromkeys(rule.operand)
            return True
        for choice in rule.given:  # a variable that need not be there
            names = [one.names[0][1:] for one in choice if one.names[0].startswith("$") and self._could_meet(one)]
            if names and not any(self._could_meet(one) for one in choice if not one.names[0].startswith("$")):
                if any("*" in name for name in names):
                    continue
                self.absent |= dict.fromkeys(names)
                return True
        kept = set(self._names_of(self.needed)) if self.needed else set()
        named = [{n for one in choice for n in one.names if n in self.options} - kept for choice in rule.given]
        smallest = min((names for names in named if names), key=len, default=None)
        if smallest is not None:
            self._drop(smallest)
            return True
        if rule.operands:
            self.counts -= {count for count in self.counts if _can_count(rule.operands, count)}
            return bool(self.counts)
        return False

    def _certain(self, rule: Rule, count: int) -> bool:
        """Whether the rule is harmless, decides, and matches every call with so many operands."""
        return self._decides_for(rule, count) and not any(
            self._could_hold(one) for choice in rule.unless for one in choice
        )

    def _decides_for(self, rule: Rule, count: int) -> bool:
        bare = not (
            (rule.given and rule is not self.needed)
            or _looks_up(rule)
            or rule.operand
            or rule.argument
            or rule.also
            or rule.names
        )
        return bare and _harmless(rule) and (not rule.operands or _must_count(rule.operands, count))

    def _make_certain(self, count: int) -> bool:
        """Take away the options without which some harmless rule surely matches."""
        for rule in self.rules:
            if not self._decides_for(rule, count):
                continue
            named = _named(*rule.unless)
            if not named & {option.name for option in self.before}:
                self._drop(named)
                if self._certain(rule, count):
                    return True
        return False

    def _overruled(self, rule: Rule, counts: Iterable[int] | None = None) -> bool:
        """Whether a more specific rule that is harmless surely matches wherever this one could."""
        if rule.also or rule.overrides or rule.carries:
            return False
        among = self.counts if counts is None else counts
        counts = {count for count in among if not rule.operands or _can_count(rule.operands, count)}
        path = self.command.path
        return all(
            any(
                self._certain(other, count) and specificity(other, path) > specificity(rule, path)
                for other in self.rules
            )
            for count in counts
        )

    # With a rule that overrides

    def _won(self) -> tuple[str, ...]:
        """The options that make a rule win, whatever else is given that is left; none if there are none."""
        winning = [rule for rule in self.rules if rule.overrides and self._can_be_needed(rule) and not rule.operands]
        needed = tuple(dict.fromkeys(name for rule in winning for name in self._names_of(rule)))
        for rule in self.rules:
            speaks = rule.overrides or rule.carries
            while speaks and not _harmless(rule) and self._possible(rule):
                if not self._prevent(rule):
                    return ()
        for rule in winning:
            self._drop(_named(*rule.unless))
        if self._read_by_a_reader():
            self._keep(self._unminded() | set(needed))
        stopped = (any(self._could_hold(one) for choice in rule.unless for one in choice) for rule in winning)
        sure = [rule for rule, is_stopped in zip(winning, stopped, strict=True) if not is_stopped]
        return tuple(dict.fromkeys(name for rule in sure for name in self._names_of(rule)))

    def _can_be_needed(self, rule: Rule) -> bool:
        """Whether it is harmless, and one option from a list is all that it takes for it to decide."""
        return (
            _harmless(rule)
            and not rule.also
            and len(rule.given) == 1
            and not any(one.value or one.names[0].startswith("$") for one in rule.given[0])
            and not (_looks_up(rule) or rule.operand or rule.argument or rule.ordered or rule.excepted or rule.names)
        )

    def _names_of(self, rule: Rule) -> tuple[str, ...]:
        """The options that such a rule takes and that may be given."""
        return tuple(dict.fromkeys(n for one in rule.given[0] for n in one.names if n in self.options))

    # What it comes to

    def _fast_path(self, needed: tuple[str, ...]) -> FastPath:
        speaking = [rule for rule in self.rules if self._possible(rule) and _harmless(rule)]
        deciding, sure = speaking, [rule for rule in self.rules if any(self._certain(rule, one) for one in self.counts)]
        if needed and not self.needed and not self._read_by_a_reader():
            deciding = sure = [rule for rule in speaking if rule.overrides]
        checked = (written.partition("=") for written in self.program.plain.options)
        values: dict[str, tuple[str, ...]] = {}
        for name, _, value in checked:
            if value:
                values[name] = (*values.get(name, ()), value)
        return FastPath(
            path=self.command.path,
            options=tuple(self.options.values()),
            counts=tuple(sorted(self.counts)),
            needed=needed,
            refused=tuple(self.refused),
            operands=self.program.plain.operands,
            checked=tuple((name, values[name]) for name in values if name in self.options),
            absent=tuple(self.absent),
            values=tuple(dict.fromkeys(name for name, _ in self._values_that_matter())),
            started=tuple(dict.fromkeys(name for name, rating in self._values_that_matter() if rating != "read")),
            asked=tuple(self.asked),
            looks=self.looks,
            silent=self.silent,
            rating=self._worst(deciding, self.counts),
            rating_without_operands=self._worst(deciding, self.counts & {0}),
            rules=tuple(rule.id for rule in sure),
            shares=any(rule.effect in CHANGES for rule in speaking),
        )

    def _worst(self, deciding: Iterable[Rule], counts: set[int]) -> Rating:
        """The worst that a call with such a number of operands can be rated."""
        speaking = (rule for rule in deciding if not self._overruled(rule, counts))
        return worst((*map(_rating, speaking), *(rating for _, rating in self._values_that_matter())))

    def _values_that_matter(self) -> Iterator[tuple[str, Rating]]:
        """The variables that may have some values which this command runs, and how those are rated."""
        for rule in self.rules:
            for condition in (one for choice in (*rule.given, *rule.unless) for one in choice):
                name = condition.names[0].removeprefix("$")
                if name in self.values and name not in self.absent:
                    yield name, "read" if rule.uncertain else self.values[name]

    def _settings_asked_for(self, rule: Rule) -> Iterator[str]:
        """Of the settings that a file may have with any value, those that the rule or its source asks for."""
        source, key = rule.where
        wanted = [name.lower() for name in self.program.plain.needs_settings[source] or key.split()]
        for section, keys in self.program.plain.settings.items():
            for setting in keys:
                names = (f"{section}.{setting}".lower(), f"{section}.x.{setting}".lower())
                if "=" not in setting and any(like(name, one) for name in names for one in wanted):
                    yield f"{section}.{setting}"


def _harmless(rule: Rule) -> bool:
    """Whether what the rule says is never worse than reversible, whatever the world is like."""
    looks = rule.asks or rule.on or rule.overwrites or rule.moves or rule.carries
    return not looks and _rating(rule) != "destructive"


def _looks_up(rule: Rule) -> bool:
    """Whether the world says if it holds."""
    return bool(rule.where[0] or rule.unless_where[0])


def _rating(rule: Rule) -> Rating:
    return Effect(rule.effect, Target("", ""), rule.recoverable_by).rating


def _named(*choices: tuple[Condition, ...]) -> set[str]:
    """Every name in some conditions of a rule."""
    return {name for choice in choices for one in choice for name in one.names}


def _sayable(option: Option) -> bool:
    """Whether it can be let through at all."""
    return option.takes != "command" and option.role not in _CARRYING


def _can_count(wanted: str, count: int) -> bool:
    """Whether some call of that class (see COUNTS) has as many operands as a rule wants."""
    return any(counts(wanted, number) for number in _numbers(wanted, count))


def _must_count(wanted: str, count: int) -> bool:
    """Whether every call of that class has."""
    return all(counts(wanted, number) for number in _numbers(wanted, count))


def _numbers(wanted: str, count: int) -> range:
    """Numbers of operands that stand for all of a class: beyond one more than is wanted, they are all alike."""
    many = count == COUNTS[-1]
    return range(count, max(int(wanted.lstrip("<>=")), count - 1) + 2 if many else count + 1)
