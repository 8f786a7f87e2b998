"""`agentguard audit`: what was stopped and what became of it; the record's proof, and its pruning."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import click

from ..actions.blocked import blocked
from ..actions.owner import owners_record
from ..actions.person import prove, require_person
from ..approval.question import printable, quoted
from ..core.effect import RATINGS
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog
from ..edge.records.database import Database
from ..errors import InstallError
from .said import label, said, whose
from .style import is_styled
from .suggesting import Suggesting
from .tabular import stamp, tell, tell_whose

#: Seconds in each unit of an age.
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: How many stopped calls are shown where nobody says how many.
_SHOWN = 50


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An age (2h, 3d) or an ISO date or time as seconds since the epoch."""
    if value is None:
        return None
    age = re.fullmatch(r"(\d+)([smhdw])", value)
    try:
        if age:
            return time.time() - int(age[1]) * _UNITS[age[2]]
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is neither an age like 2h, 3d or 1w nor a date like 2026-01-31") from None


@click.group(cls=Suggesting, invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Every row of the record: also what ran without a question.")
@click.option("--since", callback=_moment, metavar="WHEN", help="An age (90m, 2h, 3d, 1w), an ISO date or time.")
@click.option("--program", default="", metavar="NAME", help="Only calls of this program.")
@click.option("--rating", type=click.Choice(RATINGS), help="Only calls that are rated so.")
@click.option("--session", default="", metavar="NAME", help="Only this session, by its name or id.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"The newest that many. [default: {_SHOWN}; with --all, all of them]"
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object each, nothing shortened.")
@click.pass_context
def audit(
    ctx: click.Context,
    everything: bool,
    since: float | None,
    program: str,
    rating: str | None,
    session: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show what was stopped and what came of it.

    The newest call is last. With --json, each line is one object: the facts of the call as it was
    recorded (program, argv, cwd, session, rating, reasons, time in seconds since the epoch, …) with
    "seq" and "hash" of its row and, unless --all is given, its "outcome" (waiting, approved,
    approved and run, denied, timed out, interrupted, refused or, of a verb that a person must prove themselves for at
    such a terminal, asked for a proof) and "open", whether
    `agentguard approve` can still take it. What a limit leaves out is counted on standard error.

    Into a pipe or a file each call is a line of fields between tabs, nothing shortened: its time, session, rating,
    outcome, the request that `agentguard approve` can still take, program, command line, and why.

    \b
    Examples:
      agentguard audit --since 2h
      agentguard audit --program git --rating destructive
      agentguard audit --all --session claude --limit 500
      agentguard audit | cut -f 1,4,7
      agentguard audit --json | jq -r '.argv | join(" ")'
    """
    if ctx.invoked_subcommand:
        return
    since = since or 0.0
    with owners_record(ctx.obj) as database:
        log = _found(ctx.obj, database)
        if log is None:
            return
        if everything:
            rows = log.rows(since=since, program=program, rating=rating or "")
            calls: Iterable[dict[str, Any]] = ({"seq": row.seq, "hash": row.hash, **row.body} for row in rows)
        else:
            calls = blocked(database, since)
        fitting = (call for call in calls if _fits(call, program, rating, session))
        shown = list(islice(fitting, limit or (None if everything else _SHOWN)))[::-1]
        left_out = sum(1 for _ in fitting)
    if left_out:
        click.echo(f"{left_out} older {'rows' if everything else 'calls'} that fit are left out (--limit)", err=True)
    if as_json:
        for call in shown:
            click.echo(json.dumps(call, sort_keys=True))
    elif not is_styled():
        tell(map(_fields, shown))
    elif shown:
        from .audit_table import show

        show(shown)
    else:
        click.echo("Nothing on the record fits." if everything else "No call that was stopped fits.")


@audit.command()
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Prove that no row was changed or taken away.

    Ends with 0 if all rows fit together, with 1 and the first one that does not. That all of it
    was written anew can only be found out by a head that was noted down somewhere else before.

    \b
    Examples:
      agentguard audit verify
      agentguard audit verify && agentguard audit prune --keep 90d old.jsonl
    """
    with owners_record(ctx.obj) as database:
        log = _found(ctx.obj, database)
        if log is None:
            return
        extent = log.extent()  # first: rows that come meanwhile are proven, but not claimed
        broken = log.verify()
    if broken:
        click.echo(f"row {broken.seq} is broken: {broken.why}")
        ctx.exit(1)
    click.echo(f"The record is whole: {extent.rows} rows, up to row {extent.seq}.\nhead {extent.head}")


@audit.command()
@click.option("--before", callback=_moment, metavar="DATE", help="What is older than this ISO date or time goes.")
@click.option("--keep", callback=_moment, metavar="AGE", help="What is older than this age (90d, 12w) goes.")
@click.argument("file", type=click.Path())
@click.pass_obj
def prune(root: Root, before: float | None, keep: float | None, file: str) -> None:
    """Move old rows into a sealed file.

    FILE must be new. The record keeps the head that FILE ends with, so that `verify` still proves the rest, and a row
    that says who pruned it. FILE is JSON Lines: what it continues from, the rows, the seal.

    \b
    Examples:
      agentguard audit prune --keep 90d record-until-spring.jsonl
      agentguard audit prune --before 2026-01-01 record-2025.jsonl
    """
    oldest = keep if before is None else before
    if oldest is None or (before is not None and keep is not None):
        raise click.UsageError("give either --before or --keep")
    deed = "prune the record"
    by = prove(root, require_person(root, deed), deed)
    tell_whose(root)
    with owners_record(root) as database:
        log = AuditLog(database)
        log.catch_up()
        moved = log.prune(oldest, os.path.abspath(file), by)
    click.echo(f"{moved} rows are now in {printable(file)}." if moved else "No row is that old.")


def _found(root: Root, database: Database) -> AuditLog | None:
    """The log, or None if there is none yet, which is said; looking must not make one. Raises InstallError."""
    log = AuditLog(database)
    log.catch_up()
    tell_whose(root)
    if os.path.lexists(database.path) and log.extent().seq > 0:
        return log
    if not os.path.lexists(database.data):
        raise InstallError(
            f"nothing is installed under {os.path.dirname(database.data)}", "is it under another --root?"
        )
    click.echo("The record is empty.", err=True)
    return None


def _fits(call: dict[str, Any], program: str, rating: str | None, session: str) -> bool:
    return (
        (not program or call.get("program") == program)
        and (not rating or call.get("rating") == rating)
        and (not session or session in (call.get("session"), call.get("session_name")))
    )


def _fields(call: dict[str, Any]) -> tuple[str, ...]:
    """A call as fields for a program that splits lines."""
    return (
        stamp(call.get("time")),
        whose(call),
        str(call.get("rating", "")),
        label(call),
        str(call["request"]) if call.get("open") else "",
        str(call.get("program", "")),
        quoted(tuple(map(str, call.get("argv", ())))),
        "; ".join(said(call)),
    )
