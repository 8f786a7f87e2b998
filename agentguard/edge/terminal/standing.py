"""How processes stand to terminals and users, by the files of /proc that no process can hide."""

from __future__ import annotations

import os

from ...lean.value import Value

#: A terminal whose number says nothing here.
NAMELESS = 0


class Standing(Value):
    """What stat of proc(5) says. `terminal` is a device number (None: it has none), `start` in clock ticks since boot.

    `foreground` is the process group in front of that terminal. Every instance of devpts counts its terminals from
    0 on. A container has one of its own: what is in one is at the terminal NAMELESS, if at any.
    """

    pid: int
    parent: int
    group: int
    session: int
    terminal: int | None
    foreground: int
    start: int


class Rights(Value):
    """Whose a process is: real, effective, saved and file system ids, and the capabilities that it may use."""

    users: frozenset[int]
    groups: frozenset[int]
    capabilities: int
    namespace: str


def standings() -> tuple[Standing, ...]:
    """Every process that is there now."""
    return tuple(found for pid in pids() if (found := standing(pid)))


def pids() -> list[int]:
    """The processes that are there now."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def standing(pid: int) -> Standing | None:
    """One process; None if it is not there."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # the name itself may hold spaces and parentheses
        parent, group, session, terminal, foreground = map(int, fields[1:6])
        device = NAMELESS if terminal and _contained(pid) else _device(terminal)
        return Standing(pid, parent, group, session, device, foreground, int(fields[19]))
    except (OSError, ValueError, IndexError):
        return None


def rights(pid: int) -> Rights | None:
    """Whose a process is; None if that cannot be told."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            told = dict(line.split(b":", 1) for line in file if b":" in line)
        with open(f"/proc/{pid}/uid_map") as file:
            namespace = " ".join(file.read().split())
        users, groups = (frozenset(map(int, told[name].split())) for name in (b"Uid", b"Gid"))
        return Rights(users, groups, int(told[b"CapPrm"], 16), namespace)
    except (OSError, ValueError, KeyError):
        return None


def _contained(pid: int) -> bool:
    """Whether a process is in another pid namespace than the one that /proc shows, as a container's are."""
    with open(f"/proc/{pid}/status", "rb") as file:
        return any(line.startswith(b"NSpid:") and len(line.split()) > 2 for line in file)


def _device(number: int) -> int | None:
    return os.makedev(number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)) if number else None
