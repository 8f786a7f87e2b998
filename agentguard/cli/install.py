"""`agentguard install`: the guard on, for good; touches only what it owns."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
import time
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pwd import struct_passwd
from typing import Any

import click
import platformdirs
import tomli_w
from click.core import ParameterSource

from .. import __version__, resources
from ..edge import factors, programs, shims, spent, spool, startup_files, store
from ..edge.factors import Factor
from ..edge.journal import Journal
from ..edge.root import Root
from ..errors import InstallError, NoProgram, UsageError
from ..readers.shell import automaton
from ..rulebook import compiled, fastpath
from ..rulebook.examples import proved
from ..rulebook.load import load
from .factor import KINDS, made
from .owner import as_owner
from .system import give_record, guarded_user, refuse_changeable
from .usual import SYSTEM, usual

#: What a system-wide installation asks for, until somebody chooses otherwise: see docs/approvals.md.
SYSTEM_POLICY = {"factor": ["destructive"]}
#: What a file system without directories that only grow costs.
_ROLLED_BACK = (
    "this file system has no directories that only grow: who puts back an older copy of the database can have an "
    "approved call pass again, until the approval ends."
)
_STAY = "install it to stay, with `pipx install` or `uv tool install`, and run `agentguard install` from there"


@click.command()
@click.option(
    "--shell",
    "shells",
    multiple=True,
    type=click.Choice([*startup_files.SHELLS, "none"]),
    help="A shell whose start-up files shall turn the guard on; may be given several times. "
    "Without it you are asked; without a terminal: every shell that is here.",
)
@click.option(
    "--wait", type=click.FloatRange(min=0), metavar="SECONDS", help="How long a call waits for a person. [default: 100]"
)
@click.option(
    "--factor",
    metavar="KIND",
    help="What shall prove you, from the start: `passphrase`, or `ssh-key=PATH`. Only where nothing is installed yet.",
)
@click.option("--system", is_flag=True, help=f"Install for good and as root, under {SYSTEM}: no agent can change it.")
@click.option("--user", metavar="NAME", help="With --system: whose calls are guarded. [default: who used sudo]")
@click.pass_context
def install(
    ctx: click.Context,
    shells: tuple[str, ...],
    wait: float | None,
    factor: str | None,
    system: bool,
    user: str | None,
) -> None:
    """Put the guard in force.

    Makes the shims, and writes the lines that put them first on PATH into start-up files. Run it
    again after an upgrade, or when a guarded program or a shell has been added: it changes only
    what is not as it should be.

    \b
    Examples:
      agentguard install
      agentguard install --shell bash --shell zsh
      agentguard --root /tmp/trial install --shell none --wait 10
      agentguard install --factor passphrase
      sudo agentguard install --system --factor ssh-key=/home/ada/.ssh/id_ed25519_sk
    """
    root: Root = ctx.obj
    if user is not None and not system:
        raise UsageError("--user is for --system", "a user's own installation guards that user")
    if system and set(shells) - {"none"}:
        raise UsageError("--system touches no start-up files", "put the line that it names into one yourself")
    owner = guarded_user(user) if system else None
    if owner is not None and ctx.find_root().get_parameter_source("root") is not ParameterSource.COMMANDLINE:
        root = Root(SYSTEM)
    if owner is not None:
        refuse_changeable(root, owner)
    new = _first_factor(root, factor)
    chosen = [] if system else _chosen(shells)
    paths = [path for shell in chosen for path in startup_files.files(shell, os.environ)]
    changes = establish(root, dict.fromkeys(paths), wait, new, owner)
    for change in changes:
        click.echo(change)
    if not changes:
        click.echo(f"Nothing to change: agentguard {__version__} is in force under {root.path}.")
        return
    click.echo(f"The guard stands before {', '.join(shims.present(root))}.")
    if chosen:
        click.echo("Open a new terminal, and start agents from there. `agentguard doctor` proves that it holds.")
    elif owner is not None:
        if not shims.pins(root):
            click.echo(f"There is no factor: programs of {owner.pw_name}'s could approve in the database. Add one:")
            click.echo("  sudo agentguard factor add passphrase")
        click.echo(f"No start-up file was touched: {owner.pw_name} starts an agent with")
        click.echo(f"  {root.path}/bin/agentguard run -- COMMAND")
        click.echo(f"or puts this line last into a start-up file:  . {startup_files.quoted(root.path)}/activate.sh")
    else:
        click.echo("No start-up file was touched: start an agent with `agentguard run -- COMMAND`.")


def establish(
    root: Root,
    paths: Collection[str] = (),
    wait: float | None = None,
    factor: Factor | None = None,
    owner: struct_passwd | None = None,
) -> list[str]:
    """Bring an installation to what it should be; what was changed, a line each. Raises InstallError.

    `paths` are start-up files that shall hold the block; `factor` is the first one of a new
    installation; `owner` is whose calls a system-wide one guards. Every step leaves a working state:
    the store is complete before `current` leads to it, and `current` leads to it before a shim does.
    """
    _refuse_ephemeral(root)
    _refuse_unsafe(root)
    guarded = guarded_programs()
    names = [name for name in guarded if _is_here(name, root)]
    names = sorted({*names, *(name for name in shims.present(root) if name in guarded)})
    _refuse_foreign(root, shims.wanted(root, names))

    umask = os.umask(0o022)
    try:
        os.makedirs(root.path, exist_ok=True)
        owned = manifest(root)
        known = dict.fromkeys([*owned["startup"], *paths])
        made = dict.fromkeys([*owned["directories"], *_missing_directories(paths)])
        _put_manifest(root, {"startup": list(known), "directories": list(made)})

        changes = []
        if store.switch(root, version := store.build(root, derive)):
            changes.append(f"Put version {version} in force.")
        if wait is not None and _put_settings(root, {"wait": wait}):
            changes.append(f"A call now waits {wait:g} s for a person.")
        if owner is not None and "factor" not in _settings(root) and _put_settings(root, SYSTEM_POLICY):
            changes.append("Every destructive call wants a factor, once there is one.")
        if factor is not None:
            factors.add(root, factor)
            changes.append(f"Added the factor {factor.name}, {factor.fingerprint}.")
        changes += [f"Wrote {path}" for path in shims.put(shims.wanted(root, names, _pins(root)))]
        if owner is not None:
            give_record(root, owner)
            first = not os.path.lexists(root.spent)
            if not spent.prepare(root, owner.pw_uid, time.time()) and first:
                changes.append(f"Note that {_ROLLED_BACK}")
        os.makedirs(root.data, 0o700, exist_ok=True)
        with as_owner(root):
            spool.prepare(root.data)
        for name in set(shims.present(root)) - set(names):  # no longer guarded by the rules
            os.unlink(f"{root.shims}/{name}")
            changes.append(f"Removed {root.shims}/{name}")
        changes += [f"Added lines to {path}" for path in known if startup_files.add(path, root)]
        if changes:  # what is in force decides every call from now on
            _put_on_record(root, version, changes)
        return changes
    except OSError as fault:
        hint = "mend that and run `agentguard install` again"
        raise InstallError(f"{fault.filename or root.path}: {fault.strerror}", hint) from fault
    finally:
        os.umask(umask)


def _first_factor(root: Root, wanted: str | None) -> Factor | None:
    """The factor that `--factor` asks for, made at the terminal. Raises UsageError.

    Who makes the guard chooses what proves them. That is not asked for a place: nothing is there that
    could be weakened.
    """
    if wanted is None:
        return None
    there = [path for path in (root.manifest, root.factors, root.record) if os.path.lexists(path)]
    if there:
        raise UsageError(f"{there[0]} is there already", "`agentguard factor add` adds a factor")
    kind, given, path = wanted.partition("=")
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of factor", "give `passphrase`, or `ssh-key=PATH`")
    return made(kind, path if given else None, None)


def _pins(root: Root) -> frozenset[str]:
    """The factors that shims shall believe: those that they do, whatever the file says; all of it for the first."""
    if shims.present(root):
        return shims.pins(root)
    return frozenset(factor.fingerprint for factor in factors.factors(root))


def _put_on_record(root: Root, version: str, changes: list[str]) -> None:
    facts = {"program": "agentguard", "version": version, "changes": changes, "uid": os.getuid()}
    with as_owner(root), closing(Journal(root)) as journal:
        journal.append("installed", facts)


def derive(lib: str) -> None:
    """Prove the rules of a copy of the packages, and leave there what shims read in their place; raises RuleError."""
    rules = os.path.join(lib, "agentguard", "rules")
    rulebook = proved(load(rules))
    compiled.write(rulebook, rules)
    with open(os.path.join(resources.shims(), "settings.sh"), encoding="utf-8") as prototype:
        fastpath.write(rulebook, rules, prototype.read())
    automaton.keep(lib)


def guarded_programs() -> tuple[str, ...]:
    """The programs that the rules guard, sorted; raises RuleError."""
    return load(resources.rules()).guarded


def manifest(root: Root) -> dict[str, Any]:
    """What `install` wrote down: start-up files with a block, and directories made for them. Raises InstallError."""
    try:
        with open(root.manifest, encoding="utf-8") as file:
            owned: dict[str, Any] = json.load(file)
        return {"startup": list(owned["startup"]), "directories": list(owned["directories"])}
    except FileNotFoundError:
        return {"startup": [], "directories": []}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InstallError(f"{root.manifest}: {fault}", "move it away and run `agentguard install` again") from fault


def _put_manifest(root: Root, owned: dict[str, Any]) -> None:
    """Before anything is changed: what is interrupted can still be taken away."""
    content = json.dumps(owned, indent=2).encode("ascii") + b"\n"
    if not shims.same(root.manifest, content, 0o644):
        startup_files.write(root.manifest, content, 0o644)


def _settings(root: Root) -> dict[str, Any]:
    """What config.toml holds; raises InstallError if it is broken."""
    try:
        with open(root.config, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except ValueError as fault:
        raise InstallError(f"{root.config}: {fault}", "mend or remove it") from fault


def _put_settings(root: Root, chosen: Mapping[str, Any]) -> bool:
    """Set what was chosen and keep the rest; False if it is so already."""
    before = _settings(root)
    after = {**before, **chosen}
    if after != before:
        startup_files.write(root.config, tomli_w.dumps(after).encode(), 0o644)
    return after != before


def _chosen(shells: tuple[str, ...]) -> list[str]:
    """The shells given, or asked for; without a terminal all that are here."""
    here = [shell for shell in startup_files.SHELLS if shutil.which(shell)]
    if shells:
        return [shell for shell in startup_files.SHELLS if shell in shells]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return here
    click.echo("agentguard adds lines to the start-up files of shells, so that they find the shims first.", err=True)
    return [shell for shell in here if click.confirm(f"Turn the guard on in {shell}?", default=True, err=True)]


def _is_here(name: str, root: Root) -> bool:
    try:
        programs.find(name, os.environ.get("PATH"), root.shims, "")
    except NoProgram:
        return False
    return True


def _missing_directories(paths: Iterable[str]) -> Iterator[str]:
    """Directories that have to be made for these files, the outermost last."""
    for path in paths:
        folder = os.path.dirname(os.path.realpath(path))
        while not os.path.isdir(folder):
            yield folder
            folder = os.path.dirname(folder)


def _refuse_ephemeral(root: Root) -> None:
    """What runs from a cache or a temporary directory is not there to stay."""
    prefix = os.path.realpath(sys.prefix)
    folder = os.path.dirname(prefix)
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, "CACHEDIR.TAG")):
            raise InstallError(f"agentguard runs from {prefix}, and {folder} is a cache", _STAY)
        folder = os.path.dirname(folder)
    if _within(prefix, [platformdirs.user_cache_dir()]):
        raise InstallError(f"agentguard runs from {prefix}, which is in a cache", _STAY)
    # A root that was named with --root is a trial: it may be meant to last as long as the environment.
    lasting = root.path in (os.path.abspath(usual()), SYSTEM)
    if lasting and _within(prefix, [tempfile.gettempdir(), "/tmp", "/var/tmp"]):
        raise InstallError(f"agentguard runs from {prefix}, which is in a temporary directory", _STAY)


def _within(path: str, folders: Iterable[str]) -> bool:
    path = os.path.realpath(path)
    return any(os.path.commonpath([path, folder]) == folder for folder in map(os.path.realpath, folders))


def _refuse_unsafe(root: Root) -> None:
    """A root that PATH cannot name, or that others could write to."""
    if any(c in root.path for c in ":\n\r\0"):
        raise InstallError(f"{root.path!r}: PATH cannot hold this name", "choose another --root")
    for folder in (root.path, root.shims, root.store, f"{root.path}/bin"):
        try:
            facts = os.lstat(folder) if folder != root.path else os.stat(folder)
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(facts.st_mode):
            raise InstallError(f"{folder} is not a directory", "choose another --root")
        if facts.st_mode & 0o022:
            raise InstallError(f"{folder} can be written by others", f"chmod go-w {folder}")
        if facts.st_uid not in (os.getuid(), 0):
            raise InstallError(f"{folder} belongs to another user", "choose another --root")
    folder = os.path.dirname(os.path.realpath(root.path))
    while folder != os.path.dirname(folder):
        if os.path.isdir(folder):
            mode = os.stat(folder).st_mode
            if mode & 0o002 and not mode & stat.S_ISVTX:
                raise InstallError(f"{folder}, above the root, can be written by others", "choose another --root")
        folder = os.path.dirname(folder)


def _refuse_foreign(root: Root, files: dict[str, tuple[bytes, int]]) -> None:
    for path, (_, mode) in files.items():
        if mode & 0o111 and os.path.lexists(path) and not shims.ours(path):
            raise InstallError(f"{path} is there already and is not agentguard's", "move it away")
    if os.path.lexists(root.store) and not os.path.lexists(root.manifest):
        raise InstallError(f"{root.store} is there already and is not agentguard's", "choose another --root")
