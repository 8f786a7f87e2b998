"""`agentguard factor`: add, list and remove authentication factors."""

from __future__ import annotations

import json
import os
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..actions.owner import owners_record, require_writable
from ..actions.person import prove, require_person
from ..approval.question import printable
from ..edge.factors import factors
from ..edge.factors.factors import Factor
from ..edge.factors.passphrase import SHORTEST, checked
from ..edge.factors.proof import signed
from ..edge.installation import shims
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog
from ..edge.terminal.prompt import answer, say
from ..errors import InstallError, UnfitPassphrase, UsageError
from ..policy.settings import TRIES
from .suggesting import Suggesting

KINDS = ("passphrase", "ssh-key")


@click.group(cls=Suggesting)
def factor() -> None:
    """What proves that it is you who answers.

    A factor is a key: one under a passphrase, or an SSH key, best one in hardware that wants a touch. With one
    present, destructive calls run only with its signature, and whatever weakens the guard wants it.

    \b
    Examples:
      agentguard factor add passphrase
      agentguard factor add ssh-key ~/.ssh/id_ed25519_sk
      agentguard factor list
    """


@factor.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("path", required=False, type=click.Path())
@click.option("--name", help="What it is called when you are asked for it.")
@click.pass_obj
def add(root: Root, kind: str, path: str | None, name: str | None) -> None:
    """Add a factor. Only a person may, and with one that is there already.

    PATH is the SSH key's file; its public half lies beside it.

    \b
    Examples:
      agentguard factor add passphrase
      agentguard factor add ssh-key ~/.ssh/id_ed25519_sk --name yubikey
    """
    _require_installed(root)
    deed = "add a factor"
    by = prove(root, require_person(root, deed), deed)
    new = made(kind, path, name)
    _record(root, "factor-added", new, by)
    factors.add(root, new)
    _pin(root, shims.pins(root) | {new.fingerprint})
    click.echo(f"Added {new.name}, {new.fingerprint}. The shims believe its signature from now on.")


@factor.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the factors as a JSON array.")
@click.pass_obj
def listing(root: Root, as_json: bool) -> None:
    """List the factors.

    \b
    Examples:
      agentguard factor list
      agentguard factor list --json
    """
    pins = shims.pins(root)
    there = factors.factors(root)
    if as_json:
        told = [
            {"name": one.name, "kind": one.kind, "fingerprint": one.fingerprint, "believed": one.fingerprint in pins}
            for one in there
        ]
        click.echo(json.dumps(told, indent=2))
        return
    table = Table("name", "kind", "fingerprint", "", box=None, padding=(0, 2, 0, 0))
    for one in there:
        state = "" if one.fingerprint in pins else "not written into the shims"
        table.add_row(Text(printable(one.name)), one.kind, one.fingerprint, state)
    for pin in sorted(pins - {one.fingerprint for one in there}):
        table.add_row("", "", Text(printable(pin)), "missing, but written into the shims")
    if table.row_count:
        Console().print(table)
    else:
        click.echo("There is no factor. `agentguard factor add passphrase` adds one.")


@factor.command("remove")
@click.argument("fingerprint")
@click.pass_obj
def remove(root: Root, fingerprint: str) -> None:
    """Remove a factor. Only a person may, and with a factor that is there.

    FINGERPRINT is as `agentguard factor list` shows it; the name will do, too.

    \b
    Example:
      agentguard factor remove SHA256:JYbr0XbAmIA0zVg4bGvCYNXvSxFiV9iLlPe5Ztr4uSA
    """
    _require_installed(root)
    found = [one for one in factors.factors(root) if fingerprint in (one.fingerprint, one.name)]
    if not found:
        raise UsageError(f"there is no factor {fingerprint!r}", "see `agentguard factor list`")
    old, deed = found[0], "remove a factor"
    by = prove(root, require_person(root, deed), deed)
    _record(root, "factor-removed", old, by)
    _pin(root, shims.pins(root) - {old.fingerprint})
    factors.remove(root, old.fingerprint)
    click.echo(f"Removed {old.name}, {old.fingerprint}. The shims no longer believe its signature.")


def made(kind: str, path: str | None, name: str | None) -> Factor:
    """A new factor, asked for at the terminal and tried once. Raises UsageError, Unproven."""
    if kind == "passphrase":
        if path is not None:
            raise UsageError("a passphrase has no file", "it is asked for at the terminal")
        return factors.by_passphrase(name or kind, _new_passphrase())
    if path is None:
        raise UsageError("which SSH key?", "name the file of the key")
    new = factors.by_ssh_key(name or os.path.basename(path), path)
    say(f"Trying the SSH key {new.path}: touch it if it blinks.")
    signed(new, b"agentguard trial\n" + os.urandom(16), None)
    return new


def _new_passphrase() -> str:
    """Asked for twice at the controlling terminal, and nowhere else; what does not do, anew."""
    for _ in range(TRIES - 1):
        try:
            return _typed_twice()
        except UnfitPassphrase as fault:
            say(f"{fault.message[0].upper()}{fault.message[1:]}: try again.")
    return _typed_twice()


def _typed_twice() -> str:
    """A new passphrase. Raises UsageError."""
    first = answer(f"New passphrase, {SHORTEST} characters or more: ", True)
    if first is None:
        raise UsageError("no passphrase was given", "it is typed at a terminal")
    checked(first)
    second = answer("The same again: ", True)
    if second is None:
        raise UsageError("no passphrase was given", "it is typed at a terminal")
    if second != first:
        raise UnfitPassphrase("the two were not the same")
    return first


def _require_installed(root: Root) -> None:
    if not shims.present(root):
        hint = "`agentguard install --factor passphrase` makes a guard with a factor"
        raise InstallError(f"nothing is installed under {root.path}", hint)
    require_writable(root)


def _pin(root: Root, pins: frozenset[str]) -> None:
    """Make the shims anew, with these fingerprints."""
    shims.put(shims.wanted(root, shims.present(root), pins))


def _record(root: Root, kind: str, changed: Factor, by: dict[str, Any]) -> None:
    """Before it is done: who changed what."""
    told = {"program": "agentguard", "factor": changed.fingerprint, "factor_kind": changed.kind, "name": changed.name}
    with owners_record(root) as database:
        AuditLog(database).append(kind, told | {"by": by})
