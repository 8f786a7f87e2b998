"""Whether the conditions of a rule hold for a call, also where words of the call are not known."""

from __future__ import annotations

from ..core.call import Argument
from ..core.text.glob import like
from ..core.unseen import OutOfSight, Unseen
from ..core.word import Unknown
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.call import Call
    from ..core.word import Word
    from ..core.world import World
    from .model import Condition, Rule


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


def forbids(rule: Rule, call: Call) -> bool:
    """Whether something of the call surely speaks against the rule."""
    return any(_meets(a, one, False) for choice in rule.unless for one in choice for a in _candidates(one, call))


def lacks(rule: Rule, call: Call) -> list[tuple[Condition, ...]]:
    """The conditions of the rule on arguments that nothing of the call meets."""
    return [choice for choice in rule.given if not any(True for one in choice for _ in _counted(one, rule, call))]


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


def carried_lines(rule: Rule, call: Call) -> Iterator[Word]:
    """The command lines that a rule with `carries` finds in arguments: what the last `*` of its conditions matches."""
    for condition in (one for choice in rule.given for one in choice):
        before = condition.value.rpartition("*")[0].rpartition("*")[2]
        for argument in _counted(condition, rule, call):
            if argument.value is not None:
                yield argument.value.cut(argument.value.guess.lower().find(before.lower()) + len(before))


def specificity(rule: Rule, command: tuple[str, ...]) -> tuple[int, int, int]:
    """How specific a rule that matches a call of that command is: the greatest decides."""
    path = len(command) if command in rule.commands else 0
    others = bool(rule.names) + bool(rule.operands) + bool(rule.operand) + bool(rule.where[0]) + len(rule.argument)
    return path, len(rule.given), len(rule.unless) + others


def counts(wanted: str, count: int) -> bool:
    """Whether a number of operands is what a rule wants ("0", ">=1", "<=2")."""
    number = int(wanted.lstrip("<>="))
    if wanted.startswith(">="):
        return count >= number
    if wanted.startswith("<="):
        return count <= number
    return count == number


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
