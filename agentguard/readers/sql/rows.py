"""Statements about rows, and the nodes that change something wherever in a statement they stand."""

from __future__ import annotations

from ...core.effect import Target
from ...lean.typing import TYPE_CHECKING
from .calls import function, functional
from .nodes import below, kind, names, parts
from .record_effect import DUMP_FIRST, TRY_FIRST, record_effect, said

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .session import Session


def expressions(node: Any, session: Session) -> None:
    """What the queries, changes and function calls anywhere below a statement do."""
    for one in below(node):
        change = CHANGES.get(kind(one))
        if change is not None:
            change(one, session)


def query(node: Any, session: Session) -> None:
    """SELECT, INSERT, UPDATE, DELETE, MERGE, DECLARE, with all that stands in them."""
    before = len(session.effects)
    expressions(node, session)
    if len(session.effects) == before:
        target = Target("database", session.database.name)
        record_effect(node, session, "observe", "sql-look", "reads", target=target)


def _insert(node: Any, session: Session) -> None:
    target = session.target("table", parts(node.relation))
    clause = node.onConflictClause
    if clause is not None and clause.action.name == "ONCONFLICT_UPDATE":
        says = f"overwrites rows of {target.name} that are already there (ON CONFLICT DO UPDATE)"
        record_effect(node, session, "replace", "sql-upsert", says, target=target, instead=TRY_FIRST)
    else:
        record_effect(node, session, "create", "sql-insert", f"adds rows to {target.name}", target=target)


def _update(node: Any, session: Session) -> None:
    target = session.target("table", parts(node.relation))
    rows, rule = ("rows", "sql-update") if node.whereClause else ("every row", "sql-update-without-where")
    says = f"overwrites {rows} of {target.name}; the old values are gone"
    record_effect(node, session, "replace", rule, says, target=target, instead=TRY_FIRST)


def _delete(node: Any, session: Session) -> None:
    target = session.target("table", parts(node.relation))
    rows, rule = ("rows", "sql-delete") if node.whereClause else ("every row", "sql-delete-without-where")
    record_effect(node, session, "remove", rule, f"deletes {rows} of {target.name}", target=target, instead=TRY_FIRST)


def _merge(node: Any, session: Session) -> None:
    target = session.target("table", parts(node.relation))
    actions = {clause.commandType.name for clause in node.mergeWhenClauses}
    if actions & {"CMD_UPDATE", "CMD_DELETE"}:
        says = f"overwrites or deletes rows of {target.name} (MERGE)"
        record_effect(node, session, "replace", "sql-merge", says, target=target, instead=TRY_FIRST)
    else:
        record_effect(node, session, "create", "sql-insert", f"adds rows to {target.name} (MERGE)", target=target)


def _into(node: Any, session: Session) -> None:
    """SELECT INTO, CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    target = session.target("table", parts(node))
    record_effect(node, session, "create", "sql-create", f"creates {target.name} from a query", target=target)
    session.bear(target)


def truncate(node: Any, session: Session) -> None:
    """TRUNCATE."""
    cascade = " and the tables that refer to it" if node.behavior.name == "DROP_CASCADE" else ""
    for name in names(node):
        target = session.target("table", name)
        says = f"empties {said(node)}{cascade}"
        record_effect(node, session, "remove", "sql-truncate", says, target=target, instead=DUMP_FIRST)


def copy(node: Any, session: Session) -> None:
    """COPY: files and programs in it are the database server's, not this machine's."""
    name = said(node) or "a query's result"
    if node.is_program:
        says = f"runs a command on the database server, which cannot be followed there: {node.filename}"
        target = Target("command", node.filename or "")
        record_effect(node, session, "unknown", "sql-copy-program", says, target=target)
    elif node.is_from:
        record_effect(node, session, "create", "sql-insert", f"adds rows to {name} (COPY)")
    elif node.filename:
        says = f"overwrites the file {node.filename} on the database server, if it is there"
        target = Target("server file", node.filename, (session.database.server, node.filename))
        instead = "COPY … TO STDOUT, which leaves the server's files alone"
        record_effect(node, session, "replace", "sql-server-file", says, target=target, undone=False, instead=instead)
    else:
        record_effect(node, session, "observe", "sql-look", f"reads {name}")
    expressions(node, session)


#: Nodes that change something wherever they stand: in WITH, in an argument, in a subquery.
CHANGES: dict[str, Callable[[Any, Session], None]] = {
    "InsertStmt": _insert,
    "UpdateStmt": _update,
    "DeleteStmt": _delete,
    "MergeStmt": _merge,
    "IntoClause": _into,
    "FuncCall": function,
    "ColumnRef": functional,
    "A_Indirection": functional,
}
