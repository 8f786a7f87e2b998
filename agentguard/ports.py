"""What the path of one call asks of the world outside: a port for each kind of question.

For type checkers only: a shim never loads this module, so `typing` costs it nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from .approval.question import Question
from .approval.request import Asked, Filed, Request
from .core.call import Invocation
from .core.caller import Origin, Session
from .core.effect import Reading
from .core.world import World
from .policy.denials import Denial
from .policy.settings import Policy


class Facts(Protocol):
    """What a call is judged by."""

    @property
    def world(self) -> World:
        """The facts as seen from this call: one for both judgements, as standard input can be read only once."""

    def begin(self, times: float) -> None:
        """Begin a look at the world, of so many times what one may take; of no time for what is seen at once."""

    @property
    def cut(self) -> bool:
        """Whether something was left unseen because the look took too long."""

    @property
    def policy(self) -> Policy:
        """What the owner has chosen; the same throughout one call. Raises InstallError."""

    @property
    def has_factors(self) -> bool:
        """Whether there is a key that could prove a person."""

    def read(self, call: Invocation, world: World) -> Reading:
        """What the call would do, by the rulebook. Raises RuleError."""

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        """The real program's path and identity. Raises NoProgram."""

    def directory(self) -> tuple[str, ...]:
        """The working directory's identity: device and inode."""

    def ahead(self, call: Invocation, caller: Origin) -> Iterable[Invocation]:
        """The calls of the same program that the caller comes to after this one, as far as its own text says."""

    def located(self, path: str) -> tuple[str, tuple[str, ...]]:
        """Where an absolute path really leads, with the device and inode of what is there."""


class Log(Protocol):
    """What happened."""

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        """Add one row, durably, before returning. Raises RecordError."""

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        """Keep one row beside the record until it can be added. Raises RecordError."""

    def miss(self) -> None:
        """Count a call of which no row could be kept: the next row says how many there were."""


class Requests(Protocol):
    """The calls that wait for a person, and their answers. Every method raises RecordError."""

    def denials(self, session: Session) -> tuple[Denial, ...]:
        """What a person has denied lately, in that session or where nobody can tell the session."""

    def opens(self, question: Question, caller: Origin) -> bool:
        """Whether a call begins a question: its caller has asked nothing alike that is open or was just answered."""

    def submit(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...] = ()) -> Filed:
        """Put a request on the list; one that is still open for the same digest, or an alike one, is joined.

        What the caller comes to next, `ahead`, is one question with it.
        """

    def denied_here(self, question: Question, caller: Origin) -> Request | None:
        """The denial at the call's own terminal that is for what its loop asks next as well, if there is one."""

    def ask_here(self, asked: Asked, caller: Origin, ahead: tuple[Asked, ...]) -> Request:
        """Have a call stand in line to be asked about at its own terminal, with what its caller comes to next."""

    def here(self, request: Request) -> tuple[Request, ...]:
        """What stands in line as one question with that one, which is the first; it alone, if it has its answer."""

    def answer_here(self, group: tuple[Request, ...], approved: bool, terminal: str, proof: str) -> tuple[Request, ...]:
        """Answer what was asked at that terminal; those answered."""

    def approved(self, digest: str, life: float) -> Request | None:
        """An approval for exactly this digest that has neither been spent nor expired after `life` seconds."""

    def wait(self, request: Request, seconds: float) -> Request:
        """The request as it is once a person has answered, or after that many seconds."""

    def consume(self, request: Request, life: float) -> bool:
        """Use up an approval; False if another process was first or it has expired after `life` seconds."""

    def withdraw(self, request: Request) -> None:
        """The caller has gone away: take an open request off the list."""


class Asker(Protocol):
    """The person at the caller's own terminal, and the caller itself."""

    def is_persons(self, terminal: str) -> bool:
        """Whether that terminal, the caller's own, is one that a person sits at."""

    def is_alone(self, terminal: str) -> bool:
        """Whether it is a person's, and nothing that shows it or runs beside the call may be an agent."""

    def doubt(self, terminal: str) -> str:
        """What speaks against a person of their own at that terminal, in plain words; "" if nothing does."""

    def types(self, terminal: str) -> bool:
        """Whether standard input is that terminal, so that the program gets what is typed there."""

    def take_turn(self, terminal: str, wait: bool) -> bool:
        """Take the turn to ask at that terminal; False if another call has it, unless that is waited for."""

    def prompt(self, terminal: str, question: Question, by: str, *, more: tuple[Question, ...] = ()) -> bool:
        """Show the person at that terminal what is asked and by whom; whether they typed the word for it.

        `more` are answered together with it. Raises KeyboardInterrupt if they end it instead.
        """

    def signed(self, terminal: str, *digests: str) -> str:
        """Have the person at that terminal sign these digests by a factor: the grant's text.

        Raises Unproven, or InstallError where a factor is missing.
        """

    def proven(self, request: Request, digest: str) -> str:
        """Why a request's proof does not prove a person's word for that digest, "" if it does.

        It does so for one call: the row that says that this one ran uses it up.
        """

    def tell(self, *lines: str) -> None:
        """Say something to the caller, on standard error."""


class Launcher(Protocol):
    """The way to the real program."""

    def launch(self, program: str, call: Invocation) -> int:
        """Become the real program. Returns only if it cannot be started."""
