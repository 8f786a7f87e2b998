"""Record an effect of a statement in its session, on the table, role … that its node names."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .nodes import names

if TYPE_CHECKING:
    from typing import Any

    from ...core.effect import Verb
    from .session import Session

TRY_FIRST = "run it between BEGIN and ROLLBACK first, to see what it would do"
DUMP_FIRST = "take a dump of it first (pg_dump)"
#: The schema whose tables end with the session.
TEMPORARY = "pg_temp"
#: Kinds whose names stand behind their table's: COMMENT ON COLUMN t.c, DROP TRIGGER x ON t.
PARTS_OF_TABLES = ("column", "constraint", "trigger", "policy", "rule")


def record_effect(
    node: Any,
    session: Session,
    verb: Verb,
    rule: str,
    says: str,
    recovery: str = "",
    undone: bool = True,
    target: Target | None = None,
    instead: str = "",
) -> None:
    """Add one effect to the session; without a target, on what the node names.

    `undone` says whether ROLLBACK would take it back.
    """
    target = target or about(node, session)
    temporary = verb in ("replace", "remove") and target.identity[2:3] == (TEMPORARY,)
    session.add(
        Effect(
            verb,
            target,
            recoverable_by=recovery or ("temporary" if temporary else ""),
            environment=session.database.environment,
            rule=rule,
            program=session.program,
            reason=says,
            instead=instead,
        ),
        undone,
    )


def about(node: Any, session: Session) -> Target:
    """What a statement's node names first."""
    sort = getattr(node, "objtype", None) or getattr(node, "objectType", None) or getattr(node, "renameType", None)
    thing = object_kind(sort) if sort is not None else ""
    thing = thing or ("table" if hasattr(node, "relation") else "sequence" if hasattr(node, "sequence") else "object")
    name = next(iter(names(node)), ())
    if thing in PARTS_OF_TABLES and len(name) > 1:
        return session.target("table", name[:-1])
    return session.target(thing, name)


def object_kind(objtype: Any) -> str:
    """PostgreSQL's ObjectType in words: "materialized view"."""
    name = str(objtype.name).removeprefix("OBJECT_").replace("_", " ").lower()
    return {"matview": "materialized view", "fdw": "foreign-data wrapper", "tabconstraint": "constraint"}.get(
        name, name
    )


def said(node: Any) -> str:
    """Everything that a statement's node names, for people."""
    return ", ".join(".".join(name) for name in names(node))
