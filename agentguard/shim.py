"""The entry point of a shim: the pipeline with the real edges. Whatever goes wrong, the call is refused.

What asks a person, and what only some calls need, is loaded when it is first used.
"""

from __future__ import annotations

import os
from _signal import SIG_DFL, SIGINT, signal  # `signal` itself would load `enum`

from .approval.question import printable
from .core.call import Invocation
from .core.text.encoding import decode
from .core.word import Known
from .edge.layout import Root
from .edge.system.launch import environment, launch
from .edge.system.programs import find
from .errors import BROKEN, LOOK, REFUSED, AgentguardError, InstallError, NoProgram, RecordError, RuleError
from .lean.typing import TYPE_CHECKING
from .pipeline import guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .approval.question import Question
    from .approval.request import Request
    from .approval.terminal_trust import Trust
    from .core.caller import Origin
    from .core.effect import Reading
    from .core.word import Word
    from .core.world import World
    from .edge.caller.processes import Sessions
    from .edge.records.audit_log import AuditLog
    from .edge.records.sessions import NamedSessions
    from .edge.world import RealWorld
    from .policy.settings import Policy


def main(root: str, sigign: str, name: str, arguments: list[str], factors: str = "") -> int:
    """Take one call to the real program, or refuse it; returns the exit status of the refusal.

    `root` is the installation that the shim belongs to, `sigign` the mask of signals that the
    caller ignored (hexadecimal digits, "" if unknown), `name` the program that was called,
    `arguments` what it was called with, as UTF-8 with `surrogateescape`, and `factors` the
    fingerprints of the factors that the shim was made with, between commas.
    """
    try:
        _occupy_streams()
        call = Invocation.of((name, *arguments), "/", environment()).replace(cwd=_directory())
        return _guarded(call, Root(root), sigign, tuple(filter(None, factors.split(","))))
    except KeyboardInterrupt:
        signal(SIGINT, SIG_DFL)
        os.kill(os.getpid(), SIGINT)  # the caller is to see that a signal ended the call
        return 130
    except NoProgram as fault:
        _tell(f"agentguard: {fault}")
        return fault.status
    except InstallError:
        _tell(f"agentguard: {name} was not run: {BROKEN}")
    except AgentguardError as fault:
        _tell(f"agentguard: {name} was not run: {fault}")
    except Exception as fault:  # noqa: BLE001 - a call that cannot be judged does not run
        why = " ".join(f"{type(fault).__name__}: {fault}".split())
        _tell(f"agentguard: {name} was not run: judging it failed: {why} ({LOOK})")
    return REFUSED


def _guarded(call: Invocation, root: Root, sigign: str, pins: tuple[str, ...]) -> int:
    """Guard a call with the real edges; `pins` are the fingerprints of the keys that prove a person."""
    from .edge.caller.processes import call_started
    from .edge.installation.config import looking
    from .edge.records.audit_log import AuditLog
    from .edge.records.database import Database
    from .edge.records.requests import Requests
    from .edge.records.sessions import NamedSessions
    from .edge.system.deadline import Deadline
    from .edge.world import RealWorld

    database = Database(root)
    log, requests = AuditLog(database), Requests(database)
    origin, sessions = _caller(NamedSessions(database), call)
    deadline = Deadline(looking(root))
    world = RealWorld(call, root.shims, call_started(origin, sessions), deadline=deadline)
    facts = RealFacts(root, world, bool(pins))
    return guard(call, origin, facts, log, requests, RealAsker(root, log, sessions, pins), RealLauncher(world, sigign))


def _caller(named: NamedSessions, call: Invocation) -> tuple[Origin, Sessions]:
    """Who calls, and the sessions that were named. Where these cannot be read, nobody is asked at the terminal."""
    from .edge.caller.processes import origin

    try:
        sessions = named.recent()
    except RecordError:
        return origin({}, call.surroundings).replace(terminal=""), {}
    return origin(sessions, call.surroundings), sessions


class RealFacts:
    """This machine, as a call of one installation finds it: `ports.Facts`."""

    def __init__(self, root: Root, world: RealWorld, has_factors: bool) -> None:
        self.world = world
        self.has_factors = has_factors
        self._root = root
        self._policy: Policy | None = None

    def begin(self, times: float) -> None:
        """By the deadline of the world."""
        self.world.deadline.begin(times)

    @property
    def cut(self) -> bool:
        """By the deadline of the world."""
        return self.world.deadline.cut

    @property
    def policy(self) -> Policy:
        """What was chosen for this installation: read once, when a call first asks."""
        if self._policy is None:
            from .edge.installation.config import policy

            self._policy = policy(self._root)
        return self._policy

    def read(self, call: Invocation, world: World) -> Reading:
        """What the call would do, by the rules that were compiled at install time."""
        from . import resources
        from .classify.classifier import Classifier
        from .core.effect import Reading
        from .rulebook.compiled import CompiledRulebook

        rules = CompiledRulebook(resources.rules())
        if rules.program(call.name) is None:
            raise RuleError(f"no rules are taught for {call.name}", "run `agentguard install` again")
        return Classifier(rules, world).command(call) + Reading(unconfirmable=self.world.stdin_unusable)

    def ahead(self, call: Invocation, caller: Origin) -> Iterator[Invocation]:
        """By the text of the shell above, for as long as a look may take."""
        from . import resources
        from .classify.ahead import calls_ahead
        from .edge.caller.parent import parent_calls
        from .edge.system.deadline import Deadline
        from .edge.world import RealWorld
        from .rulebook.compiled import CompiledRulebook

        rules, deadline = CompiledRulebook(resources.rules()), Deadline(self.world.deadline.limit)
        for parent in parent_calls(call, caller):
            world = RealWorld(parent, self._root.shims, self.world.call_started, deadline=deadline)
            found = calls_ahead(parent, call, rules, world)
            yield from (one for one in found if not deadline.over)
            if found:
                return

    def real(self, call: Invocation) -> tuple[str, tuple[str, ...]]:
        """The next program of that name behind the shims."""
        real = find(call.name, call.variable("PATH"), self._root.shims, call.cwd.guess)
        return real.path, real.identity

    def directory(self) -> tuple[str, ...]:
        """Device and inode of the working directory."""
        facts = os.stat(".")
        return str(facts.st_dev), str(facts.st_ino)

    def located(self, path: str) -> tuple[str, tuple[str, ...]]:
        """As the kernel goes there."""
        from .edge.files.locate import located

        return located(path)


class RealAsker:
    """Whoever called the shim, and the person at their terminal: `ports.Asker`.

    `pins` are the fingerprints that the shim was made with: of the keys that prove a person.
    """

    def __init__(self, root: Root, log: AuditLog, sessions: Sessions, pins: tuple[str, ...]) -> None:
        self._root = root
        self._log = log
        self._sessions = sessions
        self._pins = pins
        self._judged: Trust | None = None
        self._in_doubt: str | None = None

    def is_persons(self, terminal: str) -> bool:
        """Judged by who holds its other end."""
        return self._trust.level == "person"

    def is_alone(self, terminal: str) -> bool:
        """Judged by who holds its other end, and by what runs beside the call."""
        return self._trust.level == "person" and not self._trust.shared and not self._beside

    def doubt(self, terminal: str) -> str:
        """Judged by who holds its other end."""
        shared = self._trust.shared
        return self._trust.why or (f"you or an agent of {shared}'s, which holds the terminal" if shared else "")

    def types(self, terminal: str) -> bool:
        """Whether descriptor 0 leads to the controlling terminal."""
        from .edge.caller.controlling_terminal import is_own_terminal

        return is_own_terminal(0)

    @property
    def _trust(self) -> Trust:
        """How far the caller's terminal is trusted: looked at once in one call."""
        if self._judged is None:
            from .edge.terminal.trust import terminal_trust

            self._judged = terminal_trust(self._sessions)
        return self._judged

    @property
    def _beside(self) -> str:
        """What may be an agent beside the call: looked at once in one call, as all processes are asked for it."""
        if self._in_doubt is None:
            from .edge.caller.processes import beside
            from .edge.caller.runners import beside_in_doubt

            shim = f"{self._root.current}/enter.py"
            self._in_doubt = beside_in_doubt(process for process in beside() if shim not in process.argv)
        return self._in_doubt

    def take_turn(self, terminal: str, wait: bool) -> bool:
        """By a lock on the terminal."""
        from .edge.terminal.turn import take_turn

        return take_turn(terminal, wait)

    def prompt(self, terminal: str, question: Question, by: str, *, more: tuple[Question, ...] = ()) -> bool:
        """Ask on /dev/tty."""
        from .edge.terminal.prompt import prompt

        return prompt(terminal, question, by, more=more)

    def signed(self, terminal: str, *digests: str) -> str:
        """Ask for the factor on /dev/tty."""
        from .edge.caller.controlling_terminal import own_terminal
        from .edge.factors.proof import sign_grant
        from .edge.terminal.prompt import answer, say
        from .errors import Unproven, WrongPassphrase

        if own_terminal() != terminal:
            raise Unproven("the terminal is another one now")
        try:
            return sign_grant(self._root, digests, answer, say)
        except WrongPassphrase:
            say("That is not the passphrase.")
            raise

    def proven(self, request: Request, digest: str) -> str:
        """Check the signature by the factors that the shim was made with."""
        from .edge.factors.proof import used

        return used(self._root, self._log, self._pins, request, digest)

    def tell(self, *lines: str) -> None:
        """Write lines to standard error."""
        _tell(*lines)


class RealLauncher:
    """`exec`, with the signals that the caller ignored: `ports.Launcher`."""

    def __init__(self, world: RealWorld, sigign: str) -> None:
        self._world = world
        self._sigign = sigign

    def launch(self, program: str, call: Invocation) -> int:
        """Become the real program, with the standard input that was rated."""
        if self._world.stdin_unusable:
            raise AgentguardError(self._world.stdin_unusable)
        launch(program, call.texts, call.surroundings, self._sigign, self._world.stdin_read)


def _directory() -> Word:
    """The working directory; unknown where it was removed or cannot be seen: nobody can tell what lies around it."""
    try:
        return Known(os.getcwd())
    except OSError as fault:
        from .core.word import Unknown

        named = decode(os.readlink(b"/proc/self/cwd")) if os.path.lexists("/proc/self/cwd") else "a directory"
        shown = f"{named.removesuffix(' (deleted)')} ({fault.strerror or fault})"
        return Unknown(shown, shown)


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
