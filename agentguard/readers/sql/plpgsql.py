"""DO blocks and functions: the statements inside PL/pgSQL code, read by PostgreSQL's own PL/pgSQL parser."""

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
    text = getattr(options.get("as"), "sval", "")
    language = getattr(options.get("language"), "sval", "plpgsql").lower()
    if language != "plpgsql":
        _unknown(session, f"runs a block of {language}, which agentguard cannot read")
        return
    fence = "$agentguard$"
    if fence in text or UNKNOWN in text:
        why = f"it contains {fence}" if fence in text else "a part of it is not known before it runs"
        _unknown(session, f"runs a DO block that cannot be read: {why}")
        return
    code(f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS {fence}{text}{fence}", session, "a DO block")


def code(definition: str, session: Session, what: str) -> None:
    """Add what the body does of the function that a CREATE FUNCTION defines; `what` it is, in words."""
    from pglast import parse_plpgsql
    from pglast.parser import ParseError

    try:
        tree = parse_plpgsql(definition)
        if not tree:
            raise ValueError("there is no code in it")
    except (ParseError, ValueError) as fault:
        _unknown(session, f"runs {what} that cannot be read: {fault}")
        return
    inner = session.inner()
    if _walk(tree, inner, what):
        session.commit()
    session.include(inner)


def _walk(tree: Any, session: Session, what: str) -> bool:
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
                _dynamic(value["query"], session, what)
                waiting.append({key: inner for key, inner in value.items() if key != "query"})
            elif name == "dynquery":
                _dynamic(value, session, what)
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


def _dynamic(found: Any, session: Session, what: str) -> None:
    """EXECUTE: a text that is made while the block runs, unless it is a constant."""
    from .parse import constants

    text = found["PLpgSQL_expr"]["query"]
    fixed = constants(f"SELECT {text}")
    if fixed is None or len(fixed) != 1:
        _unknown(session, f"{what} executes SQL that is put together while it runs: {text}")
    else:
        session.execute(fixed[0])


def _unknown(session: Session, says: str) -> None:
    session.add(
        Effect(
            "unknown",
            Target("code", "PL/pgSQL"),
            environment=session.database.environment,
            rule="sql-do",
            program=session.program,
            reason=says,
            instead="run the statements of the block one by one",
        )
    )
