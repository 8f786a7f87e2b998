"""Explanations of a rating: the parts of a call, the rules that matched each, and the facts that were looked up.

An `Explainer` classifies as any `Classifier` does. It notes besides who hands what to whom,
which every reader tells it by calling `command` and `text`, and what the world answers meanwhile.
"""

from __future__ import annotations

from ..approval.question import quoted
from ..core.call import Invocation
from ..core.effect import Effect, Reading
from ..core.text.redact import masked
from ..core.world import Answer, Destination, OtherHost, PathState, Witness, World
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from ..rulebook.model import Programs
from .classifier import Classifier, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..core.word import Word


#: Longer answers are only counted.
LONG = 1000


class Fact(Value):
    """A fact that was looked up: the question, what it was about, and the answer in words."""

    question: str
    about: str
    answer: str


class Step(Value):
    """One part of what was read: a call, or a text in a language.

    `kind` is "call" or the language, `text` the call's words or the text itself. `reading` is all
    that this part does, `own` the effects in it that no step in `steps` accounts for: those are the
    parts that it runs, in order. `facts` were looked up for this part and not for one in it. `here` says whether
    it takes place on this host.
    """

    kind: str
    program: str
    text: str
    cwd: str
    reading: Reading
    own: tuple[Effect, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    here: bool = True

    def is_met(self, rulebook: Programs) -> bool:
        """Whether a shim meets what is destructive in it: a guarded program that is called by its name, and here."""
        program = rulebook.program(self.program) if self.kind == "call" else None
        if program and program.guarded:
            return self.here and self.reading.rating == "destructive" and "/" not in self.text.partition(" ")[0]
        return any(step.is_met(rulebook) for step in self.steps)

    def deciding(self, rating: str) -> Iterator[tuple[Step, ...]]:
        """The paths of steps to every part that has an effect of that rating itself."""
        if any(effect.rating == rating for effect in self.own):
            yield (self,)
        for step in self.steps:
            for way in step.deciding(rating):
                yield (self, *way)


class Explainer(Classifier):
    """A classifier that records the steps: one for each call or text that it was given."""

    def __init__(
        self, rulebook: Programs, world: World, setting: Setting | None = None, notes: _Notes | None = None
    ) -> None:
        self._notes = notes or _Notes(Witness(world))
        super().__init__(rulebook, world if setting else self._notes.witness, setting)

    def under(self, setting: Setting, world: World) -> Explainer:
        """See Classifier: it notes down into the same."""
        return Explainer(self.rulebook, world, setting, self._notes)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps so far."""
        return tuple(self._notes.parts[0].steps)

    def command(self, call: Invocation) -> Reading:
        """See Classifier."""
        words = tuple(word.written for word in call.argv)
        return self._step("call", quoted(masked(words)), call, lambda: super(Explainer, self).command(call))

    def text(self, language: str, text: Word, call: Invocation) -> Reading:
        """See Classifier."""
        return self._step(language, text.written, call, lambda: super(Explainer, self).text(language, text, call))

    def _step(self, kind: str, text: str, call: Invocation, read: Callable[[], Reading]) -> Reading:
        notes = self._notes
        notes.take_facts()
        part = _Part()
        notes.parts.append(part)
        try:
            reading = read()
        finally:
            notes.take_facts()
            notes.parts.pop()
        below = {effect for step in part.steps for effect in step.reading.effects}
        own = tuple(effect for effect in reading.effects if effect not in below)
        facts, steps = tuple(dict.fromkeys(part.facts)), tuple(dict.fromkeys(part.steps))
        here = not isinstance(self.setting.world, OtherHost)
        notes.parts[-1].steps.append(Step(kind, call.name, text, call.cwd.written, reading, own, facts, steps, here))
        return reading


class _Part:
    """A part that is being read."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.steps: list[Step] = []


class _Notes:
    """What is noted down while reading: the parts that are being read, the innermost last."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.parts = [_Part()]

    def take_facts(self) -> None:
        """What was looked up since the last time is the innermost part's."""
        self.parts[-1].facts += [fact for noted in self.witness.evidence for fact in _facts(*noted)]
        self.witness.evidence.clear()


def _facts(question: str, subject: Any, answer: Any) -> Iterator[Fact]:
    """What a Witness noted, in words; see core.world.Witness for its shape."""
    about = _about(question, subject)
    if question.startswith("unseen "):
        yield Fact(question.removeprefix("unseen "), about, f"cannot be seen: {answer}")
    elif question == "paths":
        yield from (Fact("path", state.path, _state(state)) for state in answer)
    elif question == "ambient":
        yield Fact(question, subject, _listed(tuple(name for name, _ in answer), 20) or "none")
    else:
        yield Fact(question, about, _answer(answer))


def _about(question: str, subject: Any) -> str:
    kind = question.rpartition(" ")[2]
    if kind == "destination":
        sources, target, _, _ = subject
        return f"{_listed(sources)} at {target}"
    if kind == "below":
        starts, names, _ = subject
        return f"{_listed(starts)} for {_listed(names) or 'everything'}"
    if kind == "lookup":
        return " ".join(part for part in subject if part)
    return subject if isinstance(subject, str) else str(subject[0]) if subject else ""


def _state(state: PathState) -> str:
    return f"{state.state} ({state.detail})" if state.detail else state.state


def _answer(answer: Any) -> str:
    if answer is None:
        return "there is none"
    if isinstance(answer, bytes):
        return f"{len(answer)} bytes"
    if isinstance(answer, list):  # the digest of what was streamed, and its length
        return f"{answer[1]} bytes"
    if isinstance(answer, str) and len(answer) > LONG:
        return f"{len(answer)} characters"
    if isinstance(answer, Answer):
        lost = _listed(tuple(f"{target.called} {target.name}" for target in answer.lost))
        return f"cannot tell: {answer.unseen}" if answer.unseen else f"would lose {lost}" if lost else "nothing is lost"
    if isinstance(answer, Destination):
        over = f", over {_listed(answer.over)}" if answer.over else ", over nothing"
        return _listed(answer.at) + over
    if isinstance(answer, tuple):
        return _listed(answer) or "none"
    return str(answer)


def _listed(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
