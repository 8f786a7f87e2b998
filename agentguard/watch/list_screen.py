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
from .render import COLUMNS, Details, cells, log_line
from .screens import Help

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ..edge.records.audit_log import Row
    from .inbox import Group

#: How many lines the log keeps.
LOG = 300
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
        self._questions: dict[str, Group] = {}
        self._previewed: Group | None = ()

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
        """The table's columns."""
        self.query_one(RichLog).can_focus = False
        for column in COLUMNS:
            self._table.add_column(column, key=column)
        self._preview()
        self.post_message(self.Ready())

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#waiting", DataTable)

    @property
    def stands(self) -> bool:
        """Whether it is put up, and not yet taken down."""
        return bool(self.query("#waiting"))

    def lay(self, questions: dict[str, Group]) -> None:
        """Show these questions; the marked one stays marked, whatever comes or goes."""
        table, marked = self._table, self._marked_name()
        count, flood = len(questions), max(floods(questions.values()).values(), default=0)
        shown = ebbed(questions.values())
        questions = {name: group for name, group in questions.items() if group in shown}
        for name in [name for name in self._questions if name not in questions]:
            table.remove_row(name)
        for name, group in questions.items():
            told = cells(group)
            if name not in self._questions:
                table.add_row(*told, key=name)
                continue
            for column, cell in zip(COLUMNS, told, strict=True):
                if table.get_cell(name, column) != cell:
                    table.update_cell(name, column, cell, update_width=True)
        self._questions = questions
        if marked in questions:
            table.move_cursor(row=table.get_row_index(marked), scroll=False)
        self.query_one("#heading", Static).update(_heading(count, flood))
        self._preview()

    def log_rows(self, rows: tuple[Row, ...]) -> None:
        """What has passed."""
        log = self.query_one(RichLog)
        for one in rows:
            log.write(log_line(one))

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
            self.query_one("#told", Static).update(Details(marked) if marked else Text(_NOTHING, "dim"))

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


def _heading(count: int, flood: int) -> str:
    """`flood` is how many questions one session asks, where those are too many to be shown."""
    waits = "nothing waits" if not count else f"{count} question{'s wait' if count > 1 else ' waits'} for you"
    return f"agentguard: {waits}" + (f", {flood} of them of one session: x denies all of it" if flood else "")
