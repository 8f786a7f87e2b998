"""`agentguard status`: in one line whose calls are guarded, how many agents are at work, and what waits."""

from __future__ import annotations

import click

from ..edge.layout import Root
from .summary import tell


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(root: Root, as_json: bool) -> None:
    """Say in one line how things stand.

    Whose calls are guarded, how many agents (and commands of `agentguard run`) are at work, how many questions
    wait for you, and the most pressing one. It is quick enough for a prompt or a status bar. Whether the guard
    is in force says `agentguard doctor`.

    \b
    Examples:
      agentguard status
      tmux set -g status-right '#(agentguard status)'
    """
    tell(root, as_json)
