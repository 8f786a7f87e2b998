"""Checks of a system-wide installation: root owns the shims, rules and policy, the guarded user only the audit log."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
import subprocess

from ..edge.installation import store
from ..edge.layout import Root
from ..errors import InstallError, UsageError
from .default_root import SYSTEM, system_root
from .owner import guarded_by_root, user_name


def command(root: Root) -> str:
    """What changes an installation is called by: as root, and with its --root, where it is the system's."""
    if not guarded_by_root(root):
        return "agentguard"
    return "sudo agentguard" if root.path == SYSTEM else f"sudo agentguard --root {shlex.quote(root.path)}"


def install_command(root: Root) -> str:
    """What installs again what is there."""
    user = guarded_by_root(root)
    return f"{command(root)} install{f' --system --user {user}' if user else ''}"


def guarded_user(named: tuple[str, ...]) -> pwd.struct_passwd:
    """Whose calls the guard shall judge: who is named, or who used sudo. Raises UsageError."""
    if len(set(named)) > 1:
        raise UsageError(f"a root guards one person, and {len(set(named))} are named", one_root_each(named[-1]))
    name = next(iter(named), None)
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


def refuse_anothers(root: Root, owner: pwd.struct_passwd) -> None:
    """Raises InstallError if the record there is another one's: a root guards one person."""
    try:
        there = os.lstat(root.data)
    except FileNotFoundError:
        return
    if there.st_uid != owner.pw_uid and (not stat.S_ISDIR(there.st_mode) or os.listdir(root.data)):
        raise InstallError(f"{root.data} holds the record of {user_name(there.st_uid)}", one_root_each(owner.pw_name))


def give_record(root: Root, owner: pwd.struct_passwd) -> None:
    """Make the directory of the record, the owner's."""
    refuse_anothers(root, owner)
    os.makedirs(root.data, 0o700, exist_ok=True)
    os.lchown(root.data, owner.pw_uid, owner.pw_gid)


def one_root_each(user: str) -> str:
    """How one more person is guarded on a machine."""
    return f"give each person a root: `sudo agentguard --root {system_root(user)} install --system --user {user}`"


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
