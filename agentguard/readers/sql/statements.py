"""What each statement of PostgreSQL's grammar does, by what it removes or replaces.

A statement that replaces a setting, a comment or a default destroys the old one: the database
keeps no history. A statement that only adds, or whose opposite can be written down from the
statement itself (RENAME, GRANT, DISABLE TRIGGER), can be undone.
"""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from ...core.effect import Target
from ...lean.typing import TYPE_CHECKING
from . import calls, definitions, rows, stored
from .bodies import body
from .deferred import ANYTHING, DEFERRED, TOUCHES, USES, arm, fire, happen, rename
from .nodes import below, kind, names, option, parts
from .record_effect import record_effect, said
from .session import Made

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .session import Session

#: Statements that look, or that change nothing but this connection's own state.
LOOKS = frozenset(
    """
    VariableShowStmt FetchStmt ClosePortalStmt DeallocateStmt ListenStmt UnlistenStmt ConstraintsSetStmt LockStmt
    """.split()
)
#: Statements that add something (CREATE …), by what that is. OR REPLACE overwrites instead.
ADDS = {
    "CompositeTypeStmt": "type",
    "CreateAmStmt": "access method",
    "CreateCastStmt": "cast",
    "CreateConversionStmt": "conversion",
    "CreateDomainStmt": "domain",
    "CreateEnumStmt": "type",
    "CreateEventTrigStmt": "event trigger",
    "CreateExtensionStmt": "extension",
    "CreateFdwStmt": "foreign-data wrapper",
    "CreateForeignServerStmt": "server",
    "CreateForeignTableStmt": "foreign table",
    "CreateFunctionStmt": "function",
    "CreateOpClassStmt": "operator class",
    "CreateOpFamilyStmt": "operator family",
    "CreatePLangStmt": "language",
    "CreatePolicyStmt": "policy",
    "CreatePublicationStmt": "publication",
    "CreateRangeStmt": "type",
    "CreateRoleStmt": "role",
    "CreateSeqStmt": "sequence",
    "CreateStatsStmt": "statistics",
    "CreateStmt": "table",
    "CreateSubscriptionStmt": "subscription",
    "CreateTableSpaceStmt": "tablespace",
    "CreateTransformStmt": "transform",
    "CreateTrigStmt": "trigger",
    "CreateUserMappingStmt": "user mapping",
    "CreatedbStmt": "database",
    "DefineStmt": "definition",
    "ImportForeignSchemaStmt": "schema",
    "IndexStmt": "index",
    "RuleStmt": "rule",
    "ViewStmt": "view",
}
#: Statements that remove something other than DROP does.
REMOVES = {
    "DropOwnedStmt": "everything owned by",
    "DropRoleStmt": "role",
    "DropSubscriptionStmt": "subscription",
    "DropTableSpaceStmt": "tablespace",
    "DropUserMappingStmt": "user mapping",
    "DropdbStmt": "database",
}
#: Statements whose opposite follows from themselves.
TURNS = {
    "AlterEventTrigStmt": "switches event trigger",
    "AlterExtensionContentsStmt": "changes what belongs to extension",
    "AlterObjectDependsStmt": "changes what depends on",
    "AlterObjectSchemaStmt": "moves",
    "RenameStmt": "renames",
}
#: Statements that put work on the server without changing what the database says.
WORKS = {
    "AlterCollationStmt": "refreshes collation",
    "AlterDatabaseRefreshCollStmt": "refreshes collations of",
    "CheckPointStmt": "writes a checkpoint",
    "ClusterStmt": "reorders",
    "NotifyStmt": "notifies",
    "RefreshMatViewStmt": "refreshes",
    "ReindexStmt": "rebuilds",
    "VacuumStmt": "vacuums or analyzes",
}
#: Statements that overwrite what nobody keeps.
OVERWRITES = {
    "AlterDatabaseSetStmt": "settings of database",
    "AlterDatabaseStmt": "settings of database",
    "AlterExtensionStmt": "version of extension",
    "AlterFdwStmt": "options of foreign-data wrapper",
    "AlterForeignServerStmt": "options of server",
    "AlterFunctionStmt": "properties of function",
    "AlterOperatorStmt": "properties of operator",
    "AlterOwnerStmt": "owner of",
    "AlterPolicyStmt": "policy",
    "AlterRoleSetStmt": "settings of role",
    "AlterSeqStmt": "state of sequence",
    "AlterStatsStmt": "properties of statistics",
    "AlterSystemStmt": "configuration of the server",
    "AlterTSConfigurationStmt": "mappings of text search configuration",
    "AlterTSDictionaryStmt": "options of dictionary",
    "AlterTableMoveAllStmt": "tablespace of everything in",
    "AlterTableSpaceOptionsStmt": "options of tablespace",
    "AlterTypeStmt": "properties of type",
    "AlterUserMappingStmt": "options of user mapping",
    "CommentStmt": "comment on",
    "ReassignOwnedStmt": "owner of everything of",
    "SecLabelStmt": "security label of",
}
#: Statements that ROLLBACK does not take back: they do not run in a transaction, or reach out of it.
LASTING = frozenset(
    """
    CreatedbStmt DropdbStmt CreateTableSpaceStmt DropTableSpaceStmt AlterSystemStmt AlterDatabaseStmt
    CreateSubscriptionStmt DropSubscriptionStmt
    """.split()
)


def perform(node: Any, session: Session) -> None:
    """Add to the session what one statement does."""
    what = kind(node)
    if what in USES or what in TOUCHES or (what not in LOOKS and ANYTHING in session.stored.armed):
        fire(node, session)
    if what in ADDS or what in OVERWRITES or what in TURNS or what.startswith(("Drop", "Alter", "Grant")):
        happen(session)
    if what in SPECIAL:
        SPECIAL[what](node, session)
        return
    if what not in DEFERRED:
        rows.expressions(node, session)
    undone = what not in LASTING
    if what in LOOKS:
        record_effect(node, session, "observe", "sql-look", "looks")
    elif what in ADDS:
        definitions.adds(node, session, ADDS[what], undone)
        if what == "CreateFunctionStmt":
            _create_function(node, session)
        elif what == "CreateExtensionStmt" and session.certain:
            session.stored.extensions.add(node.extname)
        arm(node, session)
    elif what in REMOVES:
        definitions.drops(names(node), REMOVES[what], session, undone=undone)
    elif what in TURNS:
        session.forget()
        rename(session)
        name = next(iter(names(node)), ())
        if getattr(node, "renameType", None) and node.renameType.name == "OBJECT_SCHEMA":
            session.stored.any_schema = True
        elif name:
            session.stored.rename(name, getattr(node, "newname", "") or name[-1])
        record_effect(node, session, "replace", "sql-alter", f"{TURNS[what]} {said(node)}", "counterpart")
    elif what in WORKS:
        record_effect(node, session, "run", "sql-maintenance", f"{WORKS[what]} {said(node)}".rstrip())
    elif what in OVERWRITES:
        says = f"overwrites the {OVERWRITES[what]} {said(node)}".rstrip() + "; the old one is kept nowhere"
        record_effect(node, session, "replace", "sql-overwrite", says, undone=undone)
    else:
        says = f"a statement that agentguard does not know ({what})"
        record_effect(node, session, "unknown", "sql-unknown-statement", says)


def use(node: Any, session: Session) -> None:
    """Add what a statement that is stored in the database does when it is used: what it defines, or itself."""
    what = kind(node)
    if what == "CreateFunctionStmt":
        body(node, session.source, session, perform)
    elif what == "RuleStmt":
        for action in node.actions or ():
            perform(action, session)
    elif what in ("SelectStmt", "CopyStmt"):
        perform(node, session)
    else:
        rows.expressions(node, session)


def _create_function(node: Any, session: Session) -> None:
    name = parts(node.funcname)
    inner = session.inner()
    made = session.stored.made.setdefault(name[-1], [])
    made.append(Made(inner, session.sure))
    body(node, session.source, inner, perform)
    session.arms(f"{'procedure' if node.is_procedure else 'function'} {'.'.join(name)}", inner)


def _create_schema(node: Any, session: Session) -> None:
    record_effect(node, session, "create", "sql-create", f"creates schema {node.schemaname or ''}".rstrip())
    for element in node.schemaElts or ():
        perform(element, session)


def _create_table_as(node: Any, session: Session) -> None:
    rows.expressions(node, session)
    if kind(node.query) == "ExecuteStmt":
        _execute(node.query, session)
    if node.if_not_exists:
        session.forget()


def _explain(node: Any, session: Session) -> None:
    if option(node.options, "analyze"):
        perform(node.query, session)
    else:
        record_effect(node, session, "observe", "sql-look", "explains without running", target=Target("query", ""))
        fire(node, session)
        for call in below(node):  # planning calls functions that are declared immutable
            if kind(call) == "FuncCall" and stored.is_own(parts(call), session):
                calls.function(call, session)


def _prepare(node: Any, session: Session) -> None:
    inner = session.inner()
    perform(node.query, inner)
    session.prepared.setdefault(node.name, []).append(inner)
    record_effect(node, session, "observe", "sql-look", "prepares a statement", target=Target("statement", node.name))


def _execute(node: Any, session: Session) -> None:
    if node.name not in session.prepared:
        says = f"runs the prepared statement {node.name}, which was not prepared here"
        record_effect(node, session, "unknown", "sql-unknown-prepared", says, target=Target("statement", node.name))
    for prepared in session.prepared.get(node.name, ()):
        session.include(prepared)
    rows.expressions(node, session)


def _transaction(node: Any, session: Session) -> None:
    what = node.kind.name.removeprefix("TRANS_STMT_")
    name = node.savepoint_name or node.gid or ""
    target = Target("transaction", name)
    if what in ("BEGIN", "START"):
        session.begin()
    elif what in ("COMMIT", "PREPARE"):
        session.commit(bool(node.chain))
    elif what == "ROLLBACK":
        session.rollback(bool(node.chain))
    elif what == "SAVEPOINT":
        session.savepoint(name)
    elif what == "RELEASE":
        session.release(name)
    elif what == "ROLLBACK_TO":
        session.rollback_to(name)
    elif what == "COMMIT_PREPARED":
        says = f"commits the prepared transaction {name}, which was not seen"
        record_effect(node, session, "unknown", "sql-commit-prepared", says, target=target)
    else:
        says = f"throws away the prepared transaction {name}"
        record_effect(node, session, "remove", "sql-rollback-prepared", says, target=target, undone=False)


def _do(node: Any, session: Session) -> None:
    from .plpgsql import block

    block(node, session)


def _call(node: Any, session: Session) -> None:
    name, given = parts(node.funccall), len(node.funccall.args or ())
    rows.expressions(node.funccall.args, session)
    found = session.stored.functions(name, given)
    made = stored.made(name, session, found is not None)
    stored.bodies(found or [], session)
    session.commit()  # a procedure may end transactions
    if not made and not found:
        says = f"calls the procedure {'.'.join(name)}, which may do anything"
        record_effect(node, session, "unknown", "sql-call", says, target=Target("procedure", ".".join(name)))


def _discard(node: Any, session: Session) -> None:
    session.forget()
    record_effect(
        node, session, "observe", "sql-look", "discards its own session's state", target=Target("session", "")
    )


def _load(node: Any, session: Session) -> None:
    says = f"loads the library {node.filename} into the server, which may do anything"
    record_effect(node, session, "unknown", "sql-load", says, target=Target("library", node.filename))


SPECIAL: dict[str, Callable[[Any, Session], None]] = {
    **dict.fromkeys(("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"), rows.query),
    "DeclareCursorStmt": rows.query,
    **dict.fromkeys(("GrantStmt", "GrantRoleStmt", "AlterDefaultPrivilegesStmt"), definitions.grant),
    **dict.fromkeys(("AlterPublicationStmt", "AlterSubscriptionStmt", "AlterOpFamilyStmt"), definitions.alter_members),
    "AlterDomainStmt": definitions.alter_domain,
    "AlterEnumStmt": definitions.alter_enum,
    "AlterRoleStmt": definitions.alter_role,
    "AlterTableStmt": definitions.alter_table,
    "CallStmt": _call,
    "CopyStmt": rows.copy,
    "CreateSchemaStmt": _create_schema,
    "CreateTableAsStmt": _create_table_as,
    "DiscardStmt": _discard,
    "DoStmt": _do,
    "DropStmt": definitions.drop,
    "ExecuteStmt": _execute,
    "ExplainStmt": _explain,
    "LoadStmt": _load,
    "PrepareStmt": _prepare,
    "TransactionStmt": _transaction,
    "TruncateStmt": rows.truncate,
    "VariableSetStmt": calls.setting,
}
