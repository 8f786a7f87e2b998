"""The environment that a process was started with, where /proc shows it (proc(5))."""

from __future__ import annotations

from ...core.text.encoding import decode


def started_with(pid: int) -> dict[str, str]:
    """Its variables, the first of each name, as programs find it; empty where they are hidden."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = [decode(pair).partition("=") for pair in file.read().split(b"\0") if pair]
    except OSError:
        return {}
    return {name: value for name, _, value in reversed(pairs)}
