"""`agentguard approve`: a person lets one waiting call run, once."""

from __future__ import annotations

import time

import click
from rich.console import Console

from ..actions.answer import approval, silenced, wants_factor
from ..actions.person import prove, require_person, sign
from ..approval.caller import asked_by, behind, ordered, standing
from ..approval.question import further, in_full, lines, printable
from ..approval.request import Request, ebbed, faithful, floods, grouped, phrase, wanted
from ..edge.layout import Root
from ..edge.records.callers import callers
from ..edge.records.database import Database
from ..edge.records.requests import Requests
from ..edge.terminal.prompt import ask
from ..errors import UsageError
from .pending import table

#: What is typed to deny all of a session that asks too much.
_ALL = "DENY ALL"
_DENY = "deny calls"


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
    person = require_person(root, deed, by_word=True)
    database = Database(root)
    requests = Requests(database)
    group = faithful(requests.group(chosen(database, id)))
    questions = tuple(request.question for request in group)
    caller = behind(group, callers(database, group))
    told = (*lines(questions[0], asked_by(questions[0], caller)), *further(questions), *in_full(questions))
    more = floods(grouped(requests.pending()).values()).get(group[0].session, 0)
    if more:
        what = f"{more} questions of this session wait; {_ALL} denies them, and what it asks within ten minutes"
        told = (("flood", what), *told)
    title = f"agentguard: request {standing(group[0], caller, time.time())}"
    typed = ask(title, told, f"{wanted(group)}: ")
    if more and typed == _ALL != phrase(group):
        by = prove(root, person, _DENY) if person.sign else person.by
        click.echo(silenced(requests.silence(group[0], by)))
        return 1
    if typed != phrase(group):
        state = requests.request(group[0].id).state
        then = "still waits" if state == "open" else f"is {state}"
        click.echo(f"{printable(phrase(group))} was not typed: request {group[0].id} {then}.")
        return 1
    proof = sign(root, deed, tuple(one.digest for one in group)) if wants_factor(person, group) else ""
    click.echo(approval(root, requests.answer(group, True, person.by, proof=proof)))
    return 0


def chosen(database: Database, id: str | None) -> Request:
    """The request that is meant, among those that wait. Raises UsageError, after a list if there are several.

    Those whose call gave up are meant only if none stands there, those whose caller has gone only if there is no other.
    """
    if database.foreign:
        raise UsageError("the requests here are another user's", "answer them as that user")
    requests = Requests(database)
    waiting = requests.pending()
    if id is not None:
        request = requests.request(id)
        if request.id not in {one.id for one in waiting}:
            state = "too old" if request.state == "open" else request.state
            raise UsageError(f"request {request.id} no longer waits: it is {state}")
        return request
    known = callers(database, waiting)
    every = ordered(grouped(waiting).values(), known)
    groups = tuple(group for group in every if behind(group, known).presence == behind(every[0], known).presence)
    firsts = tuple(group[0] for group in groups)
    if not firsts:
        raise UsageError("no call waits for an answer", "`agentguard watch` shows each one as it comes")
    if len(firsts) > 1:
        Console().print(table(ebbed(groups), known))
        for session, count in floods(groups).items():
            one = next(first for first in firsts if first.session == session)
            told = f"{count} of them are of {printable(one.question.session)}"
            click.echo(f"{told}: `agentguard deny {one.id} --session` denies all of it for ten minutes.")
        raise UsageError(f"{len(firsts)} questions wait for an answer", "name one by its ID")
    return firsts[0]
