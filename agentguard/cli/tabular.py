"""Tables for programs: tab-separated lines, without a header, colours or anything cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from ..actions.owner import others
from ..approval.question import printable
from ..edge.layout import Root


def tell(rows: Iterable[Sequence[str]]) -> None:
    """Write each row as a line to standard output. Tabs and line ends within a value are shown as escapes."""
    for row in rows:
        click.echo("\t".join(map(printable, row)))


def tell_whose(root: Root) -> None:
    """Say beside the output whose the record is, where this user cannot look at it."""
    if told := others(root):
        click.echo(told, err=True)


def stamp(seconds: Any) -> str:
    """A time in seconds since the epoch as an ISO time with its zone, "" for what is none."""
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
