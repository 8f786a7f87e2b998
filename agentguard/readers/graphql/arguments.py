"""The arguments of a mutation's field, and which of an API's rules they fit."""

from __future__ import annotations

from ...core.api import ApiRule
from ...core.glob import like
from ...core.value import TYPE_CHECKING
from ..verbs import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from graphql import FieldNode, OperationDefinitionNode, ValueNode

#: A value that nobody can see before the call runs, and one that is not given.
UNSEEN, ABSENT = object(), object()
#: The variables of an operation, when nobody can see them.
NO_VARIABLES = None


class Arguments:
    """What is given to a field: its scalars by their path ("input.id"), as text."""

    def __init__(self, field: FieldNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None):
        self._defaults = {d.variable.name.value: d.default_value for d in operation.variable_definitions or ()}
        self._variables = variables
        self.seen = True
        self.scalars: list[tuple[str, str]] = []
        for argument in field.arguments or ():
            self._collect(argument.name.value, self._value(argument.value))

    def _value(self, node: ValueNode) -> Any:
        from graphql import ListValueNode, NullValueNode, ObjectValueNode, VariableNode

        if isinstance(node, VariableNode):
            name = node.name.value
            if self._variables is None:
                return UNSEEN
            if name in self._variables:
                return self._variables[name]
            default = self._defaults.get(name)
            return self._value(default) if default is not None else ABSENT
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ListValueNode):
            return [self._value(one) for one in node.values]
        if isinstance(node, ObjectValueNode):
            return {one.name.value: self._value(one.value) for one in node.fields}
        return node.value if hasattr(node, "value") else UNSEEN

    def _collect(self, path: str, value: Any) -> None:
        if value is UNSEEN:
            self.seen = False
        elif isinstance(value, dict):
            for key, below in value.items():
                self._collect(f"{path}.{key}", below)
        elif isinstance(value, list):
            for below in value:
                self._collect(path, below)
        elif value is None or isinstance(value, bool):
            self.scalars.append((path, {None: "null", True: "true", False: "false"}[value]))
        elif value is not ABSENT:
            self.scalars.append((path, str(value)))

    def hold(self, condition: str) -> bool:
        """Whether an argument is as a rule's condition wants it: `path=value`, or `path` for any value."""
        wanted, equals, value = condition.partition("=")
        return any(
            (like(path, wanted) or like(path, wanted + ".*")) and (not equals or like(found, value))
            for path, found in self.scalars
        )

    def names(self) -> list[tuple[str, str]]:
        """The arguments that say which thing is meant: identifiers and names."""
        return [
            (path.rpartition(".")[2], value)
            for path, value in self.scalars
            if value != "null" and words(path)[-1:] and words(path)[-1] in ("id", "ids", "name", "slug", "domain")
        ]


def speaking(rules: Iterable[ApiRule], arguments: Arguments) -> list[ApiRule]:
    """Of an API's rules about a mutation those that decide: the ones with the most conditions that hold.

    When an argument cannot be seen, every rule may be the one.
    """
    if not arguments.seen:
        return list(rules)
    matching = [
        rule
        for rule in rules
        if all(any(map(arguments.hold, one.split("|"))) for one in rule.given)
        and not any(any(map(arguments.hold, one.split("|"))) for one in rule.unless)
    ]
    most = max((len(rule.given) + len(rule.unless) for rule in matching), default=0)
    return [rule for rule in matching if len(rule.given) + len(rule.unless) == most]
