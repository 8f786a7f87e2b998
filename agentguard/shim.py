"""What a shim runs: the pipeline with the real edges. Whatever goes wrong, the call is refused.

Each edge is loaded when it is first used, so that a read does not pay for asking a person.
"""

from __future__ import annotations

import os
from _signal import SIG_DFL, SIGINT, signal  # `signal` itself would load `enum`

from .approval.sheet import printable
from .core.call import Invocation
from .core.word import text_of
from .edge.layout import Root
from .edge.system.launch import environment, launch
from .edge.system.programs import find
from .errors import LOOK, REFUSED, AgentguardError, InstallError, NoProgram, RecordError, RuleError
from .lean.typing import TYPE_CHECKING
from .pipeline import Edges, guard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .approval.request import Request
    from .approval.sheet import Sheet
    from .core.caller import Origin, Session
    from .core.effect import Reading
    from .core.world import World
    from .edge.records.requests import Journal
    from .edge.world import RealWorld
    from .policy.settings import Policy

#: Values of CI that mean that there is none.
_NO_CI = ("", "0", "false")


def main(root: str, sigign: str, name: str, arguments: list[str], factors: str = "") -> int:
    """Take one call to the real program, or refuse it; returns the exit status of the refusal.

    `root` is the installation that the shim belongs to, `sigign` the mask of signals that the
    caller ignored (hexadecimal digits, "" if unknown), `name` the program that was called,
    `arguments` what it was called with, as UTF-8 with `surrogateescape`, and `factors` the
    fingerprints of the factors that the shim was made with, between commas.
    """
    try:
        _occupy_streams()
        call = Invocation.of((name, *arguments), _directory(), environment())
        return guard(call, RealEdges(Root(root), call, sigign, tuple(filter(None, factors.split(",")))))
    except KeyboardInterrupt:
        signal(SIGINT, SIG_DFL)
        os.kill(os.getpid(), SIGINT)  # the caller is to see that a signal ended the call
        return 130
    except NoProgram as fault:
        _tell(f"agentguard: {fault}")
        return fault.status
    except InstallError:  # which names the files that say how strict the guard is: not for an agent
        mend = f"{LOOK}, and mend it or run `agentguard install` again"
        _tell(f"agentguard: {name} was not run: the guard itself is broken ({mend})")
    except AgentguardError as fault:
        _tell(f"agentguard: {name} was not run: {fault}")
    except Exception as fault:  # noqa: BLE001 - a call that cannot be judged does not run
        why = " ".join(f"{type(fault).__name__}: {fault}".split())
        _tell(f"agentguard: {name} was not run: judging it failed: {why} ({LOOK})")
    return REFUSED


class RealEdges(Edges):
    """The world outside, as the shim of one installation meets it in one call.

    `factors` are the fingerprints that the shim was made with: of the keys that prove a person.
    """

    def __init__(self, root: Root, call: Invocation, sigign: str, factors: tuple[str, ...] = ()) -> None:
        self._factors = factors
        self._root = root
        self._call = call
        self._sigign = sigign
        self._journal: Journal | None = None
        self._sessions: Mapping[tuple[int, int], Session] = {}
        self._world: RealWorld | None = None
        self._policy: Policy | None = None

    @property
    def journal(self) -> Journal:
        """The record under the root, opened when it is first used; raises RecordError."""
        if self._journal is None:
            from .edge.records.requests import Journal

            self._journal = Journal(self._root)
        return self._journal

    @property
    def policy(self) -> Policy:
        """What was chosen for this installation: read once, when a call first asks."""
        if self._policy is None:
            from .edge.installation.config import policy

            self._policy = policy(self._root)
        return self._policy

    @property
    def factors(self) -> tuple[str, ...]:
        """What the shim was made with."""
        return self._factors

    @property
    def patience(self) -> float:
        """What was chosen at install time; nothing in continuous integration, where nobody comes."""
        return self.policy.wait if (self._call.variable("CI") or "") in _NO_CI else 0.0

    def origin(self) -> Origin:
        """Who calls. Where the sessions that were named cannot be looked up, nobody is asked at the terminal."""
        from .edge.caller.processes import origin

        try:
            self._sessions = self.journal.sessions()
            self._caller = origin(self._sessions, self._call.surroundings)
        except RecordError:
            self._caller = origin(self._sessions, self._call.surroundings).replace(terminal="")
        return self._caller

    def world(self, call: Invocation) -> RealWorld:
        """The facts: one for however often the call is judged, because standard input can be read only once."""
        if self._world is None:
            from .edge.caller.processes import call_started
            from .edge.world import RealWorld

            self._world = RealWorld(call, self._root.shims, call_started(self._caller, self._sessions))
        return self._world

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        """The next program of that name behind the shims."""
        real = find(call.name, call.variable("PATH"), self._root.shims, text_of(call.cwd))
        return real.path, real.identity

    def directory(self, call: Invocation) -> tuple[str, ...]:
        """Device and inode of the working directory."""
        facts = os.stat(".")
        return str(facts.st_dev), str(facts.st_ino)

    def read(self, call: Invocation, world: World) -> Reading:
        """What the call would do, by the rules that were compiled at install time."""
        from . import resources
        from .classify.classifier import Classifier
        from .core.effect import Reading
        from .rulebook.compiled import CompiledRulebook

        rules = CompiledRulebook(resources.rules())
        if rules.program(call.name) is None:
            raise RuleError(f"no rules are taught for {call.name}", "run `agentguard install` again")
        return Classifier(rules, world).command(call) + Reading(unconfirmable=self.world(call).stdin_unusable)

    def located(self, path: str) -> tuple[str, tuple[str, ...]]:
        """As the kernel goes there."""
        from .edge.files.locate import located

        return located(path)

    def is_persons(self, terminal: str) -> bool:
        """Judged by who holds its other end."""
        from .edge.terminal.trust import place

        return place(self._sessions).verdict == "person"

    def prompt(self, terminal: str, asked: Sheet, word: str) -> bool:
        """Ask on /dev/tty."""
        from .edge.terminal.prompt import prompt

        return prompt(terminal, asked, word)

    def signed(self, terminal: str, digest: str) -> str:
        """Ask for the factor on /dev/tty."""
        from .edge.caller.controlling_terminal import own_terminal
        from .edge.factors.proof import sign_grant
        from .edge.terminal.prompt import answer, say
        from .errors import Unproven

        if own_terminal() != terminal:
            raise Unproven("the terminal is another one now")
        try:
            return sign_grant(self._root, (digest,), answer, say)
        except KeyboardInterrupt:
            raise Unproven("no factor was given") from None

    def proven(self, request: Request, digest: str) -> str:
        """Check the signature by the factors that the shim was made with."""
        from .edge.factors.proof import used

        return used(self._root, self.journal, self._factors, request, digest)

    def tell(self, *lines: str) -> None:
        """Write lines to standard error."""
        _tell(*lines)

    def launch(self, program: str, call: Invocation) -> int:
        """Become the real program, with the standard input that was rated."""
        world = self.world(call)
        if world.stdin_unusable:
            raise AgentguardError(world.stdin_unusable)
        launch(program, call.texts, call.surroundings, self._sigign, world.stdin_read)


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError as fault:
        # What a relative path means there cannot be known, and so neither what the call would do.
        raise AgentguardError(f"its working directory cannot be seen: {fault.strerror}", "use another one") from fault


def _occupy_streams() -> None:
    """Where 0, 1 or 2 is closed, hold its number until `exec`, so that no file opened here gets it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(descriptor)


def _tell(*lines: str) -> None:
    told = "".join(f"{printable(line)}\n" for line in lines)
    try:
        os.write(2, told.encode("utf-8", "backslashreplace"))
    except OSError:  # nobody listens
        return
