"""How a rating came about, for people as a tree and for programs as data; see agentguard.classify.explain."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from rich.tree import Tree

from ..approval.question import printable
from ..classify.explain import Fact, Step
from ..core.effect import RATINGS, RECOVERIES, Effect
from ..core.text.redact import masked_text
from .style import STYLES

#: How many effects, facts and parts of one part are shown before the rest is only counted.
_SHOWN = 12
#: How many parts are named that decided.
_DECIDING = 3
_LONGEST = 200


def tree(step: Step) -> Tree:
    """What runs what, with the rules that spoke and the facts of every part; last, what decided."""
    top = Tree(Text("how it was read", "bold"), guide_style="dim")
    _grow(top, step, step.reading.rating)
    top.add(_why(step))
    return top


def _grow(above: Tree, step: Step, strictest: str) -> None:
    kind = "" if step.kind == "call" else f"{step.kind}: "
    branch = above.add(Text.assemble((kind, "dim"), (_shown(step.text), "bold"), "  ", _rating(step.reading.rating)))
    own = sorted(dict.fromkeys(step.own), key=lambda effect: -RATINGS.index(effect.rating))
    _add(branch, [_spoken(effect) for effect in own], "effects")
    _add(
        branch,
        [_looked_up(fact) for fact in step.facts if (fact.question, fact.answer) != ("ambient", "none")],
        "facts",
    )
    shown = [part for at, part in enumerate(step.steps) if at < _SHOWN or part.reading.rating == strictest]
    for part in shown:
        _grow(branch, part, strictest)
    if len(shown) < len(step.steps):
        branch.add(f"… and {len(step.steps) - len(shown)} more parts, none of them as strict as the whole")


def _add(branch: Tree, lines: list[Text], what: str) -> None:
    for line in lines[:_SHOWN]:
        branch.add(line)
    if len(lines) > _SHOWN:
        branch.add(f"… and {len(lines) - _SHOWN} more {what}")


def _spoken(effect: Effect) -> Text:
    """What a rule said, or that there was none to say anything."""
    if not effect.rule:
        return Text.assemble(
            _rating(effect.rating), f" not taught: what {_shown(effect.program)} runs meets the shims in turn"
        )
    words = f": {_shown(effect.told)}" if effect.told else ""
    return Text.assemble(_rating(effect.rating), " ", (effect.rule, "cyan"), words, (_does(effect), "dim"))


def _does(effect: Effect) -> str:
    """What an effect changes, and what would bring that back."""
    if effect.verb in ("observe", "unknown", "run"):
        return ""
    hits = f" ({effect.verb} {effect.thing} {_shown(effect.target.name)}".rstrip()
    return hits + (")" if effect.verb == "create" else f"; what brings it back: {RECOVERIES[effect.recoverable_by]})")


def _looked_up(fact: Fact) -> Text:
    """A question to the world, and the answer."""
    return Text.assemble(
        ("looked up ", "dim"), f"{fact.question} {_shown(fact.about)}".rstrip(), f": {_shown(fact.answer)}"
    )


def _why(step: Step) -> Text:
    """Which parts decided, and how one gets to them."""
    rating = step.reading.rating
    if rating == "read":
        return Text.assemble(_rating(rating), ": every part only looks")
    ways = list(step.deciding(rating))
    named = [" → ".join(_name(part) for part in way) for way in ways]
    told = list(dict.fromkeys(f"{way} [{', '.join(_rules(ways[at][-1], rating))}]" for at, way in enumerate(named)))
    more = f" and {len(told) - _DECIDING} more" if len(told) > _DECIDING else ""
    return Text.assemble(_rating(rating), ": the strictest part decides: ", "; ".join(told[:_DECIDING]), more)


def _name(step: Step) -> str:
    return printable(step.text.partition(" ")[0]) if step.kind == "call" else f"{step.kind} text"


def _rules(step: Step, rating: str) -> list[str]:
    return list(dict.fromkeys(effect.rule or "not taught" for effect in step.own if effect.rating == rating))


def _rating(rating: str) -> Text:
    return Text(rating, STYLES[rating])


def _shown(text: str) -> str:
    """A text without its secrets, on one line, printable and not too long."""
    line = printable(masked_text(" ".join(text.split())))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def as_data(step: Step) -> dict[str, Any]:
    """A step as JSON has it, all of its parts included."""
    return {
        "kind": step.kind,
        "program": step.program,
        "text": masked_text(step.text),
        "cwd": step.cwd,
        "rating": step.reading.rating,
        "effects": [_effect(effect) for effect in step.own],
        "facts": [{"question": f.question, "about": f.about, "answer": masked_text(f.answer)} for f in step.facts],
        "steps": [as_data(part) for part in step.steps],
    }


def _effect(effect: Effect) -> dict[str, str]:
    return {
        "rating": effect.rating,
        "rule": effect.rule,
        "program": effect.program,
        "verb": effect.verb,
        "kind": effect.thing,
        "target": masked_text(effect.target.name),
        "recoverable_by": effect.recoverable_by,
        "text": masked_text(effect.told),
    }
