"""Requests and rows of the audit log as rich text. What they hold is hostile: never obeyed as markup."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text

from ..approval.question import SHOWN, cut, further, in_full, lines, printable, quoted
from ..approval.request import age
from ..edge.terminal.prompt import EVERYTHING, broken
from .inbox import Group

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from ..edge.records.audit_log import Row

#: The columns of the table, each with the most characters that it shows.
COLUMNS = {
    "age": 7,
    "rated": 12,
    "program": 12,
    "operands": 44,
    "because": 56,
    "safer": 44,
    "agent": 12,
    "session": 20,
    "in": 32,
}
_LABEL = 10  # columns for the labels of a question
_SESSION, _CALL, _WHOLE = 18, 60, 300  # characters in the log: a session, a call with words after it, one without
_STYLES = {"asked": "bold yellow", "ran": "green", "approved": "bold green", "denied": "red", "attempt": "bold red"}


def cells(group: Group) -> tuple[Text, ...]:
    """The cells of a question's row in the table."""
    question, more = group[0].question, len(group) - 1
    grave = bool(question.catastrophic)
    told = (
        age(group[0], time.time()),
        "CATASTROPHIC" if grave else question.rating,
        printable(question.program) + (f" ×{more + 1}" if more else ""),
        quoted(question.argv[1:]),
        printable(question.reasons[0].text) if question.reasons else "",
        printable(next((reason.instead for reason in question.reasons if reason.instead), "")),
        printable(question.agent or "a program"),
        printable(question.session),
        printable(question.cwd),
    )
    styles = {"rated": "bold red" if grave else "red", "program": "bold", "age": "dim"}
    return tuple(
        Text(_short(text, most), styles.get(column, ""), no_wrap=True)
        for (column, most), text in zip(COLUMNS.items(), told, strict=True)
    )


class Details:
    """Questions laid out for whatever width there is, in full or as a preview.

    Long values are broken below their own start: a terminal that broke them would let them begin a
    line that looks like one of ours.
    """

    def __init__(self, group: Group, whole: bool = False) -> None:
        self._most = EVERYTHING if whole else SHOWN
        questions = tuple(request.question for request in group)
        self._told = (*lines(questions[0]), *further(questions), *(in_full(questions) if whole else ()))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for label, value in self._told:
            style = "bold red" if label == "rated" else "bold" if label == "command" else ""
            for place, part in enumerate(broken(cut(value, self._most), max(options.max_width - _LABEL - 1, 8))):
                shown = Text(f"{'' if place else label:<{_LABEL}}", "dim", no_wrap=True, end="\n")
                yield shown.append(part, style or "not dim")


def log_line(row: Row) -> Text:
    """A row of the audit log as one line; a row may hold anything, and cannot begin a line of its own."""
    body = row.body
    kind, argv = str(body.get("kind", "")), body.get("argv")
    call = quoted(tuple(map(str, argv))) if isinstance(argv, list) else str(body.get("program", ""))
    why = str(body.get("why") or body.get("answer") or "")
    told = Text(_moment(body.get("time")), "dim", no_wrap=True)
    told.append(f" {printable(kind):<9}", _STYLES.get(kind, "not dim"))
    told.append(f" {printable(_short(str(body.get('session_name') or ''), _SESSION)):<{_SESSION}}  ")
    told.append(printable(_short(call, _CALL if why else _WHOLE)), "not dim")
    return told.append(f"  {printable(_short(why, _WHOLE))}" if why else "", "italic")


def _moment(moment: object) -> str:
    try:
        return time.strftime("%H:%M:%S", time.localtime(float(str(moment))))
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
