"""A person's answers to requests, given on from a view: signed where a factor is wanted."""

from __future__ import annotations

import os
from contextlib import closing

from ..core.request import Request, faithful
from ..core.sheet import quoted
from ..edge.factors import Factor
from ..edge.journal import Journal
from ..edge.proof import asked, choice, grant
from ..edge.root import Root
from ..edge.terminal import answer, say
from ..errors import RecordError
from .approve import approval
from .person import Person, proving


class Answers:
    """Implements `watch.answerer.Answerer` for one person, who has been looked at before."""

    def __init__(self, root: Root, person: Person, deed: str) -> None:
        self._root = root
        self._person = person
        self._deed = deed

    def factors(self, requests: tuple[Request, ...]) -> tuple[Factor, ...]:
        """What they can prove themselves by; none if nothing of it is wanted."""
        faithful(requests)
        wanted = self._person.sign or any(request.sheet.factor for request in requests)
        return choice(self._root) if wanted else ()

    def approve(self, requests: tuple[Request, ...], factor: Factor | None, passphrase: str | None) -> str:
        """Sign if a factor is given, and let exactly these run."""
        proof = ""
        faithful(requests)
        self._require_record()
        if factor:
            with proving(self._root, self._deed):
                given = asked(factor, answer, say) if passphrase is None else passphrase
                proof = grant(self._root, tuple(one.digest for one in requests), factor, given).written()
        with closing(Journal(self._root)) as journal:
            return approval(journal.answer(requests, True, self._person.by, proof=proof))

    def deny(self, requests: tuple[Request, ...], words: str) -> str:
        """Refuse these."""
        self._require_record()
        with closing(Journal(self._root)) as journal:
            denied = journal.answer(requests, False, self._person.by, words)
        return f"Denied {', '.join(one.id for one in denied)}: {quoted(denied[0].sheet.argv)[:500]}"

    def _require_record(self) -> None:
        """An answer goes where the question came from, and makes no new record where that one is away."""
        if not os.path.lexists(self._root.record):
            raise RecordError(f"{self._root.record}: it is not there now", "answer when it is back")
