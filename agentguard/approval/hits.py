"""A long list of what would be lost, in few lines: what differs from the many first, by itself; then the many."""

from __future__ import annotations

import os

#: How many lines a list gets before what is alike becomes one line.
SHOWN = 20
#: How many alike things are still named one by one.
FEW = 3
#: What makes things alike, the closest first: their place, their suffix.
_ALIKE = ((True, True), (False, True), (True, False), (False, False))
_LONGEST_SUFFIX = 12


def gathered(hits: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a list of things, each a kind and a name, which the caller has put in order: the gravest first.

    They are alike by kind, place and suffix, by as many of these as leave few enough lines.
    """
    if len(hits) <= SHOWN:
        return hits
    for by_place, by_suffix in _ALIKE:
        groups: dict[tuple[str, str], list[str]] = {}
        for hit in hits:
            groups.setdefault(_pattern(hit, by_place, by_suffix), []).append(hit)
        told = _told(groups)
        if len(told) <= SHOWN:
            return told
    return (*told[:SHOWN], f"and {len(told) - SHOWN} more lines, each in the full list")


def _told(groups: dict[tuple[str, str], list[str]]) -> tuple[str, ...]:
    """The rarest first; sorting keeps the order of what is as rare."""
    lines: list[str] = []
    for (kind, pattern), group in sorted(groups.items(), key=lambda one: len(one[1])):
        if len(group) <= FEW:
            lines += group
        else:
            names = [hit.partition(" ")[2] for hit in group]
            lines.append(f"{len(group)} alike: {kind} {pattern}, from {names[0]} to {names[-1]}")
    return tuple(lines)


def _pattern(hit: str, by_place: bool, by_suffix: bool) -> tuple[str, str]:
    kind, _, name = hit.partition(" ")
    place = os.path.dirname(name) if by_place else ""
    return kind, os.path.join(place, f"*{_suffix(name) if by_suffix else ''}")


def _suffix(name: str) -> str:
    """What follows the last dot of a file's name, where it looks like the kind of a file."""
    suffix = os.path.splitext(name)[1]
    return suffix if len(suffix) <= _LONGEST_SUFFIX else ""
