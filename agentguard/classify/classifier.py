"""The classifier: from an invocation to its effects, by grammar, rules and the readers of what it carries."""

from __future__ import annotations

from ..core.call import Argument, Call, Invocation, Stream
from ..core.context import Context, stdin
from ..core.effect import Effect, Reading, Target
from ..core.text.encoding import decode
from ..core.unseen import AtTerminal, Unseen
from ..core.word import Known, Unknown, joined, known
from ..core.world import OtherHost, World
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from ..readers.code import unseen as unseen_code
from ..rulebook.argv import parse
from ..rulebook.conditions import carried_lines, lookup_result, matches
from ..rulebook.match import apply_rules, environment_of
from ..rulebook.search import acts_on_found, commands_for, found_below, printed_lines
from .alias import alias
from .carried import differing, interpreter_of, is_the_taught_one, program_of_package, script_text, surroundings

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Self

    from ..core.api import Api
    from ..core.word import Word
    from ..rulebook.command_builders import BuiltCommand
    from ..rulebook.model import Command, Program, Programs, Rule

#: How deep calls may carry each other before nobody can tell any more.
MAX_DEPTH = 24

#: … and how deep it is that files are still searched for: each such search reads a command several times.
MAX_SEARCHING = 12

#: Roles of arguments that are commands in a language, and that language.
LANGUAGES = {"SHELL": "shell", "SQL": "sql"}
#: … and of those that name a file with such commands.
FILES = {"SCRIPT": "shell", "SQLFILE": "sql"}

#: What a rule carries, as the shell line that does the same: shells expand names of start-up files, and prompts, and
#: what is called gets arguments that nobody knows.
CARRIED = {"SHELL": "{}", "CALLED": '{} "$(cat)"', "SCRIPT": '. "{}"', "PROMPT": ': "{}"'}

#: Rules about a text that cannot be read.
_NOT_READ = ("sh-not-understood", "sh-syntax-error")

#: Rules about what a script does that agentguard cannot follow: where shims are, they meet it in turn.
_NOT_FOLLOWED = (*_NOT_READ, "agentguard-unresolved-program", "agentguard-too-deep")


class Setting(Value):
    """The surroundings of a reading: the `world` that its line begins in, and how deep calls carry each other there.

    `unshimmed` says that PATH does not lead to the shims there, so that nothing guards what a program runs; `path` is
    the one that it begins with, once a call was seen; `above` are the calls that carry what is read.
    """

    world: World
    depth: int = 0
    unshimmed: bool = False
    path: Word | None = None
    above: tuple[Invocation, ...] = ()


class Classifier(Context):
    """Reads calls by the rulebook, and what they carry by the readers; see core.context.Context.

    It never changes: what a call carries is read by another one (`inside`), which sees the world as that call finds it.
    """

    def __init__(self, rulebook: Programs, world: World, setting: Setting | None = None) -> None:
        self.rulebook = rulebook
        self.world = world
        self.setting = setting or Setting(world)

    def command(self, call: Invocation) -> Reading:
        """What a program called with these arguments would do.

        What it would do by carrying itself again (GIT_PAGER='git diff' git diff) is what it does already.
        """
        again = next((one for one in self.setting.above if _is_same(one, call)), None)
        if again is not None and again.ahead == call.ahead:
            return Reading()
        if again is not None or self.setting.depth >= MAX_DEPTH:
            return _too_deep(call)
        below = self.inside(call)
        return below.under(below.setting.replace(above=(*self.setting.above, call)), below.world)._command(call)

    def text(self, language: str, text: Word, call: Invocation) -> Reading:
        """What a text in that language would do if `call` ran it."""
        if isinstance(text, Unknown):
            why = f"runs {text.written}, which is not known before the line runs"
            guessed = self.text(language, Known(text.guess), call)
            # The guess may be no text at all.
            effects = tuple(one for one in guessed.effects if one.rule not in _NOT_READ)
            return guessed.replace(effects=effects) + _unknown(call, "agentguard-unresolved-text", why)
        if self.setting.depth >= MAX_DEPTH:
            return _too_deep(call)
        reading: Reading = _reader(language).read(text.text, call, self.inside(call))
        return reading

    def apis(self) -> tuple[Api, ...]:
        """Every API that the rulebook describes."""
        return self.rulebook.apis()

    def lines(self, call: Invocation) -> bytes | None:
        """See Context: a search prints what it finds."""
        program = None if isinstance(call.argv[0], Unknown) else self.rulebook.program(call.name)
        if program is None:
            return None
        parsed = parse(program, call)
        return printed_lines(parsed, program.commands[parsed.command].search, self.inside(call).world)

    # Others of the kind

    def inside(self, call: Invocation) -> Self:
        """A classifier for what a call carries: it sees the world after the effects of earlier parts of the line."""
        world = self.setting.world
        if call.ahead:
            from ..core.world_after import AfterEffects

            world = AfterEffects(world, call.ahead, call.written)
        path = self.setting.path if self.setting.depth else call.env.get("PATH")
        return self.under(self.setting.replace(depth=self.setting.depth + 1, path=path), world)

    def under(self, setting: Setting, world: World) -> Self:
        """The same classifier in another setting."""
        return type(self)(self.rulebook, world, setting)

    def elsewhere(self, remote: bool, unshimmed: bool) -> Self:
        """A classifier for what runs on another host (ssh), or where PATH does not lead to the shims (sudo)."""
        setting = self.setting.replace(unshimmed=self.setting.unshimmed or unshimmed, above=())
        if not remote:
            return self.under(setting, self.world)
        host = OtherHost()
        return self.under(setting.replace(world=host), host)

    def silently(self) -> Classifier:
        """A classifier that leaves no notes, for readings that only decide between others."""
        return Classifier(self.rulebook, self.world, self.setting)

    # A call of a program

    def _command(self, call: Invocation) -> Reading:
        if isinstance(call.argv[0], Unknown):
            return _unknown(
                call,
                "agentguard-unresolved-program",
                f"may be any program: what {call.argv[0].written} stands for is not known before the line runs",
            )
        if call.ahead or call.env.get("PATH") != self.setting.path:
            from ..readers.shell.lookup import started

            found, doubt = started(call, self.world, self.setting.path)
            if doubt == "unknown":
                why = f"starts {call.argv[0].guess}, which an earlier part of the same line makes"
                return self._named(call) + _unknown(call, "sh-made-program", why)
            if found is not call:
                return (self._named(call) if doubt else Reading()) + self.command(found)
        return self._named(call)

    def _named(self, call: Invocation) -> Reading:
        """What the program of that name does."""
        program = self.rulebook.program(call.name)
        if program is None and (whole := self._dashed(call)) is not None:
            return self._named(whole)
        if program is None or (self.setting.unshimmed and not is_the_taught_one(call, self.world)):
            return self._untaught(call)
        parsed = parse(program, call)
        if program.variables or program.files:
            self.world.ambient(program.variables, program.files, parsed)
        command = program.commands[parsed.command]
        other = self._alias(program, parsed)
        if other is not None:
            return other
        parsed, found = self._searched(parsed, program, command)
        reading = Reading(tuple(map(self._unless_shimmed, apply_rules(program, parsed, self.world))))
        rules = program.about(parsed.command)
        carriers = [rule for rule in rules if rule.carries and matches(rule, parsed)]
        reading += self._carried_by_rules(carriers, parsed, command)
        carrying = (
            surroundings(parsed, command, self.world)
            if command.fills or any(parsed.playing(*LANGUAGES, *FILES, "ARGV", "PACKAGED"))
            else parsed
        )
        reading += self._in_environment(self._carried_by(parsed, carrying, command, found), program, parsed)
        if command.reads or program.reads:
            reading += _reader(command.reads or program.reads).read_call(parsed, self)
        given = any(parsed.playing(*LANGUAGES, *FILES, "ARGV", "TEXT"))
        if command.stdin and not given and not any(rule.overrides and matches(rule, parsed) for rule in rules):
            reading += self._stdin(command.stdin, call)
        return reading

    def _dashed(self, call: Invocation) -> Invocation | None:
        """A command of a program that is called by a name of its own (`git-clean`), as one of the program."""
        name, dash, command = call.name.partition("-")
        program = self.rulebook.program(name) if dash else None
        if program is None or not program.dashed or command not in program.commands[()].commands:
            return None
        path = call.argv[0].guess
        return call.replace(argv=(Known(path[: len(path) - len(command) - 1]), Known(command), *call.argv[1:]))

    def _searched(self, call: Call, program: Program, command: Command) -> tuple[Call, tuple[str, ...] | str]:
        """The call with the files that it finds, if they matter (`find -delete`), and those files."""
        if command.search is None or not acts_on_found(call, command.search):
            return call, ""
        search, depth = command.search, self.setting.depth
        carrying = surroundings(call, command, self.world).invocation
        hit = any(rule.on == "FOUND" and matches(rule, call) for rule in program.rules)
        if hit or any(self.silently()._built(one, carrying).rating != "read" for one in commands_for(call, "")):
            return found_below(call, search, self.world if depth < MAX_SEARCHING else OtherHost())
        return call, ""

    def _carried_by_rules(self, rules: list[Rule], parsed: Call, command: Command) -> Reading:
        """What rules with `carries` find to be run: in the call, or, if that is destructive, in the world."""
        carried: list[tuple[Word, bool]] = []
        for rule in rules:
            line = lookup_result(rule, parsed, self.world) if rule.where[0] else ""
            if line is not None:
                carried += ((_line(rule.carries, text), rule.uncertain) for text in carried_lines(rule, parsed))
            if isinstance(line, str) and line and rule.carries_answer:
                carried.append((_line(rule.carries, Known(line)), True))
        reading = Reading()
        # Where it runs is asked of git, and most calls carry nothing.
        there = surroundings(parsed, command, self.world).invocation if carried else parsed.invocation
        for text, only_destructive in carried:
            told = self.text("shell", text, there)
            reading += told if not only_destructive or told.rating == "destructive" else Reading()
        return reading

    def _carried_by(self, parsed: Call, carrying: Call, command: Command, found: tuple[str, ...] | str) -> Reading:
        """What a call carries, whichever way it is given."""
        reading = Reading()
        remote = command.remote or parsed.has(*command.remote_with)
        carrier = self.elsewhere(remote, command.resets_path) if remote or command.resets_path else self
        for argument in parsed.arguments:
            if argument.option or argument.role != "SHELL":
                reading += carrier._carried(argument, carrying)
        reading += carrier._carried_line(carrying) + carrier._carried_argv(carrying)
        for one in commands_for(parsed, found):
            reading += carrier._built(one, carrying.invocation)
        if command.fills:
            from ..rulebook.command_builders import built_commands, input_of

            call = input_of(carrying, command.fills)
            for one in built_commands(parsed, command.fills, self.world):
                reading += carrier._built(one, call, command.fills.joins)
        return reading

    def _built(self, command: BuiltCommand, call: Invocation, joins: bool = False) -> Reading:
        """A built command; where the order of its words decides (`cp a b`, `cp b a`), they become one unknown word."""

        def read(reader: Classifier, argv: tuple[Word, ...]) -> Reading:
            return reader.text("shell", argv[0], call) if joins else reader.command(call.replace(argv=argv))

        way, *others = command.ways
        if others:
            readings = [set(read(self.silently(), argv).effects) for argv in command.ways]
            way = way if all(one == readings[0] for one in readings) else command.otherwise
        return read(self, way)

    def _in_environment(self, carried: Reading, program: Program, call: Call) -> Reading:
        """What a call carries, in the environment whose variables it gets (`railway run -e production …`)."""
        if not program.linked or carried.rating == "read":
            return carried
        where = environment_of(program, call, self.world)
        return carried.replace(
            effects=tuple(
                one if one.environment.name != "unknown" else one.replace(environment=where) for one in carried.effects
            )
        )

    # Programs that no rule is taught for

    def _untaught(self, call: Invocation) -> Reading:
        """A script is read; of any other program, what it runs meets the shims in turn, where they are."""
        if isinstance(self.setting.world, OtherHost):
            return _unknown(call, "agentguard-remote", "runs on another host, where nothing guards it")
        effect = self._unless_shimmed(Effect("run", Target("program", call.name), program=call.name))
        run = Reading((effect,), (call.name,), handed=((call.cwd.guess, _own_input(call)),))
        why = unseen_code(call, self.world) or differing(call)
        if why:
            return run + _unknown(call, "agentguard-unseen-code", why)
        words = interpreter_of(call, self.world)
        if not words or self.rulebook.program(words[0].rpartition("/")[2]) is None:
            return run
        reading = self.command(call.replace(argv=(*known(words), *call.argv)))
        followed = tuple(effect for effect in reading.effects if effect.rule not in _NOT_FOLLOWED)
        if self.setting.unshimmed or followed == reading.effects:
            return reading
        return reading.replace(effects=followed) + run

    def _unless_shimmed(self, effect: Effect) -> Effect:
        """An effect; that a program runs is unknown where PATH does not lead what it runs to the shims."""
        if not self.setting.unshimmed or effect.verb != "run" or effect.target.kind != "program":
            return effect
        reason = "runs where PATH does not lead to the shims, so that nothing guards what it does"
        return effect.replace(verb="unknown", rule=effect.rule or "agentguard-unshimmed", reason=reason)

    # What a call carries

    def _carried(self, argument: Argument, call: Call) -> Reading:
        if argument.value is None:
            return Reading()
        if argument.role in LANGUAGES:
            return self.text(LANGUAGES[argument.role], argument.value, call.invocation)
        if argument.role in FILES:
            return self._file(FILES[argument.role], argument.value, call.invocation)
        return Reading()

    def _file(self, language: str, path: Word, call: Invocation) -> Reading:
        try:
            text = script_text(path, call, self.world)
        except Unseen as why:
            return _unknown(call, "agentguard-unseen-script", f"runs a script that cannot be read: {why}")
        return self.text(language, text, call)

    def _stdin(self, role: str, call: Invocation) -> Reading:
        try:
            text = Known(decode(stdin(call.stdin, self.world)))
        except Unseen as why:
            reading = _unknown(call, "agentguard-unseen-stdin", f"runs its standard input, which cannot be read: {why}")
            return _typed(reading) if isinstance(why, AtTerminal) else reading
        return self.text(LANGUAGES[role], text, call.replace(stdin=Stream("known")))

    def _carried_line(self, call: Call) -> Reading:
        """Operands that are a command line: joined by spaces, as ssh(1) does."""
        words = [a.value for a in call.playing("SHELL") if not a.option and a.value is not None]
        return self.text(LANGUAGES["SHELL"], joined(words), call.invocation) if words else Reading()

    def _carried_argv(self, call: Call) -> Reading:
        """Operands that are a command, or the package that brings one."""
        argv = tuple(a.value for a in call.playing("ARGV") if a.value is not None and not a.option)
        argv = (*(program_of_package(word, self.rulebook) for word in call.played("PACKAGED")), *argv)
        if not argv:
            return Reading()
        if len(argv) == 1 and isinstance(self.setting.world, OtherHost):  # a shell there reads it as a line
            return self.text("shell", argv[0], call.invocation)
        return self.command(call.invocation.replace(argv=argv))

    def _alias(self, program: Program, call: Call) -> Reading | None:
        """What an alias stands for, if the subcommand is one."""
        made = call.invocation
        try:
            found = alias(program, call, self.world)
        except Unseen as why:
            return _unknown(made, "agentguard-unseen-alias", str(why))
        except ValueError as fault:
            return _unknown(made, "agentguard-bad-alias", str(fault))
        if found is None or found == ():
            return None
        if isinstance(found, tuple):
            other = made.replace(argv=found)
            if any(_is_same(one, other) for one in self.setting.above):
                return _unknown(made, "agentguard-bad-alias", "has aliases that lead back to each other")
            return self.command(other)
        return self.text("shell", found, surroundings(call, program.commands[call.command], self.world).invocation)


def _line(carries: str, text: Word) -> Word:
    """The shell line that a text which a rule carries stands for."""
    return text.map(CARRIED[carries].format)


def _reader(name: str) -> ModuleType:
    """The reader of a language, loaded when it is first needed."""
    from importlib import import_module

    return import_module(f"..readers.{name}", __package__)


def _unknown(call: Invocation, rule: str, reason: str) -> Reading:
    return Reading((Effect("unknown", Target("call", call.name), rule=rule, program=call.name, reason=reason),))


def _typed(reading: Reading) -> Reading:
    return reading.replace(effects=tuple(effect.replace(typed=True) for effect in reading.effects))


def _is_same(one: Invocation, other: Invocation) -> bool:
    """Whether two calls are the same but for what runs before them."""
    return one.argv == other.argv and one.replace(ahead=()) == other.replace(ahead=())


def _too_deep(call: Invocation) -> Reading:
    return _unknown(call, "agentguard-too-deep", "carries commands that are nested too deeply to be followed")


def _own_input(call: Invocation) -> str:
    """The text that a program is given: its arguments, and its standard input where that is known."""
    return "\n".join((*(word.guess for word in call.argv[1:]), decode(call.stdin.data)))
