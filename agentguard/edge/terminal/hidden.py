"""Processes that cannot be looked into: which of them could hold a terminal's master, because they run anybody's code.

A process that makes itself undumpable hides its descriptors and its executable, also from its own user. So do a few
that everybody has: key agents, the sandboxes of browsers, sshd. Those are told by what an ordinary program cannot
have: groups and capabilities that only an executable of root's gives, a parent that is root's, a start together with
the login. What a browser of root's has started is taken for its sandbox.

A set-uid program of root's runs nobody's code, but `su` and `sudo -S` write what their caller says to where it says.
They can only be left alone when they have let somebody in.
"""

from __future__ import annotations

import os

from ...lean.typing import TYPE_CHECKING
from ..caller.executables import replaceable
from ..caller.processes import line_of
from .standing import Rights, rights, standings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...core.caller import Process

#: CAP_IPC_LOCK and CAP_SYS_NICE: what keyrings and compositors get by their files. Interpreters do not.
_BY_FILE = 1 << 14 | 1 << 23
#: How long after the user's service manager a login still starts things, in seconds.
_LOGIN = 60
#: Programs whose sandboxed parts hide themselves.
_BROWSERS = frozenset(
    (
        *("brave", "chrome", "chromium", "chromium-browser", "firefox", "firefox-bin", "firefox-esr", "msedge"),
        *("opera", "thunderbird", "vivaldi-bin", "code", "code-insiders", "codium", "cursor", "discord", "Discord"),
        *("electron", "element-desktop", "obsidian", "signal-desktop", "slack", "spotify", "teams-for-linux"),
    )
)


def suspect(closed: Iterable[int], served: Callable[[tuple[Process, ...]], bool]) -> Process | None:
    """The first of these processes that is this user's and could hold any terminal; None if there is none.

    `served` says whether the first of a line of processes is of the system's sshd. For root there is none: it can
    look into everything that is not the system's own.
    """
    own = rights(os.getpid())
    if os.getuid() == 0 or own is None:
        return None
    groups = _groups()
    began = _login()
    for pid in closed:
        found = rights(pid)
        if found is None or os.getuid() not in found.users or _by_executable(found, own, groups) or _let_in(pid, found):
            continue
        line = line_of(pid)
        if line and not (_with_login(line[0], began) or served(line) or _sandboxed(line)):
            return line[0]
    return None


def _by_executable(found: Rights, own: Rights, groups: frozenset[int]) -> bool:
    """Whether it has what a user's process gets only by an executable of root's that gives it."""
    if found.namespace != own.namespace:  # in one of its own it can have anything
        return False
    if found.users != {os.getuid()}:
        return False
    return not found.groups <= groups or bool(found.capabilities & ~own.capabilities & _BY_FILE)


def _let_in(pid: int, found: Rights) -> bool:
    """Whether a set-uid program waits for what another user runs, as `su` does once the password was right."""
    if found.users == {os.getuid()}:
        return False
    children = [rights(child.pid) for child in standings() if child.parent == pid]
    return any(child and child.namespace == found.namespace and os.getuid() not in child.users for child in children)


def _groups() -> frozenset[int]:
    """The groups that this user can be in without an executable that gives it another one."""
    import pwd

    try:
        named = pwd.getpwuid(os.getuid())
        listed = os.getgrouplist(named.pw_name, named.pw_gid)
    except KeyError:
        listed = []
    return frozenset((*listed, *os.getgroups(), os.getgid()))


def _login() -> int | None:
    """When this user's service manager started, in clock ticks since boot; None if systemd runs none."""
    if not os.path.isdir("/run/systemd/system"):
        return None
    leading = (found for found in standings() if found.parent == 1 and found.session == found.pid)
    return min((found.start for found in leading if _is_manager(found.pid)), default=None)


def _is_manager(pid: int) -> bool:
    """Whether it is a systemd of this user's: who starts another one starts it later."""
    line = line_of(pid)
    found = rights(pid)
    named = bool(line) and line[0].exe.rpartition("/")[2] == "systemd"
    return named and found is not None and found.users == {os.getuid()} and not replaceable(line[0])


def _with_login(process: Process, began: int | None) -> bool:
    """Whether it came with the login, before anybody could have started an agent."""
    return began is not None and process.start <= began + _LOGIN * os.sysconf("SC_CLK_TCK")


def _sandboxed(line: tuple[Process, ...]) -> bool:
    """Whether it descends from a browser of root's, in its session, by nothing but what hides as well."""
    above = next((process for process in line[1:] if process.exe), None)
    if above is None or above.exe.rpartition("/")[2] not in _BROWSERS or replaceable(above):
        return False
    return os.getsid(above.pid) == os.getsid(line[0].pid)
