"""What a request says beside its method and its path: the query string and the body, as names and values."""

from __future__ import annotations

from ..core.text.encoding import decode
from ..lean.typing import TYPE_CHECKING
from .url import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_BOM = b"\xef\xbb\xbf"
#: Charsets in which ASCII is written as it is anywhere else.
_LIKE_ASCII = ("", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252")

#: Keys that are orders where their value is not false or empty (Solr, Elasticsearch, CouchDB, Dgraph), and for what.
_ORDERS = {
    "delete": "delete", "remove": "remove", "_deleted": "delete", "drop_all": "drop", "drop_attr": "drop",
    "drop_op": "drop", "delete_all": "delete", "truncate": "truncate",
}  # fmt: skip


class Content:
    """A request's query string and body, read once.

    `asked` are the parameters of the query string, `form` those of the body, and `json` is the body as JSON, or a
    list of its lines that are; None if it is neither. A name may stand twice: servers differ in which one counts.
    """

    def __init__(self, query: str, body: bytes, fields: tuple[tuple[str, str], ...]) -> None:
        self.text = decode(body.removeprefix(_BOM)).strip()
        self.asked = pairs(query)
        self.json = _json(self.text)
        self.form = fields or (pairs(self.text) if self.json is None else ())

    @property
    def is_broken(self) -> bool:
        """Whether the body seems to be JSON and cannot be read as that."""
        return self.json is None and self.text[:1] in ("{", "[")

    def values(self) -> Iterator[tuple[str, str]]:
        """Every named text, however deep; what a list begins with is the name of a `command`, as Redis has it."""
        yield from self.asked
        yield from self.form
        waiting = [self.json]
        if isinstance(self.json, list):
            commands = (one[0] if isinstance(one, list) and one else one for one in (self.json, *self.json))
            yield from (("command", one) for one in commands if isinstance(one, str))
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting += one
            elif isinstance(one, dict):
                for key, value in one.items():
                    texts = value if isinstance(value, list) else [value]
                    yield from ((key, text) for text in texts if isinstance(text, str))
                    waiting.append(value)

    def orders(self) -> Iterator[str]:
        """The keys of a body that are orders by themselves, as in `{"delete": {…}}` and `{"_deleted": true}`."""
        waiting = [self.json]
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting += one
            elif isinstance(one, dict):
                yield from (_ORDERS[key] for key, value in one.items() if key in _ORDERS and value)
                waiting += (value for value in one.values() if isinstance(value, list))


def unreadable(body: bytes, encoding: str, kind: str) -> str:
    """Why a body is not what its bytes say, by its Content-Encoding and Content-Type; "" if it is."""
    if encoding.lower() not in ("", "identity"):
        return f"it is encoded as {encoding}"
    charset = kind.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    if charset not in _LIKE_ASCII:
        return f"it is written in {charset}"
    if b"\0" in body[:4] and body.replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")[:1] in (b"{", b"["):
        return "it is JSON in UTF-16 or UTF-32"
    return ""


def _json(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    import json

    for texts in ((text,), text.splitlines()):
        try:
            found = [json.loads(one, object_pairs_hook=_all) for one in texts if one.strip()]
        except (ValueError, RecursionError):
            continue
        return found[0] if len(found) == 1 else found
    return None


def _all(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of a key that stands twice, both values in a list."""
    found = dict(members)
    if len(found) == len(members):
        return found
    grouped: dict[str, list[Any]] = {}
    for key, value in members:
        grouped.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in grouped.items()}
