"""The click group of `agentguard`: options for all verbs, and the verbs, loaded when they are used."""

from __future__ import annotations

import importlib
import importlib.util
import os

import click

from .. import __version__
from ..actions.default_root import default_root
from ..edge.layout import Root
from .suggesting import Suggesting

#: Each verb is the function of its name in the module of its name.
VERBS = (
    "run",
    "install",
    "uninstall",
    "doctor",
    "config",
    "check",
    "approve",
    "deny",
    "pending",
    "status",
    "watch",
    "factor",
    "audit",
    "completion",
)


class Verbs(Suggesting):
    """Loads a verb's module only when it is used, so that each verb starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs that this installation has."""
        return [verb for verb in VERBS if importlib.util.find_spec(f"agentguard.cli.{verb}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        if cmd_name not in self.list_commands(ctx):
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
