"""What `install` made: the manifest, the store and its interpreter, the shims, and the lines in start-up files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from ... import __version__
from ...edge.installation import shell_probes, shims, startup_files, store
from ...edge.layout import Root
from ...edge.system import programs
from ...errors import AgentguardError, InstallError, NoProgram
from .. import installation
from ..system import install_command
from .broken_file import put_aside
from .finding import Finding, Remedy


def manifest(root: Root) -> Finding | None:
    """What keeps anything else from being looked at, or None."""
    if not os.path.lexists(root.manifest):
        if os.path.lexists(root.path) and not os.access(root.path, os.X_OK):
            return Finding("installation", "bad", f"{root.path} cannot be looked into", f"chmod u+rwx {root.path}")
        return Finding("installation", "bad", f"nothing is installed under {root.path}", _install(root))
    try:
        installation.manifest(root)
    except InstallError as error:
        return Finding("installation", "bad", error.message, error.hint, _FORGET)
    return None


def made(root: Root) -> Iterator[Finding]:
    """Store, shims and start-up files, a finding or more each."""
    yield from _store(root)
    yield from _shims(root)
    for path in installation.manifest(root)["startup"]:
        if startup_files.doubled(path, root):
            yield Finding("start-up", "bad", f"{path} has agentguard's lines more than once", _install(root), _AGAIN)


def _store(root: Root) -> Iterator[Finding]:
    try:
        faults = store.faults(root)
    except OSError as fault:
        faults = [f"{fault.filename}: {fault.strerror}"]
    for told in faults:
        yield Finding("store", "bad", told, _install(root), _AGAIN)
    if faults:
        return
    python = os.path.join(root.current, "python")
    try:
        ran = shell_probes.run([python, "-I", "-S", "-c", "import platform; print(platform.python_version())"], {})
    except (OSError, subprocess.TimeoutExpired) as fault:  # nothing starts here: not even /dev/null can be read, say
        yield Finding("interpreter", "bad", f"{os.readlink(python)}: {fault}", "see that what it names can be read")
        return
    if ran.returncode:
        yield Finding("interpreter", "bad", f"{os.readlink(python)} does not run", _install(root), _AGAIN)
    else:
        yield Finding("interpreter", "good", f"Python {ran.stdout.strip()}, {os.readlink(python)}")
    yield Finding("store", "good", f"{store.in_force(root)} is as it was installed")
    version = store.in_force(root).partition("-")[0]
    if version != __version__:
        told = f"{version} is in force, and this `agentguard` is {__version__}"
        yield Finding("version", "note", told, f"`{install_command(root)}` puts this one in force")


def _shims(root: Root) -> Iterator[Finding]:
    try:
        present = shims.present(root)
        guarded = installation.guarded_programs()
        files = shims.wanted(root, present, shims.pins(root))
    except AgentguardError as error:
        yield Finding("shims", "bad", error.message, error.hint)
        return
    except OSError as fault:
        yield Finding("shims", "bad", f"{fault.filename}: {fault.strerror}", "give yourself the right to it")
        return
    stale = [path for path, (content, mode) in files.items() if not shims.same(path, content, mode)]
    for path in stale:
        yield Finding("shims", "bad", f"{path} is not as this version makes it", _install(root), _AGAIN)
    if not stale:
        yield Finding("shims", "good", ", ".join(present) or "none")
    for name in guarded:
        try:
            real = programs.find(name, os.environ.get("PATH"), root.shims, "").path
        except NoProgram as error:
            if name in present:
                yield Finding(name, "note", error.message, "the shim stays for when it is installed")
            else:
                yield Finding(name, "absent", "not installed")
            continue
        if name in present:
            yield Finding(name, "good", f"stands before {real}")
        else:
            yield Finding(name, "bad", f"{real} has no shim", _install(root), _AGAIN)


def _install(root: Root) -> str:
    return f"run `{install_command(root)}`"


def _install_again(root: Root, by: Mapping[str, Any]) -> list[str]:
    changes = [change.removesuffix(".") for change in installation.apply(root)]
    return changes or [f"Built {store.in_force(root)} anew"]


def _forget(root: Root, by: Mapping[str, Any]) -> list[str]:
    """Put the manifest aside, and write down the start-up files that hold the lines."""
    aside = put_aside(root, root.manifest)
    every = [path for shell in startup_files.SHELLS for path in startup_files.files(shell, os.environ)]
    known = [path for path in dict.fromkeys(every) if startup_files.has_block(path, root)]
    installation.remember(root, known)
    return [f"Moved {root.manifest} to {aside}, and wrote down {', '.join(known) or 'no file'} as holding the lines"]


#: What puts store, shims and start-up files right: it changes only what is not as it should be.
_AGAIN = Remedy("install again what is not as it should be", _install_again)
_FORGET = Remedy("put manifest.json aside, and write down anew which files hold agentguard's lines", _forget)
