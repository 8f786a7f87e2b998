"""Calls of functions in a query, and settings of the session."""

from __future__ import annotations

from ...core.effect import Target
from ...core.value import TYPE_CHECKING
from . import functions
from .nodes import UNKNOWN, constant, kind, parts
from .note import note

if TYPE_CHECKING:
    from typing import Any

    from .session import Session

#: The setting that decides whether a backslash in '…' escapes a quote.
QUOTING = "standard_conforming_strings"


def function(node: Any, session: Session) -> None:
    """One call, by what is known of the function's name."""
    name = parts(node)
    schema, short = ".".join(name[:-1]), name[-1]
    arguments = [constant(argument) for argument in node.args or ()]
    made_here = short in session.functions
    builtin = schema in ("", "pg_catalog") and not made_here
    if builtin and short in functions.EFFECTS:
        _effect(node, session, short, next((argument for argument in arguments if argument), ""))
    elif builtin and short == "set_config" and arguments and harmless_setting(arguments[0], node.args[1:2]):
        session.forget()
    elif (builtin and short in functions.HARMLESS) or schema == "information_schema":
        return
    elif builtin and short in functions.CARRY_SQL and arguments and arguments[0] is not None:
        _carried(arguments[0], session)
    elif not made_here and (short in functions.EXTENSIONS or functions.is_postgis(short)):
        return
    elif short in functions.ELSEWHERE:
        says = f"{short}() runs SQL on another server, which cannot be seen from here"
        note(node, session, "unknown", "sql-elsewhere", says, target=Target("function", ".".join(name)))
    else:
        says = f"calls {'.'.join(name)}(), which may do anything: agentguard does not know this function"
        note(node, session, "unknown", "sql-unknown-function", says, target=Target("function", ".".join(name)))


def _effect(node: Any, session: Session, name: str, on: str) -> None:
    verb, rule, says = functions.EFFECTS[name]
    target = Target("function", name)
    if on:
        target = session.target("sequence" if "sequence" in says else "object", tuple(on.split(".")))
    says = f"{says}: {name}({on})"
    note(node, session, verb, rule, says, undone=name in functions.ROLLED_BACK, target=target)


def _carried(text: str, session: Session) -> None:
    """SQL in a function's argument, which cannot end the transaction that it is in."""
    from . import execute

    inner = session.inner()
    execute(text, inner)
    session.include(inner)


def harmless_setting(name: str | None, value: tuple[Any, ...]) -> bool:
    """Whether a setting of the session changes nothing of how its SQL is to be read."""
    if name is None or UNKNOWN in name:
        return False
    text = next((str(one.val.sval) for one in value if kind(one) == "A_Const" and hasattr(one.val, "sval")), "")
    return name.lower() != QUOTING or text.lower() in ("on", "true", "yes", "1")


def setting(node: Any, session: Session) -> None:
    """SET, RESET."""
    session.forget()
    target = Target("setting", node.name or "")
    if node.kind.name != "VAR_SET_VALUE" or harmless_setting(node.name or "", node.args or ()):
        note(node, session, "observe", "sql-look", "changes a setting of its own session", target=target)
    else:
        says = f"changes how quotes are read ({node.name}): what follows cannot be read for sure"
        note(node, session, "unknown", "sql-quoting", says, target=target)
