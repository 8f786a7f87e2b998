"""`agentguard check`: what a command line, or a call, would be rated. Nothing is run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from .. import resources
from ..classify import Classifier
from ..core.call import Invocation, Stream
from ..core.decide import decide
from ..core.effect import Reading
from ..core.secrets import masked_text
from ..core.sheet import printable
from ..core.value import Value
from ..edge.root import Root
from ..edge.world import RealWorld
from ..errors import UsageError
from ..explain import Explainer, Step
from ..rulebook.load import Rulebook, load
from .explanation import STYLES, as_data, tree

_STDIN = Stream("unseen", why="standard input is not known before the line runs")
_DECISIONS = {"run": "runs at once", "ask": "waits for a person", "refuse": "is refused"}


class _Check(click.Command):
    """Options end at the first word; whether `--` ended them tells a call of one word from a line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["is_call"] = next((word for word in args if word == "--" or not word.startswith("-")), "") == "--"
        return super().parse_args(ctx, args)


@click.command(cls=_Check, context_settings={"allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--explain", is_flag=True, help="Show how it was read, which rules spoke, and what was looked up.")
@click.option("--batch", is_flag=True, help="Rate the JSON Lines on standard input, one line of output for each.")
@click.argument("words", nargs=-1, metavar="'COMMAND LINE' | -- ARGV...")
@click.pass_context
def check(ctx: click.Context, as_json: bool, explain: bool, batch: bool, words: tuple[str, ...]) -> None:
    """Rate a command line without running it.

    One argument is a command line, read as a shell would read it. Several words, or whatever
    follows `--`, are the program and the arguments of one call.

    With --batch, each line of standard input is an object with either "command" (a command line)
    or "argv" (a list of words), and if wanted "id" (anything; it comes back), "cwd" (a directory)
    and "env" (variables that are set for this line, null unsets one; all others are as they are
    here). A line that cannot be taken gives an object with "error", and the next one is read.

    \b
    Examples:
      agentguard check 'git add -A && git reset --hard origin/main'
      agentguard check --explain -- rm -rf ./data
      echo '{"command": "make clean", "cwd": "/srv/app"}' | agentguard check --batch
    """
    root: Root = ctx.obj
    if batch and words:
        raise UsageError("--batch reads standard input and takes no words", "leave out either")
    if not batch and not words:
        raise UsageError("there is nothing to rate", "give a command line in quotes, or -- and the words of a call")
    judge = _Judge(load(resources.rules()), root, explain)
    if batch:
        for line in sys.stdin.buffer:
            click.echo(json.dumps(judge.line(line)))
            sys.stdout.flush()
        return
    is_call = ctx.meta["is_call"] or len(words) > 1
    judged = judge(_subject(words if is_call else words[0], _directory("."), os.environ))
    if as_json:
        click.echo(json.dumps(judged.data))
    else:
        _show(judged)


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

    @property
    def data(self) -> dict[str, Any]:
        """It as JSON has it."""
        return _rated(self.reading) | ({"explanation": as_data(self.step)} if self.step else {})


class _Judge:
    """Rates one thing after the other, each against the world as it is at that moment."""

    def __init__(self, rulebook: Rulebook, root: Root, explains: bool) -> None:
        self._rulebook = rulebook
        self._root = root
        self._explains = explains

    def __call__(self, subject: _Subject) -> _Judged:
        """What it would do."""
        world = RealWorld(subject.call, self._root.shims, running=False)
        if not self._explains:
            return _Judged(subject.read_by(Classifier(self._rulebook, world)))
        explainer = Explainer(self._rulebook, world)
        return _Judged(subject.read_by(explainer), explainer.steps[0])

    def line(self, raw: bytes) -> dict[str, Any]:
        """A line of a batch, as what is answered to it."""
        subject = None
        try:
            asked = _object(raw)
            subject = asked.get("id")
            _require(asked)
            cwd, env = _directory(asked.get("cwd", ".")), _environment(asked.get("env", {}))
            judged = self(_subject(asked["command"] if "command" in asked else tuple(asked["argv"]), cwd, env))
        except UsageError as error:
            return {"id": subject, "error": str(error)}
        except Exception as bug:  # noqa: BLE001 - ours or a library's: this line has no rating, the others have
            return {"id": subject, "error": f"agentguard has a bug: {type(bug).__name__}: {bug}"}
        return {"id": subject, **judged.data}


def _object(raw: bytes) -> dict[str, Any]:
    """The object on a line; raises UsageError."""
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


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with some variables changed or, where the value is None, unset."""
    both = {**os.environ, **changes}
    return {name: value for name, value in both.items() if value is not None}


def _rated(reading: Reading) -> dict[str, Any]:
    """A reading as JSON has it."""
    return {
        "rating": reading.rating,
        "catastrophic": bool(reading.catastrophic),
        "decision": decide(reading).action,
        "reasons": [
            {"rule": one.rule, "program": one.program, "text": masked_text(one.text), "instead": one.instead}
            for one in reading.reasons
        ],
        "unguarded": list(reading.unguarded),
    }


def _show(judged: _Judged) -> None:
    """A reading as a person reads it."""
    console = Console(highlight=False, soft_wrap=True)
    reading = judged.reading
    decision = decide(reading)
    head = Text(reading.rating, STYLES[reading.rating])
    if reading.catastrophic:
        head.append(f", catastrophic: {printable(reading.catastrophic)}", "bold red")
    head.append(f": {_DECISIONS[decision.action]}", "default")
    if decision.why:
        head.append(f" ({printable(decision.why)})", "default")
    console.print(head)
    for reason in reading.reasons:
        words = printable(masked_text(reason.text))
        console.print(Text.assemble("  ", (reason.program, "bold"), " ", words, (f"  [{reason.rule}]", "dim")))
    for instead in dict.fromkeys(reason.instead for reason in reading.reasons if reason.instead):
        console.print(Text.assemble("  safer: ", printable(instead)))
    if reading.unguarded:
        console.print(Text.assemble("  not rated: ", printable(", ".join(reading.unguarded))))
    if judged.step:
        console.print(tree(judged.step), soft_wrap=False)
