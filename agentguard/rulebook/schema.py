"""The JSON Schemas of rule files and API tables, for the loader and for editors.

`make schema` writes them to `rules/schema.json` and `rules/apis/schema.json`.
What a schema cannot say (which options a grammar has, which roles) is checked where programs are built.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache

from ..core import vocabulary as words
from ..core.effect import RATINGS, RECOVERIES, VERBS
from ..core.world import PATH_STATES
from ..lean.typing import TYPE_CHECKING
from .document import Node, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    import fastjsonschema

    from ..errors import RuleError
    from .document import Document
    from .positions import Path

    Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
NAMES: Schema = {"type": "array", "items": NAME, "minItems": 1}
TEXT_OR_TEXTS: Schema = {"type": ["string", "array"], "items": TEXT}


def table(keys: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """A table with these keys and no others."""
    return {"type": "object", "properties": keys, "required": [*required], "additionalProperties": False}


def tables(of: Schema) -> Schema:
    """A table with any keys, all with values of one kind."""
    return {"type": "object", "additionalProperties": of}


def described(schema: Schema, description: str) -> Schema:
    """A schema with a description, for editors and for errors about a missing key."""
    return {**schema, "description": description}


def one_of(names: Iterable[str]) -> Schema:
    """One of these names, or "" as if the key were not there."""
    return {"enum": ["", *names]}


def shaped(pattern: str, description: str, **more: Any) -> Schema:
    """A text of a certain shape."""
    return {"type": "string", "pattern": pattern, "description": description, **more}


# What program files and tables of APIs share

_STATE: Schema = {"enum": [*PATH_STATES]}
_ANSWERS: Schema = {**tables(TEXT), "type": ["object", "string"]}  # by their keys, or one for any
_FACTS = {
    "paths": tables({
        "type": ["string", "object"],
        "if": TEXT,
        "then": _STATE,
        "else": table({"state": _STATE, "detail": TEXT, "grave": TEXT, "kind": one_of(words.REFUSED_KINDS)}, ["state"]),
    }),
    "directories": TEXTS,
    "archives": tables(TEXTS),
    "disposable": tables(TEXT),
    "files": tables(TEXT),
    "stdin": TEXT,
    "env": tables(TEXT),
    **dict.fromkeys(words.PROBES, TEXTS),
    **dict.fromkeys(words.SOURCES, _ANSWERS),
}  # fmt: skip
_EXAMPLE = table(
    {
        "run": described({**TEXT_OR_TEXTS, "minLength": 1, "minItems": 1}, "a command line, or the words of a call"),
        "rating": described({"enum": [*RATINGS]}, "what it is rated in the end"),
        "given": table(_FACTS),
        "catastrophic": FLAG,
    },
    ["run", "rating"],
)
_DEFINITIONS = {"example": _EXAMPLE}
_EXAMPLES: Schema = {"type": "array", "items": {"$ref": "#/definitions/example"}, "minItems": 1}
_ANY_RULE = {
    "id": described(NAME, "a permanent name of its own"),
    "effect": described({"enum": [*VERBS]}, "what the call does"),
    "target": TEXT,
    "recoverable_by": {"enum": [*RECOVERIES]},
    "catastrophic": TEXT,
    "reason": described(NAME, "what people read, in plain words"),
    "instead": TEXT,
    "if": TEXTS,
    "unless": TEXTS,
    "examples": described(_EXAMPLES, "calls that the rule matches"),
    "misses": described(_EXAMPLES, "calls that it nearly matches, and must not"),
}
_REQUIRED = ("id", "effect", "reason", "examples", "misses")

# Program files

_SOURCE = one_of(words.SOURCES)
_PROGRAM = table(
    {
        "names": described(NAMES, "the file names that it is called by"),
        "guarded": FLAG,
        "open": FLAG,
        "dashed": FLAG,
        "reads": one_of(words.READERS),
        "aliases": _SOURCE,
        "packages": TEXTS,
        "linked": _SOURCE,
        "variables": TEXTS,
        "files": TEXTS,
    },
    ["names"],
)
_SEARCH = table(
    dict.fromkeys(("named", "acts", "either", "group", "denies", "prints", "null", "tells"), TEXTS), ["named", "acts"]
)
_FILLS = table({
    **dict.fromkeys(("marks", "null", "delimiters", "files", "grouped", "quotes", "pipes", "nonempty", "plain"), TEXTS),
    "joins": FLAG,
    "single": tables(TEXT),
    "runs_nothing_with": TEXTS,
})  # fmt: skip
_ANY_COMMAND = {
    "options": TEXTS,
    "operands": TEXTS,
    "inherit": FLAG,
    "stdin": one_of(words.INPUT_LANGUAGES),
    "when": tables(TEXTS),
    "cwd_unknown_with": TEXTS,
    "unsets": TEXTS,
    "unsets_with": TEXTS,
    "remote": FLAG,
    "resets_path": FLAG,
    "runs_in": one_of((*words.SOURCES, "elsewhere")),
    "absent": tables(TEXT),
    "joined": tables(TEXTS),
    "search": _SEARCH,
    "fills": _FILLS,
    "remote_with": TEXTS,
}
_SUBCOMMAND = {**_ANY_COMMAND, "aliases": TEXTS, "open": FLAG, "reads": one_of(words.READERS)}
_COMMAND = table(_SUBCOMMAND)
_COMMANDS = table({**_SUBCOMMAND, "names": described(NAMES, "the commands that are alike")}, ["names"])
_GRAMMAR = table({
    **_ANY_COMMAND,
    **dict.fromkeys(("abbreviate", "negate", "permute", "assign", "digits", "bundled", "contents"), FLAG),
    "long": {"enum": ["--", "-"]},
    "switches": {"enum": ["", "attached", "next"]},
    "everywhere": TEXTS,
    "expanding": TEXT,
    "said_by": tables({**TEXTS, "minItems": 3, "maxItems": 3}),
})  # fmt: skip
_PLAIN = table({
    **dict.fromkeys(("absent", "options", "needed", "operands", "refused"), TEXTS),
    "values": tables(TEXTS),
    "upward": TEXT,
    "settings": tables(TEXTS),
    "needs_settings": table(dict.fromkeys(words.SOURCES, TEXTS)),
    "silent": table(dict.fromkeys(words.SOURCES, TEXTS)),
})  # fmt: skip
_WHERE = shaped(f"^(({'|'.join(words.SOURCES)})( .*)?)?$", "a source and its key", examples=[*words.SOURCES])
_RULE = table(
    {
        **_ANY_RULE,
        **dict.fromkeys(("ordered", "follow", "overwrites", "moves", "also", "overrides"), FLAG),
        **dict.fromkeys(("open", "uncertain", "typed"), FLAG),
        "command": TEXT_OR_TEXTS,
        "names": TEXTS,
        "except": TEXTS,
        "operands": shaped("^((>=|<=)?[0-9]+)?$", "a count such as 0, >=1 or <=2"),
        "operand": TEXTS,
        "argument": tables(TEXTS),
        "where": _WHERE,
        "unless_where": _WHERE,
        "on": TEXT,
        "refuses_kind": table(dict.fromkeys(words.REFUSED_KINDS, TEXTS)),
        "refuses_name": TEXTS,
        "asks": one_of(words.PROBES),
        "unaffected_by": TEXTS,
        "carries": one_of(words.CARRIED_LANGUAGES),
        "environment": one_of(words.ENVIRONMENTS),
    },
    _REQUIRED,
)

# Tables of APIs

_METHOD = f"({'|'.join(words.METHODS)})"
_PATH = r"[/*][^ {}]*([{][A-Za-z0-9_.-]+[}][^ {}]*)*"
_HOST = shaped("^[^/: ]+$", "a host without a scheme, a port and a path")
_PORT = shaped("^[1-9][0-9]{0,4}$", "the number of a port")
_ROUTE = shaped(f"^{_PATH}$", "a path, as in `/v1/projects/{id}`")
_API = table(
    {
        "name": described(NAME, "the service in what people read"),
        "hosts": described({"type": "array", "items": _HOST}, "where it is reached"),
        "ports": {"type": "array", "items": _PORT},
        "paths": {"type": "array", "items": _ROUTE},
        "graphql": {"type": "array", "items": _ROUTE},
        **dict.fromkeys(("sockets", "programs"), TEXTS),
        "any_case": described(FLAG, "paths, names and values are compared in lower case"),
    },
    ["name", "hosts"],
)
_REQUEST = shaped(f"^{_METHOD}([|]{_METHOD})* {_PATH}$", "a method and a path, as in `DELETE /v1/projects/{id}`")
_API_RULE = table(
    {
        **_ANY_RULE,
        "mutations": TEXTS,
        "requests": {"type": "array", "items": _REQUEST},
        "carries": one_of(words.API_LANGUAGES),
    },
    _REQUIRED,
)

_DRAFT = {"$schema": "http://json-schema.org/draft-07/schema#"}
#: The schemas, by the file that each is published in.
SCHEMAS: dict[str, Schema] = {
    "schema.json": {
        **_DRAFT,
        "title": "A program that agentguard is taught, or a part of it (docs/rules.md)",
        "definitions": _DEFINITIONS,
        **table({
            "program": _PROGRAM,
            "grammar": _GRAMMAR,
            "plain": _PLAIN,
            "sets": tables(TEXTS),
            "command": tables(_COMMAND),
            "commands": {"type": "array", "items": _COMMANDS},
            "rule": {"type": "array", "items": _RULE},
        }),
    },
    "apis/schema.json": {
        **_DRAFT,
        "title": "A web API that agentguard is taught (docs/rules.md)",
        "definitions": _DEFINITIONS,
        **table({"api": _API, "rule": {"type": "array", "items": _API_RULE, "minItems": 1}}, ["api", "rule"]),
    },
}  # fmt: skip
PROGRAM, API = SCHEMAS


def check(document: Document, schema: str) -> None:
    """Validate a document by the schema that is published in that file; raises RuleError."""
    import fastjsonschema  # which no store has: rules are loaded from their files where a version is made

    try:
        _validator(schema)(document.tables)
    except fastjsonschema.JsonSchemaValueException as fault:
        path = _path(document.tables, str(fault.name).removeprefix("data"))
        raise _fault(Node(document, path or ()), fault) from fault


@cache
def _validator(schema: str) -> Callable[[object], object]:
    import fastjsonschema

    compiled: Callable[[object], object] = fastjsonschema.compile(SCHEMAS[schema], use_default=False)
    return compiled


def _path(value: Any, written: str) -> Path | None:
    """The path that the validator writes as `.rule[2].effect`: a key may hold dots itself."""
    if not written:
        return ()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        step = f"[{key}]" if isinstance(value, list) else f".{key}"
        rest = _path(below, written[len(step) :]) if written.startswith(step) else None
        if rest is not None:
            return (key, *rest)
    return None


#: What keys were called before, so that an old file is told the new name.
_RENAMED = {
    "wins": "overrides",
    "adds": "also",
    "lands": "overwrites",
    "away": "moves",
    "spares": "refuses_kind",
    "despite": "unaffected_by",
    "settles": "needs_settings",
    "abroad": "remote_with",
    "elsewhere": "cwd_unknown_with",
    "forgets": "unsets",
    "idle": "runs_nothing_with",
    "unshimmed": "resets_path",
}
_TYPES = {"string": "text", "boolean": "true or false", "array": "a list", "object": "a table"}


def _fault(node: Node, fault: fastjsonschema.JsonSchemaValueException) -> RuleError:
    """What a violation of the schema is in words."""
    value: Any = fault.value
    wanted: Any = fault.rule_definition
    definition: Any = fault.definition
    name = next((f"`{key}`" for key in reversed(node.path) if isinstance(key, str)), "the file")
    if fault.rule == "required":
        key: str = next(key for key in wanted if key not in value)
        about = definition["properties"][key].get("description")
        return node.fault(f"`{key}` is missing" + (f": {about}" if about else ""))
    if fault.rule == "additionalProperties":
        names = definition["properties"]
        key = next(key for key in value if key not in names)
        if _RENAMED.get(key) in names:
            return (node / key).fault(f"`{key}` is called `{_RENAMED[key]}` now", of_key=True)
        return (node / key).fault(f"unknown key `{key}`: {known(key, names)}", of_key=True)
    if fault.rule == "enum":
        return node.fault(f"{name} cannot be `{value}`: {known(str(value), wanted)}")
    if fault.rule == "pattern":
        examples = definition.get("examples")
        meant = f": {known(value.partition(' ')[0], examples)}" if examples else ""
        return node.fault(f"{name}: `{value}` is not {definition['description']}{meant}")
    if fault.rule == "type":
        kinds = " or ".join(_TYPES[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
        return node.fault(f"{name} must {'hold only' if isinstance(node.path[-1], int) else 'be'} {kinds}")
    return node.fault(f"{name} must not be empty")


def published() -> dict[str, str]:
    """The text of each schema, by the file below `rules/` that it is published in."""
    return {file: json.dumps(schema, indent=2) + "\n" for file, schema in SCHEMAS.items()}


if __name__ == "__main__":
    for file, text in published().items():
        with open(os.path.join(sys.argv[1], file), "w", encoding="utf-8") as written:
            written.write(text)
