"""What git forgets by the way: many commands end in `gc --auto`, which the configuration may let forget early.

It does anything only where many loose objects or packs have come together (git-gc(1), --auto).
"""

from __future__ import annotations

import os

from ...core.effect import Target
from ...core.text.encoding import encode
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from . import settings
from .objects import objects_unreachable, reflog_only
from .refs import lost
from .refspecs import pushed_to
from .remotes import places
from .worktrees import worktrees_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from .git import Git

#: How many objects a directory of loose ones may get by the call itself, of which git counts but one of 256.
_MAY_COME = 4
_PUSHES = (("push",), ("send-pack",), ("subtree", "push"))


def auto_gc_drops(call: Call, git: Git, world: World) -> Answer:
    """What the `gc --auto` at the end of a call would lose, here or where it pushes to."""
    found: list[Target] = []
    if call.command in _PUSHES:
        remote = pushed_to(call, git)
        for there in places(git, remote, push=True):
            if there is not None and settings.is_on(there, "receive.autogc", True):
                found += _dropped(call, there, world)
    elif settings.is_on(git, "maintenance.auto", True):
        found += _dropped(call, git, world)
    return lost(dict.fromkeys(found))


def _dropped(call: Call, git: Git, world: World) -> Iterator[Target]:
    early = {key.rpartition(".")[2] for key, _ in git.settings() if key.startswith("gc.") and "expire" in key}
    if not early or not _is_due(git):
        return
    if early & {"reflogexpire", "reflogexpireunreachable"}:
        yield from reflog_only(call, git, world).lost
        if call.has("--amend") or call.command in (("rebase",), ("pull",)):
            yield Target("commit", "the commits that it makes anew", (git.directory, git.head))
    if "pruneexpire" in early:
        yield from objects_unreachable(call, git, world).lost
    if "worktreepruneexpire" in early:
        yield from worktrees_gone(call, git, world).lost


def _is_due(git: Git) -> bool:
    """Whether there is so much that git packs it (builtin/gc.c, need_to_gc)."""
    most = _number(git, "gc.auto", 6700)
    if most <= 0:
        return False
    objects = git.value("rev-parse", "--path-format=absolute", "--git-path", "objects")
    loose = len(_names(objects, "17"))
    packs = sum(name.endswith(b".pack") for name in _names(objects, "pack"))
    return loose + _MAY_COME > (most + 255) // 256 or 0 < _number(git, "gc.autoPackLimit", 50) <= packs


def _number(git: Git, key: str, default: int) -> int:
    return int(git.value("config", "--type=int", "--get", key) or default)


def _names(objects: str, directory: str) -> list[bytes]:
    place = encode(os.path.join(objects, directory))
    return os.listdir(place) if os.path.isdir(place) else []
