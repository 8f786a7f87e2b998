"""Tables of web APIs (rules/apis/*.toml) as values; their shape was checked before (`schema.check`)."""

from __future__ import annotations

from ..core.api import Api, ApiRule
from ..lean.typing import TYPE_CHECKING
from .build import examples, taken
from .document import Node
from .model import Example

if TYPE_CHECKING:
    from .document import Document


class ProvedRule(ApiRule):
    """A rule of an API with the examples that prove it."""

    examples: tuple[Example, ...] = ()
    misses: tuple[Example, ...] = ()


def build(document: Document) -> Api:
    """The API that one table describes; raises RuleError."""
    return Api(**{**taken(Api, document.tables["api"]), "rules": tuple(map(_rule, Node(document).items("rule")))})


def _rule(node: Node) -> ProvedRule:
    table = node.value
    requests = table.get("requests", ())
    if not requests and not table.get("mutations"):
        raise node.fault("`mutations` or `requests` is missing")
    for one in (*node.items("if"), *node.items("unless")) if requests else ():
        if not all(map(_is_about_a_request, one.value.split("|"))):
            reason = f"condition `{one.value}` is not about `query.NAME`, `header.NAME`, `body.PATH`, `body` or `text`"
            raise one.fault(reason)
    return ProvedRule(**{
        **taken(ProvedRule, table),
        "requests": tuple(pair for text in requests for pair in _request(text)),
        "given": tuple(table.get("if", ())),
        "examples": examples(node, "examples"),
        "misses": examples(node, "misses"),
    })  # fmt: skip


def _is_about_a_request(condition: str) -> bool:
    return condition.startswith(("query.", "header.", "body.")) or condition.partition("=")[0] in ("body", "text")


def _request(text: str) -> list[tuple[str, str]]:
    """`DELETE|PUT /v1/projects/{id}`: methods and the template of a path."""
    methods, _, path = text.partition(" ")
    return [(method, path) for method in methods.split("|")]
