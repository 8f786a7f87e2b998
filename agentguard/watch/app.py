"""`agentguard watch` as an application: looks at the requests and the audit log, shows what comes, gives answers on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message

from ..errors import INTERRUPTED, AgentguardError
from .feed import Feed
from .inbox import Inbox
from .list_screen import ListScreen
from .notify import Notes
from .screens import Approval, Asking, Choosing, Denial, Proving, Settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..edge.factors.factors import Factor
    from ..edge.layout import Root
    from .answers_port import AnswersPort
    from .feed import Glance
    from .inbox import Group

#: How often to look for new requests, in seconds.
GLANCE = 0.5

_STYLE = """
#heading { background: $primary-darken-2; color: $text; text-style: bold; padding: 0 1; height: auto; }
#waiting { height: 1fr; min-height: 4; }
#preview { height: 1fr; border-top: solid $primary-darken-1; padding: 0 1; }
#log { height: 8; border-top: solid $primary-darken-1; padding: 0 1; background: $background; overflow-x: hidden; }
#question { height: 1fr; padding: 1 1 0 1; }
#wanted { height: auto; padding: 0 1; text-style: bold; border-top: solid $error; }
#typed { margin: 0 1; }
#news, #state { height: auto; max-height: 3; padding: 0 1; color: $text-warning; }
.-low #preview, .-low #log { display: none; }
.-low #question { padding: 0 1; }
"""


class Watch(App[None]):
    """One person's watch. It outlives its database: what cannot be read now is tried again."""

    CSS = _STYLE
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012 - Textual has it so
    ENABLE_COMMAND_PALETTE = False
    TITLE = "agentguard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    class Looked(Message):
        """What a look has brought."""

        def __init__(self, glance: Glance) -> None:
            super().__init__()
            self.glance = glance

    def __init__(self, root: Root, answers: AnswersPort) -> None:
        super().__init__()
        self._feed = Feed(root)
        self._answers = answers
        self._inbox = Inbox()
        self._notes = Notes()
        self._trouble = ""
        self._look_now, self._ended = threading.Event(), threading.Event()

    def get_default_screen(self) -> ListScreen:
        """The list."""
        return ListScreen()

    @property
    def _list_screen(self) -> ListScreen:
        list_screen = self.screen_stack[0]
        assert isinstance(list_screen, ListScreen)
        return list_screen

    def on_list_screen_ready(self) -> None:
        """Begin to look."""
        self._look()

    def action_interrupt(self) -> None:
        """End, and say so to whatever waits for it."""
        self.exit(return_code=INTERRUPTED)

    def on_unmount(self) -> None:
        """End the looking."""
        self._ended.set()
        self._look_now.set()

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes reach a question only if they can be an answer to it."""
        if (
            isinstance(event, events.Key | events.Paste)
            and isinstance(self.screen, Asking)
            and not self.screen.takes(event)
        ):
            return
        await super().on_event(event)

    @work(thread=True)
    def _look(self) -> None:
        """In a thread of its own, because a look may have to wait for whoever has locked the database."""
        while not self._ended.is_set():
            self._look_now.clear()
            self.post_message(self.Looked(self._feed.look()))
            self._look_now.wait(GLANCE)
        self._feed.close()

    def on_watch_looked(self, event: Looked) -> None:
        """Lay out what there is. What comes only appears: it opens nothing and takes no key."""
        if not self.screen_stack or not self._list_screen.stands:  # the view has just ended
            return
        glance, list_screen = event.glance, self._list_screen
        if glance.waiting is not None:
            arrived = self._inbox.take(glance.waiting, glance.gone, glance.callers)
            list_screen.lay(self._inbox)
            if arrived:
                self.bell()
                self._notes.send(arrived)
        list_screen.log_rows(glance.rows)
        if glance.trouble != self._trouble:
            self._trouble = glance.trouble
            list_screen.tell(glance.trouble or "The requests can be read again.")
        for screen in self.screen_stack:
            if isinstance(screen, Asking):
                screen.see(self._inbox, glance.trouble)

    def on_list_screen_wanted(self, event: ListScreen.Wanted) -> None:
        """Put one question to the person."""
        self._ask(Denial(event.group, self._deny, event.session) if event.deny else Approval(event.group))

    def on_approval_deny(self, event: Approval.Deny) -> None:
        """Ask for a sentence instead."""
        self._ask(Denial(event.group, self._deny), instead=True)

    def on_approval_typed(self, event: Approval.Typed) -> None:
        """The word is right: approve, or ask for a proof."""
        group = event.screen.group
        try:
            factors = self._answers.factors(group)
        except AgentguardError as fault:
            event.screen.refused(str(fault))
            return
        if len(factors) > 1:
            self._ask(Choosing(group, factors), instead=True)
        elif factors:
            self._prove(event.screen, factors[0])
        else:
            event.screen.settle(lambda: self._answers.approve(group, None, None))

    def on_choosing_chosen(self, event: Choosing.Chosen) -> None:
        """Prove by that factor."""
        self._prove(event.screen, event.factor)

    def _prove(self, screen: Asking, factor: Factor) -> None:
        """By a passphrase that is typed here, or by an SSH key, which asks at the terminal itself."""
        if factor.kind == "passphrase":
            self._ask(Proving(screen.group, factor, self._answers.approve), instead=True)
        else:
            screen.settle(lambda: self._answers.approve(screen.group, factor, None), at_terminal=True)

    def _deny(self, group: Group, words: str, session: bool) -> str:
        return self._answers.deny(group, words, session)

    def _ask(self, screen: Asking, instead: bool = False) -> None:
        screen.caller = self._inbox.caller(screen.group)
        if instead:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def on_settle(self, event: Settle) -> None:
        """Give an answer on: in a thread, because it may have to wait; at the terminal if it asks there."""
        if event.at_terminal:
            with self.suspend():
                done = _done(event.deed)
            self._settled(event.screen, *done)
        else:
            self._settle(event.screen, event.deed)

    @work(thread=True)
    def _settle(self, screen: Asking, deed: Callable[[], str]) -> None:
        self.call_from_thread(self._settled, screen, *_done(deed))

    def _settled(self, screen: Asking, taken: bool, told: str) -> None:
        """Say what came of an answer, where the person is now."""
        self._look_now.set()
        if taken or screen not in self.screen_stack:
            self._list_screen.tell(told)
        if screen in self.screen_stack:
            if taken:
                screen.dismiss()
            else:
                screen.refused(told)


def _done(deed: Callable[[], str]) -> tuple[bool, str]:
    """Whether an answer was taken, and what to say about it."""
    try:
        return True, deed()
    except AgentguardError as fault:
        return False, str(fault)
    except KeyboardInterrupt:  # at the terminal, while a key asked there
        return False, "Nothing was signed: it still waits."
