"""Checks of a system-wide installation: root owns the shims, rules and policy, the guarded user only the audit log."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess

from ..edge.installation import store
from ..edge.layout import Root
from ..errors import InstallError, UsageError


def guarded_user(name: str | None) -> pwd.struct_passwd:
    """Whose calls the guard shall judge: who is named, or who used sudo. Raises UsageError."""
    if os.geteuid() != 0:
        raise UsageError("a system-wide installation is root's", "use `sudo agentguard install --system`")
    try:
        found = pwd.getpwnam(name) if name is not None else pwd.getpwuid(int(os.environ.get("SUDO_UID", "0")))
    except (KeyError, ValueError):
        raise UsageError(f"there is no user {name or os.environ['SUDO_UID']}") from None
    if found.pw_uid == 0:
        raise UsageError("root itself cannot be guarded", "name whose calls shall be, with --user NAME")
    return found


def refuse_changeable(root: Root, owner: pwd.struct_passwd) -> None:
    """Raises InstallError if others than root can change what decides, or the guarded user cannot run it.

    That is the interpreter, what is copied into the store, and what lies above the root.
    """
    hint = "install Python from the system's packages, and start `agentguard` by it"
    python = store.interpreter()
    for path in (python, os.path.realpath(python), os.path.dirname(os.__file__), *store.contents().values()):
        _refuse(path, hint)
    _refuse(root.path, "choose another --root")
    try:
        subprocess.run(
            [python, "-I", "-S", "-c", ""], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], check=True,
            cwd="/", stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as fault:
        raise InstallError(f"{python} does not run for {owner.pw_name}", hint) from fault


def give_record(root: Root, owner: pwd.struct_passwd) -> None:
    """Make the directory of the record, the owner's; raises InstallError if it is another one's."""
    os.makedirs(root.data, 0o700, exist_ok=True)
    there = os.lstat(root.data)
    if there.st_uid == owner.pw_uid:
        return
    if not stat.S_ISDIR(there.st_mode) or os.listdir(root.data):
        raise InstallError(f"{root.data} holds another user's record", "move it away")
    os.lchown(root.data, owner.pw_uid, owner.pw_gid)


def _refuse(path: str, hint: str) -> None:
    """Refuse a path that somebody else than root could put something else at."""
    while True:
        try:
            facts = os.lstat(path)
        except FileNotFoundError:
            facts = None
        if facts is not None and not stat.S_ISLNK(facts.st_mode):
            shared = facts.st_mode & 0o022 and not facts.st_mode & stat.S_ISVTX
            if facts.st_uid != 0 or shared:
                raise InstallError(f"{path} can be changed by others than root", hint)
        elif facts is not None and facts.st_uid != 0:
            raise InstallError(f"{path} is a link that others than root can change", hint)
        if path == os.path.dirname(path):
            return
        path = os.path.dirname(path)
