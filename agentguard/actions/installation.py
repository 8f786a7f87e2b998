"""What `agentguard install` does, in steps that each leave a working guard: store, settings, shims, start-up files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pwd import struct_passwd
from typing import Any

from .. import resources
from ..edge.factors import factors
from ..edge.factors.factors import Factor
from ..edge.installation import shims, startup_files, store
from ..edge.layout import Root
from ..edge.records import spool, used_grants
from ..edge.records.audit_log import AuditLog
from ..edge.system import programs
from ..errors import InstallError, NoProgram
from ..fastpath.derive import derive
from ..rulebook.compiled import rulebook
from . import configuration, former_versions
from .owner import as_owner, owners_record
from .preconditions import refuse_ephemeral, refuse_foreign, refuse_unsafe
from .system import give_record

#: What a file system without directories that only grow costs.
_ROLLED_BACK = (
    "this file system has no directories that only grow: who puts back an older copy of the database can have an "
    "approved call pass again, until the approval ends."
)
#: What is told of a setting that was changed.
_TOLD = {"wait": "A call now waits {:g} s for a person.", "guard": "Whose calls ask is now: {}."}


def apply(
    root: Root,
    paths: Collection[str] = (),
    chosen: Mapping[str, Any] | None = None,
    factor: Factor | None = None,
    owner: struct_passwd | None = None,
    by: Mapping[str, Any] | None = None,
    begin: Callable[[str], None] = lambda step: None,
) -> list[str]:
    """Bring an installation to what it should be; what was changed, a line each. Raises InstallError.

    `paths` are start-up files that shall hold the block; `chosen` are settings of config.toml;
    `factor` is the first one of a new installation; `owner` is whose calls a system-wide one
    guards; `by` are facts of the person who proved themselves for a change that wants it; `begin`
    is told of each step that takes long. Every step leaves a working state: the store is complete
    before `current` leads to it, and `current` leads to it before a shim does.
    """
    refuse_ephemeral(root)
    refuse_unsafe(root)
    guarded = guarded_programs()
    names = [name for name in guarded if _is_here(name, root)]
    names = sorted({*names, *(name for name in shims.present(root) if name in guarded)})
    refuse_foreign(root, shims.wanted(root, names))

    umask = os.umask(0o022)
    try:
        os.makedirs(root.path, exist_ok=True)
        owned = manifest(root)
        known = dict.fromkeys([*owned["startup"], *paths])
        made = dict.fromkeys([*owned["directories"], *_missing_directories(paths)])
        untouched = configuration.untouched(root, owned["settings"])
        settings = configuration.as_made() if untouched else owned["settings"]
        _put_manifest(root, {"startup": list(known), "directories": list(made), "settings": settings})

        changes = []
        begin("copying agentguard and what it stands on")
        if store.switch(root, version := store.build(root, lambda lib: _derive(lib, begin))):
            changes.append(f"Put version {version} in force.")
        if untouched and configuration.renew(root):
            changes.append(f"Explained in {root.config} what can be chosen.")
        for key, value in (chosen or {}).items():
            if configuration.put_value(root, key, value):
                changes.append(_TOLD[key].format(value))
        if not shims.present(root):
            changes += [f"{one.name}, {one.fingerprint}, is a factor, as before." for one in factors.factors(root)]
        if factor is not None:
            factors.add(root, factor)
            changes.append(f"Added the factor {factor.name}, {factor.fingerprint}.")
        changes += [f"Wrote {path}" for path in shims.put(shims.wanted(root, names, _pins(root)))]
        if owner is not None:
            give_record(root, owner)
            first = not os.path.lexists(root.spent)
            if not used_grants.prepare(root, owner.pw_uid, time.time()) and first:
                changes.append(f"Note that {_ROLLED_BACK}")
        os.makedirs(root.data, 0o700, exist_ok=True)
        with as_owner(root):
            spool.prepare(root.data)
        for name in set(shims.present(root)) - set(names):  # no longer guarded by the rules
            os.unlink(f"{root.shims}/{name}")
            changes.append(f"Removed {root.shims}/{name}")
        changes += filter(None, (startup_files.add(path, root) for path in known))
        former_versions.clear(root)
        if changes:  # what is in force decides every call from now on
            _put_on_record(root, version, changes, by)
        return changes
    except OSError as fault:
        hint = "mend that and run `agentguard install` again"
        raise InstallError(f"{fault.filename or root.path}: {fault.strerror}", hint) from fault
    finally:
        os.umask(umask)


def _derive(lib: str, begin: Callable[[str], None]) -> None:
    begin("compiling its rules, each of them proved by its examples")
    derive(lib)
    begin("compiling what it stands on")


def _pins(root: Root) -> frozenset[str]:
    """The factors that shims shall believe: those that they do, whatever the file says; all of it for the first."""
    if shims.present(root):
        return shims.pins(root)
    return frozenset(factor.fingerprint for factor in factors.factors(root))


def _put_on_record(root: Root, version: str, changes: list[str], by: Mapping[str, Any] | None) -> None:
    facts = {"program": "agentguard", "version": version, "changes": changes, "uid": os.getuid()}
    facts |= {"by": dict(by)} if by else {}
    with owners_record(root) as database:
        AuditLog(database).append("installed", facts)


def guarded_programs() -> tuple[str, ...]:
    """The programs that the rules guard, sorted; raises RuleError."""
    return rulebook(resources.rules()).guarded


def manifest(root: Root) -> dict[str, Any]:
    """What `install` wrote down: start-up files with a block, directories made for them, and the SHA-256 of config.toml
    as it wrote it. Raises InstallError.
    """
    try:
        with open(root.manifest, encoding="utf-8") as file:
            owned: dict[str, Any] = json.load(file)
        kept = {"startup": list(owned["startup"]), "directories": list(owned["directories"])}
        return {**kept, "settings": str(owned.get("settings", ""))}
    except FileNotFoundError:
        return {"startup": [], "directories": [], "settings": ""}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InstallError(f"{root.manifest}: {fault}", "`agentguard doctor --mend` writes it anew") from fault


def remember(root: Root, startup: Iterable[str]) -> None:
    """Write down which start-up files hold the block, where what was written down is lost."""
    _put_manifest(root, {"startup": list(startup), "directories": [], "settings": configuration.as_made()})


def _put_manifest(root: Root, owned: dict[str, Any]) -> None:
    """Before anything is changed: what is interrupted can still be taken away."""
    content = json.dumps(owned, indent=2).encode("ascii") + b"\n"
    if not shims.same(root.manifest, content, 0o644):
        startup_files.write(root.manifest, content, 0o644)


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
