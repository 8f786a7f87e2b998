"""Whether live shells find the shims first, started in every way an agent does, and a real call is on the record."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing

from ...core.unseen import Unseen
from ...edge.caller import processes
from ...edge.installation import shell_probes, shims, startup_files
from ...edge.layout import Root
from ...edge.records.audit_log import AuditLog
from ...edge.records.database import Database
from ...edge.records.sessions import NamedSessions
from ...errors import RecordError
from ..owner import guarded_by_root
from ..system import install_command
from .finding import Finding

#: What makes every shim hand its call to Python, where it would let it through by itself.
_SLOW_WAY = {"POSIXLY_CORRECT": "1"}


def shells(root: Root) -> Iterator[Finding]:
    """This shell, and then each that is here; root is told who has to look at those of whom it has guarded."""
    environment = dict(os.environ)
    guarded = guarded_by_root(root)
    if guarded and os.geteuid() == 0:
        told = f"not looked at: those of {guarded}, whose calls are guarded, are other than root's"
        yield _command(root, environment.get("PATH", ""))
        yield Finding("shells", "note", told, f"`runuser -u {guarded} -- {root.path}/bin/agentguard doctor` does")
        return
    try:
        here = _elsewhere(root, environment.get("PATH", ""))
    except OSError as fault:
        yield Finding("this shell", "bad", f"{fault.filename}: {fault.strerror}", "see the places above")
        return
    yield Finding(
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


def _command(root: Root, path: str) -> Finding:
    own = f"{root.path}/bin/agentguard"
    found = shutil.which("agentguard", path=path)
    if found is None:
        return Finding("agentguard", "note", f"is not on this PATH: call {own}", "a new terminal finds it by its name")
    if os.path.realpath(found) == os.path.realpath(own):
        return Finding("agentguard", "good", f"is {own}, which needs no installed package")
    return Finding("agentguard", "good", f"is {found}; {own} stays when that is removed")


def _be_a_session(root: Root) -> None:
    """The shells are started as an agent's are: what a start-up file makes and removes, it may."""
    with contextlib.suppress(RecordError, Unseen):  # the record has been looked at already
        process = processes.this_process()
        with closing(Database(root)) as database:
            NamedSessions(database).register(process.pid, process.start, "agentguard doctor")


def _elsewhere(root: Root, path: str) -> dict[str, str]:
    """The guarded programs that this PATH leads to without meeting their shims."""
    return shell_probes.elsewhere(path, shims.present(root), root.shims)


def _shell(shell: str, root: Root, environment: dict[str, str]) -> Iterator[Finding]:
    """What one kind of shell finds, each way it is started, and that a call through it is on the record."""
    executable = shutil.which(shell, path=environment["PATH"])
    if executable is None:
        yield Finding(shell, "absent", "not installed")
        return
    names = tuple(shims.present(root))
    for way in shell_probes.WAYS:
        subject = f"{shell} {way}"
        seen = shell_probes.look(executable, way, names, environment)
        if seen.path is None:
            yield Finding(subject, "bad", seen.fault, f"start `{shell} {way} true` yourself to see why")
            continue
        past = _elsewhere(root, seen.path)
        if past:
            blamed = shell_probes.culprit(executable, way, names, root.shims, environment)
            detail = f"finds {_some(past)}" + (f"; PATH is changed in {blamed}" if blamed else "")
            yield Finding(subject, "bad", detail, _remedy(shell, root))
        elif seen.hidden:
            yield Finding(subject, "note", f"{', '.join(seen.hidden)}: a function or alias of the shell comes first")
        else:
            yield Finding(subject, "good", "finds the shims first")
    yield _trial(shell, executable, names, root, environment)


def _remedy(shell: str, root: Root) -> str:
    if guarded_by_root(root):  # whose `install` touches no start-up files
        script = f"{startup_files.quoted(root.path)}/activate.{'fish' if shell == 'fish' else 'sh'}"
        return f"put this line last into a file that it reads when it starts:  . {script}"
    files = startup_files.files(shell, os.environ)
    if all(startup_files.has_block(path, root) for path in files):
        return "take that line away, or move it above agentguard's lines (`agentguard install` puts them last again)"
    return f"`agentguard install --shell {shell}` adds the lines that put the shims first"


def _trial(shell: str, executable: str, names: tuple[str, ...], root: Root, environment: dict[str, str]) -> Finding:
    """Really call a guarded program that way, past Python and by way of it, and look for its rows in the record."""
    subject = f"{shell}, a real call"
    if not names:
        return Finding(subject, "absent", "no program is guarded")
    name = next(name for name in ("git", "rm", *names) if name in names)
    with tempfile.TemporaryDirectory(prefix="agentguard-doctor-") as folder:
        folder = os.path.realpath(folder)  # the working directory tells this call's rows from others
        try:
            for also in ({}, _SLOW_WAY):
                ran = shell_probes.run([executable, "-c", f"{name} --version"], environment | also, folder)
                if ran.returncode:
                    said = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
                    detail = f"`{name} --version` ended with {ran.returncode}: {said}"
                    return Finding(subject, "bad", detail, f"run `{install_command(root)}`")
            with closing(Database(root)) as database:
                log = AuditLog(database)
                log.catch_up()
                rows = [row for row in log.rows(program=name, limit=100) if row.body.get("cwd") == folder]
        except (subprocess.TimeoutExpired, RecordError) as fault:
            return Finding(subject, "bad", f"`{name} --version`: {fault}")
        except OSError as fault:
            return Finding(subject, "bad", f"`{name} --version`: {fault.filename}: {fault.strerror}")
    if len(rows) < 2:
        return Finding(subject, "bad", f"`{name} --version` ran, but left no row in the record")
    return Finding(subject, "good", f"`{name} --version` ran and is on the record")


def _some(past: dict[str, str]) -> str:
    first = next(iter(past.values()))
    return first if len(past) == 1 else f"{first} and {len(past) - 1} more"
