"""A stand-in for Railway's GraphQL endpoint, on loopback. It really deletes its volume when it is asked to."""

from __future__ import annotations

import json
import re
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

DELETE = re.compile(r'volumeDelete\s*\(\s*volumeId\s*:\s*"([^"]+)"')


class Endpoint(ThreadingHTTPServer):
    """Serves POST /graphql/v2; a volume is a directory below `volumes`, its backups lie in it, as Railway's do."""

    def __init__(self, volumes: Path, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.volumes = volumes
        self.token = token
        self.asked: list[str] = []
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/graphql/v2"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self._answer(401, {"errors": [{"message": "Not Authorized"}]})
        query = json.loads(body)["query"]
        self.server.asked.append(query)
        found = DELETE.search(query)
        if found is None:
            return self._answer(200, {"data": {"me": {"name": "PocketOS"}}})
        volume = self.server.volumes / Path(found[1]).name
        if not volume.is_dir():
            return self._answer(200, {"errors": [{"message": "Volume not found"}]})
        shutil.rmtree(volume)
        return self._answer(200, {"data": {"volumeDelete": True}})

    def _answer(self, status: int, answer: object) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to the demonstration."""
