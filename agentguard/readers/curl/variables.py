"""curl's variables (8.3): `--variable NAME=CONTENT`, and `{{NAME}}` in the value of an `--expand-OPTION`."""

from __future__ import annotations

from ...core.call import Call
from ...core.context import Context
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import Known, text_of
from ...lean.typing import TYPE_CHECKING
from ..url import escaped
from .transfer import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.word import Word

#: What an option is called whose value is to be expanded first.
EXPANDED = "--expand-"


def define(given: str, variables: dict[str, Word], call: Call, context: Context) -> None:
    """Add what one `--variable` defines: `NAME=CONTENT`, `NAME@FILE`, `%NAME` from the environment, `%NAME=DEFAULT`."""
    mark = min((one for one in "=@" if one in given), key=given.index, default="")
    name, _, value = given.partition(mark) if mark else (given, "", "")
    if "[" in name:
        raise Unseen(f"agentguard does not cut the variable {name}")
    if name[:1] == "%" and name[1:] in call.invocation.env:
        variables[name[1:]] = call.invocation.env[name[1:]]
    else:
        variables[name.lstrip("%")] = Known(decode(content_of(Known(value), call, context)) if mark == "@" else value)


def expand(value: str, variables: Mapping[str, Word]) -> str:
    """A value with every `{{NAME:function…}}` replaced; one that nobody set is empty. Raises Unseen."""
    before, opening, rest = value.partition("{{")
    if not opening:
        return value
    if before[-1:] == "\\":
        return before[:-1] + opening + expand(rest, variables)
    inside, closing, after = rest.partition("}}")
    if not closing:
        return value
    name, *functions = inside.split(":")
    found = text_of(variables.get(name, Known("")))
    for function in functions:
        found = _apply(function, found)
    return before + found + expand(after, variables)


def _apply(function: str, value: str) -> str:
    if function == "trim":
        return value.strip(" \t\n\v\f\r")
    if function == "url":
        return escaped(value)
    if function == "json":
        from json import dumps

        return dumps(value, ensure_ascii=False)[1:-1]
    raise Unseen(f"agentguard does not apply the function {function} of curl's variables")
