"""SQL, read with PostgreSQL's own parser: what each statement would do to the database."""

from __future__ import annotations

from ...core.call import Invocation
from ...core.context import Context
from ...core.effect import Effect, Reading, Target
from .database import Database
from .session import Session


def read(text: str, call: Invocation, context: Context) -> Reading:
    """What SQL does when some program sends it to a database that nobody can tell."""
    session = Session(call.name, Database(), execute)
    session.execute(text)
    return Reading(tuple(session.effects))


def execute(text: str, session: Session, stored: bool = False) -> int:
    """Add to the session what one query string does: one or several statements.

    Of one that is `stored`, what it defines is used. How many of the statements take their data from
    standard input is what comes back.
    """
    from .nodes import kind
    from .parse import statements as split
    from .statements import perform, use

    try:
        statements = split(text)
    except ValueError as fault:
        session.add(_unread(text, str(fault), session))
        return 0
    session.query(True)
    for statement, source in statements:
        session.source = source
        (use if stored else perform)(statement, session)
        session.goes_on()
    session.query(False)
    copies = [one for one, _ in statements if kind(one) == "CopyStmt"]
    return sum(one.is_from and not one.filename for one in copies)


def _unread(text: str, fault: str, session: Session) -> Effect:
    """The effect of SQL that nobody can read."""
    start = " ".join(text.split())
    start = start if len(start) <= 60 else start[:59] + "…"
    return Effect(
        "unknown",
        Target("sql", start),
        environment=session.database.environment,
        rule="sql-unparsed",
        program=session.program,
        reason=f"SQL that cannot be read ({fault}): {start}",
        instead="check the statement's syntax for PostgreSQL",
    )
