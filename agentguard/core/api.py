"""What is known of a web API: which of its calls do what (rules/apis/*.toml)."""

from __future__ import annotations

from .effect import Verb
from .glob import like
from .value import Value


class ApiRule(Value):
    """What some mutations or requests of an API do.

    `mutations` are root fields of GraphQL mutations; `requests` are a method and a path, in
    which `*` stands for any text ("DELETE /v1/projects/*"). `given` and `unless` are conditions
    on a mutation's arguments, written `path=value` with dots between the keys ("input.merge=true");
    without a value, that the argument is there at all. The rest is as in a program's rule.
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


class Api(Value):
    """One API: the hosts it is reached at, the paths there that take GraphQL, its programs, its rules."""

    name: str
    hosts: tuple[str, ...]
    graphql: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    rules: tuple[ApiRule, ...] = ()

    def at(self, host: str) -> bool:
        """Whether it is reached at that host."""
        return any(like(host, pattern) for pattern in self.hosts)

    def takes_graphql(self, path: str) -> bool:
        """Whether a path on its hosts takes GraphQL documents."""
        return any(like(path, pattern) for pattern in self.graphql)

    def on_mutation(self, field: str) -> tuple[ApiRule, ...]:
        """The rules about that root field of a mutation."""
        return tuple(rule for rule in self.rules if field in rule.mutations)

    def on_request(self, method: str, path: str) -> tuple[ApiRule, ...]:
        """The rules about a request, those with the longest pattern only."""
        found = [
            (len(pattern), rule)
            for rule in self.rules
            for wanted, pattern in rule.requests
            if wanted == method and like(path, pattern)
        ]
        return tuple(rule for length, rule in found if length == max(found, key=lambda one: one[0])[0])
