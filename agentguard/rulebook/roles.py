"""Checks the roles of arguments and the kinds of targets: a name that is nearly a known one is an error (`PTAH`).

A misspelt role would make a rule speak of files that no argument names: then nothing is hit, and that is a read.
"""

from __future__ import annotations

from ..core import vocabulary
from ..core.effect import VERBS
from ..lean.typing import TYPE_CHECKING
from .document import known

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from .document import Node
    from .model import Command, Option, Program, Rule

_FROM = {"SOURCE", "ARCHIVE"}
_TO = {"DEST", "TARGET"}
#: How many letters a role has of which two can be wrong and it is still that role.
_LONG = 6


def check(
    program: Program, options: Iterable[tuple[Node, Option]], commands: Iterable[Node], rules: Iterable[Node]
) -> None:
    """Check the roles and kinds of a program; raises RuleError at the place that misspells one."""
    had = {path: set(_roles(command)) for path, command in program.commands.items()}
    of_values = _meant(program, set().union(*had.values()))
    of_operands = {*of_values, *vocabulary.OPERAND_ROLES}
    for node, option in options:
        if option.role in vocabulary.OPERAND_ROLES and option.takes != "command":
            raise node.fault(f"`{option.role}` is a role of operands; of an option there is only `ARGV;`")
        _check_name(node, option.role, of_values)
    for node in commands:
        for one in (*node.items("operands"), *(below for roles in node.items("when") for below in roles.items())):
            if one.value in ("ARGV", "WORDS"):
                raise one.fault(f"`{one.value}` takes all the rest: write `{one.value}...`")
            _check_name(one, one.value.removesuffix("..."), of_operands)
    kinds = {*vocabulary.KINDS, *(rule.target for rule in program.rules)}
    for rule, node in zip(program.rules, rules, strict=True):
        _check_roles(rule, node, had)
        slip = _slip(rule.target, vocabulary.KINDS)
        if slip:
            raise (node / "target").fault(f"`{rule.target}` is nearly a kind with a meaning: did you mean `{slip}`?")
        for one in node.items("unaffected_by"):
            verb, _, kind = one.value.partition(" ")
            if one.value not in kinds and not (verb in VERBS and kind in kinds):
                raise one.fault(f"no rule of this program has the target `{one.value}`: {known(one.value, kinds)}")


def _check_name(node: Node, name: str, meant: set[str]) -> None:
    """That the name of an argument is a role that is meant, or nothing like one."""
    slip = "" if name in vocabulary.FREE_NAMES else _slip(name, meant)
    if slip:
        raise node.fault(f"`{name}` is no role, but nearly one: did you mean `{slip}`?")


def _check_roles(rule: Rule, node: Node, had: Mapping[tuple[str, ...], set[str]]) -> None:
    """That some argument of the rule's commands can have each role that it is about."""
    if not (rule.on or rule.argument or rule.overwrites or rule.moves):
        return
    paths = tuple(had) if rule.anywhere else rule.commands
    roles = set().union(*(had[path[:length]] for path in paths for length in range(len(path) + 1)))
    if rule.on and rule.on not in roles:
        raise (node / "on").fault(f"no argument here has the role `{rule.on}`: {known(rule.on, roles)}")
    for role in rule.argument:
        if role not in roles:
            at = node / "argument" / role
            raise at.fault(f"no argument here has the role `{role}`: {known(role, roles)}", of_key=True)
    key = "overwrites" if rule.overwrites else "moves"
    if (rule.overwrites or rule.moves) and not (_FROM & roles and _TO & roles):
        raise (node / key).fault(f"`{key}` needs arguments with the roles SOURCE or ARCHIVE, and DEST or TARGET")


def _roles(command: Command) -> Iterator[str]:
    """The roles that arguments of a command can have."""
    yield from (option.role for option in command.options.values())
    for roles in (command.operands, *(roles for _, roles in command.when)):
        yield from (role.removesuffix("...") for role in roles)
    yield from command.absent
    if command.search:
        yield "FOUND"


def _meant(program: Program, had: set[str]) -> set[str]:
    """The roles that mean something: everywhere, to the program's readers, or to its rules and commands."""
    meant = {*vocabulary.ROLES}
    for rule in program.rules:
        meant |= {rule.on, *rule.argument}
    for command in program.commands.values():
        reader = command.reads or program.reads
        meant |= {*command.absent, *(role for roles in command.joined.values() for role in roles)}
        meant |= {*(vocabulary.READERS[reader] if reader else ())}
    return (meant | {rule.target.upper() for rule in program.rules} & had) - {""}


def _slip(name: str, meant: Collection[str]) -> str:
    """Which of some names was meant by one that is nearly it; "" if it is one of them, or like none."""
    if not name or name in meant:
        return ""
    once = next((one for one in sorted(meant) if _is_slip(name, one)), "")
    roles = (one for one in (*vocabulary.ROLES, *vocabulary.OPERAND_ROLES) if one in meant)
    return once or next((one for one in roles if _is_twice_slipped(name, one)), "")


def _is_twice_slipped(name: str, meant: str) -> bool:
    """Whether a long name is two slips away from another one."""
    if len(meant) < _LONG or abs(len(name) - len(meant)) > 2:
        return False
    at = next((i for i, (one, other) in enumerate(zip(name, meant, strict=False)) if one != other), 0)
    rest, other = name[at:], meant[at:]
    swapped = rest[:2] == other[1::-1] and _is_slip(rest[2:], other[2:])
    return swapped or any(map(_is_slip, (rest[1:], rest[1:], rest), (other[1:], other, other[1:])))


def _is_slip(name: str, meant: str) -> bool:
    """Whether one letter is too many, missing or another, or two have changed places."""
    at = 0
    while name[at : at + 1] == meant[at : at + 1] != "":
        at += 1
    rest, other = name[at:], meant[at:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
