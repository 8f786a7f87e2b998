"""`agentguard pending`: which calls wait for an answer, for how long yet, and whose they are."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from ..actions.owner import owners_record
from ..actions.waiting import waiting
from ..approval.caller import Caller, behind, remaining
from ..approval.question import printable, quoted
from ..approval.recorded import recorded
from ..approval.request import Request, age
from ..edge.layout import Root
from .style import is_styled
from .tabular import stamp, tell, tell_whose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.table import Table

    Group = tuple[Request, ...]

#: How much of a command line a table shows; everything else has all of it.
_COMMAND = 500


@click.command()
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object for each question, nothing shortened.")
@click.pass_obj
def pending(root: Root, as_json: bool) -> None:
    """List the calls that wait for a person.

    Those that an answer lets run at once come first, the oldest of them first. One that "gave up" has ended
    without an answer: once approved, the same call passes when it is made again. Of one that is "gone", what
    made it has ended, too.

    Into a pipe or a file each question is a line of fields between tabs: its id, its state (waiting, given up,
    gone), the seconds left, when it was asked, by whom, in which directory, of how many calls, the first one.

    \b
    Examples:
      agentguard pending
      agentguard pending | cut -f1,8
      agentguard pending --json | jq -r 'select(.state == "waiting") | .id'
    """
    with owners_record(root) as database:
        found = waiting(database)
    tell_whose(root)
    groups, known = found.groups, found.callers
    if as_json:
        for group in groups:
            click.echo(json.dumps(_object(group, behind(group, known)), sort_keys=True))
    elif not is_styled():
        tell(_fields(group, behind(group, known)) for group in groups)
    elif groups:
        from rich.console import Console

        Console(highlight=False).print(table(groups, known))
    else:
        click.echo("Nothing waits.")


def table(groups: Iterable[Group], known: Mapping[str, Caller]) -> Table:
    """Questions as a table for people, readable at any width; those that no longer wait are dimmed."""
    from rich.table import Table
    from rich.text import Text

    shown = Table("ID", "waits", box=None, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column("call", overflow="fold", ratio=1)
    for group in groups:
        one, caller = group[0], behind(group, known)
        more = f"  and {len(group) - 1} more" if len(group) > 1 else ""
        call = quoted(one.question.argv)[:_COMMAND] + more
        whose = f"by {caller.who or one.question.session}, in {one.question.cwd}, {age(one, time.time())} ago"
        style = "" if caller.presence == "waiting" else "dim"
        told = Text(call, "bold").append(f"\n{printable(whose)}", "not bold")
        shown.add_row(Text(one.id, no_wrap=True), Text(remaining(caller), no_wrap=True), told, style=style)
    return shown


def _fields(group: Group, caller: Caller) -> tuple[str, ...]:
    """A question as fields for a program that splits lines."""
    one = group[0]
    left = "" if caller.left is None else f"{caller.left:.0f}"
    who, command = caller.who or one.question.session, quoted(one.question.argv)
    return (one.id, caller.presence, left, stamp(one.created), who, one.question.cwd, str(len(group)), command)


def _object(group: Group, caller: Caller) -> dict[str, Any]:
    """A question as JSON has it."""
    one = group[0]
    return {
        "id": one.id,
        "state": caller.presence,
        "left": caller.left,
        "asked": one.created,
        "by": caller.who or one.question.session,
        "terminal": caller.where,
        "session": one.session,
        "session_name": one.question.session,
        **recorded(one.question),
        "targets": list(one.question.targets),
        "calls": [{"id": call.id, "argv": list(call.question.argv)} for call in group],
    }
