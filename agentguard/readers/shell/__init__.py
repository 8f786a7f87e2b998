"""Shell command lines and scripts: bash(1)'s language, and what sh, dash, zsh and ksh share with it."""

from __future__ import annotations

from ...core.call import Invocation
from ...core.effect import Effect, Reading, Target
from ...core.reading import Context
from .pieces import NotUnderstood
from .walk import Walk


def read(text: str, call: Invocation, context: Context) -> Reading:
    """What a text does when a shell, started by `call`, runs it; never raises for what the text is.

    What cannot be followed is one effect `unknown` whose reason says what it was.
    """
    walk = Walk(context, call, _arguments(text, call))
    try:
        walk.run(text)
    except NotUnderstood as what:
        return walk.reading + _unknown(call, str(what))
    except RecursionError:
        return walk.reading + _unknown(call, "it is nested too deeply")
    return walk.reading


def _arguments(text: str, call: Invocation) -> tuple[str, ...] | None:
    """`$1` and so on: what follows the text in `sh -c TEXT NAME ARGUMENT…`; None if they cannot be told."""
    places = [at for at, word in enumerate(call.argv) if word is text]
    return call.argv[places[0] + 2 :] if len(places) == 1 and places[0] else None


def _unknown(call: Invocation, what: str) -> Reading:
    reason = f"is shell text that agentguard does not understand: {what}"
    return Reading(
        (
            Effect(
                "unknown", Target("command line", call.name), rule="sh-not-understood", program=call.name, reason=reason
            ),
        )
    )
