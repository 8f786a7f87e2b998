"""`agentguard uninstall`: restores what `install` changed; keeps the record unless `--purge` is given."""

from __future__ import annotations

import os
import shutil

import click

from ..actions import configuration, installation
from ..actions.owner import owners_record, require_writable
from ..actions.person import prove, require_person
from ..edge.installation import shims, startup_files, store
from ..edge.layout import Root
from ..edge.records import used_grants
from ..edge.records.audit_log import AuditLog
from ..errors import InstallError


@click.command()
@click.option("--purge", is_flag=True, help="Remove the record, the configuration and the factors, too.")
@click.pass_obj
def uninstall(root: Root, purge: bool) -> None:
    """Take the guard away. Only a person may.

    Removes shims, store and the lines in start-up files, and leaves every file as it was before.

    \b
    Examples:
      agentguard uninstall
      agentguard uninstall --purge
    """
    kept = [path for path in (root.data, root.config, root.factors) if os.path.lexists(path)]
    if not os.path.lexists(root.manifest) and not (purge and kept):
        raise InstallError(f"nothing is installed under {root.path}", "is it under another --root?")
    require_writable(root)
    deed = "take the guard away"
    by = prove(root, require_person(root, deed), deed)
    with owners_record(root) as database:
        AuditLog(database).append("uninstalled", {"program": "agentguard", "by": by})
    for change in dismantle(root, purge):
        click.echo(change)
    click.echo("The guard is gone, and open shells go on. Should a bash still look for a shim, say `hash -r` there.")
    if not purge and os.path.exists(root.data):
        click.echo(f"The record is kept in {root.data}; `agentguard uninstall --purge` removes it, too.")


def dismantle(root: Root, purge: bool) -> list[str]:
    """Undo `installation.apply`; what was done, a line each. Start-up files go first: no new shell is half guarded."""
    owned = installation.manifest(root)
    changes = [*filter(None, (startup_files.remove(path, root) for path in owned["startup"]))]
    for directory in owned["directories"]:
        _remove_if_empty(directory)
    files = [*(f"{root.shims}/{name}" for name in shims.present(root)), *shims.others(root)]
    for path in filter(os.path.lexists, files):
        os.unlink(path)
    store.clear(root)
    untouched = [root.config] if configuration.untouched(root, owned["settings"]) else []
    used_grants.release(root)
    shutil.rmtree(root.spent, ignore_errors=True)
    if purge:
        shutil.rmtree(root.data, ignore_errors=True)
        shutil.rmtree(root.aside, ignore_errors=True)
    for path in filter(os.path.lexists, (root.manifest, *((root.config, root.factors) if purge else untouched))):
        os.unlink(path)
    for directory in (root.shims, f"{root.path}/bin", root.store, root.path):
        _remove_if_empty(directory)
    return [*changes, f"Removed the shims and the store under {root.path}"]


def _remove_if_empty(directory: str) -> None:
    if os.path.isdir(directory) and not os.listdir(directory):
        os.rmdir(directory)
