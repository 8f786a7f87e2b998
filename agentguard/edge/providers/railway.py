"""Which Railway environment a directory is linked to, from railway's own file and without a network call.

`~/.railway/config.json` maps directories to the project, environment and service that were
linked there; the nearest one at or above the working directory counts. Variables come before it.
"""

from __future__ import annotations

import os.path

from ...core.unseen import Unseen
from ...core.word import text_of
from ...core.world import World
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ...core.call import Call

#: What RAILWAY_ENV makes of the file's name.
FILES = {"staging": "config-staging.json", "dev": "config-dev.json", "develop": "config-dev.json"}


def linked(key: str, call: Call, world: World) -> str | None:
    """The name of the linked "environment", or the id of the "project" or "service"; None without a link.

    Raises Unseen where a token decides, or the file cannot be read.
    """
    made = call.invocation
    if made.variable("RAILWAY_TOKEN"):
        raise Unseen("the environment is the token's, which only Railway knows")
    given = made.variable(f"RAILWAY_{key.upper()}_ID") if made.variable("RAILWAY_PROJECT_ID") else None
    file = FILES.get(made.variable("RAILWAY_ENV") or "", "config.json")
    path = os.path.join(made.variable("HOME") or "", ".railway", file)
    records = _records(world.read(path, made.cwd.guess), path)
    if given:
        named = (one for one in records.values() if key == "environment" and one.get("environment") == given)
        return str(next(named, {}).get("environmentName") or given)
    for directory in _upwards(text_of(made.cwd)):
        if directory in records:
            found = records[directory].get("environmentName" if key == "environment" else key)
            return str(found) if found else None
    return None


def _records(data: bytes, path: str) -> dict[str, dict[str, Any]]:
    """The links by their directories."""
    import json

    try:
        projects = json.loads(data)["projects"]
        return {directory: record for directory, record in projects.items() if isinstance(record, dict)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise Unseen(f"{path} is not as railway writes it") from fault


def _upwards(cwd: str) -> Iterator[str]:
    """A directory and those above it."""
    while True:
        yield cwd
        above = os.path.dirname(cwd)
        if above == cwd:
            return
        cwd = above
