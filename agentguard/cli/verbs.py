"""The click group of `agentguard`: options for all verbs, and the verbs, loaded when they are used."""

from __future__ import annotations

import importlib
import os

import click

from .. import __version__
from ..actions.default_root import default_root
from ..edge.layout import Root
from .suggesting import Suggesting

#: Each verb is the function of its name in the module of its name. What it does is told from here, so that help loads
#: none of them.
VERBS = {
    "run": "Start COMMAND with the guard on.",
    "install": "Put the guard in force.",
    "uninstall": "Take the guard away.",
    "doctor": "Prove that the guard is in force.",
    "config": "Show what is chosen, and change it.",
    "check": "Rate a command line without running it.",
    "approve": "Let a waiting call run, once.",
    "deny": "Refuse a waiting call.",
    "pending": "List the calls that wait for a person.",
    "status": "Say in one line how things stand.",
    "watch": "Show what waits for you, as it comes.",
    "factor": "What proves that it is you who answers.",
    "audit": "Show what was stopped and what came of it.",
    "completion": "Print what completes `agentguard` in a shell.",
}


class Verbs(Suggesting):
    """Loads a verb's module only when it is used, so that each verb starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the help."""
        return list(VERBS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each verb with what it does."""
        with formatter.section("Commands"):
            formatter.write_dl(tuple(VERBS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(f"agentguard.cli.{cmd_name}"), cmd_name)
        return command


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`agentguard completion` completes all of this in bash, zsh and fish.",
)
@click.option(
    "--root",
    type=click.Path(file_okay=False, readable=False),  # `doctor` is to say why it cannot be read
    default=default_root,
    show_default="this user's data directory, or the system-wide installation",
    help="Where configuration, data and shims lie.",
)
@click.version_option(__version__, "--version", prog_name="agentguard")
@click.pass_context
def cli(ctx: click.Context, root: str) -> None:
    """Stand between an AI agent and the programs that can ruin your day."""
    ctx.obj = Root(os.path.abspath(root))
    ctx.call_on_close(lambda: _clear_store(ctx.obj))


def _clear_store(root: Root) -> None:
    """Take former versions away, should an upgrade have left one that was in use; what it takes is loaded only then."""
    if os.access(root.store, os.R_OK | os.W_OK | os.X_OK) and len(os.listdir(root.store)) > 1:
        from ..actions import former_versions

        former_versions.clear(root)
