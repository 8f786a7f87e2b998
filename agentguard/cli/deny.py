"""`agentguard deny`: a person refuses a waiting call, with words for the agent."""

from __future__ import annotations

import click

from ..actions.answer import silenced
from ..actions.person import prove, require_person
from ..approval.question import quoted
from ..edge.layout import Root
from ..edge.records.database import Database
from ..edge.records.requests import Requests
from .approve import chosen


@click.command()
@click.argument("id", required=False)
@click.option("-m", "words", default="", metavar="WORDS", help="What the agent gets to read.")
@click.option("--session", is_flag=True, help="Refuse all of its session, and what that asks within ten minutes.")
@click.pass_obj
def deny(root: Root, id: str | None, words: str, session: bool) -> None:
    """Refuse a waiting call.

    Without ID: the one that waits, or a list if there are several.

    \b
    Examples:
      agentguard deny
      agentguard deny q7m2xk -m 'not in production: use staging'
      agentguard deny q7m2xk --session -m 'stop, and say what you are at'
    """
    deed = "deny a call"
    person = require_person(root, deed, by_word=True)
    by = prove(root, person, deed) if person.sign else person.by
    database = Database(root)
    requests = Requests(database)
    one = chosen(database, id)
    if session:
        click.echo(silenced(requests.silence(one, by, words)))
        return
    for request in requests.answer(requests.group(one), False, by, words):
        click.echo(f"Denied {request.id}: {quoted(request.question.argv)[:500]}")
