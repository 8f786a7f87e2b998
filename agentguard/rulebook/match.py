"""The rules of a program applied to a call: which of them decide, and the effects that the call has by these."""

from __future__ import annotations

from ..core.call import Argument, Call, Misfit
from ..core.effect import Effect, Environment, Target
from ..core.environments import environment
from ..core.paths import absolute
from ..core.text.glob import like
from ..core.unseen import OutOfSight, Unseen
from ..core.word import Unknown, known
from ..core.world import World
from ..lean.typing import TYPE_CHECKING
from .model import Condition, Program, Rule
from .path_effects import moving_away, on_paths, overwriting, unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.word import Word
    from .model import Command


#: Roles of what a call runs.
_CARRIED = ("SHELL", "SCRIPT", "ARGV", "WORDS", "SQL", "SQLFILE")


#: What every program is asked alike; one that does not have it says so, and does nothing else.
_ABOUT_ITSELF = (known(("--version",)), known(("--help",)))
_TELLS_IT = "only tells of itself"


def apply_rules(program: Program, call: Call, world: World) -> tuple[Effect, ...]:
    """The effects of a call, by its program's rules; never none."""
    results = [(rule, lookup_result(rule, call, world)) for rule in program.about(call.command) if matches(rule, call)]
    found = {rule.id: where for rule, where in results if where is not None}
    speaking_maybe = [rule for rule, _ in results if rule.id in found and not matches(rule, call, surely=True)]
    matching = [rule for rule, _ in results if rule.id in found and rule not in speaking_maybe]
    if call.invocation.argv[1:] in _ABOUT_ITSELF and all(rule.effect == "unknown" for rule in matching):
        asked = Target("call", call.invocation.argv[1].guess)
        return (Effect("observe", asked, rule="agentguard-about-itself", program=program.name, reason=_TELLS_IT),)
    winners = [rule for rule in matching if rule.overrides]
    deciding = _most_specific(winners or [rule for rule in matching if not rule.also], call)
    speaking = deciding if winners else deciding + [rule for rule in matching if rule.also]
    speaking += speaking_maybe
    effects = [effect for rule in speaking for effect in _effects(rule, program, call, world, found[rule.id])]
    is_open = any(rule.open for rule in deciding)
    misfits = [
        misfit
        for misfit in call.unknown
        if not (is_open or program.commands[misfit.command].open) or _may_be_taught(misfit, program, call)
    ]
    effects += [_not_understood(program, call, misfit) for misfit in misfits]
    if not misfits and not deciding:
        why = _of_command(call, "is called in a way that no rule describes")
        effects.append(_unknown(program, call, "agentguard-no-rule", why))
    if not winners and all(one.rating != "destructive" for one in effects):
        effects += _command_in_doubt(program, call)
    if call.doubtful and program.guarded and not winners and all(one.rating != "destructive" for one in effects):
        effects += _in_doubt(program, call, world)
    return tuple(effects)


def matches(rule: Rule, call: Call, surely: bool = False) -> bool:
    """Whether a rule's conditions on the arguments hold for a call; `lookup_result` has its `where`.

    Of a word that is not known it holds where it may, if the rule is one that makes a call stricter, and otherwise
    only where it must; what speaks against the rule the other way round. `surely` asks for what must hold of any.
    """
    maybe = rule.is_stricter and not surely
    if rule.names and call.invocation.name not in rule.names:
        return False
    if not all(any(True for one in choice for _ in _counted(one, rule, call, maybe)) for choice in rule.given):
        return False
    if any(_holds(a, one, call, not maybe) for choice in rule.unless for one in choice for a in _candidates(one, call)):
        return False
    if rule.ordered and not _in_order(rule, call, maybe):
        return False
    operands = [a for a in call.arguments if not a.option and a.value is not None]
    if rule.operands and not counts(rule.operands, len(operands)):
        return False
    sure = (a.value for a in operands if a.value is not None and (maybe or not a.doubtful))
    # An operand of which nothing is known could be like any pattern: `unresolved` and `_in_doubt` are about these.
    known = ((word, pattern, maybe and bool(word.start)) for word in sure for pattern in rule.operand)
    if rule.operand and not any(resembles(*one) for one in known):
        return False
    return all(_plays(call, role, patterns, maybe) for role, patterns in rule.argument.items())


def _plays(call: Call, role: str, patterns: tuple[str, ...], maybe: bool) -> bool:
    """Whether some argument with that role is like one of the patterns."""
    return any(
        resembles(a.value, pattern, maybe) if a.value is not None else like("", pattern)
        for a in call.playing(role)
        for pattern in patterns
        if maybe or not a.doubtful
    )


def _counted(condition: Condition, rule: Rule, call: Call, maybe: bool = True) -> Iterator[Argument]:
    """The arguments that meet a condition of a rule, without those that it excepts."""
    for argument in _candidates(condition, call):
        if _holds(argument, condition, call, maybe) and not any(
            _meets(argument, one, not maybe) for one in rule.excepted
        ):
            yield argument


def _in_order(rule: Rule, call: Call, maybe: bool) -> bool:
    """Whether the first arguments that meet each condition of `if` come one after the other."""
    first = [
        next(i for i, argument in enumerate(call.arguments) if any(_meets(argument, one, maybe) for one in choice))
        for choice in rule.given
    ]
    return first == sorted(first)


def _candidates(condition: Condition, call: Call) -> tuple[Argument, ...]:
    """What a condition is about: the arguments, or the environment as arguments named `$NAME`."""
    pattern = condition.names[0]
    if not pattern.startswith("$"):
        return call.arguments
    env = call.invocation.env
    return tuple(Argument(pattern, "CONFIG", env[name], f"${name}") for name in env if like(name, pattern[1:]))


def lookup_result(rule: Rule, call: Call, world: World) -> str | Unseen | None:
    """The answer of the world to the rule's `where`: "" without one, None if it does not hold, why it is Unseen.

    Nor does it hold where the world has an answer to its `unless_where`. What cannot be seen makes a rule speak,
    but not where nobody can look at all: else no call on another host would be without a question.
    """
    if rule.unless_where[0] and isinstance(_looked_up(rule.unless_where, call, world), str):
        return None
    if not rule.where[0]:
        return ""
    found = _looked_up(rule.where, call, world)
    return None if isinstance(found, OutOfSight) else found


def _looked_up(wanted: tuple[str, str], call: Call, world: World) -> str | Unseen | None:
    try:
        return world.lookup(*wanted, call)
    except Unseen as why:
        return why


def _holds(argument: Argument, condition: Condition, call: Call, maybe: bool) -> bool:
    """Whether an argument meets a condition, and, where that has to be sure, no later one says something else."""
    if not _meets(argument, condition, maybe):
        return False
    if maybe or not condition.value or argument not in call.arguments:
        return True
    later = call.arguments[call.arguments.index(argument) + 1 :]
    return all(_meets(one, condition, maybe) for one in later if _is_about_the_same(one, argument))


def _is_about_the_same(one: Argument, other: Argument) -> bool:
    """Whether two arguments say the same thing, so that the last one counts: one option, or one setting."""
    if one.option != other.option or one.role != "CONFIG":
        return one.option == other.option
    keys = [word.value.partition("=")[0].guess.lower() for word in (one, other) if word.value is not None]
    return len(set(keys)) == 1


def _meets(argument: Argument, condition: Condition, maybe: bool) -> bool:
    if not argument.option or argument.option not in condition.names or (argument.doubtful and not maybe):
        return False
    if condition.value:
        value = argument.value
        return value is not None and resembles(value, condition.value, maybe, argument.role == "CONFIG")
    # A switch is left with a value only where that is neither surely true nor surely false.
    return maybe or argument.role != "SWITCH" or argument.value is None


def resembles(word: Word, pattern: str, maybe: bool, any_case: bool = False) -> bool:
    """Whether a word is like a pattern: one that is not known if it may be (`maybe`), or only if it must.

    Keys of settings do not tell upper from lower case (`any_case`).
    """
    if not isinstance(word, Unknown):
        return like(word.text.lower() if any_case else word.text, pattern)
    start = word.start.lower() if any_case else word.start
    if not maybe:
        return pattern.endswith("*") and like(start, pattern)
    head = next((pattern[:at] for at, sign in enumerate(pattern) if sign in "*?["), None)
    return pattern.startswith(start) if head is None else head.startswith(start[: len(head)])


def carried_lines(rule: Rule, call: Call) -> Iterator[Word]:
    """The command lines that a rule with `carries` finds in arguments: what the last `*` of its conditions matches."""
    for condition in (one for choice in rule.given for one in choice):
        before = condition.value.rpartition("*")[0].rpartition("*")[2]
        for argument in _counted(condition, rule, call):
            if argument.value is not None:
                yield argument.value.cut(argument.value.guess.lower().find(before.lower()) + len(before))


def counts(wanted: str, count: int) -> bool:
    """Whether a number of operands is what a rule wants ("0", ">=1", "<=2")."""
    number = int(wanted.lstrip("<>="))
    if wanted.startswith(">="):
        return count >= number
    if wanted.startswith("<="):
        return count <= number
    return count == number


def _most_specific(rules: list[Rule], call: Call) -> list[Rule]:
    if not rules:
        return []

    deepest = max(specificity(rule, call.command) for rule in rules)
    return [rule for rule in rules if specificity(rule, call.command) == deepest]


def specificity(rule: Rule, command: tuple[str, ...]) -> tuple[int, int, int]:
    """How specific a rule that matches a call of that command is: the greatest decides."""
    path = len(command) if command in rule.commands else 0
    others = bool(rule.names) + bool(rule.operands) + bool(rule.operand) + bool(rule.where[0]) + len(rule.argument)
    return path, len(rule.given), len(rule.unless) + others


def _effects(rule: Rule, program: Program, call: Call, world: World, where: str | Unseen) -> Iterator[Effect]:
    unseen_line = isinstance(where, Unseen) and rule.carries_answer
    base = Effect(
        verb="unknown" if unseen_line else rule.effect,
        target=_target(rule, program, call),
        recoverable_by=rule.recoverable_by,
        environment=_environment(rule, program, call, world),
        rule=rule.id,
        program=program.name,
        reason=f"{rule.reason}: {where}" if str(where) else rule.reason,
        instead=rule.instead,
        catastrophic=rule.catastrophic,
    )
    if rule.moves:
        yield from moving_away(rule, base, call, world)
    elif rule.overwrites:
        yield from overwriting(rule, base, call, world)
    elif rule.on:
        yield from on_paths(rule, base, call, world)
    elif rule.asks:
        yield from _asking(rule, base, call, world)
    else:
        naming = (*call.operands, *call.played(rule.target.upper()))
        yield base.replace(target_known=not any(isinstance(word, Unknown) for word in naming))
        if rule.effect in ("replace", "remove", "publish") and rule.recoverable_by:
            yield from unresolved(call.operands, base)


def _target(rule: Rule, program: Program, call: Call) -> Target:
    """What a call hits: the arguments whose role is that kind of thing (`--volume VOLUME`), else its operands."""
    named = [word.guess for word in call.played(rule.target.upper()) if word.guess] if rule.target else []
    if named:
        return Target(rule.target, " ".join(named), (program.name, rule.target, *named))
    return Target(rule.target or "call", _guessed(call.operands), _paths(rule, call))


def _paths(rule: Rule, call: Call) -> tuple[str, ...]:
    """The operands as full paths, where they may be paths: a name does not say in which directory it was given."""
    cwd = call.cwd
    if rule.target not in ("", "worktree") or rule.effect == "observe" or isinstance(cwd, Unknown):
        return ()
    return tuple(absolute(word.guess, cwd.text) for word in call.operands)


def _environment(rule: Rule, program: Program, call: Call, world: World) -> Environment:
    if rule.environment:
        return Environment(rule.environment, f"rule {rule.id}")  # type: ignore[arg-type]
    return environment_of(program, call, world) if rule.effect != "observe" else Environment()


def environment_of(program: Program, call: Call, world: World) -> Environment:
    """The environment that a call works in: what its arguments name (`-e production`), else what is linked."""
    given = [(a.option, a.value.guess) for a in call.playing("ENVIRONMENT") if a.value is not None]
    named = [(name, f"{option} {name}".strip()) for option, name in given if name]
    if not named and program.linked:
        try:
            linked = world.lookup(program.linked, "environment", call)
        except Unseen:
            linked = None
        named = [(linked, f"linked to {linked}")] if linked else []
    return environment(tuple(named), "")


def _asking(rule: Rule, base: Effect, call: Call, world: World) -> Iterator[Effect]:
    """What a probe of the real state says would be lost."""
    if isinstance(call.invocation.cwd, Unknown):
        unseen = f"the directory {call.invocation.cwd.written} is not known before the line runs"
    elif doubtful := ", ".join(word.written for word in call.operands if isinstance(word, Unknown)):
        unseen = f"what {doubtful} stands for is not known before the line runs"
    elif any(_affects(one, rule) for one in call.invocation.ahead):
        unseen = "an earlier part of the same line may change what is there"
    else:
        answer = world.ask(rule.asks, call)
        for target in answer.lost:
            yield base.replace(target=target, recoverable_by="", reason=f"{base.reason}: {target.kind} {target.name}")
        unseen = answer.unseen
        if not unseen:
            if not answer.lost:
                yield base
            return
    yield base.replace(recoverable_by="", reason=f"{base.reason}: {unseen}")


def _affects(earlier: Effect, rule: Rule) -> bool:
    """Whether what an earlier part of the line does may change what the rule's probe finds."""
    kind = earlier.target.kind
    return earlier.verb != "observe" and not {kind, f"{earlier.verb} {kind}"}.intersection(rule.unaffected_by)


def _in_doubt(program: Program, call: Call, world: World) -> Iterator[Effect]:
    """An unknown effect if a word that is not known yet may be an option with which another rule would speak."""
    for rule in program.about(call.command):
        option = _missing_option(rule, program, call)
        if option and lookup_result(rule, call, world) is not None:
            words = ", ".join(word.written for word in call.doubtful)
            why = f"is given {words}, not known before the line runs: that may be {option}, which {rule.reason}"
            yield _unknown(program, call, "agentguard-unresolved-option", _of_command(call, why))
            return


def _command_in_doubt(program: Program, call: Call) -> Iterator[Effect]:
    """An unknown effect if a word that is not known yet stands where a command may that does harm (`reflog expire`)."""
    word = call.operands[0] if call.operands else None
    if not isinstance(word, Unknown) or (word.may_be_option and word not in call.doubtful):
        return
    depth = len(call.command)
    below = program.commands[call.command].commands
    meant = dict.fromkeys(own for name, own in below.items() if name.startswith(word.start) or "*" in name)
    for rule in sorted(program.rules, key=lambda rule: bool(rule.given)):
        loses = rule.is_harmful and (bool(rule.asks) or not rule.recoverable_by)
        for path in rule.commands if loses else ():
            if path[:depth] == call.command and path[depth : depth + 1] and path[depth] in meant:
                why = f"is given {word.written}, not known before the line runs: that may be {path[depth]}"
                why = f"{why}, which {rule.reason}"
                yield _unknown(program, call, "agentguard-unresolved-command", _of_command(call, why))
                return
    running = (path for own in meant for path in _running(program, (*call.command, own)))
    if path := next(running, ()):
        name = " ".join(path[depth:])
        why = f"is given {word.written}, not known before the line runs: that may be {name}, which runs a command"
        yield _unknown(program, call, "agentguard-unresolved-command", _of_command(call, why))


def _running(program: Program, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command at a path and those below it, of which what they are given may be a command."""
    command = program.commands[path]
    if _runs(command):
        yield path
    for own in dict.fromkeys(command.commands.values()):
        yield from _running(program, (*path, own))


def _runs(command: Command) -> bool:
    """Whether what a command is given may be a command, in any language."""
    return command.carries or any(option.role in _CARRIED for option in command.options.values())


def _missing_option(rule: Rule, program: Program, call: Call) -> str:
    """The one option that is missing for a harmful rule to match (`-f` of `git clean -f`); "" if it is not one."""
    if not rule.is_harmful or call.command not in rule.commands:
        return ""
    if any(_meets(a, one, False) for choice in rule.unless for one in choice for a in _candidates(one, call)):
        return ""
    missing = [choice for choice in rule.given if not any(True for one in choice for _ in _counted(one, rule, call))]
    if len(missing) != 1:
        return ""
    options = program.commands[call.command].options
    names = (name for one in missing[0] for name in one.names)
    return next((name for name in names if name in options and options[name].takes in ("nothing", "optional")), "")


def _may_be_taught(misfit: Misfit, program: Program, call: Call) -> bool:
    """Whether nobody knows if the grammar has it: an open rule is about what the grammar does not have."""
    if not isinstance(misfit.word, Unknown) or misfit.is_command:
        return isinstance(misfit.word, Unknown) and program.guarded
    return program.guarded or _has_harmful_options(program, call)


def _has_harmful_options(program: Program, call: Call) -> bool:
    """Whether some option, or the word that it takes for its value, could make a call of that command worse."""
    command, rules = program.commands[call.command], [one for one in program.about(call.command) if one.is_stricter]
    roles = {rule.on for rule in rules if rule.on}
    return (
        bool(program.reads or command.reads or command.commands)
        or _runs(command)
        or any(rule.given or rule.argument for rule in rules)
        or any(option.role in roles for option in command.options.values())
    )


def _not_understood(program: Program, call: Call, misfit: Misfit) -> Effect:
    """An unknown effect for an option or a command that the grammar does not have, or that nobody knows yet."""
    word = misfit.word
    kind = "command" if misfit.is_command else "option"
    if isinstance(word, Unknown):
        article = "an" if kind == "option" else "a"
        why = f"is given {article} {kind} that is not known before the line runs: {misfit.written}"
    elif misfit.note:
        why = f"is given {misfit.written}"
    else:
        why = f"has no {kind} {word.text} that agentguard knows"
    return _unknown(program, call, f"agentguard-unknown-{kind}", _of_command(call, why))


def _of_command(call: Call, predicate: str) -> str:
    """What is said of a subcommand; the program's own name is put before each reason where that is shown."""
    return " ".join((*("…" if "*" in name else name for name in call.command), predicate))


def _unknown(program: Program, call: Call, rule: str, reason: str) -> Effect:
    return Effect("unknown", Target("call", _guessed(call.operands)), rule=rule, program=program.name, reason=reason)


def _guessed(words: tuple[Word, ...]) -> str:
    return " ".join(word.guess for word in words)
