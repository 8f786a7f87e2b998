"""What `agentguard check` answers, without what only its options and its colours need: see check.py and quick.py."""

from __future__ import annotations

import os
import sys

from .. import resources
from ..classify import Classifier
from ..core.call import Invocation, Stream
from ..core.decide import decide
from ..core.effect import Reading
from ..core.memory import earlier, may_share
from ..core.secrets import masked_text
from ..core.sheet import printable
from ..core.value import TYPE_CHECKING, Value
from ..edge.root import Root
from ..edge.world import RealWorld
from ..errors import RecordError, UsageError
from ..rulebook.compiled import rulebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..classify import Programs
    from ..explain import Step

    #: A line for people: texts, each with the style that it has where there are styles.
    Line = tuple[tuple[str, str], ...]

_STDIN = Stream("unseen", why="standard input is not known before the line runs")
_DECISIONS = {"run": "runs at once", "ask": "waits for a person", "refuse": "is refused"}

#: How a rating looks.
STYLES = {"read": "green", "reversible": "yellow", "destructive": "bold red"}


class Asked(Value):
    """What is to be rated and how that is to be shown: the words of the command line, `is_call` if they are a call."""

    words: tuple[str, ...] = ()
    is_call: bool = False
    as_json: bool = False
    explain: bool = False
    batch: bool = False


def is_call(arguments: Sequence[str]) -> bool:
    """Whether `--` ended the options of `check`: what follows is a call, even if it is one word."""
    return next((word for word in arguments if word == "--" or not word.startswith("-")), "") == "--"


def answer(asked: Asked, root: Callable[[], Root]) -> None:
    """Write what was asked for to standard output. `root` is the installation. Raises UsageError."""
    if asked.batch and asked.words:
        raise UsageError("--batch reads standard input and takes no words", "leave out either")
    if not asked.batch and not asked.words:
        raise UsageError("there is nothing to rate", "give a command line in quotes, or -- and the words of a call")
    judge = _Judge(rulebook(resources.rules()), root, asked.explain)
    if asked.batch:
        import gc

        gc.freeze()  # what is loaded by now stays, and need not be looked at again and again
        for raw in sys.stdin.buffer:
            print(_json(judge.line(raw)))
            sys.stdout.flush()
        return
    is_call = asked.is_call or len(asked.words) > 1
    judged = judge(_subject(asked.words if is_call else asked.words[0], _directory("."), os.environ))
    if asked.as_json:
        print(_json(judged.data))
    elif judged.step or is_styled():
        from .styled import show

        show(lines(judged.reading, judged.earlier), judged.step)
    else:
        for line in lines(judged.reading, judged.earlier):
            print("".join(text for text, _style in line))


def is_styled() -> bool:
    """Whether colours may be wanted: a terminal reads it, or a variable asks for them whoever does."""
    return sys.stdout.isatty() or bool({"FORCE_COLOR", "TTY_COMPATIBLE"} & set(os.environ))


class _Subject(Value):
    """What is to be rated: one call, or a line for the shell that `call` is."""

    call: Invocation
    line: str | None

    def read_by(self, classifier: Classifier) -> Reading:
        """What it would do."""
        return classifier.command(self.call) if self.line is None else classifier.text("shell", self.line, self.call)


def _subject(words: str | tuple[str, ...], cwd: str, env: Mapping[str, str]) -> _Subject:
    """A command line, or the words of a call."""
    line = words if isinstance(words, str) else None
    argv = ("sh", "-c", words) if isinstance(words, str) else words
    return _Subject(Invocation(argv, cwd, dict(env), _STDIN), line)


class _Judged(Value):
    """A reading, and how it came about if that was asked for."""

    reading: Reading
    step: Step | None = None
    earlier: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """It as JSON has it."""
        if self.step is None:
            return _rated(self.reading, self.earlier)
        from .explanation import as_data

        return _rated(self.reading, self.earlier) | {"explanation": as_data(self.step)}


class _World(RealWorld):
    """The world as it is before a line runs. Where the shims lie is found out only if it matters."""

    def __init__(self, call: Invocation, root: Callable[[], Root]) -> None:
        super().__init__(call, "", running=False)
        self._root = root

    @property
    def shims(self) -> str:
        """See RealWorld."""
        return self._root().shims


class _Judge:
    """Rates one thing after the other, each against the world as it is at that moment."""

    def __init__(self, rulebook: Programs, root: Callable[[], Root], explains: bool) -> None:
        self._rulebook = rulebook
        self._root = root
        self._explains = explains
        self._env = dict(os.environ)

    def __call__(self, subject: _Subject) -> _Judged:
        """What it would do."""
        world = _World(subject.call, self._root)
        if not self._explains:
            reading, step = subject.read_by(Classifier(self._rulebook, world)), None
        else:
            from ..explain import Explainer

            explainer = Explainer(self._rulebook, world)
            reading, step = subject.read_by(explainer), explainer.steps[0]
        return _Judged(reading, step, self._earlier(reading, subject.call.cwd))

    def _earlier(self, reading: Reading, cwd: str) -> tuple[str, ...]:
        """The denials whose aim it shares, of its caller's session."""
        if not may_share(reading):
            return ()
        root = self._root()
        if not os.path.lexists(f"{root.data}/denied"):
            return ()
        from ..edge.journal import Journal
        from ..edge.operands import located
        from ..edge.processes import origin

        journal = Journal(root)
        try:
            denials = journal.denials(origin(journal.sessions(), os.environ).session)
            return earlier(reading, cwd, denials, located)
        except RecordError as fault:
            return (f"what was denied lately cannot be read: {fault}",)
        finally:
            journal.close()

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """This process's environment with some variables changed or, where the value is None, unset."""
        return {name: value for name, value in {**self._env, **changes}.items() if value is not None}

    def line(self, raw: bytes) -> dict[str, Any]:
        """A line of a batch, as what is answered to it."""
        subject = None
        try:
            asked = _object(raw)
            subject = asked.get("id")
            _require(asked)
            cwd, env = _directory(asked.get("cwd", ".")), self._environment(asked.get("env", {}))
            judged = self(_subject(asked["command"] if "command" in asked else tuple(asked["argv"]), cwd, env))
        except UsageError as error:
            return {"id": subject, "error": str(error)}
        except Exception as bug:  # noqa: BLE001 - ours or a library's: this line has no rating, the others have
            return {"id": subject, "error": f"agentguard has a bug: {type(bug).__name__}: {bug}"}
        return {"id": subject, **judged.data}


def _json(value: object) -> str:
    """`value` as JSON; loaded only where JSON is asked for."""
    from json import dumps

    return dumps(value)


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
    for key in asked:
        if key not in ("id", "command", "argv", "cwd", "env"):
            raise UsageError(f"unknown key {_json(key)}")
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
        return isinstance(value, str) and value.encode("utf-8", "surrogateescape") is not None
    except UnicodeEncodeError:
        return False


def _is_word(value: object) -> bool:
    """Whether it can be an argument: a text without NUL."""
    return isinstance(value, str) and _is_text(value) and "\0" not in value


def _is_variable(name: str, value: object) -> bool:
    return _is_word(name) and name != "" and "=" not in name and (value is None or _is_word(value))


def _directory(path: str) -> str:
    """The directory as an absolute path; raises UsageError if there is none."""
    try:
        whole = os.path.join(os.getcwd(), path) if not os.path.isabs(path) else path
    except FileNotFoundError:
        raise UsageError("the working directory has been deleted") from None
    if not os.path.isdir(whole):
        raise UsageError(f"there is no directory {path}")
    return os.path.normpath(whole)


def _rated(reading: Reading, denied: tuple[str, ...]) -> dict[str, Any]:
    """A reading as JSON has it; `denied` only where there is something to say."""
    return {
        "rating": reading.rating,
        "catastrophic": bool(reading.catastrophic),
        "decision": decide(reading, denied).action,
        "reasons": [
            {"rule": one.rule, "program": one.program, "text": masked_text(one.text), "instead": one.instead}
            for one in reading.reasons
        ],
        "unguarded": list(reading.unguarded),
        **({"earlier": list(map(masked_text, denied))} if denied else {}),
    }


def lines(reading: Reading, denied: tuple[str, ...] = ()) -> Iterator[Line]:
    """A reading as a person reads it."""
    decision = decide(reading, denied)
    grave = f", catastrophic: {printable(reading.catastrophic)}" if reading.catastrophic else ""
    why = f" ({printable(decision.why)})" if decision.why else ""
    then = f": {_DECISIONS[decision.action]}{why}"
    yield (reading.rating, STYLES[reading.rating]), (grave, "bold red"), (then, "default")
    for reason in reading.reasons:
        words = f" {printable(masked_text(reason.text))}"
        yield ("  ", ""), (printable(reason.program), "bold"), (words, ""), (f"  [{reason.rule}]", "dim")
    for instead in dict.fromkeys(reason.instead for reason in reading.reasons if reason.instead):
        yield (("  safer: ", ""), (printable(instead), ""))
    for denial in denied:
        yield (("  earlier: ", ""), (printable(denial), ""))
    if reading.unguarded:
        yield (("  not rated: ", ""), (printable(", ".join(reading.unguarded)), ""))
