"""`agentguard approve`: a person lets one waiting call run, once."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..core.request import APPROVAL_LIFE, Request
from ..core.sheet import WORD, printable, quoted
from ..edge.journal import Journal
from ..edge.root import Root
from ..edge.terminal import ask
from ..errors import UsageError
from .person import require_person


@click.command()
@click.argument("id", required=False)
@click.pass_obj
def approve(root: Root, id: str | None) -> int:
    """Let a waiting call run, once.

    Shows what it would do, and wants a word typed. Without ID: the one that waits, or a list if
    there are several.

    \b
    Examples:
      agentguard approve
      agentguard approve q7m2xk
    """
    by = require_person(root, "approve a call")
    journal = Journal(root)
    request = chosen(journal, id)
    if ask(title(request), request.sheet, f"Type {WORD} to approve it, anything else to leave it: ") != WORD:
        click.echo(f"{WORD} was not typed: request {request.id} still waits.")
        return 1
    journal.answer(request.id, True, by)
    click.echo(approval(request))
    return 0


def chosen(journal: Journal, id: str | None) -> Request:
    """The request that is meant, among those that wait. Raises UsageError, after a list if there are several."""
    if journal.foreign:
        raise UsageError("the requests here are another user's", "answer them as that user")
    waiting = journal.pending()
    if id is not None:
        request = journal.request(id)
        if request.id not in {one.id for one in waiting}:
            state = "too old" if request.state == "open" else request.state
            raise UsageError(f"request {request.id} no longer waits: it is {state}")
        return request
    if not waiting:
        raise UsageError("no call waits for an answer", "`agentguard watch` shows each one as it comes")
    if len(waiting) > 1:
        Console().print(_list(waiting))
        raise UsageError(f"{len(waiting)} calls wait for an answer", "name one by its ID")
    return waiting[0]


def title(request: Request) -> str:
    """What stands above a request's sheet."""
    return f"agentguard: request {request.id}, asked {_ago(request)} ago. It cannot be undone."


def approval(request: Request) -> str:
    """What an approval means now."""
    return (
        f"Approved {request.id}. It runs now if its caller still waits; "
        f"else the same call passes once within {APPROVAL_LIFE // 60} minutes."
    )


def _list(waiting: tuple[Request, ...]) -> Table:
    table = Table("ID", "asked", "by", "command", box=None, padding=(0, 2, 0, 0))
    for one in waiting:
        who = one.sheet.agent or one.sheet.session
        table.add_row(one.id, f"{_ago(one)} ago", Text(printable(who)), Text(quoted(one.sheet.argv)[:500]))
    return table


def _ago(request: Request) -> str:
    seconds = max(0, round(time.time() - request.created))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
