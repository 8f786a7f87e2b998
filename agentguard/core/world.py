"""The questions that rating may ask of the outside world, and the shape of the answers.

The real answers come from `edge/`; the examples in rule files bring their own. Every answer
that a rating rests on becomes part of an approval's digest: see `Witness`.
"""

from __future__ import annotations

from ..lean.canonical import sha256
from ..lean.typing import TYPE_CHECKING, Protocol
from ..lean.value import Value
from .effect import Found, Target
from .unseen import OutOfSight, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .call import Call


#: What a path can be, and what brings it back if it is removed or replaced (a key of
#: effect.RECOVERIES). A directory is as bad as the worst below it.
PATH_STATES = {
    "missing": "nothing-lost",  # an operand that does not exist removes nothing
    "empty": "nothing-lost",  # an empty directory, a dangling or plain symbolic link
    "tracked": "git-objects",  # in a commit, unmodified
    "regenerable": "regeneration",  # disposable by convention: build output, dependencies, caches
    "temporary": "temporary",  # below a temporary directory, in no git work tree
    "born": "regeneration",  # made by this very call, not tracked
    "modified": "",  # tracked, with changes that are in no commit
    "untracked": "",  # git does not know it
    "ignored": "",  # git ignores it, and it is not disposable by convention
    "unversioned": "",  # in no git work tree
    "special": "",  # a device, a socket, a mount point
    "unseen": "",  # it could not be looked at
}


#: How long a call may look at the world in order to be rated, where nobody has chosen otherwise, in seconds.
LOOKING = 4.0


class PathState(Value):
    """What is known of a path.

    `state` is a key of PATH_STATES. `detail` names what would be lost ("3 files: a, b, c") or
    why it could not be seen. `grave`, when not empty, says why losing it would be catastrophic
    ("your home directory"). `identity` is device and inode, when it exists. `kind` is "directory"
    for one that is seen to be there. `put_there` is, for what is missing, the state by convention of
    what would be put there ("temporary"). `within` is a digest of the names and identities of all that would be
    lost in a directory. `found` is `detail` as what it was made of, where that is known.
    """

    path: str
    state: str
    detail: str = ""
    grave: str = ""
    identity: tuple[str, ...] = ()
    kind: str = ""
    put_there: str = ""
    within: str = ""
    found: tuple[Found, ...] = ()


class Answer(Value):
    """What a named probe found.

    `lost` are the things that would be gone for good; none means that nothing would be.
    `unseen`, when not empty, says why the probe could not tell, which counts as the worst.
    """

    lost: tuple[Target, ...] = ()
    unseen: str = ""


class Destination(Value):
    """Where files that are copied or moved come to lie.

    `at` is the place of each of them, `over` every existing file that one of them, or a file
    below one, replaces. `disposable`, when not empty, says why what lies there is not kept, and
    `grave` why one of them must not leave its place ("a directory of the system").
    """

    at: tuple[str, ...]
    over: tuple[str, ...] = ()
    disposable: str = ""
    grave: str = ""


class World(Protocol):
    """The outside world, as far as rating is concerned. Nothing here changes anything."""

    def read(self, path: str, cwd: str) -> bytes:
        """All bytes of a regular file of bounded size; raises Unseen."""
        raise NotImplementedError

    def stdin(self) -> bytes:
        """All of the call's own standard input, up to its end; raises Unseen."""
        raise NotImplementedError

    def stream(self, path: str, cwd: str) -> Iterator[bytes]:
        """The bytes of a file, or of standard input (""), piece by piece, also of a long one; raises Unseen."""
        yield self.read(path, cwd) if path else self.stdin()

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """The state of each path; of what a symbolic link points at if `follow`."""
        raise NotImplementedError

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """The paths that a shell pattern matches now, sorted; none if it matches nothing."""
        raise NotImplementedError

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """Where `sources` come to lie: at `target`; if `inside`, in it when it is a directory. Raises Unseen."""
        raise NotImplementedError

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """Where the files of an archive come to lie, without their first `strip` directories; raises Unseen."""
        raise NotImplementedError

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """What lies at or below `starts` and is named like one of the patterns (fnmatch(3)), sorted.

        Raises Unseen; TooWide where that would be to look through a good part of the machine.
        """
        raise NotImplementedError

    def ask(self, probe: str, call: Call) -> Answer:
        """What the probe of that name finds for this call."""
        raise NotImplementedError

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """A configured value ("git-alias", "st"); None if there is none; raises Unseen."""
        raise NotImplementedError

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """Which of a program's declared ambient inputs are present, each with its content's digest.

        `variables` may end in `*`; `files` may start with `~/` or `$NAME/`.
        """
        raise NotImplementedError


class OtherHost(World):
    """Another host, of which nothing is seen from here."""

    WHY = "it is on another host"

    def read(self, path: str, cwd: str) -> bytes:
        """Raises Unseen."""
        raise Unseen(f"{path}: {self.WHY}")

    def stdin(self) -> bytes:
        """Raises Unseen."""
        raise Unseen(self.WHY)

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """Every path is unseen."""
        return tuple(PathState(path, "unseen", self.WHY) for path in paths)

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """Raises Unseen."""
        raise Unseen(f"{pattern}: {self.WHY}")

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """Raises Unseen."""
        raise Unseen(f"{target}: {self.WHY}")

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """Raises Unseen."""
        raise Unseen(f"{archive}: {self.WHY}")

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """Raises Unseen."""
        raise Unseen(f"{' '.join(starts)}: {self.WHY}")

    def ask(self, probe: str, call: Call) -> Answer:
        """No probe can tell."""
        return Answer(unseen=self.WHY)

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """Raises OutOfSight."""
        raise OutOfSight(f"{key}: {self.WHY}")

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """Nothing is known to be present."""
        return ()


class Witness(World):
    """A World that remembers every answer it passed on: the evidence of a rating."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.evidence: list[tuple[Any, ...]] = []

    def _note(self, question: str, subject: Any, answer: Any) -> None:
        self.evidence.append((question, subject, answer))

    def _asked(self, question: str, subject: Any, answer: Any) -> Any:
        """Pass an answer on, or the fact that there was none, and remember it."""
        try:
            found = answer()
        except Unseen as why:
            self._note(f"unseen {question}", subject, str(why))
            raise
        self._note(question, subject, found)
        return found

    def read(self, path: str, cwd: str) -> bytes:
        """See World; the evidence is every byte."""
        return self._asked("read", (path, cwd), lambda: self._world.read(path, cwd))  # type: ignore[no-any-return]

    def stdin(self) -> bytes:
        """See World."""
        return self._asked("stdin", (), self._world.stdin)  # type: ignore[no-any-return]

    def stream(self, path: str, cwd: str) -> Iterator[bytes]:
        """See World; the evidence is the digest of all pieces that were given, and how many bytes those are."""
        seen: list[Any] = ["", 0]
        self._note("stream", (path, cwd), seen)
        every = sha256()
        try:
            for piece in self._world.stream(path, cwd):
                every.update(piece)
                seen[:] = every.hexdigest(), seen[1] + len(piece)
                yield piece
        except Unseen as why:
            if not seen[1] and self.evidence[-1:] == [("stream", (path, cwd), seen)]:
                self.evidence.pop()
            self._note("unseen stream", (path, cwd), str(why))
            raise

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """See World."""
        return self._asked("paths", (paths, cwd, follow), lambda: self._world.paths(paths, cwd, follow))  # type: ignore[no-any-return]

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """See World."""
        return self._asked("expand", (pattern, cwd), lambda: self._world.expand(pattern, cwd))  # type: ignore[no-any-return]

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """See World."""
        subject = (sources, target, cwd, inside)
        return self._asked("destination", subject, lambda: self._world.destination(*subject))  # type: ignore[no-any-return]

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """See World."""
        subject = (archive, target, cwd, strip)
        return self._asked("unpacking", subject, lambda: self._world.unpacking(*subject))  # type: ignore[no-any-return]

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """See World."""
        return self._asked("below", (starts, names, cwd), lambda: self._world.below(starts, names, cwd))  # type: ignore[no-any-return]

    def ask(self, probe: str, call: Call) -> Answer:
        """See World."""
        subject = (probe, call.invocation.argv, call.invocation.cwd)
        return self._asked("ask", subject, lambda: self._world.ask(probe, call))  # type: ignore[no-any-return]

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """See World."""
        return self._asked("lookup", (source, key), lambda: self._world.lookup(source, key, call))  # type: ignore[no-any-return]

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """See World."""
        return self._asked("ambient", call.program, lambda: self._world.ambient(variables, files, call))  # type: ignore[no-any-return]
