"""`agentguard watch`: stays open beside the agent, shows each call that waits, and takes the answer."""

from __future__ import annotations

import os
import sys

import click

from ..actions.answer import Answers
from ..actions.person import prove, require_person
from ..approval.question import printable
from ..edge.layout import Root
from ..edge.records.database import Database
from ..edge.terminal.prompt import say
from ..errors import UsageError

DEED = "watch for calls and answer them"


@click.command()
@click.pass_obj
def watch(root: Root) -> int:
    """Show what waits for you, as it comes.

    A full-screen view to keep open beside the agent, with a bell and a note on the desktop for each
    call that arrives. It also tells what passes. On a plain terminal, use `agentguard approve`.

    \b
    Keys:
      Enter, o   open a call: read all of it, type the word that it asks for
      d          deny it, with a sentence that the agent gets to read
      Escape     back, without an answer
      ?          all keys
      q          quit: what waits goes on waiting

    \b
    Examples:
      agentguard watch
      NO_COLOR=1 agentguard watch
    """
    person = require_person(root, DEED, by_word=True)
    if person.sign:
        say(f"This terminal alone does not prove that it is you who watches: {printable(person.why)}.")
        prove(root, person, DEED)
    if not (sys.stdout.isatty() and sys.stderr.isatty()) or os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("watch needs a terminal that shows a full screen", "`agentguard approve ID` asks on any other")
    if Database(root).foreign:
        raise UsageError("the requests here are another user's", "answer them as that user")
    _forget_settings()
    from ..watch.app import Watch

    view = Watch(root, Answers(root, lambda: require_person(root, DEED, by_word=True), DEED))
    view.run()
    return view.return_code or 0


def _forget_settings() -> None:
    """Textual takes settings from the environment, keys to be pressed among them: here only a person presses keys."""
    for name in [name for name in os.environ if name.startswith("TEXTUAL_")]:
        del os.environ[name]
