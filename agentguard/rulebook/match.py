"""The rules of a program applied to a call: which of them decide, and the effects that the call has by these."""

from __future__ import annotations

from ..core.effect import Effect, Environment, Found, Target
from ..core.environments import environment
from ..core.paths import absolute
from ..core.unseen import Unseen
from ..core.word import Unknown, known
from ..lean.typing import TYPE_CHECKING
from .conditions import lookup_result, matches, specificity
from .doubts import command_in_doubt, may_be_taught, no_rule, not_understood, option_in_doubt
from .path_effects import moving_away, on_paths, overwriting, unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.call import Call
    from ..core.word import Word
    from ..core.world import World
    from .model import Program, Rule

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
        if not (is_open or program.commands[misfit.command].open) or may_be_taught(misfit, program, call)
    ]
    effects += [not_understood(program, call, misfit) for misfit in misfits]
    if not misfits and not deciding:
        effects.append(no_rule(program, call))
    if not winners and all(one.rating != "destructive" for one in effects):
        effects += command_in_doubt(program, call)
    if call.doubtful and program.guarded and not winners and all(one.rating != "destructive" for one in effects):
        effects += option_in_doubt(program, call, world)
    return tuple(effects)


def _most_specific(rules: list[Rule], call: Call) -> list[Rule]:
    if not rules:
        return []
    deepest = max(specificity(rule, call.command) for rule in rules)
    return [rule for rule in rules if specificity(rule, call.command) == deepest]


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
        typed=rule.typed and call.invocation.stdin.kind == "inherited",
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
            yield base.replace(target=target, recoverable_by="", found=(_found(target),))
        unseen = answer.unseen
        if not unseen:
            if not answer.lost:
                yield base
            return
    yield base.replace(recoverable_by="", reason=f"{base.reason}: {unseen}")


def _found(target: Target) -> Found:
    """One thing that a probe names, or the last one, which stands for those that it does not name."""
    if target.identity[:1] == ("rest",):
        return Found("", target.called, int(target.identity[1]))
    return Found("", target.called, 1, (target.name,))


def _affects(earlier: Effect, rule: Rule) -> bool:
    """Whether what an earlier part of the line does may change what the rule's probe finds."""
    kind = earlier.target.kind
    return earlier.verb != "observe" and not {kind, f"{earlier.verb} {kind}"}.intersection(rule.unaffected_by)


def _guessed(words: tuple[Word, ...]) -> str:
    return " ".join(word.guess for word in words)
