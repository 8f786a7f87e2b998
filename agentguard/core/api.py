"""Web APIs as values: which of their requests and mutations do what (rules/apis/*.toml)."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .effect import Verb
from .text.glob import like

if TYPE_CHECKING:
    from collections.abc import Iterator


#: What stands in a path for any text within a segment, and for any text at all, where that is not known.
UNSEEN, UNSEEN_REST = "\0", "\1"


class ApiRule(Value):
    """What some mutations or requests of an API do.

    `mutations` are root fields of GraphQL mutations ("*" globs); `requests` are a method and the
    template of a path, see `fits` ("DELETE", "/v1/projects/{id}"). `given` and `unless` are
    conditions on what is sent, written `path=value` with dots between the keys
    ("input.merge=true", "query.Action=Delete*"); without a value, that it is there at all. `text` is
    the body as it is sent, and `body=X` is any value in it.
    `carries` is a language: what the last `*` of a condition stands for is a text in it. The
    rest is as in a program's rule.
    """

    id: str
    effect: Verb
    reason: str
    mutations: tuple[str, ...] = ()
    requests: tuple[tuple[str, str], ...] = ()
    given: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    target: str = ""
    recoverable_by: str = ""
    catastrophic: str = ""
    instead: str = ""
    carries: str = ""


class Api(Value):
    """One API: the hosts it is reached at, the paths there that take GraphQL, its programs, its rules.

    Where its hosts are anybody's, it is known by the port, the path or the Unix socket. One that takes commands in
    `any_case` is described in lower case.
    """

    name: str
    hosts: tuple[str, ...]
    graphql: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    rules: tuple[ApiRule, ...] = ()
    ports: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    any_case: bool = False

    def at(self, host: str) -> bool:
        """Whether the API is reached at that host."""
        return any(like(host, pattern) for pattern in self.hosts)

    def behind(self, socket: str) -> bool:
        """Whether the API is reached through that Unix socket."""
        return bool(socket) and any(like(socket, pattern) for pattern in self.sockets)

    def looks_like(self, port: str, path: str) -> bool:
        """Whether a request to an unknown host is probably one to it."""
        return port in self.ports or any(fits(path, template) for template in self.paths)

    def takes_graphql(self, path: str) -> bool:
        """Whether a path on its hosts takes GraphQL documents."""
        return any(like(path, pattern) for pattern in self.graphql)

    def on_mutation(self, field: str) -> tuple[tuple[int, ApiRule], ...]:
        """The rules about that root field of a mutation, each with how exactly it names it."""
        return tuple((_exactness(name), rule) for rule in self.rules for name in rule.mutations if like(field, name))

    def on_request(self, method: str, path: str) -> tuple[tuple[int, ApiRule], ...]:
        """The rules about a request, each with how exactly it names it."""
        path = path.lower() if self.any_case else path
        return tuple(
            (_exactness(template), rule)
            for rule in self.rules
            for wanted, template in rule.requests
            if wanted == method and fits(path, template)
        )


def fits(path: str, template: str) -> bool:
    """Whether all of a path fits a template: `{name}` is one segment or a part of one, `*` is any text, also none.

    Where parts of the path are not known, whether it may.
    """
    if UNSEEN in path or UNSEEN_REST in path:
        return _may_fit(path, template)
    at = {0}
    for literal, wild in _parts(template):
        at = {place + len(literal) for place in at if path.startswith(literal, place)}
        if not at:
            return False
        if wild == "*":
            at = set(range(min(at), len(path) + 1))
        elif wild:
            at = {end for place in at for end in range(place + 1, _slash(path, place) + 1)}
    return len(path) in at


def _may_fit(path: str, template: str) -> bool:
    """Whether some text is like both, of which either has its own marks for what is open."""
    # In a template from here on: UNSEEN for what a segment goes on with, UNSEEN_REST for `*`, "{" for its first letter.
    wanted = ""
    for literal, wild in _parts(template):
        wanted += literal + {"*": UNSEEN_REST, "{}": "{" + UNSEEN}.get(wild, "")
    waiting, seen = [(0, 0)], set()
    while waiting:
        place = i, j = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        given, asked = path[i : i + 1], wanted[j : j + 1]
        if not given and not asked:
            return True
        if given in (UNSEEN, UNSEEN_REST) and given:
            waiting.append((i + 1, j))
            if asked and (asked != "/" or given == UNSEEN_REST):
                waiting.append((i, j + 1))
        if asked in (UNSEEN, UNSEEN_REST) and asked:
            waiting.append((i, j + 1))
            if given and (given != "/" or asked == UNSEEN_REST):
                waiting.append((i + 1, j))
        elif given and (given == asked or (asked == "{" and given != "/")):
            waiting.append((i + 1, j + 1))
    return False


def _slash(path: str, place: int) -> int:
    """Where the segment ends that holds that place."""
    found = path.find("/", place)
    return len(path) if found < 0 else found


def _parts(template: str) -> Iterator[tuple[str, str]]:
    """A template's literal texts, each with the wildcard behind it ("" at the end)."""
    literal, at = "", 0
    while at < len(template):
        if template[at] == "*":
            yield literal, "*"
            literal, at = "", at + 1
        elif template[at] == "{":
            at = template.find("}", at) + 1 or len(template)
            yield literal, "{}"
            literal = ""
        else:
            literal += template[at]
            at += 1
    yield literal, ""


def _exactness(template: str) -> int:
    """How many characters of it are no wildcards."""
    return sum(len(literal) for literal, _wild in _parts(template))
