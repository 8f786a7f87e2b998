"""A person's answers to requests: signed where a factor is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

from ..approval.question import printable, quoted
from ..approval.request import SILENCE, Request, faithful
from ..edge.factors.factors import Factor
from ..edge.factors.proof import choice, grant, passphrase_for
from ..edge.installation.config import policy
from ..edge.layout import Root
from ..edge.records.database import Database
from ..edge.records.requests import Requests
from ..edge.terminal.prompt import answer, say
from ..errors import RecordError, Unproven
from .person import Person, proving


class Answers:
    """A `watch.answers_port.AnswersPort`. Who answers is looked at each time: a view may stay open for days."""

    def __init__(self, root: Root, person: Callable[[], Person], deed: str) -> None:
        self._root = root
        self._person = person
        self._deed = deed

    def factors(self, requests: tuple[Request, ...]) -> tuple[Factor, ...]:
        """What they can prove themselves by; none if nothing of it is wanted."""
        faithful(requests)
        return choice(self._root) if wants_factor(self._here(), requests) else ()

    def approve(self, requests: tuple[Request, ...], factor: Factor | None, passphrase: str | None) -> str:
        """Sign if a factor is given, and let exactly these run."""
        proof = ""
        faithful(requests)
        person = self._here()
        if factor is None and wants_factor(person, requests):
            raise Unproven("a factor is wanted for it by now", "open it again")
        if factor:
            with proving(self._root, self._deed):
                given = passphrase_for(factor, answer, say) if passphrase is None else passphrase
                proof = grant(self._root, tuple(one.digest for one in requests), factor, given).written()
        with closing(Database(self._root)) as database:
            return approval(self._root, Requests(database).answer(requests, True, person.by, proof=proof))

    def deny(self, requests: tuple[Request, ...], words: str, session: bool = False) -> str:
        """Refuse these, or all of their session."""
        person = self._here()
        with closing(Database(self._root)) as database:
            if session:
                return silenced(Requests(database).silence(requests[0], person.by, words))
            denied = Requests(database).answer(requests, False, person.by, words)
        return f"Denied {', '.join(one.id for one in denied)}: {quoted(denied[0].question.argv)[:500]}"

    def _here(self) -> Person:
        """Who answers now. An answer goes where its question is from: where that record is away, no new one is made."""
        if not os.path.lexists(self._root.record):
            raise RecordError(f"{self._root.record}: it is not there now", "answer when it is back")
        return self._person()


def wants_factor(person: Person, group: tuple[Request, ...]) -> bool:
    """Whether that person must prove themselves by a factor to approve these."""
    return person.sign or any(request.question.factor for request in group)


def approval(root: Root, group: tuple[Request, ...]) -> str:
    """What to tell who approved: that it runs now, or that the same call passes once within ten minutes."""
    told = f"Approved {', '.join(request.id for request in group)}."
    life = f"{policy(root).approval / 60:.3g} minutes"
    if len(group) > 1:
        return f"{told} Each of the same calls passes once within {life}."
    return f"{told} It runs now if its caller still waits; else the same call passes once within {life}."


def silenced(denied: tuple[Request, ...]) -> str:
    """What to tell who denied all of a session."""
    name = printable(denied[0].question.session)
    return f"Denied {len(denied)} of {name}, and whatever it asks within {SILENCE // 60} minutes."
