"""`agentguard install`: puts shims before the guarded programs; changes only what it owns."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click
from click.core import ParameterSource

from .. import __version__
from ..actions import installation
from ..actions.default_root import SYSTEM
from ..actions.person import place, prove, require_person
from ..actions.system import command as command_of
from ..actions.system import guarded_user, refuse_anothers, refuse_changeable
from ..approval.question import printable
from ..edge.caller.controlling_terminal import has_terminal
from ..edge.factors.factors import Factor
from ..edge.installation import shims, startup_files
from ..edge.installation.config import policy
from ..edge.layout import Root
from ..errors import UsageError
from ..policy.configuration import weakened
from ..policy.settings import GUARDED, Guard, Policy
from ..resources import package
from .factor import KINDS, made

_WHY_A_PASSPHRASE = (
    "Without a passphrase, any program that runs as you could type your answer or write it into the database; "
    "with one, nothing destructive runs without it."
)
_ONLY_A_PASSPHRASE = (
    "This terminal alone does not prove you: {why}. Without a passphrase you can answer nothing here; "
    "with one you can, and nothing destructive runs without it."
)
_LOCKED_OUT = (
    "Then what waits can be answered, a passphrase added and the guard taken away only at another terminal that proves "
    "you: `agentguard doctor` says whether one does."
)
_WHOM = """\
Whose destructive calls shall wait for you?
  agents    those below an AI agent or `agentguard run`; your own terminals pass, recorded, where nobody but you can
            type (not in VS Code, Zed, Warp, containers or WSL: `agentguard doctor` says what this one counts as)
  everyone  those that you make at your own terminals, too"""
#: What a person does who changes a setting.
_DEEDS = {"wait": "how long a call waits", "guard": "whose calls ask"}


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
    "--guard",
    type=click.Choice(GUARDED),
    help="Whose calls ask: those of agents only, so that your own terminal passes, or everyone's. Without it you are "
    "asked; without a terminal: everyone's.",
)
@click.option(
    "--factor",
    metavar="KIND",
    help="What shall prove you, from the start: `passphrase`, `ssh-key=PATH`, or `none`. Only where nothing is "
    "installed yet. Without it you are asked; without a terminal: none.",
)
@click.option("--system", is_flag=True, help=f"Install for good and as root, under {SYSTEM}: no agent can change it.")
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="NAME",
    help="With --system: whose calls are guarded, one person a root. [default: who used sudo]",
)
@click.pass_context
def install(
    ctx: click.Context,
    shells: tuple[str, ...],
    wait: float | None,
    guard: Guard | None,
    factor: str | None,
    system: bool,
    users: tuple[str, ...],
) -> None:
    """Put the guard in force.

    Makes the shims, and writes the lines that put them first on PATH into start-up files. Run it
    again after an upgrade, or when a guarded program or a shell has been added: it changes only
    what is not as it should be. Only a person may change how long a call waits, or have only
    agents' calls ask, once there is a guard.

    \b
    Examples:
      agentguard install
      agentguard install --shell bash --shell zsh
      agentguard --root /tmp/trial install --shell none --wait 10 --factor none
      agentguard install --factor passphrase
      sudo agentguard install --system --factor ssh-key=/home/ada/.ssh/id_ed25519_sk
    """
    root: Root = ctx.obj
    if users and not system:
        raise UsageError("--user is for --system", "a user's own installation guards that user")
    if system and set(shells) - {"none"}:
        raise UsageError("--system touches no start-up files", "put the line that it names into one yourself")
    if "none" in shells and set(shells) != {"none"}:
        raise UsageError("`--shell none` and a shell are both given", "give one or the other")
    owner = guarded_user(users) if system else None
    if owner is not None and ctx.find_root().get_parameter_source("root") is not ParameterSource.COMMANDLINE:
        root = Root(SYSTEM)
    if owner is not None:
        refuse_anothers(root, owner)
        refuse_changeable(root, owner)
    settings = {"wait": wait, "guard": guard or _whom(root)}
    wanted = {key: value for key, value in settings.items() if value is not None}
    by = _who_changes(root, wanted)
    new = _first_factor(root, factor)
    chosen = [] if system else _chosen(root, shells)
    paths = [path for shell in chosen for path in startup_files.files(shell, os.environ)]
    with _progress() as begin:
        changes = installation.apply(root, dict.fromkeys(paths), wanted, new, owner, by, begin)
    _show(root, changes)
    if not changes:
        click.echo(f"Nothing to change: agentguard {__version__} is in force under {root.path}.")
        if _is_own(root, package()) and (other := _other_command(root)):
            click.echo(f"This is the guard's own copy. After an upgrade it is `{other} install` that puts it in force.")
        return
    click.echo(f"The guard stands before {', '.join(shims.present(root))}.")
    lasting = [path for path in installation.manifest(root)["startup"] if startup_files.has_block(path, root)]
    command = _lasting_command(root)
    if chosen:
        click.echo("Open a new terminal, and start agents from there. `agentguard doctor` proves that it holds.")
    elif owner is not None:
        if not shims.pins(root):
            click.echo(f"There is no factor: programs of {owner.pw_name}'s could approve in the database. Add one:")
            click.echo(f"  {command_of(root)} factor add passphrase")
        click.echo(f"No start-up file was touched: {owner.pw_name} starts an agent with")
        click.echo(f"  {root.path}/bin/agentguard run -- COMMAND")
        click.echo(f"or puts this line last into a start-up file:  . {startup_files.quoted(root.path)}/activate.sh")
    elif lasting:
        click.echo(f"The lines in {', '.join(lasting)} stay in force; `{command} uninstall` takes them out.")
    else:
        click.echo(f"No start-up file was touched: start an agent with `{command} run -- COMMAND`.")
    if owner is None and command != "agentguard":
        click.echo(
            f"{'Until then' if chosen else 'As a new shell does not find it on PATH'}, `agentguard` is {command}"
        )


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What shows on a terminal which step takes so long; the call of it begins the next one."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda step: status.update(f"{step} …")


def _show(root: Root, changes: list[str]) -> None:
    """What was changed, a line each; files that are agentguard's own are counted."""
    own = [change for change in changes if change.startswith(f"Wrote {root.path}/")]
    for change in changes:
        if change not in own:
            click.echo(change)
    if own:
        click.echo(f"Wrote {len(own)} file{'s' * (len(own) > 1)} of its own under {root.path}")


def _lasting_command(root: Root) -> str:
    """What starts agentguard in a new shell, too: its name, or the path of the installation's own command.

    That an environment is active ends with the shell that it was activated in.
    """
    active = os.environ.get("VIRTUAL_ENV")
    entries = os.environ.get("PATH", "").split(":")
    lasting = ":".join(entry for entry in entries if not (active and _same(entry, f"{active}/bin")))
    return "agentguard" if shutil.which("agentguard", path=lasting) else shlex.quote(f"{root.path}/bin/agentguard")


def _other_command(root: Root) -> str:
    """An installed package's `agentguard`, which upgrades change; "" if there is none where such are."""
    places = [*os.environ.get("PATH", "").split(":"), os.path.expanduser("~/.local/bin")]
    found = (shutil.which("agentguard", path=place) for place in places if place)
    return next((path for path in found if path and not _is_own(root, path)), "")


def _is_own(root: Root, path: str) -> bool:
    """Whether that lies in the installation itself."""
    return os.path.realpath(path).startswith(f"{os.path.realpath(root.path)}/")


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _who_changes(root: Root, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The person who changes settings of a guard that is there, None if nobody does. Raises NotAPerson.

    Who could make calls wait for nothing would leave a person no time to answer; who could have agents guarded only
    would have to look like a person.
    """
    if not shims.present(root):
        return None
    present = policy(root)
    deeds = [_DEEDS[key.name] for key in weakened(present, present.replace(**wanted))]
    if not deeds:
        return None
    deed = f"change {' and '.join(deeds)}"
    return prove(root, require_person(root, deed), deed)


def _whom(root: Root) -> Guard | None:
    """Whose calls shall ask, by the answer of who installs for the first time; None where nobody is asked."""
    if shims.present(root) or os.path.lexists(root.config) or not _is_asked():
        return None
    click.echo(_WHOM, err=True)
    answer: Guard = click.prompt("Guard", type=click.Choice(GUARDED), default="agents", err=True)
    return answer


def _first_factor(root: Root, wanted: str | None) -> Factor | None:
    """The factor that `--factor` asks for, or who installs, made at the terminal. Raises UsageError.

    Who makes the guard chooses what proves them. That is not asked for a place: nothing is there that
    could be weakened.
    """
    there = [path for path in (root.manifest, root.factors, root.record) if os.path.lexists(path)]
    if wanted is None and not there and _wants_passphrase():
        wanted = "passphrase"
    if wanted in (None, "none"):
        return None
    kind, given, path = wanted.partition("=")
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of factor", "give `passphrase`, `ssh-key=PATH` or `none`")
    if there:
        raise UsageError(f"{there[0]} is there already", "`agentguard factor add` adds a factor")
    return made(kind, path if given else None, None)


def _wants_passphrase() -> bool:
    """Whether who installs wants a passphrase from the start."""
    if not _is_asked():
        return False
    here = place()
    only = here.why and here.provable
    click.echo(_ONLY_A_PASSPHRASE.format(why=printable(here.why)) if only else _WHY_A_PASSPHRASE, err=True)
    if click.confirm("Add a passphrase?", default=True, err=True):
        return True
    if only:  # nobody could take back what is made here
        click.echo(_LOCKED_OUT, err=True)
        click.confirm("Install it without one all the same?", default=False, abort=True, err=True)
    return False


def _is_asked() -> bool:
    """Whether there is somebody to ask: nobody is asked in continuous integration."""
    return _on_terminal() and has_terminal() and bool(Policy().patience(os.environ.get("CI")))


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _chosen(root: Root, shells: tuple[str, ...]) -> list[str]:
    """The shells given, or asked for where their lines are not in place yet; without a terminal all that are here."""
    here = [shell for shell in startup_files.SHELLS if shutil.which(shell)]
    if shells:
        return [shell for shell in startup_files.SHELLS if shell in shells]
    if not _on_terminal():
        return here
    done = [shell for shell in here if _has_lines(root, shell)]
    if done:
        click.echo(f"The guard is on in {', '.join(done)}; `agentguard uninstall` takes the lines out.", err=True)
    new = [shell for shell in here if shell not in done]
    if not new:
        return here
    click.echo("So that shells find the shims first, agentguard adds a few lines to the end of these files:", err=True)
    files: dict[str, list[str]] = {}
    for shell in new:
        for path in startup_files.files(shell, os.environ):
            files.setdefault(path, []).append(shell)
    for path, readers in files.items():
        deed = "changes" if os.path.lexists(path) else "makes  "
        click.echo(f"  {deed} {path}  ({', '.join(readers)})", err=True)
    click.echo(f"`agentguard uninstall` takes them out again. All else lies under {root.path}.", err=True)
    if click.confirm(f"Turn the guard on in {', '.join(new)}?", default=True, err=True):
        return here
    click.echo("Left as they are. `agentguard install --shell NAME` turns it on in one of them.", err=True)
    return done


def _has_lines(root: Root, shell: str) -> bool:
    return all(startup_files.has_block(path, root) for path in startup_files.files(shell, os.environ))
