"""The first screen: a table of the questions that wait, the selected one in full, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, RichLog, Static

from ..approval.question import printable
from ..approval.request import ebbed, floods
from .inbox import Inbox
from .passed import Passed
from .render import Details, cells, columns, log_line
from .screens import Help

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ..edge.records.audit_log import Row
    from .inbox import Group

#: How many lines the log keeps: each is drawn anew when another comes.
LOG = 100
_NOTHING = "Nothing waits. A call that needs a person appears here as it comes."


class ListScreen(Screen[None]):
    """Shows questions; opening and denying one is left to the application, by messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open", "Open"),
        Binding("d", "deny", "Deny"),
        Binding("x", "deny_session", "Deny its session"),
        Binding("question_mark", "help", "Help"),
        Binding("q", "app.quit", "Quit"),
    ]

    class Ready(Message):
        """Questions can be laid out."""

    class Wanted(Message):
        """The person wants to open a question, or to deny it, or all of its session."""

        def __init__(self, group: Group, deny: bool = False, session: bool = False) -> None:
            super().__init__()
            self.group = group
            self.deny = deny
            self.session = session

    def __init__(self) -> None:
        super().__init__()
        self._inbox = Inbox()
        self._questions: dict[str, Group] = {}
        self._columns: dict[str, int] = {}
        self._passed = Passed(LOG)
        self._previewed: Group | None = ()
        self._put = ""  # the one that was marked last by nobody's key

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static("agentguard", id="heading", markup=False)
        yield DataTable[Text](id="waiting", cursor_type="row", zebra_stripes=True)
        with VerticalScroll(id="preview", can_focus=False):
            yield Static(id="told")
        yield RichLog(id="log", max_lines=LOG, markup=False, highlight=False)
        yield Static("", id="news", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Nothing to be seen yet."""
        self.query_one(RichLog).can_focus = False
        self._preview()
        self.post_message(self.Ready())

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#waiting", DataTable)

    @property
    def stands(self) -> bool:
        """Whether it is put up, and not yet taken down."""
        return bool(self.query("#waiting"))

    def on_resize(self) -> None:
        """What fits has changed."""
        if self.stands:
            self._lay_out()
            self._log_again()

    def lay(self, inbox: Inbox) -> None:
        """Show what waits; the marked one stays marked, whatever comes or goes."""
        self._inbox = inbox
        self._lay_out()

    def _lay_out(self) -> None:
        questions = self._inbox.questions
        flood = max(floods(questions.values()).values(), default=0)
        waiting = sum(self._inbox.caller(group).presence == "waiting" for group in questions.values())
        shown = ebbed(questions.values())
        self._fill({name: group for name, group in questions.items() if group in shown})
        self.query_one("#heading", Static).update(_heading(waiting, len(questions) - waiting, flood))
        self._preview()

    def _fill(self, questions: dict[str, Group]) -> None:
        """Put these into the table. It is only made anew where its columns, or the rows that it had, do not go on."""
        table, wanted = self._table, columns(self.size.width)
        marked, row = self._marked_name(), table.cursor_row
        told = {name: cells(group, self._inbox.caller(group), wanted) for name, group in questions.items()}
        if list(wanted) != list(self._columns) or list(self._questions) != list(questions)[: len(self._questions)]:
            place = table.scroll_offset
            table.clear(columns=True)
            for column in wanted:
                table.add_column(column, key=column)
            self._questions = {}
            table.scroll_to(*place, animate=False, immediate=True)
        for name, line in told.items():
            if name not in self._questions:
                table.add_row(*line, key=name)
                continue
            for column, cell in zip(wanted, line, strict=True):
                if table.get_cell(name, column) != cell:
                    table.update_cell(name, column, cell, update_width=True)
        self._questions, self._columns = questions, wanted
        if questions:
            table.move_cursor(row=self._row_to_mark(marked, row), scroll=False)
            self._put = self._marked_name() if marked == self._put or marked not in questions else ""

    def _row_to_mark(self, marked: str, row: int) -> int:
        """Where the mark goes: where a person has moved it, as long as that is there; else to what waits.

        `marked` and `row` are where it was.
        """
        names = list(self._questions)
        waits = [self._waits(name) for name in names]
        if marked in names and (marked != self._put or self._waits(marked) or not any(waits)):
            return names.index(marked)
        place = min(row, len(names) - 1)
        return place if waits[place] or not any(waits) else waits.index(True)

    def _waits(self, name: str) -> bool:
        return self._inbox.caller(self._questions[name]).presence == "waiting"

    def log_rows(self, rows: tuple[Row, ...]) -> None:
        """What has passed."""
        if rows:
            self._passed.take(rows)
            self._log_again()

    def _log_again(self) -> None:
        log = self.query_one(RichLog)
        log.clear()
        for entry in self._passed.entries:
            log.write(log_line(entry, self.size.width))

    def tell(self, news: str) -> None:
        """Say something at the bottom."""
        self.query_one("#news", Static).update(printable(news))

    def _marked_name(self) -> str:
        table = self._table
        if not table.is_valid_row_index(table.cursor_row):
            return ""
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    def _marked(self) -> Group | None:
        return self._questions.get(self._marked_name())

    @on(DataTable.RowHighlighted)
    def _preview(self) -> None:
        marked = self._marked()
        if marked != self._previewed:
            self._previewed = marked
            shown = Details(marked, self._inbox.caller(marked)) if marked else Text(_NOTHING, "dim")
            self.query_one("#told", Static).update(shown)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter: the table has it as its own key, and a click on the marked row as well."""
        self.action_open()

    def action_open(self) -> None:
        """Read the marked one, and answer."""
        marked = self._marked()
        if marked:
            self.post_message(self.Wanted(marked))

    def action_deny(self) -> None:
        """Deny the marked one."""
        marked = self._marked()
        if marked:
            self.post_message(self.Wanted(marked, deny=True))

    def action_deny_session(self) -> None:
        """Deny all of the marked one's session."""
        marked = self._marked()
        if marked:
            self.post_message(self.Wanted(marked, deny=True, session=True))

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help())


def _heading(waiting: int, left: int, flood: int) -> str:
    """`left` is of how many the call has ended; `flood` how many one session asks, where too many to be shown."""
    told = "nothing waits" if not waiting else f"{waiting} question{'s wait' if waiting > 1 else ' waits'} for you"
    told += f", {left} of {'a call' if left == 1 else 'calls'} that gave up" if left else ""
    return f"agentguard: {told}" + (f", {flood} of them of one session: x denies all of it" if flood else "")
