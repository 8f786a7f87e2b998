"""HTTP requests: what they would do, by their API's table, their method, their path and their body."""

from __future__ import annotations

from ..core.api import Api
from ..core.call import Invocation
from ..core.context import Context
from ..core.effect import Effect, Environment, Target
from ..core.environments import environment
from ..core.word import Known, Unknown
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from . import statements, verbs
from .conditions import Facts, speaking
from .content import Content, unreadable
from .url import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..core.api import ApiRule
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
#: Headers and parameters with which frameworks let a POST stand for another method, and some (WordPress) a GET.
OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override", "x-override-http-method")
OVERRIDE_PARAMETERS = ("_method", "__method", "_http_method", "_httpmethod", "$httpmethod", *OVERRIDES)
#: Headers that say what a request is for besides its path: the operation of AWS and of SOAP, and another path.
TELLING = {"x-amz-target": "X-Amz-Target", "soapaction": "SOAPAction", "x-original-url": "X-Original-URL",
           "x-rewrite-url": "X-Rewrite-URL"}  # fmt: skip
#: Headers that say where the body ends.
FRAMING = ("content-length", "transfer-encoding")
#: Keys of a body or query string whose value says what to do.
ACTIONS = frozenset(("action", "method", "operation", "op", "cmd", "command", "function", "tool"))
#: Keys whose value may be a statement of a database; in a query string, `q` is rather what is searched for.
STATEMENTS = frozenset(("query", "sql", "statement", "stmt"))

LOOK_FIRST = "look at it with GET first, and keep the answer: nothing else may hold the old state"


class Request(Value):
    """One HTTP request.

    `method` as it is sent, `url` whole; `fields` are a multipart body's, `body` is any other. `unseen`
    says, when not empty, why the body cannot be seen, and `hidden` holds what else may be there that
    cannot be ("header.", "query."). `hosts` are further names of where it goes,
    `reached` is the one that is really connected to, when it is another one than the URL's; `socket`
    is the Unix socket that it goes through. Where parts of the URL are not known, `pattern` is the URL with marks
    in their place (core.api.UNSEEN). `doubt` says, when not empty, why more may be sent than this request.
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
    pattern: str = ""
    doubt: str = ""

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
    return _Sent(request, context).effects()


class _Sent:
    """A request as it is read, with what follows from its parts."""

    def __init__(self, request: Request, context: Context) -> None:
        url = split(request.url)
        self.request = request
        self.context = context
        self.url = url
        self.content = Content(url.query, request.body, request.fields)
        self.unseen = request.unseen or (
            request.body
            and unreadable(request.body, request.header("content-encoding"), request.header("content-type"))
        )
        self.method = self._method()
        near = Environment("local", f"socket {request.socket}")
        self.where = near if request.socket else place(url.host, request.reached)
        target = Target("url", url.shown, (f"{url.host}:{url.port}", url.path))
        self.base = Effect("unknown", target, environment=self.where)

    def effects(self) -> tuple[Effect, ...]:
        """See `read`."""
        found: tuple[Effect, ...] = ()
        if doubt := self.request.doubt or self._misframed():
            found += (self._is("unknown", "http-doubtful", f"{self.method} {self.url.shown}: {doubt}"),)
        apis = self._apis()
        for one in apis:
            effects, decided = self._by_table(one)
            found += effects
            if decided:
                return found
        documents = self._graphql(apis[0] if apis and not self._hides("host.") else None)
        if self.method != "POST":
            return (*found, self._by_statement() or self._by_method(self.method), *documents)
        if self.unseen:
            reason = f"POST {self.url.shown}: its body cannot be seen: {self.unseen}"
            return (*found, self._is("unknown", "http-unseen-body", reason), *documents)
        return (*found, *(documents or (self._post(),)))

    def _is(self, verb: Verb, rule: str, reason: str, instead: str = "") -> Effect:
        return self.base.replace(verb=verb, rule=rule, reason=reason, instead=instead)

    def _hides(self, name: str) -> bool:
        return name in self.request.hidden

    def _misframed(self) -> str:
        """Why the server may take a part of the body for another request; "" if it does not."""
        for name, value in self.request.headers:
            if name not in FRAMING:
                continue
            sure = not (self.request.unseen or self.request.fields or self._hides(f"header.{name}"))
            if not sure or name != "content-length" or value.strip() != str(len(self.request.body)):
                return f"where its body ends, the header {name} says, and that is not so, or cannot be seen"
        return ""

    # By an API's table

    def _apis(self) -> tuple[Api, ...]:
        """The APIs that a request may go to: those of its hosts and its socket, else those that it looks like."""
        hosts = (self.url.host, *self.request.hosts, self._host_header())
        apis = self.context.apis()
        known = tuple(api for api in apis if any(map(api.at, hosts)) or api.behind(self.request.socket))
        like_it = tuple(api for api in apis if api.looks_like(self.url.port, self.url.route))
        return known or (apis if self._hides("host.") else like_it)

    def _host_header(self) -> str:
        return self.request.header("host").partition(":")[0].lower()

    def _by_table(self, api: Api) -> tuple[tuple[Effect, ...], bool]:
        """What an API's table says of a request, and whether it says all.

        It does not where only a header or an option says that the request goes there. Of an API that nobody knows
        it to be, and of a path that is not known, only what removes or replaces is told.
        """
        candidates = api.on_request(self.method, self.url.route)
        facts = self._facts(api)
        rules, decided = speaking(candidates, facts)
        if self._hides("host.") and not api.looks_like(self.url.port, self.url.route):
            rules, decided = [rule for rule in rules if _takes(rule) and all(map(facts.holds, rule.given))], False
        elif self.request.pattern:
            route = split(self.request.pattern).route
            could = {rule.id: rule for _, rule in api.on_request(self.method, route) if _takes(rule)}
            rules += [one for one in could.values() if one not in rules and all(map(facts.may_hold, one.given))]
        found: tuple[Effect, ...] = ()
        for rule in rules:
            found += (self._by_rule(rule),)
            if rule.carries:
                call = Invocation.of((api.name,), "", {})
                for condition in rule.given:
                    for text in facts.carried(condition):
                        word = Unknown(text, text) if facts.hides(condition) else Known(text)
                        found += self.context.text(rule.carries.lower(), word, call).effects
        elsewhere = self.request.reached or self._host_header() not in ("", self.url.host)
        return found, decided and (api.behind(self.request.socket) or not elsewhere)

    def _by_rule(self, rule: ApiRule) -> Effect:
        return self.base.replace(
            verb=rule.effect,
            target=self.base.target.replace(kind=rule.target or "url"),
            recoverable_by=rule.recoverable_by,
            rule=rule.id,
            reason=f"{self.method} {self.url.shown} {rule.reason}",
            instead=rule.instead,
            catastrophic=rule.catastrophic,
        )

    def _facts(self, api: Api) -> Facts:
        """What conditions of rules can be about: `query.NAME`, `header.NAME`, `body.PATH`, and the body as `text`."""
        facts = Facts()
        for name, value in self.content.asked:
            facts.collect(f"query.{name}", value)
        seen = [(name, value) for name, value in self.request.headers if not self._hides(f"header.{name}")]
        facts.collect("header", dict(reversed(seen)))
        for name, value in self.content.form:
            facts.collect(f"body.{name}", value)
        facts.collect("body", self.content.json if self.content.json is not None else {})
        if self.content.text:
            facts.collect("text", self.content.text)
        facts.unseen = (*self.request.hidden, *(["body", "text"] if self.unseen else []))
        if api.any_case:
            facts.scalars = [(path.lower(), value.lower()) for path, value in facts.scalars]
        return facts

    # By its method

    def _method(self) -> str:
        """The method that counts. An override can only make it worse: nobody knows who listens to it."""
        method = self.request.method.upper()
        if method != "POST" and METHODS.get(method, ("unknown",))[0] != "observe":
            return method
        named = [value for name, value in self.request.headers if name.replace("_", "-") in OVERRIDES]
        sent = self.content.values() if method == "POST" else self.content.asked
        named += [value for name, value in sent if name.lower() in OVERRIDE_PARAMETERS]
        for other in filter(None, (name.strip().upper() for name in named)):
            if METHODS.get(other, ("unknown",))[0] != "observe":
                return other
        return method

    def _by_method(self, method: str) -> Effect:
        if method not in METHODS:
            reason = f"sends {self.url.shown} the method {method[:40]!r}, which agentguard does not know"
            return self._is("unknown", "http-unknown-method", reason)
        verb, recovery, does = METHODS[method]
        instead = LOOK_FIRST if verb in ("remove", "replace") and not recovery else ""
        effect = self._is(verb, f"http-{method.lower()}", f"{method}: {does} {self.url.shown}", instead)
        return effect.replace(recoverable_by=recovery)

    def _by_statement(self) -> Effect | None:
        """A request by another method than POST that has a statement in its query string, which some databases run."""
        sent = (value for name, value in self.content.asked if name.lower() in STATEMENTS)
        for statement in statements.removing(sent):
            reason = f"{self.method} {self.url.shown} with a statement that changes or removes data: {statement[:60]}"
            return self._is("remove", "http-statement", reason, "send a SELECT first")
        return None

    # By its words

    def _post(self) -> Effect:
        """A POST of no API that is known: reversible, unless its words say that it takes something away."""
        for text, where in self._telling():
            for word in verbs.words(text):
                removes = verbs.removes(word)
                if removes or word in verbs.REPLACES_IN_PATHS:
                    verb: Verb = "remove" if removes else "replace"
                    reason = f"POST to {self.url.shown}, and `{word}` in {where} says that it {verb}s something"
                    return self._is(verb, f"http-post-{verb}s", reason, LOOK_FIRST)
        sent = (value for name, value in self.content.values() if name.lower() in {*STATEMENTS, "q"})
        for statement in statements.removing((self.content.text, *sent)):
            reason = f"POST to {self.url.shown} with a statement that changes or removes data: {statement[:60]}"
            return self._is("remove", "http-post-sql", reason, "send a SELECT first")
        return self._by_method("POST")

    def _telling(self) -> Iterator[tuple[str, str]]:
        """The texts of a POST that say what it does, each with where it stands."""
        yield self.url.path, "its path"
        yield from ((self.request.header(name), f"its {shown}") for name, shown in TELLING.items())
        for name, value in self.content.values():
            if name.lower() in ACTIONS and len(value) <= 200:
                yield value, f"its `{name}`"
        yield from ((key, f"its `{key}`") for key in self.content.orders())
        if self.content.is_broken:
            yield self.content.text, "its body, which is no JSON,"
        for part in self.content.text.split("<methodName>")[1:]:  # XML-RPC
            yield part.partition("<")[0], "its methodName"

    # As GraphQL

    def _graphql(self, api: Api | None) -> tuple[Effect, ...]:
        """What the GraphQL in a request would do; nothing if there is none."""
        content, request = self.content, self.request
        expected = api.takes_graphql(self.url.path) if api else "graphql" in verbs.words(self.url.path)
        asks = any(name == "query" for name, _ in content.asked)
        if self.method not in ("POST", "GET", "HEAD") and not expected:
            return ()
        hides = self._hides("query.") or self._hides("query.query")
        if self.method != "POST" and expected and not (asks or hides or request.body):
            return ()
        from . import graphql

        at = graphql.Endpoint(api.name if api else self.url.host, api, self.where)
        text = content.text
        kind = request.header("content-type").partition(";")[0].strip().lower()
        beside = content.asked
        found: tuple[Effect, ...] = ()
        if expected and hides:
            found += graphql.read_request(None, at)
        elif expected and asks:
            found += graphql.read_form(beside, (), at)
        if any(name == "operations" for name, _ in content.form):
            for name, value in content.form:
                found += graphql.read_body(value, at, beside) if name == "operations" else ()
        elif kind == "application/graphql" or (self._hides("header.content-type") and "mutation" in text):
            found += graphql.read_form((("query", text),), beside, at)
        elif (expected and text[:1] in ("{", "[")) or _names_a_document(content.json):
            found += graphql.read_body(text, at, beside)
        elif expected and content.form:
            found += graphql.read_form(content.form, beside, at)
        elif not expected:
            raw = () if content.json is not None else (text,)
            documents = (one for one in (*raw, *(value for _, value in content.values())) if graphql.may_mutate(one))
            for document in dict.fromkeys(documents):
                found += graphql.read(document, "", graphql.NO_VARIABLES, at)
        if expected and not found and self.method == "POST" and not self.unseen:
            return graphql.read_request(None, at)
        return found


def _takes(rule: ApiRule) -> bool:
    """Whether a rule says that something is removed or replaced for good."""
    return rule.effect in ("remove", "replace", "publish") and not rule.recoverable_by


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
