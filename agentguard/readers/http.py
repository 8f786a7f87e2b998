"""HTTP requests: what they would do, by their API's table, their method, their path and their body."""

from __future__ import annotations

from ..core.api import Api
from ..core.effect import Effect, Environment, Target
from ..core.environments import environment
from ..core.reading import Context
from ..core.value import TYPE_CHECKING, Value
from . import verbs

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
#: Keys of a body or query string whose value says what to do.
ACTIONS = frozenset(("action", "method", "operation", "op", "cmd", "command", "function", "tool"))
#: Keys whose value may be SQL.
STATEMENTS = frozenset(("query", "sql", "statement", "stmt", "q"))

LOOK_FIRST = "look at it with GET first, and keep the answer: nothing else may hold the old state"


class Request(Value):
    """One HTTP request.

    `method` as it is sent, `url` whole; `fields` are a multipart body's, `body` is any other. `unseen`
    says, when not empty, why the body cannot be seen. `hosts` are further names of where it goes,
    `socket` is the Unix socket that it goes through.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    unseen: str = ""
    hosts: tuple[str, ...] = ()
    socket: str = ""

    def header(self, name: str) -> str:
        """The value of a header, "" without it; `name` in lower case."""
        return next((value for key, value in self.headers if key == name), "")


class Url(Value):
    """The parts of a URL; `host` in lower case, `path` decoded."""

    scheme: str
    host: str
    port: str
    path: str
    query: str

    @property
    def shown(self) -> str:
        """The URL without what may be secret: user, password and query."""
        return f"{self.scheme}://{self.host}{':' if self.port else ''}{self.port}{self.path}"


def split(text: str, scheme: str = "http") -> Url:
    """The parts of a URL, `scheme` being the one that it has if it names none."""
    head, colon, rest = text.partition(":/")
    if colon and head.isascii() and head.replace("+", "").isalnum():
        scheme, text = head.lower(), rest.lstrip("/") if head.lower() != "file" else "/" + rest.lstrip("/")
    text = text.partition("#")[0]
    before_query, _, query = text.partition("?")
    authority, slash, path = before_query.partition("/")
    authority = unquoted(authority.rpartition("@")[2]).lower()
    host, _, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    if not host and ":" not in authority:
        host, port = authority, ""
    return Url(scheme, host.strip("[]").rstrip("."), port, unquoted("/" + path if slash else "/"), query)


def unquoted(text: str) -> str:
    """`text` with its %XX escapes decoded."""
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    data = bytearray(first.encode("utf-8", "surrogateescape"))
    for part in rest:
        try:
            data.append(int(part[:2], 16))
            part = part[2:]
        except ValueError:
            part = "%" + part
        data += part.encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def pairs(text: str) -> dict[str, str]:
    """The names and values of a query string or a form."""
    split_up = (part.partition("=") for part in text.split("&") if part)
    return {unquoted(name.replace("+", " ")): unquoted(value.replace("+", " ")) for name, _, value in split_up}


def place(host: str) -> Environment:
    """Where a host is, as far as its name says so."""
    near = host in ("", "localhost", "::1", "0.0.0.0") or host.startswith("127.")
    local = f"host {host}" if near or host.endswith((".localhost", ".local")) else ""
    return environment(((host, f"host {host}"),), local)


def read(request: Request, context: Context) -> tuple[Effect, ...]:
    """What a request would do; never empty."""
    url = split(request.url)
    method = _method(request, url)
    where = Environment("local", f"socket {request.socket}") if request.socket else place(url.host)
    target = Target("url", url.shown, (f"{url.host}:{url.port}", url.path))
    hosts = (url.host, *request.hosts, request.header("host").partition(":")[0].lower())
    api = next((api for api in context.apis() if any(api.at(host) for host in hosts)), None)
    rules = api.on_request(method, url.path) if api else ()
    if rules:
        return tuple(
            Effect(
                rule.effect,
                target.replace(kind=rule.target or "url"),
                rule.recoverable_by,
                where,
                rule.id,
                reason=f"{method} {url.shown} {rule.reason}",
                instead=rule.instead,
                catastrophic=rule.catastrophic,
            )
            for rule in rules
        )
    base = Effect("unknown", target, environment=where)
    documents = _graphql(request, url, method, api, where)
    if method != "POST":
        return (_by_method(base, method, url), *documents)
    if request.unseen:
        reason = f"POST {url.shown}: its body cannot be seen: {request.unseen}"
        return (base.replace(rule="http-unseen-body", reason=reason), *documents)
    return documents or (_post(base, request, url),)


def _method(request: Request, url: Url) -> str:
    """The method that counts. An override can only make it worse: nobody knows who listens to it."""
    method = request.method.upper()
    if method != "POST" and METHODS.get(method, ("unknown",))[0] != "observe":
        return method
    forms = [pairs(url.query), dict(request.fields)]
    if request.body[:1] not in (b"{", b"["):
        forms.append(pairs(request.body.decode("utf-8", "surrogateescape")))
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
    yield request.header("x-amz-target").rpartition(".")[2], "its X-Amz-Target"
    for name, value in _values(request, url):
        if name.lower() in ACTIONS and len(value) <= 200:
            yield value, f"its `{name}`"


def _statements(request: Request, url: Url) -> Iterator[str]:
    """SQL in a POST that does more than to ask or to add."""
    text = request.body.decode("utf-8", "surrogateescape")
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
        yield from pairs(request.body.decode("utf-8", "surrogateescape")).items()
    waiting = [parsed]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            yield from ((key, value) for key, value in one.items() if isinstance(value, str))


def _json(request: Request) -> Any:
    """The body as JSON; None if it is none."""
    if request.body.lstrip()[:1] not in (b"{", b"["):
        return None
    import json

    try:
        return json.loads(request.body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None


def _graphql(request: Request, url: Url, method: str, api: Api | None, where: Environment) -> tuple[Effect, ...]:
    """What the GraphQL in a request would do; nothing if there is none."""
    expected = api.takes_graphql(url.path) if api else "graphql" in verbs.words(url.path)
    asked = pairs(url.query)
    if not expected and method != "POST":
        return ()
    if method in ("GET", "HEAD") and not ("query" in asked or request.body):
        return ()
    from . import graphql

    at = graphql.Endpoint(api.name if api else url.host, api, where)
    text = request.body.decode("utf-8", "surrogateescape").strip()
    fields = dict(request.fields)
    kind = request.header("content-type").partition(";")[0].strip().lower()
    found: tuple[Effect, ...] = ()
    if "query" in asked and expected:
        found += graphql.read_request(asked, at)
    if "operations" in fields:
        found += graphql.read_body(fields["operations"], at)
    elif kind == "application/graphql":
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
