"""The screens of one question: approve it, deny it, prove a person, choose a factor."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from ..approval.caller import Caller, standing
from ..approval.question import printable
from ..approval.request import phrase, wanted
from .render import Details

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from ..edge.factors.factors import Factor
    from .inbox import Group, Inbox

#: How long a question must have stood there before a key counts, in seconds.
MOMENT = 0.7
_LEAVING = ("escape", "ctrl+c", "ctrl+q")


class Settle(Message):
    """An answer that was typed: `deed` gives it on and says what that means. It may ask `at_terminal`."""

    def __init__(self, screen: Asking, deed: Callable[[], str], at_terminal: bool = False) -> None:
        super().__init__()
        self.screen = screen
        self.deed = deed
        self.at_terminal = at_terminal


class Asking(Screen[None]):
    """A question with a line to answer it by.

    What was typed before the question had stood there for a moment is no answer: such keys are
    told apart by when they were pressed, not by when they are read.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it"),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", "Read on", priority=True),
    ]
    #: Whether what is typed is not to be seen.
    HIDDEN = False

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group
        self.caller = Caller()
        self._since = math.inf
        self._settled = False

    def heading(self) -> str:
        """The line above the question."""
        return f"Request {standing(self.group[0], self.caller, time.time())}"

    def wanted(self) -> str:
        """The line above what is typed."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static(self.heading(), id="heading", markup=False)
        with VerticalScroll(id="question", can_focus=False):
            yield Static(id="told")
        yield Static(self.wanted(), id="wanted", markup=False)
        yield Input(id="typed", compact=True, disabled=True, password=self.HIDDEN, select_on_focus=False)
        yield Static(id="state", markup=False)
        yield Static(id="news", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Everything that is asked, and then, once it is to be seen, the line to type in."""
        self.query_one("#told", Static).update(Details(self.group, self.caller, whole=True))
        for line in ("#state", "#news"):
            self._say(line, "")
        self.call_after_refresh(self._stands)

    def _stands(self) -> None:
        self._since = time.monotonic()
        self.set_timer(MOMENT, self._open)

    def _open(self) -> None:
        if not self._settled:
            typed = self.query_one(Input)
            typed.disabled = False
            typed.focus()

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Whether what was typed counts: all but leaving must wait for its moment."""
        return event.time >= self._since + MOMENT or (isinstance(event, events.Key) and event.key in _LEAVING)

    def see(self, inbox: Inbox, trouble: str) -> None:
        """What is known now; of no use while the screen is put up or taken down."""
        if not self.query("#heading"):
            return
        self.caller = inbox.caller(self.group)
        self.query_one("#heading", Static).update(self.heading())
        more = inbox.joined(self.group)
        if trouble or self._settled:
            self._say("#state", trouble)
        elif not inbox.waits(self.group):
            self.close(f"Request {self.group[0].id} no longer waits: {inbox.fate(self.group[0])}.")
        else:
            come = f"{more} more {'has' if more == 1 else 'have'} come, not shown here: leave and open it again."
            self._say("#state", come if more else "")

    def close(self, why: str) -> None:
        """Take no answer any more."""
        self._settled = True
        self.query_one(Input).disabled = True
        self.tell(f"{why} Escape goes back.")

    def tell(self, news: str) -> None:
        """Say something below the line."""
        self._say("#news", news)

    def _say(self, where: str, text: str) -> None:
        line = self.query_one(where, Static)
        line.update(printable(text))
        line.display = bool(text)

    def refused(self, why: str) -> None:
        """The answer was not taken: another one may be typed."""
        self._settled = False
        self._open()
        self.tell(why)

    def settle(self, deed: Callable[[], str], at_terminal: bool = False) -> None:
        """Give an answer on; until that is done none is taken."""
        self._settled = True
        self.query_one(Input).disabled = True
        self.tell("One moment …")
        self.post_message(Settle(self, deed, at_terminal))

    def action_leave(self) -> None:
        """Back, without an answer."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """By lines."""
        self.query_one("#question").scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """By pages."""
        question = self.query_one("#question")
        question.scroll_relative(y=pages * max(1, question.size.height - 1), animate=False)


class Approval(Asking):
    """Wants the word, and then a proof where it is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d", "deny", "Deny it", priority=True)]

    class Typed(Message):
        """The word was typed."""

        def __init__(self, screen: Approval) -> None:
            super().__init__()
            self.screen = screen

    class Deny(Message):
        """The person wants to deny it instead."""

        def __init__(self, group: Group) -> None:
            super().__init__()
            self.group = group

    def wanted(self) -> str:
        """The word, and what it would approve."""
        return f"{wanted(self.group)}."

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Exactly the word, or nothing."""
        if event.value == phrase(self.group):
            self.post_message(self.Typed(self))
        else:
            event.input.clear()
            self.tell(f"{printable(phrase(self.group))} was not typed: it still waits.")

    def action_deny(self) -> None:
        """A sentence instead of the word."""
        if not self._settled:
            self.post_message(self.Deny(self.group))


class Denial(Asking):
    """Wants a sentence, which the agent reads."""

    def __init__(self, group: Group, deny: Callable[[Group, str, bool], str], session: bool = False) -> None:
        super().__init__(group)
        self._deny = deny
        self._session = session

    def wanted(self) -> str:
        """What becomes of what is typed."""
        them = "it" if len(self.group) == 1 else f"these {len(self.group)}"
        if self._session:
            them = "it, all else that waits of its session, and what that asks within ten minutes"
        return f"Deny {them}. What is the agent to read? Enter denies, also without a word."

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Whatever was typed."""
        words = event.value.strip()
        self.settle(lambda: self._deny(self.group, words, self._session))


class Proving(Asking):
    """Wants a proof of the person, by a factor."""

    HIDDEN = True

    def __init__(self, group: Group, factor: Factor, approve: Callable[[Group, Factor, str], str]) -> None:
        super().__init__(group)
        self._factor = factor
        self._approve = approve

    def wanted(self) -> str:
        """What is to be typed."""
        return f"The word is right. {printable(self._factor.wanted)}, which signs the approval:"

    def takes(self, event: events.Key | events.Paste) -> bool:
        """The word has just been typed: nothing that comes after it came by chance."""
        return True

    def _stands(self) -> None:
        self._open()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Sign with it."""
        passphrase = event.value
        event.input.clear()
        self.settle(lambda: self._approve(self.group, self._factor, passphrase))


class Choosing(Asking):
    """Wants one of several factors to be named."""

    class Chosen(Message):
        """That one."""

        def __init__(self, screen: Choosing, factor: Factor) -> None:
            super().__init__()
            self.screen = screen
            self.factor = factor

    def __init__(self, group: Group, factors: tuple[Factor, ...]) -> None:
        super().__init__(group)
        self._factors = factors

    def wanted(self) -> str:
        """Their names, by number."""
        listed = ", ".join(f"{place}: {printable(factor.name)}" for place, factor in enumerate(self._factors, 1))
        return f"The word is right. Prove yourself by which factor ({listed})?"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Its number."""
        typed = event.value.strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(self._factors):
            self.post_message(self.Chosen(self, self._factors[int(typed) - 1]))
        else:
            event.input.clear()
            self.tell("no factor was chosen")


_HELP = """\
Calls that wait for you stand in the table, the newest last; below it, the one that is marked.

  Enter, o     open the marked one: read all of it, and type the word that it asks for
  d            deny it, with a sentence that the agent gets to read
  x            deny all that waits of its session, and what that asks within ten minutes
  ↑ ↓ ← →      another one; more of its columns
  Escape       back, without an answer
  q, Ctrl+C    quit: what waits goes on waiting

In an open question:

  the word     DELETE, or the name of what would be lost; for several calls, how many they are as well
  Ctrl+D       deny it instead
  ↑ ↓, Page    read on

No single key approves anything. What is typed before a question has stood there for a moment does not
count, and a call that arrives never opens by itself. An approval is for what was shown, once, for ten
minutes. What passes is told at the bottom; `agentguard audit` has all of it."""


class Help(Screen[None]):
    """The keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "leave", "Back")]

    def compose(self) -> ComposeResult:
        """A page of text."""
        with VerticalScroll(id="question"):
            yield Static(Text(_HELP))
        yield Footer()

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()
