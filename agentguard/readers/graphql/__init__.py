"""GraphQL documents: what their operations would do, by root field and never by alias or name.

An API that a table describes (`rules/apis/`) is read by that; any other by what its fields'
names say. `@skip` and `@include` are ignored: what could run is rated.
"""

from __future__ import annotations

from ...core.api import Api
from ...core.call import Call
from ...core.context import Context, script
from ...core.effect import Effect, Environment, Reading, Target
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from ..conditions import speaking
from ..verbs import CREATES, REPLACES, removes, words
from .arguments import NO_VARIABLES as NO_VARIABLES
from .arguments import UNSEEN, Arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from graphql import DocumentNode, FieldNode, SelectionSetNode

    Parameters = Iterable[tuple[str, str]]

#: How much of an argument's value a reason shows, and how many arguments.
SHOWN_TEXT, SHOWN_ARGUMENTS = 60, 4

#: What a request has in a form or a query string.
_KEYS = ("query", "operationName", "variables", "extensions", "id")

#: What GraphQL takes for a blank.
_IGNORED = " \t\r\n,\ufeff"

QUERY_FIRST = "query first what it would hit, and keep the answer"


class Endpoint(Value):
    """Where documents are sent: a service by its name or host, and what is known of its API."""

    service: str
    api: Api | None = None
    environment: Environment = Environment()


def read(document: str, operation: str, variables: Mapping[str, Any] | None, at: Endpoint) -> tuple[Effect, ...]:
    """What a document would do at an endpoint; never empty.

    `operation` is the one that is asked for ("": not said, so any of them may run); `variables`
    are NO_VARIABLES when they cannot be seen.
    """
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    try:
        parsed = parse(document, no_location=True)
        operations = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
        named = [o for o in operations if o.name and o.name.value == operation]
        found: list[Effect] = []
        for one in named or operations:
            fields = tuple(_root_fields(one.selection_set, parsed, set()))
            if one.operation is not OperationType.MUTATION:
                found.append(_observes(at, one.operation.value, [f.name.value for f in fields if f]))
                continue
            for field in fields:
                found += _mutation(at, field, Arguments(field, one, variables)) if field else [_undefined(at)]
    except (GraphQLError, RecursionError) as fault:
        return (_unknown(at, "graphql-unreadable", f"a GraphQL document that cannot be read: {_line(fault)}"),)
    return tuple(found) or (_unknown(at, "graphql-unreadable", "a GraphQL document without an operation to run"),)


def may_mutate(text: str) -> bool:
    """Whether a text that was sent to just any place may be a document with a mutation."""
    text = text.lstrip(_IGNORED)
    if not text.startswith(("mutation", "query", "subscription", "fragment", "{", "#")) or text.startswith("query="):
        return False
    followed = (rest for rest in text.split("mutation")[1:] if rest[:1] in ("{", "(", "@", "#", *_IGNORED))
    begun = (rest.lstrip(_IGNORED)[:1] for rest in followed)
    return "{" in text and any(char.isalnum() or char in ("_", "{", "(", "@", "#") for char in begun)


def read_body(body: str, at: Endpoint, beside: Parameters = ()) -> tuple[Effect, ...]:
    """What a JSON body of GraphQL over HTTP would do: one request, or an array of them.

    `beside` are the parameters of the URL, which some servers heed instead of the body's.
    """
    import json

    try:
        parsed = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        return (_unknown(at, "graphql-unreadable", f"a GraphQL request that is not JSON: {_line(fault)}"),)
    requests = parsed if isinstance(parsed, list) else [parsed]
    found = tuple(effect for one in requests for effect in read_request(one, at, beside))
    return found or (_unknown(at, "graphql-no-document", "an empty batch of GraphQL requests"),)


def read_form(fields: Parameters, beside: Parameters, at: Endpoint) -> tuple[Effect, ...]:
    """What the fields of a form or of a query string would do."""
    try:
        return read_request(_once([(name, value) for name, value in fields if name in _KEYS]), at, beside)
    except ValueError as fault:
        return (_unknown(at, "graphql-unreadable", f"a GraphQL request that cannot be read: {fault}"),)


def read_request(request: object, at: Endpoint, beside: Parameters = ()) -> tuple[Effect, ...]:
    """What one request, `{"query", "operationName", "variables"}`, would do; `beside` as for `read_body`."""
    document = request.get("query") if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(document, str) or not document.strip():
        return (_unknown(at, "graphql-no-document", "a GraphQL request that names its document without showing it"),)
    given = [request.get("operationName"), *(value for name, value in beside if name == "operationName")]
    operations = {name for name in given if name and isinstance(name, str)}
    variables = request.get("variables")
    if isinstance(variables, str):  # as form fields hold them
        import json

        try:
            variables = json.loads(variables or "{}")
        except (ValueError, RecursionError):
            variables = NO_VARIABLES
    elif variables is None:
        variables = {}
    if not isinstance(variables, dict) or any(name == "variables" for name, _ in beside):
        variables = NO_VARIABLES
    # Where they disagree, any operation may run: servers differ in which of them they heed.
    return read(document, operations.pop() if len(operations) == 1 else "", variables, at)


def read_call(call: Call, context: Context) -> Reading:
    """What a program's own GraphQL command would do.

    Roles of its arguments: GRAPHQL (the document), GRAPHQLFILE (a file with it, `-` for standard
    input, which is also the default), VARIABLES (JSON, `@FILE` or `@-`), VARIABLE (`NAME=VALUE`),
    OPERATION (the operation's name). The program's API is the one that names it in `programs`.
    """
    api = next((api for api in context.apis() if call.program in api.programs), None)
    at = Endpoint(api.name if api else call.program, api)
    operation = next(reversed(call.played("OPERATION")), None)
    name = operation.text if isinstance(operation, Known) else ""
    try:
        effects = read(_document(call, context), name, _variables(call, context), at)
    except Unseen as why:
        effects = (_unknown(at, "graphql-no-document", f"a GraphQL document that cannot be seen: {why}"),)
    return Reading(tuple(effect.replace(program=call.program) for effect in effects))


def _document(call: Call, context: Context) -> str:
    for document in call.played("GRAPHQL"):
        return text_of(document)
    path = next(iter(call.played("GRAPHQLFILE")), Known("-"))
    return script(path, call, context)


def _variables(call: Call, context: Context) -> Mapping[str, Any] | None:
    """The variables of a program's GraphQL command; NO_VARIABLES if they cannot be seen."""
    import json

    found: dict[str, Any] = {}
    try:
        for word in call.played("VARIABLES"):
            named = word.guess[:1] == "@"
            loaded = json.loads(script(word.cut(1), call, context) if named else text_of(word))
            if not isinstance(loaded, dict):
                return NO_VARIABLES
            found |= loaded
    except (Unseen, ValueError, RecursionError):
        return NO_VARIABLES
    for word in call.played("VARIABLE"):
        name, _, value = word.partition("=")
        if isinstance(name, Unknown):
            return NO_VARIABLES
        found[name.text] = value.text if isinstance(value, Known) else UNSEEN
    return found


def _mutation(at: Endpoint, field: FieldNode, arguments: Arguments) -> list[Effect]:
    """What one root field of a mutation does."""
    name = field.name.value
    if name == "__typename":
        return [_observes(at, "mutation", [name])]
    if at.api is None:
        return [_by_name(at, name, arguments)]
    rules, decided = speaking(at.api.on_mutation(name), arguments)
    found = [
        Effect(
            rule.effect,
            _target(at, rule.target or "api-object", name, arguments),
            rule.recoverable_by,
            at.environment,
            rule.id,
            reason=f"{_said(at, name, arguments)}: {rule.reason}",
            instead=rule.instead,
            catastrophic=rule.catastrophic,
        )
        for rule in rules
    ]
    if not decided:
        found.append(_unknown(at, "graphql-unknown-mutation", f"the mutation {name}, which agentguard does not know"))
    return found


def _by_name(at: Endpoint, name: str, arguments: Arguments) -> Effect:
    """What an unknown API's mutation does, as far as its name says it."""
    said = words(name)
    target = _target(at, "".join(w for w in said if not removes(w)), name, arguments)
    sentence = _said(at, name, arguments)
    effect = Effect("unknown", target, environment=at.environment)
    if any(map(removes, said)):
        reason = f"{sentence} removes something, by its name"
        return effect.replace(verb="remove", rule="graphql-removes", reason=reason, instead=QUERY_FIRST)
    if any(word in REPLACES for word in said):
        reason = f"{sentence} replaces something, by its name, and what it replaces is not seen"
        return effect.replace(verb="replace", rule="graphql-replaces", reason=reason, instead=QUERY_FIRST)
    if any(word in CREATES for word in said):
        return effect.replace(verb="create", rule="graphql-creates", reason=f"{sentence} only adds, by its name")
    return effect.replace(rule="graphql-unknown-mutation", reason=f"{sentence} is not known to agentguard")


def _said(at: Endpoint, name: str, arguments: Arguments) -> str:
    shown = ", ".join(f"{key}: {_shortened(value)}" for key, value in arguments.names()[:SHOWN_ARGUMENTS])
    return f"{at.service} mutation {name}({shown})" if shown else f"{at.service} mutation {name}"


def _target(at: Endpoint, kind: str, name: str, arguments: Arguments) -> Target:
    """The thing that a mutation hits: the argument `volumeId` of a volume, else `id`, else any identifier."""
    names = arguments.names()
    for wanted in (f"{kind}id", "id"):
        for key, value in names:
            if "".join(words(key)) == wanted:
                return Target(kind, value, (at.service, kind, value))
    value = names[0][1] if names else name
    return Target(kind, value, (at.service, kind, value))


def _observes(at: Endpoint, kind: str, fields: list[str]) -> Effect:
    asked = ", ".join(fields[:SHOWN_ARGUMENTS])
    return Effect(
        "observe",
        Target("api", at.service),
        environment=at.environment,
        rule="graphql-query",
        reason=f"asks {at.service} for the {kind} {asked}",
    )


def _undefined(at: Endpoint) -> Effect:
    return _unknown(at, "graphql-unreadable", "a mutation with a fragment that it does not define")


def _unknown(at: Endpoint, rule: str, what: str) -> Effect:
    target = Target("api", at.service)
    return Effect("unknown", target, environment=at.environment, rule=rule, reason=f"sends {at.service} {what}")


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


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no key stands twice: servers differ in which one counts."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a key stands twice in it")
    return found


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "…"


def _line(fault: BaseException) -> str:
    return _shortened(" ".join(str(getattr(fault, "message", fault)).split()))
