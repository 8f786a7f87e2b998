"""Credentials that a transfer of curl sends out: what has left the machine cannot be taken back."""

from __future__ import annotations

from ...core.credentials import is_credential_file, is_private_key
from ...core.effect import Effect, Target
from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown
from ...lean.typing import TYPE_CHECKING
from .. import http
from ..url import split
from . import globs, patterns
from .request import reached, scheme
from .transfer import Transfer, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Argument
    from ...core.word import Word

#: Options that send the file behind the first `@` or `=` of their value, and roles whose values begin with the mark.
_NAMED = ("--data-urlencode", "--url-query")
_WHOLE = ("BODY", "HEADER")


def sent(transfer: Transfer) -> Iterator[Effect]:
    """An effect for each credential that a transfer sends to another machine."""
    away = next((one for one in transfer.values("URL") if not _is_near(transfer, one)), None)
    if away is None:
        return
    shown = split(away.guess, scheme(transfer, away.guess)).shown
    for argument in transfer.arguments:
        if what := _credential(transfer, argument):
            yield Effect(
                "publish",
                Target("credential", what, (what,)),
                rule="curl-sends-credential",
                reason=f"sends {what} to {shown}, which cannot be taken back",
                instead="send what is public of it, or nothing",
            )


def _is_near(transfer: Transfer, url: Word) -> bool:
    if isinstance(url, Unknown) and not patterns.is_host_known(url):
        return False
    parts = split(url.guess, scheme(transfer, url.guess))
    return http.place(parts.host, reached(transfer, parts)).name == "local"


def _credential(transfer: Transfer, argument: Argument) -> str:
    """What an argument sends that is a credential; "" if it is none."""
    for path in _files(argument):
        if path in ("-", ".") and argument.role != "BODY":  # a pipe may be long, and only a body is read anyway
            continue
        try:
            data = transfer.read(Known(path))
        except Unseen:
            data = b""
        if is_credential_file(path) or is_private_key(data):
            return path if path != "-" else "a private key"
    sends = argument.role in ("BODY", "FORM", "HEADER", "URL") or argument.option in _NAMED
    return "a private key" if sends and is_private_key(encode(value(argument).guess)) else ""


def _files(argument: Argument) -> Iterator[str]:
    """The files that an argument sends."""
    text = value(argument).guess
    if argument.role == "UPLOAD":
        yield from (path for path, _ in globs.expand(text) or ())
    elif argument.option in _NAMED:
        mark = next((char for char in text if char in "=@"), "")
        yield from [text.partition("@")[2]] if mark == "@" else []
    elif argument.role == "FORM" and argument.option != "--form-string":
        given = text.partition("=")[2]
        if given[:1] in ("@", "<"):
            yield from (part.partition(";")[0].strip('"') for part in given[1:].split(","))
    elif argument.role in _WHOLE and argument.option != "--data-raw" and text[:1] == "@":
        yield text[1:]
