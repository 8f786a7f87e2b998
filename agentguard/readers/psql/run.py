"""A call of psql from start to end: start-up file, commands, files and standard input, in psql's order."""

from __future__ import annotations

import os.path

from ...core.paths import base_directory
from ...core.unseen import Unseen
from ...core.word import Known, Unknown
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.word import Word
    from .session import Psql


def run(psql: Psql) -> None:
    """All that this call runs, in psql's order."""
    psql.connected()
    psql.outputs()
    for setting in psql.call.values("--set"):
        name, given, value = setting.partition("=")
        if given:
            psql.assign(name, value)
        else:
            psql.unset(name)
    for option, variable in (("--single-line", "SINGLELINE"), ("--single-step", "SINGLESTEP")):
        if psql.call.has(option):
            psql.assign(Known(variable), Known("on"))
    actions = [a for a in psql.call.arguments if a.option in ("--command", "--file")]
    _startup(psql)
    if psql.call.has("--single-transaction") and actions:
        psql.session.begin()
    for action in actions:
        if action.value is None:
            continue
        if action.option == "--file":
            psql.include(action.value)
        else:
            _command(psql, action.value)
    if not actions:
        psql.include(Known("-"))


def _command(psql: Psql, command: Word) -> None:
    """A `-c`: one backslash command, or SQL that goes to the server as it stands."""
    if isinstance(command, Unknown):
        psql.unknown("psql-unresolved", f"runs {command.written}, which is not known before it runs")
    elif command.text.startswith("\\"):
        script(psql, command.text, whole=True)
    elif psql.send(command.text):
        psql.takes_input("COPY")


def _startup(psql: Psql) -> None:
    """~/.psqlrc, or what PSQLRC names, and the forms of it for a certain version."""
    if psql.call.has("--no-psqlrc"):
        return
    named, home = (psql.invocation.env.get(name, Known("")) for name in ("PSQLRC", "HOME"))
    file = psql.home(named.guess) if named.guess else os.path.join(home.guess, ".psqlrc")
    unclear = isinstance(named, Unknown) or isinstance(home, Unknown) or not (named.text or home.text)
    try:
        cwd = base_directory(file, psql.invocation.cwd)
    except Unseen:
        unclear = True
    if unclear or any(c in file for c in "*?[\\"):
        psql.unknown("psql-startup", "which start-up file psql reads first cannot be told", "psql -X reads none")
        return
    world = psql.context.world
    try:
        there = (*world.expand(file, cwd), *world.expand(f"{file}-*", cwd))
    except Unseen:  # another host, whose settings are believed to be a person's, as git's there are
        return
    for found in there:
        if found == file or found[len(file) + 1 : len(file) + 2].isdigit():
            psql.include(Known(found))


def script(psql: Psql, text: str, whole: bool = False, more: Iterator[str] | None = None) -> None:
    """Run a script, with `more` of it behind the text; a whole one (`-c`) is a single backslash command."""
    from .commands import command  # both take as long to load as the rest of psql, and plain SQL needs neither
    from .script import Scanner

    scanner = Scanner(text, psql.variables, whole, more)
    outer, psql.previous = psql.previous, []
    while (found := scanner.next()) != "end":
        if found == "query":
            psql.send_buffer(scanner)
        elif not command(psql, scanner) or whole:
            break
    psql.send_buffer(scanner)  # also after \\q
    psql.previous = outer
