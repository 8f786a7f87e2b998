"""psql's conditional blocks, of which both branches are read: which would run, nobody can tell."""

from __future__ import annotations

import re

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .script import Scanner
    from .session import Psql

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def begin(psql: Psql, scanner: Scanner) -> None:
    """`\\if`: both branches are read, and nothing in them is certain to run."""
    _between(psql, scanner)
    scanner.conditions.append(psql.session.certain)
    psql.session.certain = False


def end(psql: Psql, scanner: Scanner) -> None:
    """`\\endif`: what follows is as certain to run as what stood before."""
    other(psql, scanner)
    if scanner.conditions:
        psql.session.certain = scanner.conditions.pop()


def other(psql: Psql, scanner: Scanner) -> None:
    """`\\elif`, `\\else`: what they hold is read like the rest."""
    _between(psql, scanner)
    if not scanner.conditions:
        psql.unknown("psql-if", f"\\{scanner.command} without an \\if that can be seen")


def _between(psql: Psql, scanner: Scanner) -> None:
    """A branch begins or ends: what it adds to a statement that has begun is not followed."""
    if _COMMENTS.sub("", scanner.query).strip():
        psql.unknown("psql-if", f"\\{scanner.command} inside a statement, which may lose a part")
