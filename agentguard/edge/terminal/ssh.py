"""Logins by SSH: whether the system's sshd serves a terminal, and where the other end of its connection is.

Whoever can log in from this very machine may be an agent, which types there by a terminal of its own. Other connections
say nothing of this login. Which one is its, root sees by the sockets of sshd. Others know the address on record for the
login; where there is none, it may be any connection that root has accepted. What the login's own variables say
(SSH_CONNECTION) is for its user to choose.
"""

from __future__ import annotations

import itertools
import os

from ...approval.terminal_trust import SSH
from ...lean.typing import TYPE_CHECKING
from .logins import address
from .tcp import addresses, is_loopback, networks, sockets

if TYPE_CHECKING:
    from ...approval.terminal_trust import Peer
    from ...core.caller import Process
    from .tcp import Socket


def of_the_system(line: tuple[Process, ...]) -> bool:
    """Whether the first of a line of processes is of the system's sshd, and not of one that a user runs.

    Names are anybody's to choose, so a user's process needs two of root's above it that bear them:
    the one that watches over its connection and the one that listens.
    """
    named = _named(line)
    roots = tuple(process for process in named if owner(process.pid) == 0)
    enough = len(roots) >= (1 if named[:1] == roots[:1] else 2)
    return bool(roots) and enough and all(owner(above.pid) == 0 for above in line[1:])


def serves(sshd: Process, index: int) -> bool:
    """Whether a process of sshd says in its title that this terminal is one of its ("sshd: me@pts/3,pts/4").

    A child of the login's shell can become its sibling (CLONE_PARENT), on a terminal that somebody else holds unseen.
    """
    return f"pts/{index}" in " ".join(sshd.argv).rpartition("@")[2].strip().split(",")


def owner(pid: int) -> int | None:
    """The real user of a process."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("Uid:")), None)
    except (OSError, ValueError):
        return None


def peer(line: tuple[Process, ...], index: int) -> Peer:
    """Where the other end of the connection is by which sshd, the first of that line, shows pseudo-terminal `index`."""
    own = _named(line)
    place = next((place for place, process in enumerate(own) if owner(process.pid) == 0), None)
    served = _served(own[: place + 1], index) if place is not None else ()
    if not served:
        return "unknown"
    around = networks()
    hosts = frozenset().union(*map(addresses, around))
    ends = tuple(itertools.chain.from_iterable(map(sockets, around)))
    here = {_from_here(one, hosts, ends) for one in served}
    return "unknown" if len(here) > 1 else "here" if True in here else "elsewhere"


def _named(line: tuple[Process, ...]) -> tuple[Process, ...]:
    """The processes at the start of a line that are called as sshd's are."""
    return tuple(itertools.takewhile(lambda process: process.name in SSH, line))


def _served(line: tuple[Process, ...], index: int) -> tuple[Socket, ...]:
    """The connection of these processes of sshd, of which the last is root's; several where nobody can tell which."""
    server = line[-1]
    there = sockets(f"/proc/{server.pid}/net")
    held = _sockets_of(server.pid)
    if held is not None:
        connected = {one.inode: one for one in there if not one.listens}
        return tuple(connected[inode] for inode in held if inode in connected)[:1]  # later ones are what it forwards
    accepted = tuple(one for one in there if one.user == "0" and one.inode != "0" and not one.listens)
    known = address(line, index)
    if known is not None:
        return tuple(one for one in accepted if one.remote[0] == known)
    ports = {one.local[1] for one in there if one.listens and one.user == "0"}
    return tuple(one for one in accepted if one.local[1] in ports)


def _sockets_of(pid: int) -> tuple[str, ...] | None:
    """The inodes of the sockets that a process holds, in the order of its descriptors; None if that is not shown."""
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{number}") for number in sorted(map(int, os.listdir(f"/proc/{pid}/fd")))]
    except OSError:
        return None
    return tuple(link[len("socket:[") : -1] for link in links if link.startswith("socket:["))


def _from_here(served: Socket, hosts: frozenset[str], ends: tuple[Socket, ...]) -> bool:
    """Whether this machine is at the other end, too: by its address, or by a socket here that is that other end.

    The first alone would miss what comes back from a router that has put another address in, the second what has
    been closed while it is still to be read.
    """
    host, port = served.remote
    if is_loopback(host) or host in hosts:
        return True
    mirrored = (one.remote for one in ends if one.local[1] == port and not one.listens)
    return any(remote[1] == served.local[1] or remote[0] == host for remote in mirrored)
