"""What a function does when it is called: the body in its definition."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from . import functions, plpgsql, rows
from .nodes import UNKNOWN, kind, parts
from .stored import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .session import Session


def body(node: Any, text: str, session: Session, perform: Callable[[Any, Session], None]) -> None:
    """Add what the function that a CREATE FUNCTION defines does; `text` is that statement, `perform` reads another."""
    options = {one.defname: one.arg for one in node.options or ()}
    language = getattr(options.get("language"), "sval", "sql").lower()
    code = "".join(getattr(one, "sval", "") for one in options.get("as") or ())
    rows.expressions(node.parameters, session)
    if "support" in options:
        unknown(parts(options["support"]), "the planner calls, may do anything", session)
    if node.sql_body is not None:
        for one in _flat(node.sql_body):
            if kind(one) == "ReturnStmt":
                rows.expressions(one, session)
            else:
                perform(one, session)
    elif UNKNOWN in code:
        unknown(parts(node.funcname), "has a body of which a part is not known before it runs", session)
    elif language == "sql":
        session.execute(code)
    elif language == "plpgsql":
        plpgsql.code(text, session, "a function")
    elif language != "internal" or code not in functions.HARMLESS:
        unknown(parts(node.funcname), f"is written in {language}, which agentguard cannot read", session)


def _flat(nodes: Any) -> Iterator[Any]:
    if isinstance(nodes, tuple):
        for one in nodes:
            yield from _flat(one)
    else:
        yield nodes
