"""URLs: their parts, and what stands in their queries."""

from __future__ import annotations

from ..core.text.encoding import decode, encode
from ..lean.value import Value

#: What needs no escape in a URL (RFC 3986, 2.3).
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


class Url(Value):
    """The parts of a URL; `host` in lower case, `path` decoded, `written` the path as it is written."""

    scheme: str
    host: str
    port: str
    path: str
    query: str
    written: str = ""

    @property
    def route(self) -> str:
        """The path as servers route it: its segments decoded (%2F stays one), without empty ones, `.` and `..`."""
        segments: list[str] = []
        for segment in self.written.split("/"):
            decoded = unquoted(segment)
            if decoded == "..":
                segments = segments[:-1]
            elif decoded not in ("", "."):
                segments.append(decoded.replace("/", "%2F"))
        return "/" + "/".join(segments)

    @property
    def shown(self) -> str:
        """The URL without what may be secret: user, password and query."""
        return f"{self.scheme}://{self.host}{':' if self.port else ''}{self.port}{self.path}"


def split(text: str, scheme: str = "http") -> Url:
    """The parts of a URL, `scheme` being the one that it has if it names none."""
    head, colon, rest = text.partition(":/")
    if colon and head.isascii() and head.replace("+", "").isalnum():
        scheme, text = head.lower(), rest.lstrip("/") if head.lower() != "file" else "/" + rest.lstrip("/")
    text = text.partition("#")[0]
    before_query, _, query = text.partition("?")
    authority, slash, path = before_query.partition("/")
    authority = unquoted(authority.rpartition("@")[2]).lower()
    host, _, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    if not host and ":" not in authority:
        host, port = authority, ""
    written = "/" + path if slash else "/"
    return Url(scheme, host.strip("[]").rstrip("."), port, unquoted(written), query, written)


def unquoted(text: str) -> str:
    """`text` with its %XX escapes decoded."""
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    data = bytearray(encode(first))
    for part in rest:
        try:
            data.append(int(part[:2], 16))
            part = part[2:]
        except ValueError:
            part = "%" + part
        data += encode(part)
    return decode(bytes(data))


def escaped(text: str) -> str:
    """`text` with all but letters, digits and `-._~` as %XX."""
    return "".join(chr(b) if b in PLAIN else f"%{b:02X}" for b in encode(text))


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The names and values of a query string or a form, in order; a name may stand twice."""
    split_up = (part.partition("=") for part in text.split("&") if part)
    return tuple((unquoted(name.replace("+", " ")), unquoted(value.replace("+", " "))) for name, _, value in split_up)
