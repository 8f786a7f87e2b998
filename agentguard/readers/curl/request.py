"""The HTTP request that a transfer of curl stands for; the tests compare it with the real curl's."""

from __future__ import annotations

from ...core.api import UNSEEN_REST
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, known
from ...lean.typing import TYPE_CHECKING
from .. import http
from ..url import PLAIN, Url, escaped, split
from . import patterns
from .head import has_control
from .transfer import Transfer, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...core.call import Argument
    from ...core.word import Word

#: What a host name begins with when it stands for a scheme that is not named.
GUESSED = ("ftp", "dict", "ldap", "imap", "smtp", "pop3")
#: Options that change where a request goes, of them those that change the host.
PLACES = ("--abstract-unix-socket", "--connect-to", "--request-target", "--unix-socket", "--url-query")
HOSTS = ("--abstract-unix-socket", "--connect-to", "--unix-socket")


def method(transfer: Transfer, upload: Word | None) -> Word:
    """The method of a request that sends the file `upload`."""
    custom = transfer.last("--request")
    if custom is not None and custom != Known(""):
        return custom
    if upload is not None:
        return Known("PUT")
    if transfer.playing("FORM"):
        return Known("POST")
    if transfer.has("--head"):
        return Known("HEAD")
    return Known("POST" if transfer.playing("BODY") and not transfer.has("--get") else "GET")


def scheme(transfer: Transfer, url: str) -> str:
    """The scheme of a URL that names none: --proto-default, or what its host begins with."""
    host = url.lower()
    guess = next((scheme for scheme in GUESSED if host.startswith(scheme + ".")), "http")
    given = transfer.last("--proto-default")
    return given.written if given is not None and given != Known("") else guess


def request(transfer: Transfer, given: Word, url: str, verb: str, upload: Word | None) -> http.Request:
    """The request by the method `verb` for one URL, as the globs of the `given` one are resolved."""
    return _Builder(transfer).request(given, url, verb, upload)


class _Builder:
    """Puts a request together; `unseen` says why part of it cannot be seen, `hidden` which part if not the body.

    `doubt` says why it may be another one.
    """

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.unseen = ""
        self.doubt = ""
        self.hidden: tuple[str, ...] = ()

    def request(self, given: Word, url: str, verb: str, upload: Word | None) -> http.Request:
        transfer = self.transfer
        sends = (transfer.has("--head"), bool(transfer.playing("FORM")), self.has_body())
        if sum(sends) > 1:
            self.doubt = "curl takes only one of -d, -F and -I, and which one it is depends on where it stands"
        elif (any(sends[1:]) or upload is not None) and transfer.has("--crlf", "--use-ascii"):
            self.doubt = "the body is longer than curl says, with a line's end more for each line"
        headers = self.headers()
        if self.unseen:
            self.hidden += ("header.",)
        if isinstance(given, Unknown):
            self.hidden += patterns.hidden_in_query(given)
            self.hidden += () if patterns.is_host_known(given) else ("host.",)
        before = self.unseen
        body, fields = self.body(), self.fields()
        queries = [self.query(value(a).guess) for a in transfer.arguments if a.option == "--url-query"]
        if transfer.has("--get") and transfer.playing("BODY"):
            queries.insert(0, decode(body))
            body = b""
            self.hidden += self.hidden_by_get()
            self.unseen = before
        for argument in transfer.arguments:
            if argument.option in PLACES and isinstance(argument.value, Unknown):
                self.unseen = f"{argument.value.written} is not known before the line runs"
                self.hidden += ("host.",) if argument.option in HOSTS else ("query.",)
        if upload is not None:
            body = self.read(upload) if verb.upper() != "PUT" else b""
        whole, named = self.url(url, upload, queries), split(url, scheme(transfer, url))
        offset = transfer.last("--continue-at")
        if offset is not None and offset != Known("0") and (body or fields):
            self.unseen = "curl leaves out its beginning"
        sockets = (transfer.last("--unix-socket"), transfer.last("--abstract-unix-socket"))
        return http.Request(
            method=verb,
            url=whole,
            headers=headers,
            body=b"" if fields else body,
            fields=fields,
            unseen=self.unseen,
            hosts=(named.host, *(value(a).guess.split(":")[2] for a in transfer.arguments if _leads_elsewhere(a))),
            hidden=self.hidden,
            pattern=self.pattern(given),
            doubt=self.doubt,
            reached=reached(transfer, named) or (named.host if split(whole).host != named.host else ""),
            socket=next((path.guess for path in sockets if path is not None and path.guess), ""),
        )

    def url(self, url: str, upload: Word | None, queries: list[str]) -> str:
        """The URL with its scheme, the file's name that an upload adds, and what goes into the query."""
        url = url.partition("#")[0]
        parts = split(url, scheme(self.transfer, url))
        if not url.lower().startswith(f"{parts.scheme}:/"):  # curl takes one slash as well as two or three
            url = f"{parts.scheme}://{url}"
        target = self.transfer.last("--request-target")
        if target is not None:  # it takes the place of path and query
            at = f"{parts.scheme}://{parts.host}{':' if parts.port else ''}{parts.port}/"
            whole = target.guess.startswith(("http://", "https://"))
            return target.guess if whole else at + target.guess.lstrip("/")
        if upload is not None and not parts.path.rpartition("/")[2] and upload.guess not in ("-", "."):
            before, mark, query = url.partition("?")
            url = f"{before.rstrip('/')}/{escaped(upload.written.rpartition('/')[2])}{mark}{query}"
        added = "&".join(queries)
        if added or (queries and "?" in url):
            joint = "" if url[-1:] in ("?", "&") else "&" if "?" in url else "?"
            url += joint + added
        return url

    def pattern(self, given: Word) -> str:
        """The URL with marks for what is not known of it; "" if all is."""
        target = self.transfer.last("--request-target")
        if isinstance(target, Unknown):
            return f"http://host/{UNSEEN_REST}"
        return patterns.pattern(given) if isinstance(given, Unknown) else ""

    # The body

    def has_body(self) -> bool:
        """Whether -d and the like make a body."""
        return bool(self.transfer.playing("BODY")) and not self.transfer.has("--get")

    def hidden_by_get(self) -> tuple[str, ...]:
        """The parameters that -G makes of what is not known."""
        unknown = [a.value for a in self.transfer.playing("BODY") if isinstance(a.value, Unknown)]
        if self.unseen and not unknown:
            return ("query.",)
        names = [name if found else Unknown("", "") for name, found, _ in (word.partition("=") for word in unknown)]
        return tuple(f"query.{name.text if isinstance(name, Known) else ''}" for name in names)

    def body(self) -> bytes:
        """What -d, --json and their like send, joined as curl joins it."""
        whole: bytes | None = None
        for argument in self.transfer.playing("BODY"):
            piece = self.piece(argument.option, value(argument))
            joint = b"" if argument.option == "--json" else b"&"
            whole = piece if whole is None else whole + joint + piece
        return whole or b""

    def piece(self, option: str, given: Word) -> bytes:
        if isinstance(given, Unknown):
            self.unseen = f"{given.written} is not known before the line runs"
        elif option == "--data-urlencode":
            return self.encoded(given.text)
        elif option != "--data-raw" and given.text[:1] == "@":
            data = self.read(given.cut(1))
            strips = option in ("--data", "--data-ascii")
            return bytes(byte for byte in data if byte not in b"\r\n\0") if strips else data
        return encode(given.guess)

    def encoded(self, value: str) -> bytes:
        """`content`, `=content`, `name=content`, `@file` or `name@file`, with the content encoded."""
        mark = next((mark for mark in ("=", "@") if mark in value), "")
        name, _, content = value.partition(mark) if mark else ("", "", value)
        data = self.read(Known(content)) if mark == "@" else encode(content)
        encoded = "".join(chr(b) if b in PLAIN else "+" if b == 0x20 else f"%{b:02X}" for b in data)
        return encode(f"{name}={encoded}" if name else encoded)

    def query(self, value: str) -> str:
        """What --url-query adds: what is encoded as for --data-urlencode, or, after a `+`, as it is."""
        return value[1:] if value[:1] == "+" else decode(self.encoded(value))

    def fields(self) -> tuple[tuple[str, str], ...]:
        """The text fields of a multipart form; a file that it sends is only looked at where it may be GraphQL."""
        found = []
        for argument in self.transfer.playing("FORM"):
            word = value(argument)
            name, _, given = word.guess.partition("=")
            if isinstance(word, Unknown):
                self.unseen = f"{word.written} is not known before the line runs"
            elif "=" not in word.text:
                self.doubt = f"{word.text} is no field of a form"
            if argument.option == "--form-string":
                found.append((name, given))
            elif given[:1] == "(" or word.guess == "=)":
                self.unseen = "agentguard reads no forms within forms"
            elif given[:1] not in ("@", "<"):
                found.append((name, _unquoted(given)))
            elif isinstance(word, Known) and (given[0] == "<" or name in ("operations", "query")):
                found.append((name, decode(self.read(Known(_unquoted(given[1:]))))))
            else:
                found.append((name, ""))
        return tuple(found)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers, the last of each name first, their names in lower case."""
        found: list[tuple[str, str]] = []
        if self.transfer.has("--json"):
            found.append(("content-type", "application/json"))
        # A proxy's headers go along with the request where there is no tunnel.
        for argument in sorted(self.transfer.playing("HEADER"), key=lambda one: one.option == "--header"):
            line = value(argument)
            lines: Iterable[Word] = (line,)
            if isinstance(line, Known) and line.text[:1] == "@":
                lines = known(one.rstrip("\r") for one in decode(self.read(line.cut(1))).split("\n"))
            for one in lines:
                word, _, content = one.partition(":")
                name = word.guess.strip(" ;").lower()
                if has_control(one.guess):
                    self.doubt = f"the header {name} has a control character, which may begin a request of its own"
                elif isinstance(word, Unknown) or (isinstance(content, Unknown) and name in http.TELLING):
                    self.unseen = f"the header {one.written} is not known before the line runs"
                elif isinstance(content, Unknown):
                    self.hidden += (f"header.{name}", *(("host.",) if name == "host" else ()))
                if isinstance(word, Unknown) or (isinstance(content, Unknown) and name in http.OVERRIDES):
                    self.doubt = f"the header {one.written} may stand for another method"
                found.insert(0, (name, content.written.strip()))  # an unknown one must not pass for an empty one
        return tuple(found)

    def read(self, path: Word) -> bytes:
        """A file's bytes; nothing, and why, if it cannot be seen."""
        try:
            return self.transfer.read(path)
        except Unseen as why:
            self.unseen = self.unseen or str(why)
            return b""


def reached(transfer: Transfer, url: Url) -> str:
    """The host that a transfer really connects to, when an option says another one than the URL; "" otherwise."""
    port = url.port or {"http": "80", "https": "443"}.get(url.scheme, "")
    for argument in transfer.arguments:
        if argument.option in ("--connect-to", "--resolve") and isinstance(argument.value, Unknown):
            return argument.value.written  # which is no host that is known to be near
        given = value(argument).guess.lstrip("+").replace("]", "").replace("[", "")
        host, _, rest = given.partition(":")
        wanted, _, address = rest.partition(":")
        if argument.option == "--connect-to" and host.lower() in ("", url.host) and wanted in ("", port):
            found = address.rpartition(":")[0]
        elif argument.option == "--resolve" and host.lower() in ("*", url.host) and wanted == port:
            found = address.partition(",")[0]
        else:
            continue
        if found:
            return found.lower()
    return ""


def _leads_elsewhere(argument: Argument) -> bool:
    """Whether an option sends the request to another host: `--connect-to HOST:PORT:HOST:PORT`."""
    return argument.option == "--connect-to" and value(argument).guess.count(":") >= 2


def _unquoted(value: str) -> str:
    """A form field's value without its quotes and what follows it (`;type=…`)."""
    if value[:1] == '"':
        return value[1:].replace('\\"', "\0").partition('"')[0].replace("\0", '"')
    return value.partition(";")[0] if value[:1] not in ("{", "[") else value
