"""A stand-in for the model's API: answers each request of a real agent with the next shell command of a list.

Speaks what Claude Code sends: POST /v1/messages, answered as server-sent events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class ScriptedModel(ThreadingHTTPServer):
    """Serves on loopback until closed; `results` collects what the agent reports back, by step."""

    daemon_threads = True

    def __init__(self, commands: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.commands = commands
        self.results: dict[int, str] = {}
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL to point the agent at."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedModel

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if "count_tokens" in self.path:
            return self._json({"input_tokens": 1})
        if not any(tool.get("name") == "Bash" for tool in request.get("tools", ())):
            return self._events(_text("ok"))
        results = [
            block for message in request["messages"] if isinstance(message["content"], list)
            for block in message["content"] if block.get("type") == "tool_result"
        ]  # fmt: skip
        for step, block in enumerate(results):
            self.server.results[step] = _plain(block.get("content", ""))
        if len(results) < len(self.server.commands):
            return self._events(_tool(len(results), self.server.commands[len(results)]))
        return self._events(_text("done"))

    def do_GET(self) -> None:
        self._json({})

    def do_HEAD(self) -> None:
        self._json({})

    def _json(self, answer: object) -> None:
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _events(self, events: Iterator[dict[str, Any]]) -> None:
        text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _plain(content: object) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content) if isinstance(content, list) else ""


def _text(text: str) -> Iterator[dict[str, Any]]:
    yield from _message({"type": "text", "text": ""}, {"type": "text_delta", "text": text}, stop="end_turn")


def _tool(step: int, command: str) -> Iterator[dict[str, Any]]:
    given = json.dumps({"command": command, "description": f"step {step}", "timeout": 120000})
    yield from _message(
        {"type": "tool_use", "id": f"toolu_{step:02}", "name": "Bash", "input": {}},
        {"type": "input_json_delta", "partial_json": given},
        stop="tool_use",
    )


def _message(block: dict[str, Any], delta: dict[str, Any], stop: str) -> Iterator[dict[str, Any]]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    yield {
        "type": "message_start",
        "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        },
    }  # fmt: skip
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}
