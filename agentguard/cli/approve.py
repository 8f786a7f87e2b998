"""`agentguard approve`: a person lets one waiting call run, once."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..core.request import Request, faithful, question, questions
from ..core.sheet import printable, quoted
from ..edge.journal import Journal
from ..edge.policy import policy
from ..edge.root import Root
from ..edge.terminal import ask
from ..errors import UsageError
from .person import Person, require_person, sign


@click.command()
@click.argument("id", required=False)
@click.pass_obj
def approve(root: Root, id: str | None) -> int:
    """Let a waiting call run, once.

    Shows what it would do, and wants a word typed. Calls that a loop made are one question: what is
    approved is exactly the list that was shown. Without ID: the one that waits, or a list if there
    are several.

    \b
    Examples:
      agentguard approve
      agentguard approve q7m2xk
    """
    deed = "approve a call"
    person = require_person(root, deed)
    journal = Journal(root)
    group = faithful(journal.group(chosen(journal, id)))
    word = printable(question(group))
    wanted = f"{also(group)}Type {word} to approve {them(group)}, anything else to leave it: "
    if ask(title(group), group[0].sheet, wanted) != question(group):
        click.echo(f"{word} was not typed: request {group[0].id} still waits.")
        return 1
    proof = proof_for(root, group, person, deed)
    click.echo(approval(root, journal.answer(group, True, person.by, proof=proof)))
    return 0


def proof_for(root: Root, group: tuple[Request, ...], person: Person, deed: str) -> str:
    """The person's signature for these requests' calls, "" where none is wanted. Raises NotAPerson."""
    wants = person.sign or any(request.sheet.factor for request in group)
    return sign(root, deed, tuple(request.digest for request in group)) if wants else ""


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
    firsts = tuple(group[0] for group in questions(waiting).values())
    if not firsts:
        raise UsageError("no call waits for an answer", "`agentguard watch` shows each one as it comes")
    if len(firsts) > 1:
        Console().print(_list(firsts))
        raise UsageError(f"{len(firsts)} calls wait for an answer", "name one by its ID")
    return firsts[0]


def title(group: tuple[Request, ...]) -> str:
    """What stands above the sheet of the first of these requests."""
    return f"agentguard: request {group[0].id}, asked {_ago(group[0])} ago. It cannot be undone."


def also(group: tuple[Request, ...]) -> str:
    """The other calls that one answer decides, a line each."""
    if len(group) == 1:
        return ""
    calls = "".join(f"  {quoted(request.sheet.argv)}\n" for request in group[1:])
    return f"and {len(group) - 1} more of the same caller:\n{calls}\n"


def them(group: tuple[Request, ...]) -> str:
    """What an approval would approve."""
    return "it" if len(group) == 1 else f"exactly these {len(group)}"


def approval(root: Root, group: tuple[Request, ...]) -> str:
    """What an approval means now."""
    told = f"Approved {', '.join(request.id for request in group)}."
    life = f"{policy(root).approval / 60:.3g} minutes"
    if len(group) > 1:
        return f"{told} Each of the same calls passes once within {life}."
    return f"{told} It runs now if its caller still waits; else the same call passes once within {life}."


def _list(waiting: tuple[Request, ...]) -> Table:
    table = Table("ID", "asked", "by", "command", box=None, padding=(0, 2, 0, 0))
    for one in waiting:
        who = one.sheet.agent or one.sheet.session
        table.add_row(one.id, f"{_ago(one)} ago", Text(printable(who)), Text(quoted(one.sheet.argv)[:500]))
    return table


def _ago(request: Request) -> str:
    seconds = max(0, round(time.time() - request.created))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
