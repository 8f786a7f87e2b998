"""HTTP requests: what they would do, by their API's table, their method, their path and their body."""

from __future__ import annotations

from ..core.api import Api
from ..core.call import Invocation
from ..core.context import Context
from ..core.effect import Effect, Environment, Target
from ..core.environments import environment
from ..core.text.encoding import decode
from ..core.word import Known, Unknown
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from . import verbs
from .conditions import Facts, speaking
from .url import Url, pairs, split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..core.effect import Verb

#: What each method does by the HTTP and WebDAV standards (RFC 9110, 4918, 3253, 5789), and PURGE by
#: custom. POST is looked at closer; a method that is not here is unknown.
METHODS: dict[str, tuple[Verb, str, str]] = {
    "GET": ("observe", "", "reads"),
    "HEAD": ("observe", "", "reads"),
    "OPTIONS": ("observe", "", "reads"),
    "TRACE": ("observe", "", "reads"),
    "PROPFIND": ("observe", "", "reads"),
    "REPORT": ("observe", "", "reads"),
    "SEARCH": ("observe", "", "reads"),
    "QUERY": ("observe", "", "reads"),
    "POST": ("run", "", "sends data to"),
    "MKCOL": ("create", "", "makes a collection"),
    "PURGE": ("remove", "regeneration", "drops a cached copy of"),
    "DELETE": ("remove", "", "deletes"),
    "UNLINK": ("remove", "", "deletes"),
    "PUT": ("replace", "", "replaces, without seeing what is there,"),
    "PATCH": ("replace", "", "changes, without seeing what is there,"),
    "PROPPATCH": ("replace", "", "changes, without seeing what is there,"),
    "MOVE": ("replace", "", "moves, over whatever is at the new place,"),
    "COPY": ("replace", "", "copies, over whatever is at the new place,"),
}
#: Headers and parameters with which frameworks let a POST stand for another method.
OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
OVERRIDE_PARAMETER = "_method"
#: The header with which AWS's APIs, and those like them, let a POST stand for an operation.
OPERATION = "x-amz-target"
#: Keys of a body or query string whose value says what to do.
ACTIONS = frozenset(("action", "method", "operation", "op", "cmd", "command", "function", "tool"))
#: Keys whose value may be SQL.
STATEMENTS = frozenset(("query", "sql", "statement", "stmt", "q"))

LOOK_FIRST = "look at it with GET first, and keep the answer: nothing else may hold the old state"


class Request(Value):
    """One HTTP request.

    `method` as it is sent, `url` whole; `fields` are a multipart body's, `body` is any other. `unseen`
    says, when not empty, why the body cannot be seen, and `hidden` holds what else may be there that
    cannot be ("header.", "query."). `hosts` are further names of where it goes,
    `reached` is the one that is really connected to, when it is another one than the URL's; `socket`
    is the Unix socket that it goes through.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    unseen: str = ""
    hosts: tuple[str, ...] = ()
    socket: str = ""
    reached: str = ""
    hidden: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """The value of a header, "" without it; `name` in lower case."""
        return next((value for key, value in self.headers if key == name), "")


def place(host: str, reached: str = "") -> Environment:
    """Where a host is, as far as its name says so, and that of the one which is `reached` in its stead."""
    at = reached or host
    near = at in ("", "localhost", "::1", "0.0.0.0") or at.startswith("127.")
    evidence = f"host {host}, reached at {reached}" if reached else f"host {host}"
    local = evidence if near or at.endswith((".localhost", ".local")) else ""
    return environment(tuple((name, evidence) for name in dict.fromkeys((host, at))), local)


def read(request: Request, context: Context) -> tuple[Effect, ...]:
    """What a request would do; never empty."""
    url = split(request.url)
    method = _method(request, url)
    where = Environment("local", f"socket {request.socket}") if request.socket else place(url.host, request.reached)
    target = Target("url", url.shown, (f"{url.host}:{url.port}", url.path))
    apis = _apis(request, url, context)
    found: tuple[Effect, ...] = ()
    for one in apis:
        effects, decided = _by_table(one, request, url, method, target, where, context)
        if decided:
            return effects
        found += effects
    api = apis[0] if apis else None
    base = Effect("unknown", target, environment=where)
    documents = _graphql(request, url, method, api, where)
    if method != "POST":
        return (*found, _by_method(base, method, url), *documents)
    if request.unseen:
        reason = f"POST {url.shown}: its body cannot be seen: {request.unseen}"
        return (*found, base.replace(rule="http-unseen-body", reason=reason), *documents)
    return (*found, *(documents or (_post(base, request, url),)))


def _apis(request: Request, url: Url, context: Context) -> tuple[Api, ...]:
    """The APIs that a request may go to: those of its hosts and its socket, else those that it looks like."""
    hosts = (url.host, *request.hosts, request.header("host").partition(":")[0].lower())
    known = tuple(api for api in context.apis() if any(map(api.at, hosts)) or api.behind(request.socket))
    return known or tuple(api for api in context.apis() if api.looks_like(url.port, url.route))


def _by_table(
    api: Api, request: Request, url: Url, method: str, target: Target, where: Environment, context: Context
) -> tuple[tuple[Effect, ...], bool]:
    """What an API's table says of a request, and whether it says all.

    It does not where only a header or an option says that the request goes there.
    """
    candidates = api.on_request(method, url.route)
    if not candidates:
        return (), False
    facts = _facts(request, url)
    rules, decided = speaking(candidates, facts)
    found: tuple[Effect, ...] = ()
    for rule in rules:
        found += (
            Effect(
                rule.effect,
                target.replace(kind=rule.target or "url"),
                rule.recoverable_by,
                where,
                rule.id,
                reason=f"{method} {url.shown} {rule.reason}",
                instead=rule.instead,
                catastrophic=rule.catastrophic,
            ),
        )
        if rule.carries:
            call = Invocation.of((api.name,), "", {})
            for condition in rule.given:
                for text in facts.carried(condition):
                    word = Unknown(text, text) if facts.hides(condition) else Known(text)
                    found += context.text(rule.carries.lower(), word, call).effects
    elsewhere = request.reached or request.header("host").partition(":")[0].lower() not in ("", url.host)
    return found, decided and (api.behind(request.socket) or not elsewhere)


def _facts(request: Request, url: Url) -> Facts:
    """What conditions of rules can be about: `query.NAME`, `header.NAME` and `body.PATH`."""
    facts = Facts()
    facts.collect("query", pairs(url.query))
    seen = [(name, value) for name, value in request.headers if f"header.{name}" not in request.hidden]
    facts.collect("header", dict(reversed(seen)))
    facts.collect("body", dict(request.fields))
    parsed = _json(request)
    if parsed is None:
        facts.collect("body", pairs(_text(request)))
    facts.collect("body", parsed if parsed is not None else {})
    facts.unseen = (*request.hidden, *(["body."] if request.unseen else []))
    return facts


def _method(request: Request, url: Url) -> str:
    """The method that counts. An override can only make it worse: nobody knows who listens to it."""
    method = request.method.upper()
    if method != "POST" and METHODS.get(method, ("unknown",))[0] != "observe":
        return method
    forms = [pairs(url.query), dict(request.fields)]
    if request.body[:1] not in (b"{", b"["):
        forms.append(pairs(_text(request)))
    named = [value for name, value in request.headers if name in OVERRIDES]
    named += [form.get(OVERRIDE_PARAMETER, "") for form in forms if method == "POST"]
    for other in filter(None, (name.strip().upper() for name in named)):
        if METHODS.get(other, ("unknown",))[0] != "observe":
            return other
    return method


def _by_method(base: Effect, method: str, url: Url) -> Effect:
    if method not in METHODS:
        reason = f"sends {url.shown} the method {method[:40]!r}, which agentguard does not know"
        return base.replace(rule="http-unknown-method", reason=reason)
    verb, recovery, does = METHODS[method]
    return base.replace(
        verb=verb,
        recoverable_by=recovery,
        rule=f"http-{method.lower()}",
        reason=f"{method}: {does} {url.shown}",
        instead=LOOK_FIRST if verb in ("remove", "replace") and not recovery else "",
    )


def _post(base: Effect, request: Request, url: Url) -> Effect:
    """A POST of no API that is known: reversible, unless its words say that it takes something away."""
    for text, where in _telling(request, url):
        said = verbs.words(text)
        for word in said:
            if word in verbs.REMOVES or word in verbs.REPLACES_IN_PATHS:
                verb: Verb = "remove" if word in verbs.REMOVES else "replace"
                reason = f"POST to {url.shown}, and `{word}` in {where} says that it {verb}s something"
                return base.replace(verb=verb, rule=f"http-post-{verb}s", reason=reason, instead=LOOK_FIRST)
    for statement in _statements(request, url):
        reason = f"POST to {url.shown} with SQL that changes or removes data: {statement[:60]}"
        return base.replace(verb="remove", rule="http-post-sql", reason=reason, instead="send a SELECT first")
    return _by_method(base, "POST", url)


def _telling(request: Request, url: Url) -> Iterator[tuple[str, str]]:
    """The texts of a POST that say what it does, each with where it stands."""
    yield url.path, "its path"
    yield request.header(OPERATION).rpartition(".")[2], "its X-Amz-Target"
    for name, value in _values(request, url):
        if name.lower() in ACTIONS and len(value) <= 200:
            yield value, f"its `{name}`"


def _statements(request: Request, url: Url) -> Iterator[str]:
    """SQL in a POST that does more than to ask or to add."""
    text = _text(request)
    sent = [value for name, value in _values(request, url) if name.lower() in STATEMENTS]
    for statement in (part for whole in (text, *sent) for part in whole.split(";")):
        first, second, *rest = [*statement.lower().split(maxsplit=30), "", ""]
        objects = ("table", "database", "schema", "index", "view", "role", "user", "column", "function", "type")
        if (
            (first in ("drop", "alter", "truncate") and second in objects)
            or (first == "delete" and second == "from")
            or (first == "update" and "set" in rest and "=" in statement)
        ):
            yield " ".join(statement.split())


def _values(request: Request, url: Url) -> Iterator[tuple[str, str]]:
    """Every named text in the query string and the body, however deep."""
    yield from pairs(url.query).items()
    yield from request.fields
    parsed = _json(request)
    if parsed is None:
        yield from pairs(_text(request)).items()
    waiting = [parsed]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            yield from ((key, value) for key, value in one.items() if isinstance(value, str))


def _json(request: Request) -> Any:
    """The body as JSON, or as a list of lines that are JSON; None if it is neither."""
    if request.body.lstrip()[:1] not in (b"{", b"["):
        return None
    import json

    for texts in ((_text(request),), _text(request).splitlines()):
        try:
            found = [json.loads(text) for text in texts if text.strip()]
        except (ValueError, RecursionError):
            continue
        return found[0] if len(found) == 1 else found
    return None


def _text(request: Request) -> str:
    return decode(request.body)


def _graphql(request: Request, url: Url, method: str, api: Api | None, where: Environment) -> tuple[Effect, ...]:
    """What the GraphQL in a request would do; nothing if there is none."""
    expected = api.takes_graphql(url.path) if api else "graphql" in verbs.words(url.path)
    asked = pairs(url.query)
    if not expected and method != "POST":
        return ()
    if method in ("GET", "HEAD") and not ("query" in asked or "query." in request.hidden or request.body):
        return ()
    from . import graphql

    at = graphql.Endpoint(api.name if api else url.host, api, where)
    text = _text(request).strip()
    fields = dict(request.fields)
    kind = request.header("content-type").partition(";")[0].strip().lower()
    found: tuple[Effect, ...] = ()
    if "query" in asked and expected:
        found += graphql.read_request(asked, at)
    elif expected and "query." in request.hidden:
        found += graphql.read_request(None, at)
    if "operations" in fields:
        found += graphql.read_body(fields["operations"], at)
    elif kind == "application/graphql" or ("header.content-type" in request.hidden and "mutation" in text):
        found += graphql.read(text, asked.get("operationName", ""), None, at)
    elif expected and text[:1] in ("{", "["):
        found += graphql.read_body(text, at)
    elif expected and (text or fields):
        found += graphql.read_request(fields or pairs(text), at)
    elif _names_a_document(_json(request)):
        found += graphql.read_body(text, at)
    if expected and not found and method == "POST" and not request.unseen:
        return graphql.read_request(None, at)
    return found


def _names_a_document(parsed: Any) -> bool:
    """Whether JSON that was sent to just any path is a GraphQL request all the same."""
    if isinstance(parsed, list):
        return any(map(_names_a_document, parsed))
    if not isinstance(parsed, dict):
        return False
    query, extensions = parsed.get("query"), parsed.get("extensions")
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        return True
    if not isinstance(query, str):
        return False
    opened = "{" in query and query.lstrip().startswith(("{", "query", "mutation", "subscription", "fragment", "#"))
    return opened or ("mutation" in query and "{" in query)
