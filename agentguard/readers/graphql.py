"""GraphQL documents: what their operations would do, by root field and never by alias or name.

An API that a table describes (`rules/apis/`) is read by that; any other by what its fields'
names say. `@skip` and `@include` are ignored: what could run is rated.
"""

from __future__ import annotations

from ..core.api import Api, ApiRule
from ..core.call import Call, Unresolved
from ..core.effect import Effect, Environment, Reading, Target
from ..core.glob import like
from ..core.reading import Context, stdin
from ..core.value import TYPE_CHECKING
from ..core.world import Unseen
from .verbs import CREATES, REMOVES, REPLACES, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from graphql import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode, ValueNode

#: How much of an argument's value a reason shows, and how many arguments.
SHOWN_TEXT, SHOWN_ARGUMENTS = 60, 4

#: A value that nobody can see before the call runs.
UNSEEN = object()
#: The variables of an operation, when nobody can see them.
NO_VARIABLES = None


def read(
    document: str,
    operation: str,
    variables: Mapping[str, Any] | None,
    api: Api | None,
    service: str,
    environment: Environment = Environment(),
) -> tuple[Effect, ...]:
    """What a document would do at `service` (an API's name, or a host); never empty.

    `operation` is the one that is asked for ("": not said, so any of them may run); `variables`
    are NO_VARIABLES when they cannot be seen.
    """
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    place = _Place(api, service, environment)
    try:
        parsed = parse(document, no_location=True)
    except (GraphQLError, RecursionError) as fault:
        return (place.unknown("graphql-unreadable", f"a GraphQL document that cannot be read: {_line(fault)}"),)
    operations = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
    named = [o for o in operations if o.name and o.name.value == operation]
    found: list[Effect] = []
    for one in named or operations:
        fields = tuple(_root_fields(one.selection_set, parsed, set()))
        if one.operation is not OperationType.MUTATION:
            found.append(place.observes(one.operation.value, [f.name.value if f else "?" for f in fields]))
            continue
        for field in fields:
            found += place.mutation(field, _Arguments(field, one, variables)) if field else place.unknown_fragment()
    return tuple(found) or (place.unknown("graphql-unreadable", "a GraphQL document without an operation to run"),)


def read_body(body: str, api: Api | None, service: str, environment: Environment = Environment()) -> tuple[Effect, ...]:
    """What a JSON body of GraphQL over HTTP would do: one request, or an array of them."""
    import json

    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as fault:
        return (
            _Place(api, service, environment).unknown(
                "graphql-unreadable", f"a GraphQL request that is not JSON: {_line(fault)}"
            ),
        )
    requests = parsed if isinstance(parsed, list) else [parsed]
    return tuple(e for one in requests for e in read_request(one, api, service, environment)) or (
        _Place(api, service, environment).unknown("graphql-unreadable", "an empty batch of GraphQL requests"),
    )


def read_request(
    request: object, api: Api | None, service: str, environment: Environment = Environment()
) -> tuple[Effect, ...]:
    """What one request, `{"query", "operationName", "variables"}`, would do."""
    place = _Place(api, service, environment)
    if not isinstance(request, dict) or not isinstance(request.get("query"), str) or not request["query"].strip():
        return (place.unknown("graphql-no-document", "a GraphQL request that names its document without showing it"),)
    operation = request.get("operationName")
    variables = request.get("variables")
    if isinstance(variables, str):  # form fields hold them as text
        import json

        try:
            variables = json.loads(variables)
        except (ValueError, RecursionError):
            variables = NO_VARIABLES
    elif variables is None:
        variables = {}
    if not isinstance(variables, dict):
        variables = NO_VARIABLES
    return read(
        request["query"], operation if isinstance(operation, str) else "", variables, api, service, environment
    )


def read_call(call: Call, context: Context) -> Reading:
    """What a program's own GraphQL command would do.

    Roles of its arguments: GRAPHQL (the document), GRAPHQLFILE (a file with it, `-` for standard
    input, which is also the default), VARIABLES (JSON, `@FILE` or `@-`), VARIABLE (`NAME=VALUE`),
    OPERATION (the operation's name). The program's API is the one that names it in `programs`.
    """
    api = next((api for api in context.apis() if call.program in api.programs), None)
    service = api.name if api else call.program
    operation = next(reversed([a.value or "" for a in call.playing("OPERATION")]), "")
    try:
        document = _document(call, context)
    except Unseen as why:
        effects: tuple[Effect, ...] = (
            _Place(api, service, Environment()).unknown(
                "graphql-no-document", f"a GraphQL document that cannot be seen: {why}"
            ),
        )
    else:
        effects = read(document, operation, _variables(call, context), api, service)
    return Reading(tuple(effect.replace(program=call.program) for effect in effects))


def _document(call: Call, context: Context) -> str:
    for argument in call.playing("GRAPHQL"):
        if isinstance(argument.value, Unresolved):
            raise Unseen(f"{argument.value.written} is not known before the line runs")
        return argument.value or ""
    path = next((a.value or "" for a in call.playing("GRAPHQLFILE")), "-")
    return _content(path, call, context)


def _content(path: str, call: Call, context: Context) -> str:
    if isinstance(path, Unresolved):
        raise Unseen(f"{path.written} is not known before the line runs")
    if path == "-":
        data = stdin(call.invocation.stdin, context.world)
    else:
        data = context.world.read(path, call.invocation.cwd)
    return data.decode("utf-8", "surrogateescape")


def _variables(call: Call, context: Context) -> Mapping[str, Any] | None:
    """The variables of a program's GraphQL command; NO_VARIABLES if they cannot be seen."""
    import json

    found: dict[str, Any] = {}
    try:
        for argument in call.playing("VARIABLES"):
            text = argument.value or ""
            if isinstance(text, Unresolved):
                return NO_VARIABLES
            loaded = json.loads(_content(text[1:], call, context) if text[:1] == "@" else text)
            if not isinstance(loaded, dict):
                return NO_VARIABLES
            found |= loaded
    except (Unseen, ValueError, RecursionError):
        return NO_VARIABLES
    for argument in call.playing("VARIABLE"):
        name, _, value = (argument.value or "").partition("=")
        found[name] = UNSEEN if isinstance(argument.value, Unresolved) else value
    return found


class _Arguments:
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
            return self._value(default) if default is not None else None
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
        elif value is not None:
            self.scalars.append((path, str(value).lower() if isinstance(value, bool) else str(value)))

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
            if words(path)[-1:] and words(path)[-1] in ("id", "ids", "name", "slug", "domain")
        ]


class _Place:
    """Where a document is sent, and what is known of the API there."""

    def __init__(self, api: Api | None, service: str, environment: Environment) -> None:
        self.api = api
        self.service = service
        self.environment = environment

    def effect(self, verb: Any, target: Target, rule: str, reason: str) -> Effect:
        return Effect(verb, target, environment=self.environment, rule=rule, reason=reason)

    def unknown(self, rule: str, what: str) -> Effect:
        return self.effect("unknown", Target("api", self.service), rule, f"sends {self.service} {what}")

    def unknown_fragment(self) -> list[Effect]:
        return [self.unknown("graphql-unreadable", "a mutation with a fragment that it does not define")]

    def observes(self, kind: str, fields: list[str]) -> Effect:
        asked = ", ".join(fields[:SHOWN_ARGUMENTS])
        return self.effect("observe", Target("api", self.service), "graphql-query", f"a GraphQL {kind} of {asked}")

    def mutation(self, field: FieldNode, arguments: _Arguments) -> list[Effect]:
        """What one root field of a mutation does."""
        name = field.name.value
        if name == "__typename":
            return [self.observes("mutation", [name])]
        if self.api is None:
            return [self._by_name(name, arguments)]
        rules = _speaking(self.api.on_mutation(name), arguments)
        if not rules:
            return [self.unknown("graphql-unknown-mutation", f"the mutation {name}, which agentguard does not know")]
        return [
            Effect(
                rule.effect,
                self._target(rule.target or "api-object", name, arguments),
                rule.recoverable_by,
                self.environment,
                rule.id,
                reason=f"{self._said(name, arguments)} {rule.reason}",
                instead=rule.instead,
                catastrophic=rule.catastrophic,
            )
            for rule in rules
        ]

    def _by_name(self, name: str, arguments: _Arguments) -> Effect:
        """What an unknown API's mutation does, as far as its name says it."""
        said = words(name)
        target = self._target("".join(w for w in said if w not in REMOVES), name, arguments)
        sentence = self._said(name, arguments)
        for verb, known, does in (
            ("remove", REMOVES, "removes something, by its name"),
            ("replace", REPLACES, "replaces something, by its name, whose old state is not seen"),
            ("create", CREATES, "only adds something, by its name"),
        ):
            if any(word in known for word in said):
                return self.effect(verb, target, f"graphql-mutation-{verb}s", f"{sentence} {does}")
        return self.effect("unknown", target, "graphql-unknown-mutation", f"{sentence} is not known to agentguard")

    def _said(self, name: str, arguments: _Arguments) -> str:
        shown = ", ".join(f"{key}: {_shortened(value)}" for key, value in arguments.names()[:SHOWN_ARGUMENTS])
        return f"{self.service} mutation {name}({shown})" if shown else f"{self.service} mutation {name}"

    def _target(self, kind: str, name: str, arguments: _Arguments) -> Target:
        """The thing that a mutation hits: the argument `volumeId` of a volume, else `id`, else any identifier."""
        names = arguments.names()
        for wanted in (f"{kind}id", "id"):
            for key, value in names:
                if "".join(words(key)) == wanted:
                    return Target(kind, value, (self.service, kind, value))
        value = names[0][1] if names else name
        return Target(kind, value, (self.service, kind, value))


def _speaking(rules: Iterable[ApiRule], arguments: _Arguments) -> list[ApiRule]:
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


def _root_fields(selections: SelectionSetNode, document: DocumentNode, seen: set[str]) -> Iterator[FieldNode | None]:
    """The fields of an operation itself, through its fragments; None for a fragment that is not there."""
    from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode

    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _root_fields(selection.selection_set, document, seen)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name in seen:
                continue
            seen.add(name)
            fragments = [
                d for d in document.definitions if isinstance(d, FragmentDefinitionNode) and d.name.value == name
            ]
            if not fragments:
                yield None
            for fragment in fragments:
                yield from _root_fields(fragment.selection_set, document, seen)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "…"


def _line(fault: BaseException) -> str:
    return _shortened(" ".join(str(getattr(fault, "message", fault)).split()))
