"""`agentguard run`: start an agent, or a shell, with the guard on and a session of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from ..edge.caller import processes
from ..edge.installation import shims
from ..edge.layout import Root
from ..edge.records.database import Database
from ..edge.records.sessions import NamedSessions
from ..edge.system import launch
from ..errors import InstallError, NoProgram, NotRunnable


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--name", help="What the session is called in the record. [default: the command's name]")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND…")
@click.pass_obj
def run(root: Root, name: str | None, command: tuple[str, ...]) -> None:
    """Start COMMAND with the guard on.

    `agentguard install` has to have put it there. It holds in whatever shells COMMAND starts. A login
    shell may throw PATH away: bash is kept by BASH_ENV; for the others `agentguard install` writes the
    lines that put the shims back, and `agentguard doctor` shows what holds here.

    \b
    Examples:
      agentguard run -- claude
      agentguard run --name nightly-upgrade -- codex exec 'upgrade the dependencies'
      agentguard run -- bash
    """
    if not shims.present(root) or not os.path.exists(root.current):
        raise InstallError(f"there is no guard under {root.path} yet", "`agentguard install` puts it there")
    environment = guarded(root, launch.environment())
    program = _program(command[0], environment.get("PATH", ""))
    process = processes.this_process()
    session = NamedSessions(Database(root)).register(process.pid, process.start, name or os.path.basename(command[0]))
    # For rows that a shim writes by itself; whoever sets it to another one's only puts their calls under that name.
    launch.launch(program, command, {**environment, "AGENTGUARD_SESSION": session.id})


def guarded(root: Root, environment: Mapping[str, str]) -> dict[str, str]:
    """That environment with the shims first on PATH, and `agentguard` itself last, also in bash's login shells."""
    entries = (environment.get("PATH") or os.confstr("CS_PATH") or "").split(":")
    own = (root.shims, f"{root.path}/bin")
    path = ":".join([root.shims, *(entry for entry in entries if entry not in own), f"{root.path}/bin"])
    former = environment.get("BASH_ENV", "")
    alone, before_it = (_as_bash_expands(f"{root.path}/{name}") for name in ("activate.sh", "bash_env.sh"))
    if former in ("", alone, before_it):
        return {**environment, "PATH": path, "BASH_ENV": former or alone}
    return {**environment, "PATH": path, "BASH_ENV": before_it, "AGENTGUARD_BASH_ENV": former}


def _as_bash_expands(path: str) -> str:
    """The value of BASH_ENV that names this file: bash expands it as if it stood in double quotes."""
    return "".join(f"\\{c}" if c in '\\$`"' else c for c in path)


def _program(name: str, path: str) -> str:
    """The executable that a shell would start for that name. Raises NoProgram, NotRunnable."""
    places = [name] if "/" in name else [os.path.join(entry or ".", name) for entry in path.split(":")]
    found = [place for place in places if os.path.isfile(place)]
    for place in found:
        if os.access(place, os.X_OK):
            return place
    if found:
        raise NotRunnable(f"{found[0]} is not executable")
    raise NoProgram(f"{name}: command not found")
