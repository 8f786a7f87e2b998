"""The real World (see core.world.World): files, git, configuration and standard input of one call."""

from __future__ import annotations

import os
import stat
import sys
import time

from ..core.text.encoding import decode, encode
from ..core.unseen import AtTerminal, Unseen
from ..core.word import Known, Unknown
from ..core.world import Answer, Destination, PathState, World
from ..errors import AgentguardError
from ..lean.canonical import digest, fingerprint
from ..lean.typing import TYPE_CHECKING
from .system.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Concatenate, ParamSpec, TypeVar

    from ..core.call import Call, Invocation
    from ..core.word import Word
    from .files.protected import Places
    from .git.git import Git
    from .git.probes import Probe

    P = ParamSpec("P")
    T = TypeVar("T")

#: The longest text that is read in order to rate it, in bytes.
MOST_BYTES = 8 << 20
#: The same of a script that is read piece by piece.
MOST_STREAMED = 1 << 30
#: How long standard input may take to end, in seconds.
STDIN_SECONDS = 10.0
#: How many paths a pattern may stand for.
MOST_MATCHES = 100_000

#: How long a path may be for the system to look at it, in bytes (PATH_MAX with its final NUL).
_LONGEST_PATH = 4095

_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def _or_unseen(look: Callable[Concatenate[RealWorld, P], T]) -> Callable[Concatenate[RealWorld, P], T]:
    """A look that raises Unseen for whatever the system refuses, where nothing below has a better word for it."""

    def looks(self: RealWorld, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return look(self, *args, **kwargs)
        except (OSError, ValueError) as fault:  # ValueError: a path with NUL
            raise Unseen(_why(fault)) from fault

    return looks


def _why(fault: Exception) -> str:
    """Which path cannot be looked at, and why."""
    if isinstance(fault, OSError) and fault.filename is not None:
        name = fault.filename
        return f"{decode(name) if isinstance(name, bytes) else name} cannot be looked at: {fault.strerror}"
    return f"it cannot be looked at: {fault}"


class RealWorld(World):
    """The world as one call sees it.

    `shims` is the installation's own shims directory, so that no answer is a shim's. `call_started`
    is when the outermost process of the call below the agent's own began, in seconds since the
    epoch; None where nothing has begun yet. `running` says whether the call is about to run in this
    very process, as in a shim, and not only checked: then standard input is the call's own, and what
    is not there now is not there when it runs. When `deadline` is over, nothing more is asked.

    After reading, `stdin_read` are the bytes that the real program must get in place of what was
    there (None: nothing was read), and `stdin_unusable` says why it cannot be given them all.
    """

    def __init__(
        self,
        call: Invocation,
        shims: str,
        call_started: float | None = None,
        running: bool = True,
        deadline: Deadline | None = None,
    ) -> None:
        self.call = call
        self.deadline = deadline or Deadline()
        self._shims = shims
        self.call_started = call_started
        self.running = running
        self.stdin_read: bytes | None = None
        self.stdin_unusable = ""
        self._git_of: tuple[Call, Git] | None = None

    @property
    def shims(self) -> str:
        """The installation's own shims directory."""
        return self._shims

    # Files

    def read(self, path: str, cwd: str) -> bytes:
        """See World; at most MOST_BYTES, and nothing but a regular file."""
        from .files.stream import regular

        if path in _STDIN:
            return self.stdin()
        descriptor = regular(path, cwd)
        try:
            chunks, total = [], 0
            while chunk := os.read(descriptor, 1 << 20):
                chunks.append(chunk)
                total += len(chunk)
                if total > MOST_BYTES:
                    raise Unseen(f"{path}: more than {MOST_BYTES >> 20} MiB")
            return b"".join(chunks)
        except OSError as fault:
            raise Unseen(f"{path}: {fault.strerror}") from fault
        finally:
            os.close(descriptor)

    def stream(self, path: str, cwd: str) -> Iterator[bytes]:
        """See World; standard input that is a long file is left as it is: the program reads it as it would a file."""
        from .files.stream import pieces, rest_of_stdin

        if path and path not in _STDIN:
            yield from self._watched(pieces(path, cwd))
        elif self.stdin_read is None and self.running and (left := rest_of_stdin(MOST_BYTES)) is not None:
            yield from self._watched(left)
        else:
            yield self.stdin()

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pieces of a file, of which the time is left out that a long one takes: a person sees how far it is."""
        total = 0
        began = time.monotonic()
        for piece in pieces:
            total += len(piece)
            if total > MOST_STREAMED:
                raise Unseen(f"it has more than {MOST_STREAMED >> 30} GiB")
            yield piece
            now = time.monotonic()
            if total > MOST_BYTES:
                self.deadline.extend(now - began)
            began = now

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """See World; git is the system's own, and no variable of the call changes what it says."""
        from .files.descriptors import opened
        from .files.states import states
        from .system.child import Tool
        from .system.programs import installed_git

        try:
            git = Tool(installed_git(), self.deadline)
            found = states(paths, cwd, follow, self._places(), git, self.call_started)
            open_files = (opened(path, self.running) if follow else None for path in paths)
            found = tuple(before or state for before, state in zip(open_files, found, strict=True))
        except (OSError, ValueError) as fault:
            return tuple(PathState(path, "unseen", _why(fault)) for path in paths)
        return found if self.running else tuple(map(_foreseen, found))

    @_or_unseen
    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """See World; a backslash takes the next character literally. Raises Unseen for too many matches."""
        from .files.glob import expand

        return expand(pattern, cwd, MOST_MATCHES, self.deadline)

    @_or_unseen
    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """See World."""
        from .files.destinations import of_copies

        _within_reach(cwd, *sources, target)
        return of_copies(sources, target, cwd, inside, self._places(), self.deadline)

    @_or_unseen
    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """See World."""
        from .files.destinations import of_archive

        _within_reach(cwd, archive, target)
        return of_archive(archive, target, cwd, strip, self._places(), self.deadline)

    @_or_unseen
    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """See World; of a line that is only checked, a start of another place or time cannot be looked through."""
        from .files.listing import below

        _within_reach(cwd, *starts)
        for path in () if self.running else map(_foreseen, (_missing_or_not(start, cwd) for start in starts)):
            if path.state == "unseen":
                raise Unseen(f"{path.path}: {path.detail}")
        return below(starts, names, cwd, self._places(), self.deadline)

    def _places(self) -> Places:
        """The directories that are precious, as this call's environment has them."""
        from .files.protected import Places

        return Places({name: word.guess for name, word in self.call.env.items()})

    # Standard input

    def stdin(self) -> bytes:
        """See World; the same bytes however often it is asked. At most MOST_BYTES within STDIN_SECONDS."""
        if self.stdin_unusable:
            raise Unseen(self.stdin_unusable)
        if self.stdin_read is not None:
            return self.stdin_read
        if not self.running:
            raise Unseen("its standard input is not known before it runs")
        if sys.__stdin__ is None:  # closed when this process began: what has the number now is not the caller's
            return b""
        try:
            facts = os.fstat(0)
        except OSError as fault:
            raise Unseen(f"standard input: {fault.strerror}") from fault
        if stat.S_ISCHR(facts.st_mode) and os.isatty(0):
            raise AtTerminal("standard input is a terminal: what will be typed is not known")
        began = time.monotonic()
        try:
            self.stdin_read = self._all_of_stdin()
        except OSError as fault:
            self.stdin_unusable = f"standard input cannot be read: {fault.strerror}"
            raise Unseen(self.stdin_unusable) from fault
        finally:
            self.deadline.extend(time.monotonic() - began)  # it was waited for, which has a limit of its own
        return self.stdin_read

    def _all_of_stdin(self) -> bytes:
        from select import POLLIN, poll

        waiting = poll()
        waiting.register(0, POLLIN)
        deadline = time.monotonic() + STDIN_SECONDS
        chunks: list[bytes] = []
        total = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                self.stdin_unusable = f"standard input has not ended after {STDIN_SECONDS:.0f} s, so it cannot be shown"
                raise Unseen(self.stdin_unusable)
            try:
                chunk = os.read(0, 1 << 16)
            except BlockingIOError:  # another reader of the same pipe was faster
                continue
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
            total += len(chunk)
            if total > MOST_BYTES:
                self.stdin_unusable = f"standard input has more than {MOST_BYTES >> 20} MiB, so it cannot be shown"
                raise Unseen(self.stdin_unusable)

    # Programs

    def ask(self, probe: str, call: Call) -> Answer:
        """See World; what fails in any way is unseen."""
        from .git.probes import PROBES

        if probe not in PROBES:
            return Answer(unseen=f"there is no probe {probe}")
        for word in call.invocation.argv:
            if isinstance(word, Unknown):
                return Answer(unseen=f"what {word.written} stands for is not known before the line runs")
        try:
            return self._probed(PROBES[probe], call)
        except Unseen as why:
            return Answer(unseen=str(why))

    @_or_unseen
    def _probed(self, probe: Probe, call: Call) -> Answer:
        return probe(call, self._git(call), self)

    @_or_unseen
    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """See World; the sources are those of edge.git.lookups, and the four here."""
        if source == "system-program":
            from .system.owners import system_program

            return system_program(key, call.cwd)
        if source == "no-tar-archive":
            from .files.archives import no_tar_archives

            return no_tar_archives(call)
        if source == "railway-link":
            from .providers.railway import linked

            return linked(key, call, self)
        if source == "postgres-catalogue":
            from .postgres.catalogue import catalogue

            # What another program starts (sudo) may run as somebody else, whose databases are others.
            if self.running and self.call.name != call.invocation.name:
                raise Unseen(f"{self.call.name} may connect it to another database")
            return catalogue(call, self.deadline)
        from .git.lookups import look_up

        return look_up(source, key, call, self._git(call), self)

    def _git(self, call: Call) -> Git:
        """Git as this call would see it, by the system's own program, or else the one that would run.

        It is one for all that is asked of one reading of a call: reading it again looks again.
        """
        if self._git_of is None or self._git_of[0] is not call:
            self._git_of = (call, self._new_git(call))
        return self._git_of[1]

    def _new_git(self, call: Call) -> Git:
        from .git.git import of_call
        from .system.child import Tool
        from .system.programs import find, installed_git

        made = call.invocation
        path = installed_git()
        if not path:
            try:
                path = find("git", made.variable("PATH"), self.shims, made.cwd.guess).path
            except AgentguardError as fault:
                raise Unseen(fault.message) from fault
        return of_call(Tool(path, self.deadline), made)

    # What a program reads by itself

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """See World; what is there but cannot be read is noted with the reason."""
        env, cwd = call.invocation.env, call.invocation.cwd.guess
        found = {f"${name}": digest(env[name].guess) for name in _named(variables, sorted(env))}
        for file in files:
            place = _located(file, env)
            if isinstance(place, Unknown):
                found[place.guess] = f"unseen: {place.written} is not known before the line runs"
                continue
            path = place.text if place is not None else None
            if path is None or not os.path.lexists(encode(os.path.join(cwd, path))):
                continue
            try:
                found[path] = fingerprint(self.read(path, cwd))
            except Unseen as why:
                found[path] = f"unseen: {why}"
        return tuple(found.items())


def _named(patterns: tuple[str, ...], names: list[str]) -> Iterator[str]:
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    starts = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return (name for name in names if name in exact or (starts and name.startswith(starts)))


def _located(file: str, env: Mapping[str, Word]) -> Word | None:
    """The path of a declared file; None if the variable that it starts with is not set."""
    start, slash, rest = file.partition("/")
    if start == "~":
        return _home(env) + slash + rest
    if start.startswith("$"):
        directory = env.get(start[1:])
        return None if directory is None or directory == Known("") else directory + slash + rest
    return Known(file)


def _home(env: Mapping[str, Word]) -> Word:
    """The home directory as programs find it: HOME, else the user's entry; "" if there is neither."""
    if "HOME" in env:
        return env["HOME"]
    from pwd import getpwuid

    try:
        return Known(getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Known("")


def _within_reach(cwd: str, *paths: str) -> None:
    """Raise Unseen where a full path is too long to be looked at: the program may reach it from where it is."""
    for path in paths:
        if len(encode(os.path.join(cwd, path))) > _LONGEST_PATH:
            raise Unseen(f"{path[:60]}…: its path is too long to be looked at")


def _missing_or_not(path: str, cwd: str) -> PathState:
    """Only whether there is such a path."""
    whole = os.path.normpath(os.path.join(cwd, path))
    return PathState(whole, "empty" if os.path.lexists(encode(whole)) else "missing")


def _foreseen(path: PathState) -> PathState:
    """A path of a line that is only checked, which may be one of another system."""
    if path.state != "missing":
        return path
    name = path.path.rstrip("/").rpartition("/")[2]
    if name[1:3] == ":\\":
        return path.replace(state="unseen", detail="it is a path of another system")
    return path
