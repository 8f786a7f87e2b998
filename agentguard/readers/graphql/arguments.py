"""The arguments of a mutation's field."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from ..conditions import Facts
from ..verbs import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from graphql import FieldNode, OperationDefinitionNode, ValueNode

#: A value that nobody can see before the call runs, and one that is not given.
UNSEEN, ABSENT = object(), object()
#: The variables of an operation, when nobody can see them.
NO_VARIABLES = None


class Arguments(Facts):
    """What is given to a field."""

    def __init__(self, field: FieldNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None):
        self._defaults = {d.variable.name.value: d.default_value for d in operation.variable_definitions or ()}
        self._variables = variables
        super().__init__()
        for argument in field.arguments or ():
            self.collect(argument.name.value, self._value(argument.value))

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

    def collect(self, path: str, value: Any) -> None:
        """As Facts does; what nobody can see hides everything."""
        if value is UNSEEN:
            self.unseen = ("",)
        elif value is not ABSENT:
            super().collect(path, value)

    def names(self) -> list[tuple[str, str]]:
        """The arguments that say which thing is meant: identifiers and names."""
        return [
            (path.rpartition(".")[2], value)
            for path, value in self.scalars
            if value != "null" and words(path)[-1:] and words(path)[-1] in ("id", "ids", "name", "slug", "domain")
        ]
