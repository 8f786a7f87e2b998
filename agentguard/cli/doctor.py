"""`agentguard doctor`: proves, by trying it, that the guard is in force."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..actions import installation
from ..approval.question import printable
from ..core.unseen import Unseen
from ..edge.caller import processes
from ..edge.factors.proof import usable
from ..edge.installation import shell_probes, shims, startup_files, store
from ..edge.installation.config import policy
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog
from ..edge.records.database import Database
from ..edge.records.sessions import NamedSessions
from ..edge.system import programs
from ..errors import AgentguardError, InstallError, NoProgram, RecordError
from ..lean.value import Value

_LOOKS = {"good": "green", "bad": "bold red", "absent": "dim", "note": "yellow"}


class Check(Value):
    """One thing looked at. `state`: good, bad, absent (there is nothing to check) or note (worth knowing)."""

    subject: str
    state: str
    detail: str
    hint: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the checks as a JSON array.")
@click.pass_obj
def doctor(root: Root, as_json: bool) -> int:
    """Prove that the guard is in force.

    Starts every shell in every way an agent does, and makes real calls. Exit status 0 if all is
    good, 1 otherwise.

    \b
    Examples:
      agentguard doctor
      agentguard doctor --json | jq '.[] | select(.state == "bad")'
    """
    checks = list(examine(root))
    if as_json:
        click.echo(json.dumps([dict(zip(check._fields, check.astuple(), strict=True)) for check in checks], indent=2))
    else:
        _show(checks)
    return int(any(check.state == "bad" for check in checks))


def examine(root: Root) -> Iterator[Check]:
    """Every check, in order; one that fails does not keep the others from being made."""
    if not os.path.lexists(root.manifest):
        yield Check("installation", "bad", f"nothing is installed under {root.path}", "run `agentguard install`")
        return
    yield from _store(root)
    yield _record(root)
    yield _policy(root)
    yield from _shims(root)
    yield _factors(root)
    environment = dict(os.environ)
    here = programs_elsewhere(root, environment.get("PATH", ""))
    yield Check(
        "this shell",
        "note" if here else "good",
        f"started without the shims first on PATH: finds {_some(here)}" if here else "finds the shims first",
        "open a new terminal, or start an agent with `agentguard run`" if here else "",
    )
    yield _command(root, environment.get("PATH", ""))
    environment["PATH"] = f"{root.shims}:{environment.get('PATH') or os.confstr('CS_PATH') or ''}"
    environment["CI"] = "1"  # nobody is asked, should a start-up file itself call something destructive
    _be_a_session(root)
    for shell in startup_files.SHELLS:
        yield from _shell(shell, root, environment)


def _command(root: Root, path: str) -> Check:
    own = f"{root.path}/bin/agentguard"
    found = shutil.which("agentguard", path=path)
    if found is None:
        return Check("agentguard", "note", f"is not on this PATH: call {own}", "a new terminal finds it by its name")
    if os.path.realpath(found) == os.path.realpath(own):
        return Check("agentguard", "good", f"is {own}, which needs no installed package")
    return Check("agentguard", "good", f"is {found}; {own} stays when that is removed")


def _be_a_session(root: Root) -> None:
    """The shells are started as an agent's are: what a start-up file makes and removes, it may."""
    with contextlib.suppress(RecordError, Unseen):  # the record has been looked at already
        process = processes.this_process()
        with closing(Database(root)) as database:
            NamedSessions(database).register(process.pid, process.start, "agentguard doctor")


def programs_elsewhere(root: Root, path: str) -> dict[str, str]:
    """The guarded programs that this PATH leads to without meeting their shims."""
    return shell_probes.elsewhere(path, shims.present(root), root.shims)


def _store(root: Root) -> Iterator[Check]:
    faults = store.faults(root)
    for fault in faults:
        yield Check("store", "bad", fault, "run `agentguard install`")
    if faults:
        return
    python = os.path.join(root.current, "python")
    try:
        ran = shell_probes.run([python, "-I", "-S", "-c", "import platform; print(platform.python_version())"], {})
    except (OSError, subprocess.TimeoutExpired) as fault:  # nothing starts here: not even /dev/null can be read, say
        yield Check("interpreter", "bad", f"{os.readlink(python)}: {fault}", "see that what it names can be read")
        return
    if ran.returncode:
        yield Check("interpreter", "bad", f"{os.readlink(python)} does not run", "run `agentguard install`")
    else:
        yield Check("interpreter", "good", f"Python {ran.stdout.strip()}, {os.readlink(python)}")
    yield Check("store", "good", f"{store.in_force(root)} is as it was installed")


def _record(root: Root) -> Check:
    try:
        database = Database(root)
        log = AuditLog(database)
        with database.writing():
            pass
        broken = log.verify()
        rows = log.extent().rows
    except RecordError as error:
        return Check("record", "bad", error.message, error.hint)
    if broken:
        return Check("record", "bad", f"row {broken.seq} is broken: {broken.why}", "see `agentguard audit verify`")
    return Check("record", "good", f"{rows} rows, each fits the one before, and more can be written")


def _policy(root: Root) -> Check:
    try:
        chosen = policy(root)
    except InstallError as error:
        return Check("policy", "bad", error.message, error.hint)
    wanted = ", ".join(chosen.factor) or "nothing"
    told = f"a call waits {chosen.wait:g} s; a factor, where there is one, is for {wanted}"
    there = root.config if os.path.lexists(root.config) else f"all by default, as there is no {root.config}"
    return Check("policy", "good", f"{told} ({there})")


def _shims(root: Root) -> Iterator[Check]:
    present = shims.present(root)
    try:
        guarded = installation.guarded_programs()
        files = shims.wanted(root, present, shims.pins(root))
    except AgentguardError as error:
        yield Check("shims", "bad", error.message, error.hint)
        return
    stale = [path for path, (content, mode) in files.items() if not shims.same(path, content, mode)]
    for path in stale:
        yield Check("shims", "bad", f"{path} is not as this version makes it", "run `agentguard install`")
    if not stale:
        yield Check("shims", "good", ", ".join(present) or "none")
    for name in guarded:
        try:
            real = programs.find(name, os.environ.get("PATH"), root.shims, "").path
        except NoProgram as error:
            if name in present:
                yield Check(name, "note", error.message, "the shim stays for when it is installed")
            else:
                yield Check(name, "absent", "not installed")
            continue
        if name in present:
            yield Check(name, "good", f"stands before {real}")
        else:
            yield Check(name, "bad", f"{real} has no shim", "run `agentguard install`")


def _factors(root: Root) -> Check:
    try:
        there = usable(root)
    except AgentguardError as error:
        return Check("factors", "bad", error.message, error.hint)
    if not there:
        return Check("factors", "note", "none: typing alone proves a person", "`agentguard factor add` adds one")
    return Check("factors", "good", ", ".join(f"{factor.name} ({factor.kind})" for factor in there))


def _shell(shell: str, root: Root, environment: dict[str, str]) -> Iterator[Check]:
    """What one kind of shell finds, each way it is started, and that a call through it is on the record."""
    executable = shutil.which(shell, path=environment["PATH"])
    if executable is None:
        yield Check(shell, "absent", "not installed")
        return
    names = tuple(shims.present(root))
    for way in shell_probes.WAYS:
        subject = f"{shell} {way}"
        seen = shell_probes.look(executable, way, names, environment)
        if seen.path is None:
            yield Check(subject, "bad", seen.fault, f"start `{shell} {way} true` yourself to see why")
            continue
        past = programs_elsewhere(root, seen.path)
        if past:
            blamed = shell_probes.culprit(executable, way, names, root.shims, environment)
            detail = f"finds {_some(past)}" + (f"; PATH is changed in {blamed}" if blamed else "")
            yield Check(subject, "bad", detail, _remedy(shell, root))
        elif seen.hidden:
            yield Check(subject, "note", f"{', '.join(seen.hidden)}: a function or alias of the shell comes first")
        else:
            yield Check(subject, "good", "finds the shims first")
    yield _trial(shell, executable, names, root, environment)


def _remedy(shell: str, root: Root) -> str:
    files = startup_files.files(shell, os.environ)
    if all(startup_files.has_block(path, root) for path in files):
        return "take that line away, or move it above agentguard's lines (`agentguard install` puts them last again)"
    return f"`agentguard install --shell {shell}` adds the lines that put the shims first"


#: What makes every shim hand its call to Python, where it would let it through by itself.
_SLOW_WAY = {"POSIXLY_CORRECT": "1"}


def _trial(shell: str, executable: str, names: tuple[str, ...], root: Root, environment: dict[str, str]) -> Check:
    """Really call a guarded program that way, past Python and by way of it, and look for its rows in the record."""
    subject = f"{shell}, a real call"
    if not names:
        return Check(subject, "absent", "no program is guarded")
    name = next(name for name in ("git", "rm", *names) if name in names)
    with tempfile.TemporaryDirectory(prefix="agentguard-doctor-") as folder:
        folder = os.path.realpath(folder)  # the working directory tells this call's rows from others
        try:
            for also in ({}, _SLOW_WAY):
                ran = shell_probes.run([executable, "-c", f"{name} --version"], environment | also, folder)
                if ran.returncode:
                    said = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
                    detail = f"`{name} --version` ended with {ran.returncode}: {said}"
                    return Check(subject, "bad", detail, "run `agentguard install`")
            with closing(Database(root)) as database:
                log = AuditLog(database)
                log.catch_up()
                rows = [row for row in log.rows(program=name, limit=100) if row.body.get("cwd") == folder]
        except (OSError, subprocess.TimeoutExpired, RecordError) as fault:
            return Check(subject, "bad", f"`{name} --version`: {fault}")
    if len(rows) < 2:
        return Check(subject, "bad", f"`{name} --version` ran, but left no row in the record")
    return Check(subject, "good", f"`{name} --version` ran and is on the record")


def _some(past: dict[str, str]) -> str:
    first = next(iter(past.values()))
    return first if len(past) == 1 else f"{first} and {len(past) - 1} more"


def _show(checks: list[Check]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        detail = Text(printable(check.detail))
        if check.hint:
            detail.append(f"\n→ {printable(check.hint)}", style="italic")
        table.add_row(Text(check.state, style=_LOOKS[check.state]), check.subject, detail)
    Console().print(table)
