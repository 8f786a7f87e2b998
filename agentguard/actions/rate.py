"""Rate calls and command lines for `agentguard check`: nothing is run, and nothing is recorded."""

from __future__ import annotations

import os

from ..classify.classifier import Classifier
from ..core.call import Invocation, Stream
from ..core.effect import Reading
from ..core.text.encoding import encode
from ..core.word import Known, text_of
from ..edge.layout import Root
from ..edge.world import RealWorld
from ..errors import RecordError, UsageError
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from ..policy.denials import earlier, may_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..classify.explain import Step
    from ..rulebook.model import Programs

_STDIN = Stream("unseen", why="standard input is not known before the line runs")


class Subject(Value):
    """What is to be rated: one call, or a line for the shell that `call` is."""

    call: Invocation
    line: str | None

    def read_by(self, classifier: Classifier) -> Reading:
        """What it would do."""
        if self.line is None:
            return classifier.command(self.call)
        return classifier.text("shell", Known(self.line), self.call)


def subject_of(words: str | tuple[str, ...], cwd: str, env: Mapping[str, str]) -> Subject:
    """What is to be rated: a command line if `words` is a text, one call if it is a tuple."""
    line = words if isinstance(words, str) else None
    argv = ("sh", "-c", words) if isinstance(words, str) else words
    return Subject(Invocation.of(argv, cwd, env, _STDIN), line)


class Judged(Value):
    """A reading, the steps to it if they were asked for, and the denials whose aim it shares."""

    reading: Reading
    step: Step | None = None
    earlier: tuple[str, ...] = ()


class _World(RealWorld):
    """The world as it is before a line runs. Where the shims lie is found out only if it matters."""

    def __init__(self, call: Invocation, root: Callable[[], Root]) -> None:
        super().__init__(call, "", running=False)
        self._root = root

    @property
    def shims(self) -> str:
        """See RealWorld."""
        return self._root().shims


class Judge:
    """Rates one thing after the other, each against the world as it is at that moment."""

    def __init__(self, rulebook: Programs, root: Callable[[], Root], explains: bool) -> None:
        self._rulebook = rulebook
        self._root = root
        self._explains = explains
        self._env = dict(os.environ)

    def __call__(self, subject: Subject) -> Judged:
        """What it would do."""
        if not self._explains:
            reading, step = subject.read_by(Classifier(self._rulebook, _World(subject.call, self._root))), None
        else:
            reading, step = self._explained(subject)
        return Judged(reading, step, self._earlier(reading, text_of(subject.call.cwd)))

    def is_met(self, subject: Subject, judged: Judged) -> bool:
        """Whether a shim would meet what is destructive in it, so that a person is asked."""
        step = judged.step or self._explained(subject)[1]
        return step.is_met(self._rulebook)

    def _explained(self, subject: Subject) -> tuple[Reading, Step]:
        from ..classify.explain import Explainer

        explainer = Explainer(self._rulebook, _World(subject.call, self._root))
        return subject.read_by(explainer), explainer.steps[0]

    def _earlier(self, reading: Reading, cwd: str) -> tuple[str, ...]:
        """The denials whose aim it shares, of its caller's session."""
        if not may_share(reading):
            return ()
        root = self._root()
        if not os.path.lexists(f"{root.data}/denied"):
            return ()
        from ..edge.caller.processes import origin
        from ..edge.files.locate import located
        from ..edge.records.database import Database
        from ..edge.records.requests import Requests
        from ..edge.records.sessions import NamedSessions

        database = Database(root)
        try:
            session = origin(NamedSessions(database).recent(), os.environ).session
            denials = Requests(database).denials(session)
            return earlier(reading, cwd, denials, located)
        except RecordError as fault:
            return (f"what was denied lately cannot be read: {fault}",)
        finally:
            database.close()

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """This process's environment with some variables changed or, where the value is None, unset."""
        return {name: value for name, value in {**self._env, **changes}.items() if value is not None}

    def line(self, raw: bytes) -> tuple[Any, Judged | str]:
        """The `id` on a line of a batch, and its rating or why it has none."""
        subject = None
        try:
            asked = _object(raw)
            subject = asked.get("id")
            _require(asked)
            cwd, env = directory(asked.get("cwd", ".")), self._environment(asked.get("env", {}))
            return subject, self(subject_of(asked["command"] if "command" in asked else tuple(asked["argv"]), cwd, env))
        except UsageError as error:
            return subject, str(error)
        except Exception as bug:  # noqa: BLE001 - ours or a library's: this line has no rating, the others have
            return subject, f"agentguard has a bug: {type(bug).__name__}: {bug}"


def _object(raw: bytes) -> dict[str, Any]:
    """The object on a line; raises UsageError."""
    import json

    try:
        asked = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as fault:
        raise UsageError(f"not UTF-8: byte {fault.start + 1} of the line") from None
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"not JSON: {fault}") from None
    if not isinstance(asked, dict):
        raise UsageError("not an object")
    return asked


def _require(asked: dict[str, Any]) -> None:
    """Hold an object to the keys and types that it may have; raises UsageError."""
    import json

    for key in asked:
        if key not in ("id", "command", "argv", "cwd", "env"):
            raise UsageError(f"unknown key {json.dumps(key)}")
    if ("command" in asked) == ("argv" in asked):
        raise UsageError('it must have either "command" or "argv"')
    argv = asked.get("argv", ["sh"])
    if not isinstance(argv, list) or not argv or not all(map(_is_word, argv)):
        raise UsageError('"argv" must be a list of one or more texts without NUL characters')
    if not _is_text(asked.get("command", "")):
        raise UsageError('"command" must be a text')
    if not _is_word(asked.get("cwd", ".")):
        raise UsageError('"cwd" must be a text')
    env = asked.get("env", {})
    if not isinstance(env, dict) or not all(_is_variable(name, value) for name, value in env.items()):
        raise UsageError('"env" must be an object of names with a text or null for each')


def _is_text(value: object) -> bool:
    """Whether it is a text that stands for bytes."""
    try:
        return isinstance(value, str) and encode(value) is not None
    except UnicodeEncodeError:
        return False


def _is_word(value: object) -> bool:
    """Whether it can be an argument: a text without NUL."""
    return isinstance(value, str) and _is_text(value) and "\0" not in value


def _is_variable(name: str, value: object) -> bool:
    return _is_word(name) and name != "" and "=" not in name and (value is None or _is_word(value))


def directory(path: str) -> str:
    """The directory as an absolute path; raises UsageError if there is none."""
    try:
        whole = os.path.join(os.getcwd(), path) if not os.path.isabs(path) else path
    except FileNotFoundError:
        raise UsageError("the working directory has been deleted") from None
    if not os.path.isdir(whole):
        raise UsageError(f"there is no directory {path}")
    return os.path.normpath(whole)
