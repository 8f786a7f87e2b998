"""What is written down now and runs later: views, rules, triggers, defaults, policies, operators, casts.

A statement that uses what this very script has written down does that too. What stood in the
database before cannot be seen, and an ordinary view or trigger is not held against a query.
"""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .nodes import below, kind, parts
from .rows import expressions

if TYPE_CHECKING:
    from typing import Any

    from .session import Session

#: Statements whose expressions and queries do not run now.
DEFERRED = frozenset(
    """
    CreateStmt CreateForeignTableStmt ViewStmt CreateFunctionStmt CreateTrigStmt RuleStmt CreatePolicyStmt
    AlterPolicyStmt CreateDomainStmt DefineStmt CreateStatsStmt CreatePublicationStmt
    """.split()
)
#: Statements that run what is written down about the relations and operators that they name.
USES = frozenset(
    """
    SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt DeclareCursorStmt CopyStmt CreateTableAsStmt TruncateStmt
    RefreshMatViewStmt
    """.split()
)
#: Statements that give a function to be called on occasions that no statement names.
HOOKS = frozenset(
    "CreateEventTrigStmt CreateCastStmt CreateOpClassStmt CreateConversionStmt CreateTransformStmt".split()
)
#: What nobody names when it is used: whatever comes next may use it.
ANYTHING = ""
#: Functions for triggers that only change the row at hand.
ROW_TRIGGERS = frozenset(
    "suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column moddatetime "
    "insert_username autoinc".split()
)


def arm(node: Any, session: Session) -> None:
    """Remember what a statement that creates something has written down, if it is more than looking."""
    what = kind(node)
    inner = session.inner()
    name = ANYTHING
    if what in HOOKS:
        _calls(inner, parts(getattr(node, "func", None) or getattr(node, "funcname", None)))
    elif what == "CreateTrigStmt":
        name = node.relation.relname
        if parts(node.funcname)[-1] not in ROW_TRIGGERS:
            _calls(inner, parts(node.funcname))
    elif what == "DefineStmt":
        name = _defined(node, session, inner)
    elif what in DEFERRED and what != "CreateFunctionStmt":
        relation = getattr(node, "view", None) or getattr(node, "relation", None) or getattr(node, "table", None)
        name = relation.relname if relation else ANYTHING
        fire(node, inner)
        expressions(node, inner)
    if any(effect.verb in ("replace", "remove", "unknown") for effect in inner.effects):
        session.armed.setdefault(name, []).append(inner)


def _defined(node: Any, session: Session, inner: Session) -> str:
    """CREATE AGGREGATE, OPERATOR, TYPE …: what its functions would do; comes back under which name."""
    sort = node.kind.name
    if sort == "OBJECT_AGGREGATE":
        session.functions.add(parts(node.defnames)[-1])
    elif sort in ("OBJECT_OPERATOR", "OBJECT_TYPE") and node.definition:
        _calls(inner, parts(node.defnames))
    return str(parts(node.defnames)[-1]) if sort == "OBJECT_OPERATOR" else ANYTHING


def _calls(inner: Session, name: tuple[str, ...]) -> None:
    function = ".".join(name)
    says = f"what was created here calls {function}, which may do anything"
    target = Target("function", function)
    where = inner.database.environment
    inner.add(Effect("unknown", target, "", where, "sql-unknown-function", inner.program, says))


def fire(node: Any, session: Session) -> None:
    """What a statement does besides, because of what was written down here about what it names."""
    named = {ANYTHING}
    for one in below(node) if len(session.armed) else ():
        if kind(one) == "RangeVar":
            named.add(one.relname)
        elif kind(one) == "A_Expr":
            named.add(parts(one.name)[-1])
    for name in named & session.armed.keys():
        for inner in tuple(session.armed[name]):
            session.include(inner)


def rename(session: Session) -> None:
    """Something gets another name: what was written down may be about any name now."""
    if session.armed:
        session.armed[ANYTHING] = [inner for armed in session.armed.values() for inner in armed]
