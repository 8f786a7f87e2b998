"""DO blocks: the statements inside PL/pgSQL code, read by PostgreSQL's own PL/pgSQL parser."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .nodes import UNKNOWN
from .session import Session

if TYPE_CHECKING:
    from typing import Any

#: How an expression's text is to be read (plpgsql.h, RawParseMode).
STATEMENT, EXPRESSION = 0, 2


def block(node: Any, session: Session) -> None:
    """Add what a DO block does: every statement in it, whether its branch would be taken or not."""
    options = {one.defname: one.arg for one in node.args or ()}
    code = getattr(options.get("as"), "sval", "")
    language = getattr(options.get("language"), "sval", "plpgsql").lower()
    if language != "plpgsql":
        _unknown(session, f"runs a block of {language}, which agentguard cannot read")
        return
    from pglast import parse_plpgsql
    from pglast.parser import ParseError

    fence = "$agentguard$"
    try:
        if fence in code or UNKNOWN in code:
            raise ValueError(f"it contains {fence}" if fence in code else "a part of it is not known before it runs")
        tree = parse_plpgsql(f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS {fence}{code}{fence}")
    except (ParseError, ValueError) as fault:
        _unknown(session, f"runs a DO block that cannot be read: {fault}")
        return
    inner = session.inner()
    if _walk(tree, inner):
        session.commit()
    session.include(inner)


def _walk(tree: Any, session: Session) -> bool:
    """Read the statements of a tree; whether it ends transactions itself."""
    ends = False
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        if not isinstance(one, dict):
            continue
        for name, value in reversed(one.items()):
            if name == "PLpgSQL_expr":
                _expression(value, session)
            elif name in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"):
                ends = True
            elif name in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
                _dynamic(value["query"], session)
                waiting.append({key: inner for key, inner in value.items() if key != "query"})
            elif name == "dynquery":
                _dynamic(value, session)
            else:
                waiting.append(value)
    return ends


def _expression(found: Any, session: Session) -> None:
    text, mode = found["query"], found.get("parseMode", STATEMENT)
    if mode == STATEMENT:
        session.execute(text)
    elif mode == EXPRESSION:
        session.execute(f"SELECT {text}")
    else:  # an assignment: both sides may hold expressions (a[f()] := g())
        left, sign, value = text.partition(":=") if ":=" in text else text.partition("=")
        for side in (left, value) if sign else (text,):
            session.execute(f"SELECT {side}")


def _dynamic(found: Any, session: Session) -> None:
    """EXECUTE: a text that is made while the block runs, unless it is a constant."""
    from .parse import constants

    text = found["PLpgSQL_expr"]["query"]
    fixed = constants(f"SELECT {text}")
    if fixed is None or len(fixed) != 1:
        _unknown(session, f"a DO block executes SQL that is put together while it runs: {text}")
    else:
        session.execute(fixed[0])


def _unknown(session: Session, says: str) -> None:
    session.add(
        Effect(
            "unknown",
            Target("code", "DO"),
            environment=session.database.environment,
            rule="sql-do",
            program=session.program,
            reason=says,
            instead="run the statements of the block one by one",
        )
    )
