"""Looking into the syntax trees of PostgreSQL's parser: names, constants, everything below a node."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: Stands in a text for what is not known before it runs; no constant holds it.
UNKNOWN = "\uf8ff"
#: Where the nodes of statements keep the name of what they are about, in the order to look.
NAMED_BY = (
    "base", "relation", "relations", "rel", "view", "sequence", "into", "objects", "object", "typeName", "typevar",
    "funcname", "func", "defnames", "domainname", "opclassname", "opfamilyname", "operatorName", "conversion_name",
    "collname", "cfgname", "dictname", "dbname", "extname", "subname", "pubname", "servername", "fdwname",
    "tablespacename", "amname", "plname", "schemaname", "trigname", "policy_name", "role", "roles", "rolename",
    "idxname", "name", "portalname", "conditionname", "remote_schema", "orig_tablespacename",
)  # fmt: skip


def kind(node: Any) -> str:
    """The node's type, as PostgreSQL's sources call it."""
    return type(node).__name__


def below(node: Any) -> Iterator[Any]:
    """The node and all nodes below it, outer ones first."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif hasattr(one, "__slots__") and not isinstance(one, (str, int)):
            yield one
            waiting.extend(getattr(one, member) for member in reversed(tuple(one)))


def parts(name: Any) -> tuple[str, ...]:
    """The dotted name that a node or a list of nodes stands for; () if it is none."""
    if name is None:
        return ()
    if isinstance(name, str):
        return (name,)
    if isinstance(name, tuple):
        return tuple(part for one in name for part in parts(one))
    what = kind(name)
    if what == "String":
        return (name.sval,)
    if what == "RangeVar":
        return tuple(part for part in (name.catalogname, name.schemaname, name.relname) if part)
    if what == "IntoClause":
        return parts(name.rel)
    if what == "TypeName":
        return parts(name.names)
    if what in ("ObjectWithArgs", "FuncCall"):
        return parts(name.objname if what == "ObjectWithArgs" else name.funcname)
    if what == "RoleSpec":
        return (name.rolename or name.roletype.name.removeprefix("ROLESPEC_").lower(),)
    if what in ("VacuumRelation", "CreateStmt"):
        return parts(name.relation)
    return ()


def names(node: Any) -> list[tuple[str, ...]]:
    """The dotted names of what a statement is about, as far as its node says."""
    for member in NAMED_BY:
        value = getattr(node, member, None)
        if value is None:
            continue
        if member in ("objects", "relations", "roles") and isinstance(value, tuple):
            return [parts(one) for one in value]
        if found := parts(value):
            return [found]
    return []


def constant(node: Any) -> str | None:
    """The text of a string constant, through casts ('x'::regclass); None if it is not one or not known."""
    while kind(node) == "TypeCast":
        node = node.arg
    if kind(node) == "A_Const" and kind(node.val) == "String":
        return None if UNKNOWN in node.val.sval else str(node.val.sval)
    return None


def option(options: tuple[Any, ...] | None, name: str) -> bool:
    """Whether a boolean option of a list like EXPLAIN's is on."""
    on = False
    for one in options or ():
        if one.defname == name:
            value = getattr(one.arg, "sval", getattr(one.arg, "ival", getattr(one.arg, "boolval", None)))
            on = one.arg is None or str(value).lower() not in ("false", "off", "0")
    return on
