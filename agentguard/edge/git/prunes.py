"""What a fetch removes or replaces here because the configuration says so, and what prunes and removed remotes take.

A fetch that prunes deletes every ref that is like a refspec's right side and that the remote does not have; with
`+refs/heads/*:refs/heads/*` these are the branches here, and with fetch.pruneTags the tags (git-fetch(1), Pruning).
"""

from __future__ import annotations

from ...core.world import Answer
from ...lean.typing import TYPE_CHECKING
from . import settings
from .fetch import refspecs_given, remote_of
from .refs import logged_kinds, stash_clear, unreachable
from .refspecs import between, full_names
from .remotes import fetched, grouped, is_local, places, refs, urls
from .tracking import on_a_remote, unproven

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ...core.call import Call
    from ...core.effect import Target
    from ...core.world import World
    from .git import Git

_TRACKING = "refs/remotes/"
_TAGS = "refs/tags/*:refs/tags/*"


def drops_by_configuration(call: Call, git: Git, world: World) -> Answer:
    """What would be lost; raises Unseen."""
    git = _added(call, git)
    return Answer(tuple(one for remote in _remotes(call, git) for one in _dropped(call, git, world, remote)))


def drops_with_remote(call: Call, git: Git, world: World) -> Answer:
    """What is lost with remote-tracking refs that no remote is known to have had, of which one takes the place."""
    name = call.operand_texts[-1] if call.operand_texts else ""
    return unreachable(git, unproven(git, name)) if name else Answer()


def _added(call: Call, git: Git) -> Git:
    """Git as it is configured when `remote add` has added its remote, and fetches from it."""
    if call.command != ("remote", "add") or len(call.operand_texts) < 2:
        return git
    name, url = call.operand_texts[:2]
    refspec = f"+refs/heads/*:refs/remotes/{name}/*"
    return git.like("-c", f"remote.{name}.url={url}", "-c", f"remote.{name}.fetch={refspec}")


def _remotes(call: Call, git: Git) -> list[str]:
    words, updates = call.operand_texts, call.command == ("remote", "update")
    if call.has("--all") or (updates and not words):
        return git.lines("remote")
    if call.command in (("remote", "remove"), ("remote", "add")):
        return list(words[:1])
    if updates or call.command == ("remote", "prune") or call.has("--multiple"):
        return [remote for word in words for remote in grouped(git, word)]
    return grouped(git, remote_of(call, git))


def _dropped(call: Call, git: Git, world: World, remote: str) -> Iterator[Target]:
    configured = [one for one in fetched(git, remote) if one.partition(":")[2]]
    takes_words = call.command in (("fetch",), ("pull",)) and not call.has("--multiple")
    given = refspecs_given(call, world) if takes_words else ()
    fetches = call.command[:1] != ("remote",) or call.command[1] in ("update", "add")
    pruning = list(_mapped(given)) if given else configured + [_TAGS] * (fetches and _on(git, remote, "pruneTags"))
    pruning = pruning if _prunes(call, git, remote) else []
    forced = [one for one in configured if one.startswith("+") and not _side(one).startswith(_TRACKING) and fetches]
    if not pruning and not forced:
        return
    (other,), here = places(git, remote, push=False), refs(git)
    there, is_removed = None if other is None else refs(other), call.command == ("remote", "remove")
    outside = [one for one in pruning if not _side(one).startswith(_TRACKING) and not is_removed]
    gone = {ref for one in outside for ref, theirs in _pairs(here, one) if there is None or theirs not in there}
    kept = logged_kinds(git)  # whose reflog has what they were
    gone |= {
        ref
        for one in forced
        for ref, theirs in _pairs(here, one)
        if _is_fetched(theirs, given)
        and not ref.startswith(kept)
        and (there is None or there.get(theirs, here[ref]) != here[ref])
    }
    yield from unreachable(git, sorted(gone)).lost
    if "refs/stash" in gone:
        yield from stash_clear(call, git, world).lost
    if there is None and not is_removed:
        return
    tracked = (pair for one in pruning if _side(one).startswith(_TRACKING) for pair in _pairs(here, one))
    going = {ref for ref, theirs in tracked if is_removed or theirs not in (there or {})}
    if going:
        yield from _tracked(git, remote, other, there or {}, going | gone)


def _tracked(git: Git, remote: str, other: Git | None, there: Mapping[str, str], going: set[str]) -> Iterable[Target]:
    """What remote-tracking refs have that go, if neither another ref nor the remote itself has it.

    What a remote on another host does not have any longer is not seen, but that it had what was fetched from it.
    """
    is_afar = not all(map(is_local, urls(git, remote, push=False)))
    known = on_a_remote(git) if is_afar else list(dict.fromkeys(there.values()))
    return unreachable(git.seeing(other) if other else git, sorted(going), known).lost


def _is_fetched(ref: str, given: Sequence[str]) -> bool:
    """Whether a ref of the remote is fetched where these refspecs are given: then the configured ones count as well."""
    sources = [word.removeprefix("+").partition(":")[0] for word in given]
    return not given or any("*" in one or one in ("", "HEAD") or ref in full_names(one) for one in sources)


def _prunes(call: Call, git: Git, remote: str) -> bool:
    if call.command in (("remote", "prune"), ("remote", "remove")):
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
