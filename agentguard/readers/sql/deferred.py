"""What is written down now and runs later: functions, views, rules, triggers, defaults, policies, operators, casts.

To write it down is the act: who uses it later does what nobody could tell from that call. So what it will do is
rated when it is created, by the bodies that it has or calls. A use is rated as well: of what this call wrote
down, and of what the catalogue of a server on this machine shows.
"""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from . import stored
from .nodes import below, kind, parts
from .rows import expressions
from .session import Made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .catalogue import Relation
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
#: Those of them, or in them, that add rows to the relation that they name.
ADDS_ROWS = frozenset("InsertStmt MergeStmt CopyStmt".split())
#: Statements that give a function to be called on occasions that no statement names, and where they name it.
HOOKS = {
    "CreateEventTrigStmt": ("funcname",),
    "CreateCastStmt": ("func",),
    "CreateOpClassStmt": (),
    "CreateConversionStmt": ("func_name",),
    "CreateTransformStmt": ("fromsql", "tosql"),
}
#: Parts of the definitions of operators, aggregates, types and ranges that are functions.
CALLED = frozenset(
    """
    function procedure restrict join sfunc sfunc1 finalfunc combinefunc serialfunc deserialfunc msfunc minvfunc
    mfinalfunc input output receive send typmod_in typmod_out analyze subscript canonical subtype_diff start gettoken
    end headline lextypes init lexize
    """.split()
)
#: Statements that work through the rows of the relations that they name, as if they were added again.
TOUCHES = frozenset("AlterTableStmt ReindexStmt VacuumStmt ClusterStmt".split())
#: Where a node names an operator, and the operators that sorting, joining and grouping use without a name.
OPERATORS = {"A_Expr": "name", "SubLink": "operName", "SortBy": "useOp"}
COMPARES = ("=", "<>", "<", ">", "<=", ">=")
#: What nobody names when it is used: whatever comes next may use it.
ANYTHING = ""


def arm(node: Any, session: Session) -> None:
    """Add what something that a statement creates will do when it is used, and remember it for the uses to come."""
    what = kind(node)
    inner = session.inner()
    name, thing = ANYTHING, what.removeprefix("Create").removesuffix("Stmt").lower()
    if what in HOOKS:
        for member in HOOKS[what]:
            stored.call(parts(getattr(node, member)), inner)
        for item in node.items if what == "CreateOpClassStmt" else ():
            if item.itemtype == 2:  # a function; 1 is an operator, 3 the type that is stored
                stored.call(parts(item.name), inner)
    elif what == "CreateTrigStmt":
        name, thing = node.relation.relname, f"trigger {node.trigname}"
        stored.call(parts(node.funcname), inner, 0)
        expressions(node, inner)
    elif what in ("DefineStmt", "CreateRangeStmt"):
        name = _defined(node, session, inner)
        thing = f"{node.kind.name.removeprefix('OBJECT_').lower()} {name}" if what == "DefineStmt" else "type"
    elif what in DEFERRED:
        table = getattr(node, "base", node)  # that of a foreign table is a statement of its own below it
        relation = getattr(table, "view", None) or getattr(table, "relation", None) or getattr(table, "table", None)
        name = relation.relname if relation else ANYTHING
        thing = {"ViewStmt": f"view {name}", "RuleStmt": f"a rule of {name}", "CreateStmt": f"table {name}"}.get(
            what, thing
        )
        fire(node, inner)
        expressions(node, inner)
        _derived(table, session, name)
    session.arms(thing, inner)
    if any(effect.verb in ("replace", "remove", "unknown") for effect in inner.effects):
        session.stored.armed.setdefault(name, []).append(inner)


def _defined(node: Any, session: Session, inner: Session) -> str:
    """CREATE AGGREGATE, OPERATOR, TYPE …: what its functions would do; comes back under which name it is used."""
    for one in (node.definition if kind(node) == "DefineStmt" else node.params) or ():
        if one.defname in CALLED:
            stored.call(parts(one.arg), inner)
    if kind(node) != "DefineStmt":
        return ANYTHING
    name = str(parts(node.defnames)[-1])
    if node.kind.name == "OBJECT_AGGREGATE":
        session.stored.made.setdefault(name, []).append(Made(inner, session.sure))
    return name if node.kind.name == "OBJECT_OPERATOR" else ANYTHING


def _derived(node: Any, session: Session, name: str) -> None:
    """A new table that is tied to others, by inheritance, as a partition or by LIKE, has what they have."""
    if kind(node) == "CreateStmt":
        for one in below((*(node.inhRelations or ()), *(node.tableElts or ()))):
            if kind(one) == "RangeVar":
                session.stored.rename(parts(one), name)
                session.stored.rename((name,), one.relname)


def fire(node: Any, session: Session) -> None:
    """What a statement does besides, because of what is stored about what it names."""
    named = {ANYTHING}
    known = session.stored
    looked = kind(node) not in ("CreateStmt", "CreateForeignTableStmt")
    types: dict[str, None] = {}
    read: dict[tuple[str, ...], None] = {}
    added: dict[tuple[str, ...], None] = {}
    operators: dict[str, None] = {}
    for one in below(node):
        what = kind(one)
        if what == "RangeVar":
            named.add(one.relname)
            read[parts(one)] = None
        elif what in OPERATORS and (operator := parts(getattr(one, OPERATORS[what]))):
            named.add(operator[-1])
            operators[operator[-1]] = None
        elif what == "TypeCast":
            types[parts(one.typeName)[-1]] = None
        elif what in ADDS_ROWS and one.relation is not None and getattr(one, "is_from", True):
            added[parts(one.relation)] = None
    for name in sorted(named & known.armed.keys()):
        for inner in tuple(known.armed[name]):
            session.include(inner)
    if kind(node) in TOUCHES:
        added.update(read)
    if (read or operators or types) and looked and known.catalogue is not None:
        for relation in (one for name in read for one in known.relations(name)):
            _run(("reads", relation), session, f"{relation.name}")
        for relation in (one for name in added for one in known.relations(name)):
            _run(("adds", relation), session, f"{relation.name}")
        for name, function in known.catalogue.operators:
            if name in operators or name in COMPARES:
                stored.call(function, session)
        for name in sorted({name for name, _ in known.catalogue.domains} & types.keys()):
            _run(("domain", name), session, name)
        _run(("casts",), session, "a cast")


def happen(session: Session) -> None:
    """What a statement about definitions does besides, because of the database's event triggers."""
    if session.stored.catalogue is not None:
        _run(("event triggers",), session, "an event trigger")


def _run(key: tuple[Any, ...], session: Session, within: str) -> None:
    known = session.stored.known
    if key not in known:
        known[key] = session.inner()
        inner = session.inner()
        inner.qualified = True
        for use in _uses(key, inner):
            inner.use(use)
        known[key] = inner
    session.include(known[key], within)


def _uses(key: tuple[Any, ...], inner: Session) -> Iterator[str]:
    """The texts that run at a use; the functions that do are called at once."""
    catalogue = inner.stored.catalogue
    assert catalogue is not None
    if key[0] == "event triggers":
        for name in catalogue.event_triggers:
            stored.call(name, inner)
    elif key[0] == "casts":
        for name in catalogue.casts:
            stored.call(name, inner)
    elif key[0] == "domain":
        yield from (check for name, check in catalogue.domains if name == key[1])
    elif key[0] == "reads":
        yield from key[1].reads
    else:
        relation: Relation = key[1]
        for name in relation.calls:
            stored.call(name, inner)
        yield from relation.adds
        for child in relation.passes_to:
            for other in catalogue.relations((child,)):
                _run(("adds", other), inner, other.name)


def rename(session: Session) -> None:
    """Something gets another name: what was written down may be about any name now."""
    armed = session.stored.armed
    if armed:
        armed[ANYTHING] = [inner for each in armed.values() for inner in each]
