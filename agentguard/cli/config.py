"""`agentguard config`: what is chosen, where it stands, and changing it."""

from __future__ import annotations

import json
import os
import tomllib
from typing import Any

import click

from ..actions import configuration
from ..actions.owner import require_writable
from ..actions.person import prove, require_person
from ..approval.question import printable
from ..edge.installation.config import policy, policy_of, understood
from ..edge.layout import Root
from ..errors import InstallError, UsageError
from ..policy.configuration import BY_NAME, KEYS, Key, thawed
from .style import is_styled
from .suggesting import Suggesting
from .tabular import tell


def _key(ctx: click.Context, param: click.Parameter, value: str) -> Key:
    """The key of that name."""
    return BY_NAME[value]


_NAMED = click.argument("key", type=click.Choice(tuple(BY_NAME)), callback=_key, metavar="KEY")


@click.group(cls=Suggesting, invoke_without_command=True)
@click.option("--path", "where", is_flag=True, help="Print only where the file lies.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the settings as a JSON array, each with all that is to say of it."
)
@click.pass_context
def config(ctx: click.Context, where: bool, as_json: bool) -> None:
    """Show what is chosen, and change it.

    The settings lie in config.toml under the root, which explains each of them. A new value holds from the next call
    on. What could make the guard weaker, only a person may change.

    \b
    Examples:
      agentguard config
      agentguard config get wait
      agentguard config set wait 60
      agentguard config edit
      agentguard config --path
    """
    root: Root = ctx.obj
    if ctx.invoked_subcommand:
        return
    if where:
        click.echo(root.config)
        return
    policy(root)  # what is broken is told with its line
    chosen = understood(configuration.text(root))
    settings = [(key, chosen.get(key.name, key.default), key.name in chosen) for key in KEYS]
    if as_json:
        click.echo(json.dumps([_told(*setting) for setting in settings], indent=2))
    elif is_styled():
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for key, value, is_chosen in settings:
            table.add_row(key.name, _shown(value), "chosen" if is_chosen else "by default", key.what)
        Console(highlight=False).print(table)
    else:
        tell((key.name, _shown(value), "chosen" if is_chosen else "default") for key, value, is_chosen in settings)


@config.command("get")
@_NAMED
@click.pass_obj
def get(root: Root, key: Key) -> None:
    """Print one value: text as it is, all else as JSON.

    \b
    Example:
      agentguard config get wait
    """
    click.echo(_shown(thawed(getattr(policy(root), key.name))))


@config.command("set")
@_NAMED
@click.argument("value")
@click.pass_obj
def put(root: Root, key: Key, value: str) -> None:
    """Choose a value: a number, a word, or what TOML has for a list or a table.

    Only a person may, where it could make the guard weaker.

    \b
    Examples:
      agentguard config set wait 60
      agentguard config set factor '["catastrophic", "git-push-force"]'
      agentguard config set words '{ "psql-*" = "name" }'
    """
    _require_installed(root)
    meant = _read(value)
    if not key.accepts(meant):
        raise UsageError(f"{key.name} must be {key.takes}, not {value}", f"such as: {key.example}")
    _tell(root, configuration.choose(root, key.name, meant, lambda deed: prove(root, require_person(root, deed), deed)))


@config.command("edit")
@click.pass_obj
def edit(root: Root) -> None:
    """Open the settings in your editor (VISUAL, EDITOR).

    You edit a copy. It is looked at first, so that nothing which is not understood comes into force.

    \b
    Example:
      EDITOR=nano agentguard config edit
    """
    _require_installed(root)
    before = text = configuration.text(root)
    while True:
        edited = click.edit(text, extension=".toml")
        if edited is None or edited == before:
            click.echo("Nothing was changed.")
            return
        text = edited
        try:
            policy_of(text, root.config)
            break
        except InstallError as fault:
            click.echo(f"Not taken: {printable(fault.message)}", err=True)
            click.confirm("Edit it again? Otherwise all stays as it was.", default=True, abort=True, err=True)
    _tell(root, configuration.put(root, text, lambda deed: prove(root, require_person(root, deed), deed)))


def _require_installed(root: Root) -> None:
    if not os.path.lexists(root.manifest):
        raise InstallError(f"nothing is installed under {root.path}", "`agentguard install` makes a guard")
    require_writable(root)


def _read(value: str) -> Any:
    """What was given on the command line: a value of TOML, else the text that it is."""
    try:
        found = tomllib.loads(f"value = {value}")
    except ValueError:
        return value
    return found["value"] if len(found) == 1 else value


def _tell(root: Root, changes: list[str]) -> None:
    for change in changes or [f"Nothing is chosen otherwise in {root.config}"]:
        click.echo(printable(f"{change}."))


def _told(key: Key, value: Any, is_chosen: bool) -> dict[str, Any]:
    said = {field: getattr(key, field) for field in ("takes", "what", "why", "who", "example")}
    return {"key": key.name, "value": value, "default": key.default, "chosen": is_chosen, **said}


def _shown(value: Any) -> str:
    return printable(value) if isinstance(value, str) else json.dumps(value)
