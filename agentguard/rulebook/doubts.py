"""What a call may do besides, because words of it are not known, or are none that the grammar has: unknown effects."""

from __future__ import annotations

from ..core.effect import Effect, Target
from ..core.word import Unknown
from ..lean.typing import TYPE_CHECKING
from .conditions import forbids, lacks, lookup_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.call import Call, Misfit
    from ..core.world import World
    from .model import Command, Program, Rule

#: Roles of what a call runs.
_CARRIED = ("SHELL", "SCRIPT", "ARGV", "WORDS", "SQL", "SQLFILE")


def option_in_doubt(program: Program, call: Call, world: World) -> Iterator[Effect]:
    """An unknown effect if a word that is not known yet may be an option with which another rule would speak."""
    for rule in program.about(call.command):
        option = _missing_option(rule, program, call)
        if option and lookup_result(rule, call, world) is not None:
            words = ", ".join(word.written for word in call.doubtful)
            why = f"is given {words}, not known before the line runs: that may be {option}, which {rule.reason}"
            yield _unknown(program, call, "agentguard-unresolved-option", _of_command(call, why))
            return


def command_in_doubt(program: Program, call: Call) -> Iterator[Effect]:
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


def may_be_taught(misfit: Misfit, program: Program, call: Call) -> bool:
    """Whether nobody knows if the grammar has it: an open rule is about what the grammar does not have."""
    if not isinstance(misfit.word, Unknown) or misfit.is_command:
        return isinstance(misfit.word, Unknown) and program.guarded
    return program.guarded or _has_harmful_options(program, call)


def not_understood(program: Program, call: Call, misfit: Misfit) -> Effect:
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


def no_rule(program: Program, call: Call) -> Effect:
    """The effect of a call that no rule is about."""
    why = _of_command(call, "is called in a way that no rule describes")
    return _unknown(program, call, "agentguard-no-rule", why)


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
    if forbids(rule, call):
        return ""
    missing = lacks(rule, call)
    if len(missing) != 1:
        return ""
    options = program.commands[call.command].options
    names = (name for one in missing[0] for name in one.names)
    return next((name for name in names if name in options and options[name].takes in ("nothing", "optional")), "")


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


def _of_command(call: Call, predicate: str) -> str:
    """What is said of a subcommand; the program's own name is put before each reason where that is shown."""
    return " ".join((*("…" if "*" in name else name for name in call.command), predicate))


def _unknown(program: Program, call: Call, rule: str, reason: str) -> Effect:
    target = Target("call", " ".join(word.guess for word in call.operands))
    return Effect("unknown", target, rule=rule, program=program.name, reason=reason)
