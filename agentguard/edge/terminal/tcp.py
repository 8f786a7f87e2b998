"""TCP sockets and addresses of this machine, in each of its networks that /proc shows.

A container has a network of its own. What is in it can be read by way of any process in it, whoever's that is.
Addresses and ports are in the digits of /proc/net/tcp (proc(5)): an IPv4 address has 8, an IPv6 address 32.
"""

from __future__ import annotations

import os
import sys

from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .standing import pids

if TYPE_CHECKING:
    #: An address and a port.
    End = tuple[str, str]

#: The start of an IPv4 address in the form of IPv6.
_MAPPED = "0000000000000000FFFF0000"
_LISTENS = "0A"


class Socket(Value):
    """One row: `user` has made it or accepted it; `inode` is "0" where no process holds it any more, or yet."""

    local: End
    remote: End
    listens: bool
    user: str
    inode: str


def networks() -> tuple[str, ...]:
    """A directory of /proc for each network that a thread is in."""
    found: dict[int, str] = {}
    for pid in pids():
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                network = f"/proc/{pid}/task/{thread}/net"
                found.setdefault(os.stat(f"{network}/tcp").st_ino, network)
        except OSError:  # it has ended
            continue
    return tuple(found.values())


def sockets(network: str) -> tuple[Socket, ...]:
    """Every TCP socket of a network; none if it has gone."""
    rows = (line.split() for name in ("tcp", "tcp6") for line in _lines(f"{network}/{name}")[1:])
    return tuple(Socket(_end(row[1]), _end(row[2]), row[3] == _LISTENS, row[7], row[9]) for row in rows)


def addresses(network: str) -> frozenset[str]:
    """The addresses that a network has on this machine."""
    found, leaf = set(), ""
    for line in map(str.split, _lines(f"{network}/fib_trie")):
        if line[:1] == ["|--"]:
            leaf = line[1]
        elif line[1:] == ["host", "LOCAL"]:
            found.add(digits(bytes(map(int, leaf.split(".")))))
    found.update(digits(bytes.fromhex(line.split()[0])) for line in _lines(f"{network}/if_inet6"))
    return frozenset(found)


def digits(address: bytes) -> str:
    """The digits for an address that is given as it is sent."""
    words = (address[at : at + 4] for at in range(0, len(address), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words).removeprefix(_MAPPED)


def is_loopback(address: str) -> bool:
    """Whether it is in 127.0.0.0/8 or ::1."""
    first = int(address, 16).to_bytes(len(address) // 2, sys.byteorder)[0]
    return address == digits(bytes(15) + b"\1") or (len(address) == 8 and first == 127)


def _end(given: str) -> End:
    address, _, port = given.rpartition(":")
    return address.removeprefix(_MAPPED), port


def _lines(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.readlines()
    except OSError:  # the system has no IPv6, or the process has ended
        return []
