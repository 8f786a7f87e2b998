"""A call of psql: what its commands, files and standard input would do."""

from __future__ import annotations

from ...core.call import Call
from ...core.context import Context
from ...core.effect import Reading

#: Options that make psql print something and end before it runs anything.
ONLY_TELLS = ("--help", "--version", "--list")


def read_call(call: Call, context: Context) -> Reading:
    """Everything that psql would run for this call; what its options alone do is for the rules."""
    from .run import run, script
    from .session import Psql

    psql = Psql(call, context, script)
    if call.has(*ONLY_TELLS):
        psql.outputs()
    else:
        run(psql)
    return Reading(tuple(psql.session.effects), psql.unguarded)
