"""What functions do that somebody stored in the database: by their bodies, where these can be seen."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from . import functions

if TYPE_CHECKING:
    from .catalogue import Function
    from .session import Session

#: Languages whose bodies can be read.
READABLE = ("sql", "plpgsql")


def own(name: str, found: list[Function] | None, session: Session) -> bool:
    """Whether one of the functions found, or one that this call installs, is an extension's own, and is harmless."""
    if functions.is_postgis(name):
        here = any(one.startswith("postgis") for one in session.stored.extensions)
    else:
        here = bool(session.stored.extensions)
    return functions.is_extensions(name) and (here or any(one.extension for one in found or ()))


def is_own(name: tuple[str, ...], session: Session) -> bool:
    """Whether a function of that name is known that came with no server."""
    return name[-1] in session.stored.made or bool(session.stored.functions(name))


def bodies(found: list[Function], session: Session) -> None:
    """Add what each of some functions of the catalogue would do if it was called."""
    for one in found:
        if one.extension and (functions.is_extensions(one.name) or one.name in functions.HARMLESS):
            continue
        key = (one.schema, one.name, one.definition)
        known = session.stored.known
        if key not in known:
            known[key] = session.inner()  # one that calls itself does nothing more by that
            known[key] = _body(one, session.inner())
        session.include(known[key], f"{one.name}()")


def _body(one: Function, inner: Session) -> Session:
    for name in one.calls:
        call(name, inner)
    if one.language in READABLE:
        inner.use(one.definition)
    elif not one.calls:
        unknown((one.schema, one.name), f"is written in {one.language}, which agentguard cannot read", inner)
    return inner


def made(name: tuple[str, ...], session: Session, catalogued: bool) -> bool:
    """Add what functions that this call creates under that name would do; whether it is surely one of them."""
    here = session.stored.made.get(name[-1], []) if name else []
    for one in here:
        session.include(one.does, f"{name[-1]}()")
    return bool(here) and (catalogued or any(one.sure for one in here))


def meant(name: tuple[str, ...], session: Session) -> tuple[str, ...]:
    """A function's name with its schema, if the text that it stands in makes that sure."""
    return ("pg_catalog", *name) if session.qualified and len(name) == 1 else name


def call(name: tuple[str, ...], session: Session, given: int | None = None) -> None:
    """Add what a function does that is named to be called later, by a trigger, an operator, a cast."""
    if not name:
        return
    found = session.stored.functions(name, given)
    schema, short = ".".join(name[:-1]), name[-1]
    here = made(name, session, found is not None)
    if found:
        bodies(found, session)
    elif here or (schema in ("", "pg_catalog") and short in functions.QUIET) or own(short, found, session):
        return
    elif schema in ("", "pg_catalog") and (found is not None or schema) and not functions.acts(short):
        return  # the server's own, behind one of its operators, types or aggregates; if there is none, CREATE fails
    else:
        unknown(name, "may do anything", session)


def unknown(name: tuple[str, ...], says: str, session: Session) -> None:
    """Add that a function cannot be told."""
    function = ".".join(name)
    target = Target("function", function)
    where = session.database.environment
    reason = f"calls {function}(), which {says}"
    session.add(Effect("unknown", target, "", where, "sql-unknown-function", session.program, reason))
