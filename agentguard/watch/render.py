"""Requests and rows of the audit log as rich text. What they hold is hostile: never obeyed as markup."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text

from ..approval.caller import Caller, asked_by, remaining
from ..approval.question import SHOWN, cut, further, in_full, lines, printable, quoted
from ..approval.request import age
from ..edge.terminal.prompt import EVERYTHING, broken
from .inbox import Group
from .passed import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console, ConsoleOptions, RenderResult

#: How wide a screen must be for more than what waits, and for all that is known of it, in characters.
MEDIUM, WIDE = 90, 150
#: The columns of the table by the width from which on they are there, each with its own width; those of width 0 share
#: what is left, and are no narrower than `_NARROWEST`.
_COLUMNS = {
    "waits": (0, 10),
    "age": (MEDIUM, 7),
    "rated": (MEDIUM, 12),
    "program": (0, 12),
    "operands": (0, 0),
    "because": (MEDIUM, 0),
    "by": (WIDE, 20),
    "in": (WIDE, 28),
}
_NARROWEST = 16
_PADDING = 2  # characters around a cell
_LABEL = 10  # columns for the labels of a question
_SESSION, _CALL, _WHOLE = 18, 60, 300  # characters in the log: a session, a call with words after it, one without
#: What the log calls the outcomes of calls.
_LABELS = {"waiting": "asked", "approved and run": "ran"}
_STYLES = {
    "waiting": "bold yellow",
    "ran": "green",
    "approved and run": "bold green",
    "approved": "bold green",
    "timed out": "yellow",
    "denied": "red",
    "refused": "red",
    "attempt": "bold red",
}


def columns(width: int) -> dict[str, int]:
    """The columns of the table on a screen of that width, each with the most characters that it shows."""
    there = {name: own for name, (least, own) in _COLUMNS.items() if width >= least}
    sharing = sum(not own for own in there.values())
    left = width - sum(own + _PADDING for own in there.values())
    return {name: own or max(left // sharing, _NARROWEST) for name, own in there.items()}


def cells(group: Group, caller: Caller, shown: Mapping[str, int]) -> tuple[Text, ...]:
    """The cells of a question's row in the table, for the columns that are shown; dimmed where nobody waits."""
    question, more = group[0].question, len(group) - 1
    grave, rated = bool(question.catastrophic), question.rating
    told = {
        "waits": remaining(caller),
        "age": age(group[0], time.time()),
        "rated": "CATASTROPHIC" if grave else rated,
        "program": printable(question.program) + (f" ×{more + 1}" if more else ""),
        "operands": quoted(question.argv[1:]),
        "because": printable(question.reasons[0].text) if question.reasons else "",
        "by": printable(caller.who or question.session),
        "in": printable(question.cwd),
    }
    styles = {"rated": "bold red" if grave else "red", "program": "bold red" if grave else "bold", "age": "dim"}
    if caller.presence != "waiting":
        styles = dict.fromkeys(told, "dim")
    return tuple(Text(_short(told[name], most), styles.get(name, ""), no_wrap=True) for name, most in shown.items())


class Details:
    """Questions laid out for whatever width there is, in full or as a preview.

    Long values are broken below their own start: a terminal that broke them would let them begin a
    line that looks like one of ours.
    """

    def __init__(self, group: Group, caller: Caller, whole: bool = False) -> None:
        self._most = EVERYTHING if whole else SHOWN
        questions = tuple(request.question for request in group)
        first = lines(questions[0], asked_by(questions[0], caller))
        self._told = (*first, *further(questions), *(in_full(questions) if whole else ()))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for label, value in self._told:
            style = "bold red" if label == "rated" else "bold" if label == "command" else ""
            for place, part in enumerate(broken(cut(value, self._most), max(options.max_width - _LABEL - 1, 8))):
                shown = Text(f"{'' if place else label:<{_LABEL}}", "dim", no_wrap=True, end="\n")
                yield shown.append(part, style or "not dim")


def log_line(entry: Entry, width: int) -> Text:
    """What has passed as one line of a log; a call may hold anything, and cannot begin a line of its own."""
    label = _LABELS.get(entry.label, entry.label)
    told = Text(_moment(entry.time), "dim", no_wrap=True)
    told.append(f" {printable(label):<9} ", _STYLES.get(entry.label, "not dim"))
    if width >= MEDIUM:
        told.append(f"{printable(_short(entry.session, _SESSION)):<{_SESSION}}  ")
    told.append(printable(_short(entry.text, _CALL if entry.why else _WHOLE)), "not dim")
    return told.append(f"  {printable(_short(entry.why, _WHOLE))}" if entry.why else "", "italic")


def _moment(moment: object) -> str:
    try:
        return time.strftime("%H:%M:%S", time.localtime(float(str(moment))))
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
