"""Which Railway environment a directory is linked to, from railway's own file and without a network call.

`~/.railway/config.json` maps directories to the project, environment and service that were
linked there; the nearest one at or above the working directory counts. Variables come before it.
"""

from __future__ import annotations

import os.path

from ...core.call import Unresolved
from ...core.world import Unseen, World
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
    env = call.invocation.env
    if env.get("RAILWAY_TOKEN"):
        raise Unseen("the environment is the token's, which only Railway knows")
    given = env.get(f"RAILWAY_{key.upper()}_ID") if env.get("RAILWAY_PROJECT_ID") else None
    path = os.path.join(env.get("HOME", ""), ".railway", FILES.get(env.get("RAILWAY_ENV", ""), "config.json"))
    records = _records(world.read(path, call.invocation.cwd), path)
    if given:
        named = (one for one in records.values() if key == "environment" and one.get("environment") == given)
        return str(next(named, {}).get("environmentName") or given)
    for directory in _upwards(call.invocation.cwd):
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
    if isinstance(cwd, Unresolved):
        raise Unseen(f"the directory {cwd.written} is not known before the line runs")
    while True:
        yield cwd
        above = os.path.dirname(cwd)
        if above == cwd:
            return
        cwd = above
