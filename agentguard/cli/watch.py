"""`agentguard watch`: shows each call that waits, as it comes, and takes the answer."""

from __future__ import annotations

import os
import time

import click

from ..core.request import Request, question
from ..core.sheet import printable
from ..edge.journal import Journal
from ..edge.root import Root
from ..edge.terminal import ask, has_terminal, say
from ..errors import NotAPerson, RecordError, UsageError
from .approve import also, approval, them, title
from .person import Person, prove, require_person, sign

#: How often to look for new requests, in seconds.
GLANCE = 0.5
DEED = "watch for calls and answer them"


@click.command()
@click.pass_obj
def watch(root: Root) -> None:
    """Show each waiting call as it comes.

    Takes your answer to each. Ctrl-C ends.

    \b
    Example:
      agentguard watch
    """
    person = require_person(root, DEED)
    if person.sign:
        prove(root, person, DEED)
    if Journal(root).foreign:
        raise UsageError("the requests here are another user's", "answer them as that user")
    say("Waiting for calls that need a person. Ctrl-C ends.")
    try:
        _Watch(root, person).run()
    except KeyboardInterrupt:
        say("")


class _Watch:
    """One person's watch. It outlives its database: what cannot be read now is tried again."""

    def __init__(self, root: Root, person: Person) -> None:
        self._root = root
        self._person = person
        self._journal: Journal | None = None
        self._file = (0, 0)
        self._shown: set[str] = set()
        self._trouble = ""

    def run(self) -> None:
        """Until Ctrl-C, or until the terminal is gone."""
        while has_terminal():
            request = self._next()
            if request is None:
                time.sleep(GLANCE)
            else:
                self._shown.add(request.id)
                self._put(request)

    def _open(self) -> Journal:
        """The journal that lies in its place now; a file that was put there meanwhile is another one."""
        try:
            facts = os.stat(self._root.record)
        except OSError as fault:
            raise RecordError(f"{self._root.record}: {fault.strerror}") from fault
        file = (facts.st_dev, facts.st_ino)
        if self._journal is None or file != self._file:
            if self._journal is not None:
                self._journal.close()
            self._journal, self._file = Journal(self._root), file
        return self._journal

    def _next(self) -> Request | None:
        """The oldest request that has not been shown yet."""
        try:
            waiting = [request for request in self._open().pending() if not request.lead]
        except RecordError as fault:
            if str(fault) != self._trouble:
                self._trouble = str(fault)
                say(f"The requests cannot be read: {printable(self._trouble)}. Trying on.")
            return None
        if self._trouble:
            self._trouble = ""
            say("The requests can be read again.")
        return next((request for request in waiting if request.id not in self._shown), None)

    def _put(self, request: Request) -> None:
        """Ask about one request and what has joined it, and give the answer on."""
        try:
            group = self._open().group(request) or (request,)
            word = question(group)
            wanted = (
                f"{also(group)}Type {printable(word)} to approve {them(group)}, deny [WORDS] to refuse, "
                "anything else to leave it: "
            )
            typed = ask(f"\a{title(group)}", request.sheet, wanted, gone=lambda: self._gone(request))
            verb, _, words = (typed or "").partition(" ")
            if typed == word:
                wants = self._person.sign or any(one.sheet.factor for one in group)
                proof = sign(self._root, DEED, tuple(one.digest for one in group)) if wants else ""
                say(approval(self._open().answer(group, True, self._person.by, proof=proof)))
            elif verb == "deny":
                denied = self._open().answer(group, False, self._person.by, words.strip())
                say(f"Denied {', '.join(one.id for one in denied)}.")
            elif self._gone(request):
                say(f"\nRequest {request.id} no longer waits: it was answered elsewhere, or its caller has gone.")
            else:
                say(f"Left {request.id} as it is: `agentguard approve {request.id}` or `deny {request.id}` answers it.")
        except (UsageError, NotAPerson) as fault:
            say(printable(fault.message))
        except RecordError as fault:
            say(f"The answer could not be given: {printable(str(fault))}")
            self._shown.discard(request.id)

    def _gone(self, request: Request) -> bool:
        """Whether a request no longer waits, as far as can be seen."""
        try:
            return self._open().request(request.id).state != "open"
        except UsageError:
            return True
        except RecordError:
            return False
