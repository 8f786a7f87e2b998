"""Asks a PostgreSQL server on this machine for its catalogue, by the installed psql, as the call would connect.

The connection is the call's own: its options, its environment, its password file; never its start-up file, the
settings that it gives its session (PGOPTIONS), or a question for a password. What is asked is one query in a
transaction that can only read, with nothing but the server's own names in reach, and bounded in time and size.
"""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.word import Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from ..system.child import run
from .query import QUERY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from ..system.deadline import Deadline

#: Where psql is installed. PATH is the caller's to choose, and a program of theirs could say anything.
INSTALLED = (
    "/usr/bin/psql",
    "/usr/local/bin/psql",
    "/opt/homebrew/bin/psql",
    "/opt/local/bin/psql",
    "/run/current-system/sw/bin/psql",
)
#: Options that say where and as whom to connect, and how they are spelled here.
CONNECTS = {"--host": "-h", "--port": "-p", "--username": "-U", "--dbname": "-d"}
#: Variables of the call that choose its server, besides libpq's own.
ALSO = ("HOME", "USER", "LOGNAME")
#: libpq's variables that give the session settings, or have libpq load something.
NEVER = ("PGOPTIONS", "PGSSLKEY", "PGSSLCERT", "PGCLIENTENCODING", "PGAPPNAME")
SETTINGS = {
    "default_transaction_read_only": "on",
    "search_path": "pg_catalog,pg_temp",
    "statement_timeout": "2000",
    "lock_timeout": "500",
    "jit": "off",
    "standard_conforming_strings": "on",
}
SECONDS = 3.0
MOST_BYTES = 16 << 20


def catalogue(call: Call, deadline: Deadline) -> str:
    """The catalogue of the database that a call of psql connects to, as JSON; raises Unseen."""
    program = next((path for path in INSTALLED if os.access(path, os.X_OK)), "")
    if not program:
        raise Unseen("psql is not installed where a system has it")
    env = dict(_environment(call))
    if "HOME" not in env or os.path.lexists(os.path.join(env["HOME"], ".postgresqlrc")):
        raise Unseen("~/.postgresqlrc may choose another server")
    argv = [program, "-X", "-A", "-t", "-q", "--no-password", *_connection(call), "-c", QUERY]
    found = run(
        [encode(word) for word in argv],
        {encode(name): encode(value) for name, value in env.items()},
        min(SECONDS, deadline.left()),
        MOST_BYTES,
    )
    if found.status:
        raise Unseen("the server cannot be asked for its catalogue")
    return decode(found.out).strip()


def _connection(call: Call) -> Iterator[str]:
    """The words of the call that say where it connects, and those of its operands."""
    for argument in call.arguments:
        if argument.option in CONNECTS and argument.value is not None:
            yield from (CONNECTS[argument.option], text_of(argument.value))
    named = any(argument.option == "--dbname" for argument in call.arguments)
    for option, word in zip(("-U",) if named else ("-d", "-U"), call.operands, strict=False):
        yield from (option, text_of(word))


def _environment(call: Call) -> Iterator[tuple[str, str]]:
    for name, word in call.invocation.env.items():
        if (name.startswith("PG") and name not in NEVER) or name in ALSO:
            if isinstance(word, Unknown):
                raise Unseen(f"{name} is not known before it runs")
            yield name, word.text
    yield "PATH", os.confstr("CS_PATH") or "/usr/bin:/bin"
    yield "PGCONNECT_TIMEOUT", "2"
    yield "PGCLIENTENCODING", "UTF8"
    yield "PGAPPNAME", "agentguard"
    yield "PGOPTIONS", " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
