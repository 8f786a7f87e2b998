"""Tables of web APIs (rules/apis/*.toml) as values; every fault is named by file, rule and what is wrong."""

from __future__ import annotations

from ..core.api import Api, ApiRule
from ..lean.typing import TYPE_CHECKING
from .build import Tables
from .model import Example

if TYPE_CHECKING:
    from typing import Any

_API = {
    "name": str, "hosts": list, "ports": list, "paths": list, "sockets": list, "graphql": list, "programs": list,
}  # fmt: skip
_RULE = {
    "id": str, "mutations": list, "requests": list, "if": list, "unless": list, "effect": str, "target": str,
    "recoverable_by": str, "catastrophic": str, "carries": str, "reason": str, "instead": str,
    "examples": list, "misses": list,
}  # fmt: skip


class ProvedRule(ApiRule):
    """A rule as it is written down, with the calls that prove it."""

    examples: tuple[Example, ...] = ()
    misses: tuple[Example, ...] = ()


def build(raw: dict[str, Any], file: str) -> Api:
    """The API that one table describes; raises RuleError."""
    return _Builder(file).api(raw)


class _Builder(Tables):
    def api(self, raw: dict[str, Any]) -> Api:
        unknown = set(raw) - {"api", "rule"}
        if unknown:
            raise self.fail(f"unknown key `{min(unknown)}`")
        self.where = "[api]"
        about = self.fields(raw.get("api"), _API, ("name", "hosts"))
        self.where = ""
        rules = raw.get("rule", [])
        if not isinstance(rules, list) or not rules:
            raise self.fail("it has no [[rule]]")
        return Api(
            name=about["name"],
            hosts=tuple(about["hosts"]),
            graphql=tuple(about.get("graphql", ())),
            programs=tuple(about.get("programs", ())),
            ports=tuple(about.get("ports", ())),
            paths=tuple(about.get("paths", ())),
            sockets=tuple(about.get("sockets", ())),
            rules=tuple(self.rule(one, number) for number, one in enumerate(rules, 1)),
        )

    def rule(self, raw: object, number: int) -> ProvedRule:
        named = isinstance(raw, dict) and isinstance(raw.get("id"), str) and raw["id"]
        self.where = f"rule {named or number}"
        table = self.effect(self.fields(raw, _RULE, ("id", "effect", "reason")))
        mutations, requests = table.get("mutations", ()), table.get("requests", ())
        if not mutations and not requests:
            raise self.fail("it has neither `mutations` nor `requests`")
        for condition in (*table.get("if", ()), *table.get("unless", ())) if requests else ():
            if not all(one.startswith(("query.", "header.", "body.")) for one in condition.split("|")):
                raise self.fail(f"condition `{condition}` is not about `query.NAME`, `header.NAME` or `body.PATH`")
        return ProvedRule(
            id=table["id"],
            effect=table["effect"],
            reason=table["reason"],
            mutations=tuple(mutations),
            requests=tuple(pair for text in requests for pair in self.request(text)),
            given=tuple(table.get("if", ())),
            unless=tuple(table.get("unless", ())),
            target=table.get("target", ""),
            recoverable_by=table.get("recoverable_by", ""),
            catastrophic=table.get("catastrophic", ""),
            instead=table.get("instead", ""),
            carries=table.get("carries", ""),
            examples=self.examples(table, "examples"),
            misses=self.examples(table, "misses"),
        )

    def request(self, text: str) -> list[tuple[str, str]]:
        """`DELETE|PUT /v1/projects/{id}`: methods and the template of a path."""
        methods, _, path = text.partition(" ")
        if not methods.isupper() or path[:1] not in ("/", "*"):
            raise self.fail(f"request `{text}` is not a method and a path, as in `DELETE /v1/projects/{{id}}`")
        return [(method, path) for method in methods.split("|")]
