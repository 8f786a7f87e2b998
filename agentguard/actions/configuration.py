"""Changing config.toml: what weakens the guard wants a person, and each change is on the record before it holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from ..edge.installation import startup_files
from ..edge.installation.config import policy, policy_of, understood
from ..edge.installation.config_file import commented, with_value
from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog
from ..errors import InstallError
from ..lean.canonical import fingerprint
from ..policy.configuration import KEYS, thawed, weakened
from .owner import owners_record, require_writable

#: Has a person prove themselves for a deed, named here: their facts for the record. Raises NotAPerson.
Proof = Callable[[str], Mapping[str, Any]]


def text(root: Root) -> str:
    """What config.toml says, or would say before anything was chosen. Raises InstallError if it cannot be read."""
    try:
        with open(root.config, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return commented()
    except OSError as fault:
        raise InstallError(f"{root.config}: {fault.strerror}", "see that it can be read") from fault


def choose(root: Root, name: str, value: Any, proof: Proof) -> list[str]:
    """Choose a value, as TOML has it, that its key accepts; what has changed, as `put` says it."""
    policy(root)  # what is broken is told with its line
    return put(root, with_value(text(root), name, value), proof)


def put(root: Root, new: str, proof: Proof) -> list[str]:
    """Put a text in the place of config.toml; what is chosen otherwise from now on, a line each.

    Raises InstallError for a text that is not understood, NotAPerson. What was in force before a file that is broken is
    not known: to mend one wants a person, too.
    """
    require_writable(root)
    after = policy_of(new, root.config)
    try:
        before = policy(root)
    except InstallError:
        before = None
    differ = [key for key in KEYS if before is None or getattr(before, key.name) != getattr(after, key.name)]
    changes = [f"{key.name} is now {json.dumps(thawed(getattr(after, key.name)))}" for key in differ]
    by: Mapping[str, Any] = {}
    if before is None or weakened(before, after):
        names = ", ".join(key.name for key in (differ if before is None else weakened(before, after)))
        by = proof(f"change {names} in config.toml")
    if changes:
        settings = {key.name: [getattr(before, key.name, None), getattr(after, key.name)] for key in differ}
        facts = {"program": "agentguard", "changes": changes, "settings": settings, "uid": os.getuid()}
        with owners_record(root) as database:
            AuditLog(database).append("configured", facts | ({"by": dict(by)} if by else {}))
    write(root, new)
    return changes


def put_value(root: Root, name: str, value: Any) -> bool:
    """Choose a value in the file, which whoever calls has the right to and records; False if it is so already."""
    policy(root)  # what is broken is told with its line
    if understood(text(root)).get(name) == value:
        return False
    write(root, with_value(text(root), name, value))
    return True


def as_made() -> str:
    """The SHA-256 of the file in which nothing is chosen."""
    return fingerprint(commented().encode())


def untouched(root: Root, made: str) -> bool:
    """Whether there is no file, or what `install` made, of that SHA-256: then nobody has chosen or written anything."""
    try:
        with open(root.config, "rb") as file:
            return bool(fingerprint(file.read()) == made)
    except OSError:
        return not os.path.lexists(root.config)


def renew(root: Root) -> bool:
    """Put the file there in which nothing is chosen; False if it is there already."""
    if os.path.lexists(root.config) and untouched(root, as_made()):
        return False
    write(root, commented())
    return True


def write(root: Root, new: str) -> None:
    """Put a text there, in one step: whoever calls has the right to, and records it."""
    startup_files.write(root.config, new.encode("utf-8", "surrogateescape"), 0o644)
