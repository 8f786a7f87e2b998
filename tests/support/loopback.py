"""A server on loopback that writes down every request that arrives, byte by byte, also several on one connection."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

#: How long it waits for more of a request, in seconds.
PATIENCE = 0.15
#: How a conversation by TLS begins, which goes no further here.
TLS = b"\x16\x03"
CHALLENGE = b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'


@dataclass(frozen=True)
class Arrived:
    """One request as it arrived; `method` is "" where what arrived is none, and `body` holds it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int

    def header(self, name: str) -> str:
        """The value of the first header of that name (in lower case), "" without one."""
        return next((value for key, value in self.headers if key == name), "")


class Recorder:
    """The server: a path with `rNNN` in it is redirected to /landed, and one with `auth` asks for Digest."""

    def __init__(self) -> None:
        self.seen: list[Arrived] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        self._busy: list[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def taken(self) -> list[Arrived]:
        """What has arrived since the last time, when all connections are done with."""
        for thread in self._busy:
            thread.join(5)
        self._busy.clear()
        taken, self.seen = self.seen, []
        return taken

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            thread.start()
            self._busy.append(thread)

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            stream = _Stream(connection)
            while (head := stream.until(b"\r\n\r\n")) is not None:
                arrived = _request(head, stream, connection)
                self.seen.append(arrived)
                if not arrived.method:
                    return
                try:
                    connection.sendall(_answer(arrived))
                except OSError:
                    return
            if stream.rest and not stream.rest.startswith(TLS):
                self.seen.append(Arrived("", "", (), stream.rest, 0))


class _Stream:
    """What comes over a connection; `rest` is what was not asked for yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.rest = b""

    def until(self, mark: bytes) -> bytes | None:
        while mark not in self.rest:
            if self.rest.startswith(TLS) or not self._more():
                return None
        found, _, self.rest = self.rest.partition(mark)
        return found

    def exactly(self, size: int) -> bytes:
        while len(self.rest) < size and self._more():
            pass
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def _more(self) -> bool:
        try:
            data = self.connection.recv(65536)
        except OSError:
            return False
        self.rest += data
        return bool(data)


def _request(head: bytes, stream: _Stream, connection: socket.socket) -> Arrived:
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/") or not method:
        return Arrived("", "", (), head + stream.rest, 0)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    given = dict(reversed(headers))
    if given.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in given.get("transfer-encoding", "").lower():
        body = _chunks(stream)
    else:
        size = given.get("content-length", "")
        body = stream.exactly(int(size) if size.isdigit() else 0)
    status = next((code for code in (301, 302, 303, 307, 308) if f"r{code}" in target), 200)
    if "auth" in target and "digest" not in given.get("authorization", "").lower():
        status = 401
    return Arrived(method, target, headers, body, status)


def _chunks(stream: _Stream) -> bytes:
    body = b""
    while line := stream.until(b"\r\n"):
        size = int(line.partition(b";")[0], 16)
        body += stream.exactly(size)
        stream.until(b"\r\n")
        if not size:
            break
    return body


def _answer(arrived: Arrived) -> bytes:
    more = {200: b"", 401: CHALLENGE}.get(arrived.status, b"Location: /landed\r\n")
    length = b"" if arrived.method == "CONNECT" else b"Content-Length: 0\r\n"
    return b"HTTP/1.1 %d X\r\n%s%s\r\n" % (arrived.status, length, more)
