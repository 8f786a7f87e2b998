"""Statements about definitions: CREATE, DROP, ALTER TABLE, GRANT and their kin."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .nodes import below, kind, names, parts
from .record_effect import DUMP_FIRST, TEMPORARY, TRY_FIRST, object_kind, record_effect, said
from .rows import expressions

if TYPE_CHECKING:
    from typing import Any

    from ...core.effect import Verb
    from .session import Session


def adds(node: Any, session: Session, thing: str, undone: bool) -> None:
    """CREATE, which overwrites with OR REPLACE."""
    target = session.target(thing, parts(node.idxname) if kind(node) == "IndexStmt" else next(iter(names(node)), ()))
    if any(one.defname == "program" for one in getattr(node, "options", None) or () if kind(node) in FOREIGN):
        says = f"creates {thing} {target.name}, which runs a program on the database server when it is read"
        record_effect(node, session, "unknown", "sql-copy-program", says, target=target)
    over = getattr(node, "replace", False)
    if over and session.stored.is_absent(thing, next(iter(names(node)), ())):
        says = f"creates {thing} {target.name}; the catalogue has none to be overwritten"
        record_effect(node, session, "create", "sql-create", says, target=target, undone=undone)
    elif over:
        says = f"overwrites the {thing} {target.name} if it is there (OR REPLACE)"
        record_effect(
            node, session, "replace", "sql-or-replace", says, target=target, instead="CREATE without OR REPLACE"
        )
    else:
        says = f"creates {thing} {target.name}".rstrip()
        record_effect(node, session, "create", "sql-create", says, target=target, undone=undone)
        if not getattr(getattr(node, "base", node), "if_not_exists", False):
            session.bear(target)


def drop(node: Any, session: Session) -> None:
    """DROP of most things."""
    cascade = node.behavior.name == "DROP_CASCADE"
    drops(names(node), object_kind(node.removeType), session, cascade, undone=not node.concurrent)


def drops(
    named: list[tuple[str, ...]], thing: str, session: Session, cascade: bool = False, undone: bool = True
) -> None:
    """One effect for each thing dropped; a whole database of production is beyond repair."""
    everything = " and everything that depends on it" if cascade else ""
    says = f"drops {thing} {', '.join('.'.join(one) for one in named)}{everything}"
    whole = thing == "database" or (thing == "schema" and cascade)
    for name in named or [()]:
        target = session.target(thing, name)
        where = session.database.of(target.name) if thing == "database" else session.database.environment
        grave = f"the whole {thing} {target.name} of production ({where.evidence})"
        effect = Effect(
            "remove",
            target,
            recoverable_by="temporary" if target.identity[2] == TEMPORARY else "",
            environment=where,
            rule=f"sql-drop-{thing}" if thing in ("database", "schema", "table") else "sql-drop",
            program=session.program,
            reason=says,
            instead=DUMP_FIRST,
            catastrophic=grave if whole and where.name == "production" else "",
        )
        session.add(effect, undone)


#: Statements whose options may give a program to file_fdw.
FOREIGN = ("CreateForeignTableStmt", "CreateForeignServerStmt")
#: What ALTER does to a part of a definition: verb, what brings it back, the word for it.
SORTS: dict[str, tuple[Verb, str, str]] = {
    "add": ("create", "", "adds to"),
    "switch": ("replace", "counterpart", "changes"),
    "overwrite": ("replace", "", "overwrites a part of"),
    "drop": ("remove", "", "drops a part of"),
}
_ALTER_TABLE = {
    "add": "AddColumn AddColumnToView AddIndex AddConstraint AddIndexConstraint AddIdentity ValidateConstraint",
    "switch": "SetNotNull DropNotNull EnableTrig EnableAlwaysTrig EnableReplicaTrig DisableTrig EnableTrigAll "
    "DisableTrigAll EnableTrigUser DisableTrigUser EnableRule EnableAlwaysRule EnableReplicaRule DisableRule "
    "EnableRowSecurity DisableRowSecurity ForceRowSecurity NoForceRowSecurity AttachPartition "
    "DetachPartitionFinalize AddInherit DropInherit AddOf SetLogged SetUnLogged",
    "drop": "DropColumn DropConstraint DropExpression DropIdentity DetachPartition DropOf",
}
#: ALTER TABLE's sub-commands; those that are not here overwrite something.
ALTER_TABLE = {name: sort for sort, all_names in _ALTER_TABLE.items() for name in all_names.split()}
#: What they overwrite or drop, in words; what is not here is said by its own name.
PARTS = {
    "AlterColumnType": "the type and values of column",
    "ColumnDefault": "the default of column",
    "ChangeOwner": "the owner",
    "SetTableSpace": "the tablespace",
    "SetStatistics": "the statistics target of column",
    "SetExpression": "the values of generated column",
    "SetRelOptions": "storage parameters",
    "ReplicaIdentity": "the replica identity",
    "DropColumn": "column",
    "DropConstraint": "constraint",
    "DropExpression": "the expression of column",
    "DropIdentity": "the identity of column",
    "DetachPartition": "the bounds of partition",
    "DropOf": "the type",
}


def alter_table(node: Any, session: Session) -> None:
    """ALTER TABLE, INDEX, SEQUENCE, VIEW …: one effect for each of its sub-commands."""
    expressions(node, session)
    target = session.target("table", parts(node.relation))
    if any(kind(one) == "RangeVar" for one in below(node.cmds)):
        session.forget()  # it ties another relation to this one, whose rows may go with it
        for one in below(node.cmds):
            if kind(one) == "RangeVar":
                session.stored.rename(parts(one), node.relation.relname)
    for command in node.cmds or ():
        what = command.subtype.name.removeprefix("AT_")
        sort = ALTER_TABLE.get(what, "overwrite")
        if what == "DetachPartition" and command.def_.concurrent:
            sort = "switch"  # it keeps the bounds, as a constraint of the table
        verb, recovery, word = SORTS[sort]
        partition = ".".join(parts(getattr(command.def_, "name", None)))
        part = f"{PARTS.get(what, what)} {command.name or getattr(command.def_, 'colname', '') or partition}".rstrip()
        if sort in ("overwrite", "drop"):
            says = f"{word.split()[0]} {part} of {target.name}"
            record_effect(node, session, verb, f"sql-alter-{sort}", says, target=target, instead=TRY_FIRST)
        else:
            record_effect(node, session, verb, "sql-alter", f"{word} {target.name}: {part}", recovery, target=target)


def alter_domain(node: Any, session: Session) -> None:
    """ALTER DOMAIN: T default, N and O null, C and V constraints, X drops one."""
    sort = {"N": "switch", "O": "switch", "C": "add", "V": "add", "X": "drop"}.get(node.subtype, "overwrite")
    verb, recovery, word = SORTS[sort]
    rule = f"sql-alter-{sort}" if sort in ("overwrite", "drop") else "sql-alter"
    record_effect(node, session, verb, rule, f"{word} domain {said(node)}", recovery)
    expressions(node, session)


def alter_enum(node: Any, session: Session) -> None:
    """ALTER TYPE … ADD VALUE, RENAME VALUE."""
    if node.oldVal:
        record_effect(node, session, "replace", "sql-alter", f"renames a value of type {said(node)}", "counterpart")
    else:
        record_effect(node, session, "create", "sql-alter", f"adds a value to type {said(node)}")


#: Attributes of a role that are on or off.
SWITCHES = frozenset(("superuser", "createdb", "createrole", "inherit", "canlogin", "isreplication", "bypassrls"))


def alter_role(node: Any, session: Session) -> None:
    """ALTER ROLE, USER, GROUP."""
    changed = {one.defname for one in node.options or ()}
    lost = ", ".join(sorted(changed - SWITCHES - {"rolemembers"}))
    if lost:
        says = f"overwrites the {lost} of role {said(node)}; the old one is kept nowhere"
        record_effect(node, session, "replace", "sql-overwrite", says)
    else:
        record_effect(node, session, "replace", "sql-alter", f"changes role {said(node)}", "counterpart")


def alter_members(node: Any, session: Session) -> None:
    """ALTER PUBLICATION, SUBSCRIPTION, OPERATOR FAMILY."""
    action = getattr(getattr(node, "action", None), "name", "") or getattr(getattr(node, "kind", None), "name", "")
    if action in ("AP_AddObjects", "ALTER_SUBSCRIPTION_ADD_PUBLICATION") or getattr(node, "isDrop", None) is False:
        record_effect(node, session, "create", "sql-alter", f"adds to {said(node)}")
    elif action in ("AP_DropObjects", "ALTER_SUBSCRIPTION_ENABLED", "ALTER_SUBSCRIPTION_DROP_PUBLICATION"):
        record_effect(node, session, "replace", "sql-alter", f"changes {said(node)}", "counterpart")
    elif action == "ALTER_SUBSCRIPTION_REFRESH":
        record_effect(node, session, "run", "sql-maintenance", f"refreshes {said(node)}")
    else:
        record_effect(node, session, "replace", "sql-overwrite", f"overwrites parts of {said(node)}")


def grant(node: Any, session: Session) -> None:
    """GRANT and REVOKE, of privileges, of roles, of defaults."""
    inner: Any = node.action if kind(node) == "AlterDefaultPrivilegesStmt" else node
    grantees = getattr(inner, "grantees", None) or getattr(inner, "grantee_roles", None) or ()
    roles = ", ".join(".".join(parts(role)) for role in grantees)
    target = Target("role", roles)
    if inner.is_grant:
        record_effect(node, session, "create", "sql-grant", f"grants privileges to {roles}", target=target)
    elif inner.behavior.name == "DROP_CASCADE":
        says = f"takes privileges from {roles}, and from everybody who had them through {roles} (CASCADE)"
        record_effect(node, session, "replace", "sql-revoke", says, target=target)
    elif kind(inner) == "GrantStmt" and not inner.privileges:
        says = f"takes all privileges from {roles}; which they had is kept nowhere"
        record_effect(
            node, session, "replace", "sql-revoke", says, target=target, instead="REVOKE the privileges by name"
        )
    else:
        says = f"takes privileges from {roles}"
        record_effect(node, session, "replace", "sql-revoke", says, "counterpart", target=target)
