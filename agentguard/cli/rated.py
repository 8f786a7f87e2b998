"""What `agentguard check` prints, without what only its options and its colours need (for those see check.py)."""

from __future__ import annotations

import os
import sys

from .. import resources
from ..actions import default_root
from ..actions.rate import Judge, directory, subject_of
from ..approval.question import printable
from ..core.effect import RECOVERIES
from ..core.text.redact import masked_text
from ..errors import UsageError
from ..lean import cache
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from ..policy.decide import decide
from ..rulebook.compiled import rulebook
from .style import STYLES, is_styled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..actions.rate import Judged
    from ..core.effect import Reading
    from ..edge.layout import Root
    from .style import Line

_DECISIONS = {"run": "runs at once", "ask": "waits for a person", "refuse": "is refused"}
#: What is said where nothing that is destructive meets a shim.
_UNMET = "no shim stands before it, so it runs at once, and nobody is asked"
#: With what `--exit-code` ends. 1 and 2 are what errors end with.
_STATUS = {"run": 0, "ask": 3, "refuse": 4}


class Asked(Value):
    """What is to be rated and how that is to be shown: the words of the command line, `is_call` if they are a call."""

    words: tuple[str, ...] = ()
    is_call: bool = False
    as_json: bool = False
    explain: bool = False
    batch: bool = False
    exit_code: bool = False


def is_call(arguments: Sequence[str]) -> bool:
    """Whether `--` ended the options of `check`: what follows is a call, even if it is one word."""
    return next((word for word in arguments if word == "--" or not word.startswith("-")), "") == "--"


def answer(asked: Asked, root: Callable[[], Root]) -> int:
    """Write what was asked for to standard output; the exit status. `root` is the installation. Raises UsageError."""
    if asked.batch and asked.words:
        raise UsageError("--batch reads standard input and takes no words", "leave out either")
    if asked.batch and asked.exit_code:
        raise UsageError("--exit-code is for one line, and --batch for many", "read the decision of each")
    if not asked.batch and not asked.words:
        raise UsageError("there is nothing to rate", "give a command line in quotes, or -- and the words of a call")
    cache.use_second(default_root.cache())
    judge = Judge(rulebook(resources.rules()), root, asked.explain)
    if asked.batch:
        import gc

        gc.freeze()  # what is loaded by now stays, and need not be looked at again and again
        for raw in sys.stdin.buffer:
            print(_json(_batched(*judge.line(raw))))
            sys.stdout.flush()
        return 0
    is_call = asked.is_call or len(asked.words) > 1
    subject = subject_of(asked.words if is_call else asked.words[0], directory("."), os.environ)
    judged = judge(subject)
    if asked.as_json:
        print(_json(_data(judged)))
        return _status(judged, asked)
    is_met = judged.reading.rating != "destructive" or judge.is_met(subject, judged)
    if judged.step or is_styled():
        from .styled import show

        show(lines(judged.reading, judged.earlier, is_met), judged.step)
    else:
        for line in lines(judged.reading, judged.earlier, is_met):
            print("".join(text for text, _style in line))
    return _status(judged, asked)


def _status(judged: Judged, asked: Asked) -> int:
    return _STATUS[decide(judged.reading, judged.earlier).action] if asked.exit_code else 0


def _batched(subject: Any, judged: Judged | str) -> dict[str, Any]:
    """What is answered to a line of a batch, as JSON has it."""
    return {"id": subject, **({"error": judged} if isinstance(judged, str) else _data(judged))}


def _data(judged: Judged) -> dict[str, Any]:
    """A rating as JSON has it, with how it came about if that was asked for."""
    rated = _rated(judged.reading, judged.earlier)
    if judged.step is None:
        return rated
    from .explanation import as_data

    return rated | {"explanation": as_data(judged.step)}


def _json(value: object) -> str:
    """`value` as JSON; loaded only where JSON is asked for."""
    from json import dumps

    return dumps(value)


def _rated(reading: Reading, denied: tuple[str, ...]) -> dict[str, Any]:
    """A reading as JSON has it; `denied` only where there is something to say."""
    return {
        "rating": reading.rating,
        "rated": not _is_untaught(reading),
        "catastrophic": bool(reading.catastrophic),
        "decision": decide(reading, denied).action,
        "reasons": [
            {"rule": one.rule, "program": one.program, "text": masked_text(one.text), "instead": one.instead}
            for one in reading.reasons
        ],
        "unguarded": list(reading.unguarded),
        **({"earlier": list(map(masked_text, denied))} if denied else {}),
    }


def _is_untaught(reading: Reading) -> bool:
    """Whether its rating is nobody's word: there is a program that no rules cover, and nothing else that decides."""
    return bool(reading.unguarded) and not reading.reasons


def lines(reading: Reading, denied: tuple[str, ...] = (), is_met: bool = True) -> Iterator[Line]:
    """A reading as styled lines for a person; `is_met` says whether a shim meets what is destructive in it."""
    decision = decide(reading, denied)
    grave = f", catastrophic: {printable(reading.catastrophic)}" if reading.catastrophic else ""
    why = f" ({printable(decision.why)})" if decision.why else ""
    untaught = printable(", ".join(reading.unguarded))
    if _is_untaught(reading):
        then = (
            f": no rules cover {untaught}. {_DECISIONS[decision.action].capitalize()}; what it starts meets the shims"
        )
        yield ("not rated", "bold"), (then + why, "default")
        untaught = ""
    else:
        yield (
            (reading.rating, STYLES[reading.rating]),
            (grave, "bold red"),
            (f": {_DECISIONS[decision.action] if is_met else _UNMET}{why}", "default"),
        )
    for reason in reading.reasons:
        words = f" {printable(masked_text(reason.text))}"
        yield ("  ", ""), (printable(reason.program), "bold"), (words, ""), (f"  [{reason.rule}]", "dim")
    if reading.rating == "reversible" and (left := _left(reading)):
        yield (("  ", ""), (left, ""))
    asks = reading.rating == "destructive" or denied
    for instead in dict.fromkeys(reason.instead for reason in reading.reasons if reason.instead and asks):
        yield (("  safer: ", ""), (printable(instead), ""))
    for denial in denied:
        yield (("  earlier: ", ""), (printable(denial), ""))
    if untaught:
        yield (("  not rated: ", ""), (untaught, ""))


def _left(reading: Reading) -> str:
    """What is left that would bring back what it removes or replaces; "" if it only adds."""
    names = dict.fromkeys(one.recoverable_by for one in reading.effects if one.recoverable_by)
    by = ", ".join(RECOVERIES[name] for name in names if name != "nothing-lost")
    return f"what brings it back: {by}" if by else RECOVERIES["nothing-lost"] if names else ""
