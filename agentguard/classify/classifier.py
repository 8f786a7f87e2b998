"""From an invocation to its effects: argument grammar, rules, and the languages that it carries."""

from __future__ import annotations

from ..core.call import Argument, Call, Invocation, Stream, Unresolved
from ..core.context import Context, stdin
from ..core.effect import Effect, Reading, Target
from ..core.text import encoding
from ..core.world import OtherHost, Unseen, World
from ..lean.typing import TYPE_CHECKING, Protocol
from ..readers.shebang import interpreter
from ..rulebook.argv import parse
from ..rulebook.match import carried, matches, place, said, speak
from ..rulebook.search import acts, commands, found_below, printed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from ..core.api import Api
    from ..rulebook.command_builders import Filled
    from ..rulebook.model import Command, Program, Rule

#: How deep calls may carry each other before nobody can tell any more.
MAX_DEPTH = 24

#: … and how deep it is that files are still searched for: each such search reads a command several times.
MAX_SEARCHING = 12

#: Roles of arguments that are commands in a language, and that language.
LANGUAGES = {"SHELL": "shell"}

#: What a rule carries, as the shell line that does the same: shells expand names of start-up files, and prompts.
_LINES = {"SHELL": "{}", "SCRIPT": '. "{}"', "PROMPT": ': "{}"'}

#: Rules about a text that cannot be read.
_NOT_READ = ("sh-not-understood", "sh-syntax-error")

#: Rules about what a script does that agentguard cannot follow: where shims are, they meet it in turn.
_NOT_FOLLOWED = (*_NOT_READ, "agentguard-unresolved-program", "agentguard-too-deep")


class Programs(Protocol):
    """The rulebook, as far as classifying is concerned."""

    def program(self, name: str) -> Program | None:
        """What is taught of the program of that file name."""
        raise NotImplementedError

    def apis(self) -> tuple[Api, ...]:
        """What is taught of web APIs."""
        raise NotImplementedError


class Classifier(Context):
    """Reads calls by the rulebook, and what they carry by the readers; see core.context.Context."""

    def __init__(self, rulebook: Programs, world: World) -> None:
        self.rulebook = rulebook
        self.world = self._world = world
        self._depth = 0
        self._unshimmed = False

    def command(self, call: Invocation) -> Reading:
        """What a program called with these arguments would do."""
        return self._deeper(call, lambda: self._command(call))

    def text(self, language: str, text: str, call: Invocation) -> Reading:
        """What a text in that language would do if `call` ran it."""
        if isinstance(text, Unresolved):
            why = f"runs {text.written}, which is not known before the line runs"
            guessed = self.text(language, str(text), call)
            known = tuple(
                one for one in guessed.effects if one.rule not in _NOT_READ
            )  # the guess may be no text at all
            return guessed.replace(effects=known) + _unknown(call, "agentguard-unresolved-text", why)
        return self._deeper(call, lambda: _reader(language).read(text, call, self))

    def apis(self) -> tuple[Api, ...]:
        """Every API that the rulebook describes."""
        return self.rulebook.apis()

    def lines(self, call: Invocation) -> bytes | None:
        """See Context: a search prints what it finds."""
        program = None if isinstance(call.argv[0], Unresolved) else self.rulebook.program(call.name)
        if program is None:
            return None
        parsed = parse(program, call)
        return printed(parsed, program.commands[parsed.command].search, self._found_by(call))

    def _found_by(self, call: Invocation) -> World:
        """The world as a call finds it: what earlier parts of its line may change is not seen."""
        if not call.ahead:
            return self._world
        from ..core.world_after import Later

        return Later(self._world, call.ahead)

    def _deeper(self, call: Invocation, read: Callable[[], Reading]) -> Reading:
        if self._depth >= MAX_DEPTH:
            return _unknown(call, "agentguard-too-deep", "commands are nested too deeply to be followed")
        self._depth += 1
        before = self.world
        self.world = self._found_by(call)
        try:
            return read()
        finally:
            self._depth -= 1
            self.world = before

    def _command(self, call: Invocation) -> Reading:
        if isinstance(call.argv[0], Unresolved):
            return _unknown(
                call,
                "agentguard-unresolved-program",
                f"which program {call.argv[0].written} is, is not known before the line runs",
            )
        program = self.rulebook.program(call.name)
        if program is None:
            return self._untaught(call)
        parsed = parse(program, call)
        if program.variables or program.files:
            self.world.ambient(program.variables, program.files, parsed)
        command = program.commands[parsed.command]
        alias = self._alias(program, parsed)
        if alias is not None:
            return alias
        parsed, found = self._searched(parsed, program, command)
        reading = Reading(tuple(map(self._in_turn, speak(program, parsed, self.world))))
        rules = program.about(parsed.command)
        for rule in rules:
            if rule.carries and matches(rule, parsed):
                for text in carried(rule, parsed):
                    reading += self.text("shell", _line(rule.carries, text), self._carrying(parsed, command).invocation)
                reading += self._settled(rule, parsed, command)
        carrying = (
            self._carrying(parsed, command)
            if command.fills or any(parsed.playing("SHELL", "SCRIPT", "ARGV", "PACKAGED"))
            else parsed
        )
        reading += self._in_its_place(self._carried_by(parsed, carrying, command, found), program, parsed)
        if command.reads or program.reads:
            reading += _reader(command.reads or program.reads).read_call(parsed, self)
        given = any(parsed.playing("SHELL", "SCRIPT", "ARGV", "TEXT"))
        if command.stdin and not given and not any(rule.wins and matches(rule, parsed) for rule in rules):
            reading += self._stdin(command.stdin, call)
        return reading

    def _searched(self, call: Call, program: Program, command: Command) -> tuple[Call, tuple[str, ...] | str]:
        """What the call finds and acts upon; nobody looks where it cannot matter what that is."""
        if command.search is None or not acts(call, command.search):
            return call, ""
        carrying = self._carrying(call, command).invocation
        hit = any(rule.on == "FOUND" and matches(rule, call) for rule in program.rules)
        if hit or any(self._aside()._filled(one, carrying).rating != "read" for one in commands(call, "")):
            return found_below(call, command.search, self.world if self._depth < MAX_SEARCHING else OtherHost())
        return call, ""

    def _settled(self, rule: Rule, parsed: Call, command: Command) -> Reading:
        """What a rule with `carries` finds in the world to be run; it counts only where it is destructive."""
        line = said(rule, parsed, self.world) if rule.where[0] else None
        if not line:
            return Reading()
        reading = self.text("shell", _line(rule.carries, line), self._carrying(parsed, command).invocation)
        return reading if reading.rating == "destructive" else Reading()

    def _carried_by(self, parsed: Call, carrying: Call, command: Command, found: tuple[str, ...] | str) -> Reading:
        """What a call carries, whichever way it is given."""
        reading = Reading()
        remote = command.remote or parsed.has(*command.abroad)
        carrier = self._beyond(remote, command.unshimmed) if remote or command.unshimmed else self
        for argument in parsed.arguments:
            if argument.option or argument.role == "SCRIPT":
                reading += carrier._carried(argument, carrying)
        reading += carrier._carried_line(carrying) + carrier._carried_argv(carrying)
        for one in commands(parsed, found):
            reading += carrier._filled(one, carrying.invocation)
        if command.fills:
            from ..rulebook.command_builders import filled, surroundings

            call = surroundings(carrying, command.fills)
            for one in filled(parsed, command.fills, self.world):
                reading += carrier._filled(one, call, command.fills.joins)
        return reading

    def _filled(self, command: Filled, call: Invocation, joins: bool = False) -> Reading:
        """A command that was put together; what depends on an order that nobody knows is not known."""

        def read(reader: Classifier, argv: tuple[str, ...]) -> Reading:
            return reader.text("shell", argv[0], call) if joins else reader.command(call.replace(argv=argv))

        way, *others = command.ways
        if others:
            readings = [set(read(self._aside(), argv).effects) for argv in command.ways]
            way = way if all(one == readings[0] for one in readings) else command.otherwise
        return read(self, way)

    def _aside(self) -> Classifier:
        """The same, for readings that only decide which one is made."""
        aside = object.__new__(Classifier)
        aside.__dict__.update(self.__dict__)
        return aside

    def _in_its_place(self, carried: Reading, program: Program, call: Call) -> Reading:
        """What is carried, in the environment whose variables it is given (`railway run -e production …`)."""
        if not program.linked or carried.rating == "read":
            return carried
        where = place(program, call, self.world)
        return carried.replace(
            effects=tuple(
                one if one.environment.name != "unknown" else one.replace(environment=where) for one in carried.effects
            )
        )

    def _beyond(self, remote: bool, unshimmed: bool) -> Classifier:
        """The same, for what runs on another host, or where PATH does not lead to the shims."""
        there = object.__new__(type(self))
        there.__dict__.update(self.__dict__)
        there._unshimmed = self._unshimmed or unshimmed
        if remote:
            there.world = there._world = OtherHost()
        return there

    # Programs that no rule is taught for

    def _untaught(self, call: Invocation) -> Reading:
        """A script is read; of any other program, what it runs meets the shims in turn, where they are."""
        if isinstance(self._world, OtherHost):
            return _unknown(call, "agentguard-remote", f"runs {call.name} on another host, where nothing guards it")
        effect = self._in_turn(Effect("run", Target("program", call.name), program=call.name))
        run = Reading((effect,), (call.name,), handed=((call.cwd, _told(call)),))
        started = self._started(call)
        if started is None:
            return run
        reading = self.command(call.replace(argv=(*started, *call.argv)))
        followed = tuple(effect for effect in reading.effects if effect.rule not in _NOT_FOLLOWED)
        return reading if self._unshimmed or followed == reading.effects else reading.replace(effects=followed) + run

    def _started(self, call: Invocation) -> tuple[str, ...] | None:
        """What a file that is started by its path is given to, if it is a script and its interpreter is taught."""
        path = call.argv[0]
        if "/" not in path or (isinstance(call.cwd, Unresolved) and not path.startswith("/")):
            return None
        try:
            words = interpreter(self.world.read(path, call.cwd))
        except Unseen:
            return None
        return words if words and self.rulebook.program(words[0].rpartition("/")[2]) else None

    def _in_turn(self, effect: Effect) -> Effect:
        """An effect; what a program runs is unknown where it does not meet the shims."""
        if not self._unshimmed or effect.verb != "run" or effect.target.kind != "program":
            return effect
        reason = f"runs {effect.program} where PATH does not lead to the shims, so that nothing guards what it does"
        return effect.replace(verb="unknown", rule=effect.rule or "agentguard-unshimmed", reason=reason)

    # What a call carries

    def _carried(self, argument: Argument, call: Call) -> Reading:
        if argument.value is None:
            return Reading()
        if argument.role in LANGUAGES:
            return self.text(LANGUAGES[argument.role], argument.value, call.invocation)
        if argument.role == "SCRIPT":
            return self._script(argument.value, call.invocation)
        return Reading()

    def _carried_line(self, call: Call) -> Reading:
        """Operands that are a command line: joined by spaces, as ssh(1) does."""
        words = [a.value for a in call.playing("SHELL") if not a.option and a.value is not None]
        if not words:
            return Reading()
        line = " ".join(words)
        if any(isinstance(word, Unresolved) for word in words):
            line = Unresolved(line, " ".join(getattr(word, "written", word) for word in words))
        return self.text(LANGUAGES["SHELL"], line, call.invocation)

    def _carried_argv(self, call: Call) -> Reading:
        argv = tuple(a.value for a in call.playing("ARGV") if a.value is not None and not a.option)
        argv = (*map(self._of_package, call.playing("PACKAGED")), *argv)
        if not argv:
            return Reading()
        if len(argv) == 1 and isinstance(self._world, OtherHost):  # a shell there reads it as a line
            return self.text("shell", argv[0], call.invocation)
        return self.command(call.invocation.replace(argv=argv))

    def _of_package(self, argument: Argument) -> str:
        """The program that a package (`@railway/cli@5`) brings: a taught one, else one of the package's own name."""
        package = argument.value or ""
        if isinstance(package, Unresolved):
            return package
        version = package.find("@", 1)
        name = package if version < 0 else package[:version]
        program = self.rulebook.program(name)
        return program.name if program else name

    def _script(self, path: str, call: Invocation) -> Reading:
        try:
            if isinstance(path, Unresolved):
                raise Unseen(f"{path.written} is not known before the line runs")
            text = self.world.read(path, call.cwd)
        except Unseen as why:
            return _unknown(call, "agentguard-unseen-script", f"runs a script that cannot be read: {why}")
        return self.text("shell", encoding.text(text), call)

    def _stdin(self, role: str, call: Invocation) -> Reading:
        try:
            text = stdin(call.stdin, self.world)
        except Unseen as why:
            return _unknown(call, "agentguard-unseen-stdin", f"runs its standard input, which cannot be read: {why}")
        return self.text(LANGUAGES[role], encoding.text(text), call.replace(stdin=Stream("known")))

    def _carrying(self, call: Call, command: Command) -> Call:
        """The call with the directory and the variables that what it carries will have."""
        env, cwd = dict(call.invocation.env), call.cwd
        for name in command.forgets:
            env[name] = Unresolved(env.get(name, ""), f"${name}")
        for argument in call.playing("ASSIGN"):
            name, _, value = (argument.value or "").partition("=")
            env[name] = value
        if call.has(*command.elsewhere) or command.runs_in == "elsewhere":
            cwd = Unresolved(cwd, "the directory that it runs in")
        elif command.runs_in and not isinstance(cwd, Unresolved):
            try:
                cwd = self.world.lookup(command.runs_in, "", call) or cwd
            except Unseen:
                cwd = Unresolved(cwd, "the directory that it runs in")
        return call.replace(invocation=call.invocation.replace(env=env, cwd=cwd))

    def _alias(self, program: Program, call: Call) -> Reading | None:
        """What an alias stands for, if the subcommand is one."""
        if not program.aliases or not call.unknown or not call.operands or call.unknown[-1] is not call.operands[0]:
            return None
        name, argv = call.operands[0], call.invocation.argv
        try:
            value = self.world.lookup(program.aliases, name, call)
        except Unseen as why:
            return _unknown(
                call.invocation, "agentguard-unseen-alias", f"whether {name} is an alias cannot be seen: {why}"
            )
        if value is None:
            return None
        if value.startswith("!"):
            from shlex import join

            there = self._carrying(call, program.commands[call.command]).invocation
            return self.text("shell", f"{value[1:]} {join(call.operands[1:])}", there)
        import shlex

        try:
            words = shlex.split(value)
        except ValueError as fault:
            return _unknown(call.invocation, "agentguard-bad-alias", f"the alias {name} cannot be read: {fault}")
        at = len(argv) - len(call.operands)
        return self.command(call.invocation.replace(argv=(*argv[:at], *words, *argv[at + 1 :])))


def _line(carries: str, text: str) -> str:
    """The shell line that a text which a rule carries stands for."""
    line = _LINES[carries].format(text)
    return Unresolved(line, text.written) if isinstance(text, Unresolved) else line


def _reader(name: str) -> ModuleType:
    """The reader of a language, loaded when it is first needed."""
    from importlib import import_module

    return import_module(f"..readers.{name}", __package__)


def _unknown(call: Invocation, rule: str, reason: str) -> Reading:
    return Reading((Effect("unknown", Target("call", call.name), rule=rule, program=call.name, reason=reason),))


def _told(call: Invocation) -> str:
    """What a program is told in words: its arguments, and its standard input where that is known."""
    return "\n".join((*call.argv[1:], encoding.text(call.stdin.data)))
