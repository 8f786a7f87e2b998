"""Calls from the record as a table for people, in colours where there are some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..approval.question import printable, quoted
from .said import label, said, whose

#: How much of a command line and of a reason a table shows; `--json` has all of it.
_COMMAND, _REASON = 400, 240
_STYLES = {
    "destructive": "red",
    "reversible": "yellow",
    "waiting": "bold yellow",
    "timed out": "yellow",
    "approved and run": "green",
    "denied": "red",
    "refused": "red",
}


def show(calls: Sequence[dict[str, Any]]) -> None:
    """Write them to standard output, without colours where NO_COLOR says so."""
    Console(highlight=False).print(_table(calls))


def _table(calls: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("time\nsession", no_wrap=True)
    table.add_column("rating\noutcome")
    table.add_column("program", no_wrap=True)
    table.add_column("command line\nreason", overflow="fold", ratio=1)
    for call in calls:
        outcome = label(call)
        rating = str(call.get("rating", ""))
        table.add_row(
            _lines((_time(call.get("time")), ""), (whose(call), "dim")),
            _lines((rating, _STYLES.get(rating, "")), (outcome, _STYLES.get(outcome, "")), (_open(call), "")),
            _lines((str(call.get("program", "")), "")),
            _lines((_command(call), "bold"), *((_cut(one, _REASON), "") for one in said(call))),
        )
    return table


def _lines(*parts: tuple[str, str]) -> Text:
    """Some lines with their styles, printable; empty ones are left out."""
    return Text("\n").join(Text(printable(text), style) for text, style in parts if text)


def _time(seconds: Any) -> str:
    try:
        return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return "?"


def _open(call: dict[str, Any]) -> str:
    return f"request {call['request']}" if call.get("open") else ""


def _command(call: dict[str, Any]) -> str:
    return _cut(quoted(tuple(map(str, call.get("argv", ())))), _COMMAND)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
