"""Calls of functions in a query, and settings of the session."""

from __future__ import annotations

from ...core.effect import Target
from ...lean.typing import TYPE_CHECKING
from . import functions, stored
from .nodes import UNKNOWN, constant, kind, parts
from .record_effect import record_effect

if TYPE_CHECKING:
    from typing import Any

    from .session import Session

#: The setting that decides whether a backslash in '…' escapes a quote.
QUOTING = "standard_conforming_strings"
#: The setting that decides which bytes are a character.
ENCODING = "client_encoding"
#: Encodings in which a later byte of a character can be that of `\\`, and their other names (pg_encname_tbl).
UNSAFE = frozenset(
    """
    big5 gb18030 gbk johab mskanji shiftjis shiftjis2004 sjis uhc win932 win936 win949 win950 windows932 windows936
    windows949 windows950
    """.split()  # noqa: SIM905
)


def function(node: Any, session: Session) -> None:
    """One call, by what is known of the function's name."""
    name = stored.meant(parts(node), session)
    schema, short = ".".join(name[:-1]), name[-1]
    arguments = [constant(argument) for argument in node.args or ()]
    any_number = node.func_variadic or any(kind(one) == "NamedArgExpr" for one in node.args or ())
    found = session.stored.functions(name, None if any_number else len(arguments))
    made = stored.made(name, session, found is not None)
    stored.bodies(found or [], session)
    made_here = short in session.stored.made
    builtin = schema in ("", "pg_catalog") and not made_here
    extensions = not made_here and stored.own(short, found, session)
    if builtin and short in functions.EFFECTS:
        _effect(node, session, short, next((argument for argument in arguments if argument), ""))
    elif builtin and short == "set_config" and arguments and harmless_setting(arguments[0], node.args[1:2]):
        session.forget()
    elif builtin and short in functions.READ_RELATIONS:
        one = arguments[0] if arguments and functions.READ_RELATIONS[short] == "one" else None
        _reads(one, session)
    elif (builtin and short in functions.HARMLESS) or schema == "information_schema":
        return
    elif (
        not made_here
        and short in functions.CARRY_SQL
        and (builtin or any(one.extension for one in found or ()))
        and (texts := _texts(node, functions.CARRY_SQL[short]))
    ):
        for text in texts:
            _carried(text, session)
    elif extensions or made or (found and short not in functions.ELSEWHERE):
        return  # the bodies of all that may be meant have been read
    elif short in functions.ELSEWHERE:
        says = f"{short}() runs SQL on another server, which cannot be seen from here"
        record_effect(node, session, "unknown", "sql-elsewhere", says, target=Target("function", ".".join(name)))
    elif functions.is_extensions(short) and not made_here:
        says = f"calls {'.'.join(name)}(): whether that is the extension's own function cannot be seen from here"
        record_effect(node, session, "unknown", "sql-unknown-function", says, target=Target("function", ".".join(name)))
    else:
        says = f"calls {'.'.join(name)}(), which may do anything: agentguard does not know this function"
        record_effect(node, session, "unknown", "sql-unknown-function", says, target=Target("function", ".".join(name)))


def functional(node: Any, session: Session) -> None:
    """`t.f` or `(t).f`, which calls f(t) where t has no column f, if there is a function of that name."""
    indirect = kind(node) == "A_Indirection"
    name = parts(node.indirection if indirect else node.fields)
    if len(name) < 1 + (not indirect):
        return
    found = session.stored.functions(name[-1:], 1)
    stored.bodies(found or [], session)
    if name[-1] in session.stored.made and not stored.made(name[-1:], session, found is not None):
        says = f"calls {name[-1]}({name[-2] if len(name) > 1 else ''}), which may do anything"
        record_effect(node, session, "unknown", "sql-unknown-function", says, target=Target("function", name[-1]))


def _texts(node: Any, places: tuple[int, ...]) -> list[str]:
    """The constant arguments at those places, as far as they are given; none if one of them is not known."""
    given = node.args or ()
    texts = [constant(given[place]) for place in places if place < len(given)]
    return [] if None in texts else [text for text in texts if text is not None]


def _effect(node: Any, session: Session, name: str, on: str) -> None:
    verb, rule, says = functions.EFFECTS[name]
    target = Target("function", name)
    if on:
        target = session.target("sequence" if "sequence" in says else "object", tuple(on.split(".")))
    says = f"{says}: {name}({on})"
    record_effect(node, session, verb, rule, says, undone=name in functions.ROLLED_BACK, target=target)


def _reads(relation: str | None, session: Session) -> None:
    """A function reads that relation, or any that there is: what runs when it is read."""
    catalogue = session.stored.catalogue
    views = catalogue.views() if catalogue is not None else ()
    for name in [relation] if relation else [".".join(f'"{part}"' for part in view) for view in views]:
        _carried(f"SELECT * FROM {name}", session)


def _carried(text: str, session: Session) -> None:
    """SQL in a function's argument, which cannot end the transaction that it is in."""
    inner = session.inner()
    inner.execute(text)
    session.include(inner)


def harmless_setting(name: str | None, value: tuple[Any, ...]) -> bool:
    """Whether a setting of the session changes nothing of how its SQL is to be read."""
    if name is None or UNKNOWN in name:
        return False
    text = next((str(one.val.sval) for one in value if kind(one) == "A_Const" and hasattr(one.val, "sval")), "")
    if name.lower() == ENCODING:
        return bool(text) and is_safe(text)
    return name.lower() != QUOTING or text.lower() in ("on", "true", "yes", "1")


def is_safe(encoding: str) -> bool:
    """Whether every byte of an encoding that looks like ASCII is ASCII; "" is the server's own, where it must be."""
    return UNKNOWN not in encoding and "".join(filter(str.isalnum, encoding)).lower() not in UNSAFE


def setting(node: Any, session: Session) -> None:
    """SET, RESET."""
    session.forget()
    target = Target("setting", node.name or "")
    if node.kind.name != "VAR_SET_VALUE" or harmless_setting(node.name or "", node.args or ()):
        record_effect(node, session, "observe", "sql-look", "changes a setting of its own session", target=target)
    else:
        says = f"changes how quotes are read ({node.name}): what follows cannot be read for sure"
        record_effect(node, session, "unknown", "sql-quoting", says, target=target)
