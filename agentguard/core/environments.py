"""Whether names (of hosts, databases, environments) say production, staging or this machine."""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from .effect import Environment

#: Words in such names. Digits at a word's end do not count (prod2).
PRODUCTION = frozenset(("prod", "production", "prd", "live"))
STAGING = frozenset(
    """
    staging stage stg test testing tests dev devel develop development qa uat sandbox preview preprod nonprod ci demo
    """.split()
)
#: Words that turn the next one round: pre-prod, non-production.
BEFORE = frozenset(("pre", "non", "not"))


def environment(names: tuple[tuple[str, str], ...], local: str) -> Environment:
    """What whole words in some names say, each given with its evidence; production is the stronger word.

    `local` says, when not empty, why it is thought to be this machine.
    """
    said = [(sort, evidence) for name, evidence in names for sort in _sorts(name)]
    for sort, evidence in said:
        if sort == "production":
            return Environment("production", evidence)
    if local:
        return Environment("local", local)
    for _, evidence in said:
        return Environment("staging", evidence)
    return Environment("unknown", ", ".join(evidence for _, evidence in names))


def _sorts(name: str) -> list[str]:
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    sorts, before = [], ""
    for word in words:
        plain = word.rstrip("0123456789")
        if plain in PRODUCTION:
            sorts.append("staging" if before in BEFORE else "production")
        elif plain in STAGING:
            sorts.append("staging")
        before = word
    return sorts
