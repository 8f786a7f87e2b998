"""Raw calls of an API that providers' own programs make (`gh api`, `az rest`): the HTTP requests that they are.

Roles of their arguments: URL, whole or below what BASE says; METHOD, which is GET, or POST where something is
sent; HEADER (`NAME: VALUE`); FIELD (`NAME=VALUE`), of which the body is made as JSON, or the query string of a GET,
and among them HTTPie's headers (`NAME:VALUE`) and parameters (`NAME==VALUE`); BODY, the body itself, or
`@FILE`; BODYFILE, a file with it, `-` for standard input.
"""

from __future__ import annotations

from ..core.call import Call
from ..core.context import Context, named_content
from ..core.effect import Effect, Reading, Target
from ..core.text.encoding import encode
from ..core.unseen import Unseen
from ..core.word import Unknown
from ..lean.typing import TYPE_CHECKING
from .http import Request, read
from .url import split

if TYPE_CHECKING:
    from ..core.word import Word

#: Fields of a GraphQL request that are no variables of its document.
_OF_GRAPHQL = ("query", "operationName")
#: Methods of which fields are parameters.
_READING = ("GET", "HEAD")


def read_call(call: Call, context: Context) -> Reading:
    """What the request of a call would do; nothing where it makes none."""
    addresses = call.played("URL")
    if not addresses:
        maybe = next((one.word for one in call.unknown if isinstance(one.word, Unknown)), None)
        if maybe is not None:
            return Reading((_unknown(call, f"may make a request: {maybe.written} is not known before the line runs"),))
        return Reading()
    unknown = next((w for w in call.played("URL", "BASE", "METHOD") if isinstance(w, Unknown)), None)
    if unknown is not None:
        return Reading((_unknown(call, f"makes a request with {unknown.written}, not known before the line runs"),))
    effects: tuple[Effect, ...] = ()
    for address in addresses:
        effects += read(_request(address.guess, call, context), context)
    return Reading(tuple(effect.replace(program=call.program) for effect in effects))


def _request(address: str, call: Call, context: Context) -> Request:
    url = address if "://" in address else _base(call).rstrip("/") + "/" + address.lstrip("/")
    sent = call.played("FIELD", "BODY", "BODYFILE")
    method = next((word.guess for word in reversed(call.played("METHOD"))), "POST" if sent else "GET")
    items = [word.guess for word in call.played("FIELD")]
    heads = [*(word.guess for word in call.played("HEADER")), *filter(_is_header, items)]
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in (head.partition(":") for head in heads))
    asked = [item.replace("==", "=", 1) for item in items if "==" in item or (method in _READING and "=" in item)]
    if asked:
        url += ("&" if "?" in url else "?") + "&".join(item.replace("&", "%26") for item in asked)
    try:
        body, unseen = _body(call, context, "graphql" in split(url).path), ""
    except Unseen as why:
        body, unseen = b"", str(why)
    hidden = ("header.",) if any(isinstance(word, Unknown) for word in call.played("HEADER")) else ()
    return Request(method, url, headers, body, unseen=unseen, hidden=hidden)


def _is_header(item: str) -> bool:
    """Whether an item of HTTPie is a header: `:=` is behind the name of a field."""
    name, colon, value = item.partition(":")
    return bool(colon) and value[:1] != "=" and name.replace("-", "").replace("_", "").isalnum()


def _base(call: Call) -> str:
    return next((word.guess for word in reversed(call.played("BASE"))), "http://api.invalid")


def _body(call: Call, context: Context, is_graphql: bool) -> bytes:
    """The body that is sent; raises Unseen."""
    for argument in call.playing("BODY", "BODYFILE"):
        word = argument.value
        if word is None:
            continue
        is_file = argument.role == "BODYFILE" or word.start[:1] == "@"
        if isinstance(word, Unknown) and not is_file:
            raise Unseen(f"{word.written} is not known before the line runs")
        if is_file:
            return named_content(word if argument.role == "BODYFILE" else word.cut(1), call, context)
        return encode(word.guess)
    fields = [_field(word) for word in call.played("FIELD")]
    if not fields:
        return b""
    import json

    sent: dict[str, object] = dict(fields)
    if is_graphql:
        variables = {name: value for name, value in fields if name not in _OF_GRAPHQL}
        sent = {name: value for name, value in fields if name in _OF_GRAPHQL} | {"variables": variables}
    return json.dumps(sent).encode()


def _field(word: Word) -> tuple[str, str]:
    """A field's name and its value; raises Unseen where that is in a file or not known yet."""
    name, _, value = word.partition("=")
    if isinstance(word, Unknown):
        raise Unseen(f"{word.written} is not known before the line runs")
    if value.guess[:1] == "@":
        raise Unseen(f"{name.guess} is read from a file")
    return name.guess, value.guess


def _unknown(call: Call, reason: str) -> Effect:
    return Effect("unknown", Target("url", ""), rule="request-unknown", program=call.program, reason=reason)
