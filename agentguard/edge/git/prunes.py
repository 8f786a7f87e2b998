"""What a fetch removes or replaces here because the configuration says so: refs that no remote-tracking ones are.

A fetch that prunes deletes every ref that is like a refspec's right side and that the remote does not have; with
`+refs/heads/*:refs/heads/*` these are the branches here, and with fetch.pruneTags the tags (git-fetch(1), Pruning).
"""

from __future__ import annotations

from ...core.world import Answer
from ...lean.typing import TYPE_CHECKING
from . import settings
from .fetch import remote_of
from .push import between
from .refs import logged_kinds, stash_clear, unreachable
from .remotes import fetched, grouped, refs_fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from ...core.effect import Target
    from ...core.world import World
    from .git import Git

_TRACKING = "refs/remotes/"
_TAGS = "refs/tags/*:refs/tags/*"


def drops_by_configuration(call: Call, git: Git, world: World) -> Answer:
    """What would be lost; raises Unseen."""
    return Answer(tuple(one for remote in _remotes(call, git) for one in _dropped(call, git, world, remote)))


def _remotes(call: Call, git: Git) -> list[str]:
    words, updates = call.operand_texts, call.command == ("remote", "update")
    if call.has("--all") or (updates and not words):
        return git.lines("remote")
    if updates or call.command == ("remote", "prune") or call.has("--multiple"):
        return [remote for word in words for remote in grouped(git, word)]
    return grouped(git, remote_of(call, git))


def _dropped(call: Call, git: Git, world: World, remote: str) -> Iterator[Target]:
    refspecs = [one for one in fetched(git, remote) if one.partition(":")[2]]
    given = call.operand_texts[1:] if call.command in (("fetch",), ("pull",)) and not call.has("--multiple") else ()
    fetches = call.command != ("remote", "prune")
    pruning = list(_mapped(given)) if given else refspecs + [_TAGS] * (fetches and _on(git, remote, "pruneTags"))
    outside = [one for one in pruning if not _side(one).startswith(_TRACKING) and _prunes(call, git, remote)]
    forced = [one for one in refspecs if one.startswith("+") and not _side(one).startswith(_TRACKING)]
    if not outside and not forced:
        return
    there = refs_fetched(git, remote)
    here = dict(line.split(" ") for line in git.lines("for-each-ref", "--format=%(refname) %(objectname)"))
    gone = {ref for one in outside for ref, theirs in _pairs(here, one) if there is None or theirs not in there}
    for one in forced if fetches and not given else ():
        kept = logged_kinds(git)  # whose reflog has what they were
        gone |= {
            ref
            for ref, theirs in _pairs(here, one)
            if not ref.startswith(kept) and (there is None or there.get(theirs, here[ref]) != here[ref])
        }
    yield from unreachable(git, sorted(gone)).lost
    if "refs/stash" in gone:
        yield from stash_clear(call, git, world).lost


def _prunes(call: Call, git: Git, remote: str) -> bool:
    if call.command == ("remote", "prune"):
        return True
    if call.has("--prune", "--no-prune"):
        return call.has("--prune")
    return _on(git, remote, "prune")


def _on(git: Git, remote: str, name: str) -> bool:
    """A setting of one remote, or else of every fetch."""
    return settings.is_on(git, f"remote.{remote}.{name}", settings.is_on(git, f"fetch.{name}"))


def _side(refspec: str) -> str:
    return refspec.partition(":")[2]


def _mapped(words: Iterable[str]) -> Iterator[str]:
    """The refspecs on the line that name a ref here; one by a short name may be a branch or a tag."""
    for word in words:
        theirs, _, ours = word.removeprefix("+").partition(":")
        for kind in ("",) if ours.startswith("refs/") else ("refs/", "refs/heads/", "refs/tags/") if ours else ():
            yield f"+{theirs}:{kind}{ours}"


def _pairs(here: Iterable[str], refspec: str) -> Iterator[tuple[str, str]]:
    """The refs here that are like a refspec's right side, each with the one of the remote that it follows."""
    theirs, _, ours = refspec.removeprefix("+").partition(":")
    for ref in here:
        middle = "" if ref == ours else between(ref, ours)
        if middle is not None:
            yield ref, theirs.replace("*", middle)
