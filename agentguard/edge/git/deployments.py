"""What a push writes into work trees of this machine: where the branch that is checked out there may be pushed to.

With receive.denyCurrentBranch=updateInstead, git takes the work tree along (git-config(1)). It refuses where that has
changes, but writes over what it ignores.
"""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING
from . import settings
from .arguments import worktrees
from .refs import resolved
from .refspecs import pushed_to, updates_there
from .remotes import links, places, refs
from .written import Written, gone_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from ...core.world import World
    from .git import Git


def deployed(call: Call, git: Git, world: World) -> Iterator[Written]:
    """The work trees that a push takes to other commits."""
    remote = pushed_to(call, git)
    for there in places(git, remote, push=True):
        if there is None or not _is_taken_along(call, git, remote, there):
            continue
        trees = {one["branch"]: one["worktree"] for one in worktrees(there) if "branch" in one and "bare" not in one}
        through = links(there)
        for update in updates_there(call, git, remote, dict.fromkeys([*refs(there), *trees])):
            tree = trees.get(through.get(update.ref, update.ref))
            if tree and update.source:
                yield gone_to(there.at_remote(tree).seeing(git), resolved(git, update.source), forced=False)


def _is_taken_along(call: Call, git: Git, remote: str, there: Git) -> bool:
    """Whether the other side says so; what the line says of how it is started may be any configuration."""
    told = call.has("--receive-pack", "--exec") or settings.value(git, f"remote.{remote}.receivepack")
    return bool(told) or settings.value(there, "receive.denyCurrentBranch").lower() == "updateinstead"
