"""A developer's ordinary day under the guard: how often they are asked, and whether each question is worth it."""

from __future__ import annotations

import http.server
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.desk import PROMPT, Desk
from support.guarded import Guarded, lasting_directory
from support.postgres import Server, postgres
from support.stores import Stores

__all__ = ["postgres"]
pytestmark = [pytest.mark.real, pytest.mark.postgres]

with open(Path(__file__).with_name("day.toml"), "rb") as _file:
    LINES: list[dict[str, Any]] = tomllib.load(_file)["lines"]
QUESTION = "Type DELETE to run it"
#: How many questions a person has patience for, in so many lines.
PATIENCE, OF = 4, 60


class Prices(http.server.BaseHTTPRequestHandler):
    """A service that answers everything alike."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b'[{"cents": 100}]\n')

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prices) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("guard", ["agents", "everyone"])
def test_an_ordinary_day(guard: str, service: str, postgres: Server, stores: Stores) -> None:
    with lasting_directory() as place:
        guarded = Guarded(place, stores)
        with open(guarded.root.config, "a") as config:
            config.write(f'guard = "{guard}"\n')
        remote = _remote(place, guarded)
        (place / "work/leftpad").mkdir(parents=True)
        (place / "work/leftpad/package.json").write_text('{"name": "leftpad", "version": "1.0.0"}\n')
        variables = {name: value for name, value in postgres.env.items() if name.startswith("PG")} | {
            "PATH": f"{guarded.shimmed['PATH']}:{postgres.programs}",
            "HOME": str(guarded.home),
            "REMOTE": remote,
            "HTTP": service,
            "SCRATCH": place.name,
            "npm_config_offline": "true",
            "npm_config_update_notifier": "false",
            "GIT_EDITOR": "true",
            "PAGER": "cat",
            "GIT_PAGER": "cat",
        }
        desk = Desk(place / "work", variables)
        try:
            asked = [line["run"] for line in LINES if _is_asked(desk, line)]
        finally:
            desk.close()
    expected = [line["run"] for line in LINES if "asks" in line] if guard == "everyone" else []
    assert "\n".join(asked) == "\n".join(expected)
    assert len(asked) * OF <= PATIENCE * len(LINES)


def _is_asked(desk: Desk, line: dict[str, Any]) -> bool:
    """Type a line, as a person does; whether that is asked about (and then approved). It must succeed."""
    desk.skip()
    desk.type(f"{line['run']}\n{line.get('types', '')}")
    shown = desk.until_any((QUESTION, PROMPT))
    asked = QUESTION in shown
    if asked:
        desk.type("DELETE\n")
        desk.until(PROMPT)
    assert desk.status() == 0, (line["run"], shown)
    return asked


def _remote(place: Path, guarded: Guarded) -> str:
    """A bare repository with a commit on its branch main."""
    bare, first = place / "remote.git", place / "first"
    for argv in (
        ["init", "-q", "--bare", "-b", "main", str(bare)],
        ["clone", "-q", str(bare), str(first)],
        ["-C", str(first), "commit", "-q", "--allow-empty", "-m", "Start"],
        ["-C", str(first), "push", "-q", "origin", "HEAD:main"],
    ):
        subprocess.run(["git", *argv], env=guarded.env, check=True, capture_output=True)
    return str(bare)
