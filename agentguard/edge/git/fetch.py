"""What a fetch would take away from the refs that are here."""

from __future__ import annotations

from ...core.context import stdin
from ...core.effect import Target
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from . import settings
from .refs import logged_kinds, lost, unreachable
from .refspecs import between
from .remotes import refs_fetched
from .submodule_paths import recurses, submodules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from .git import Git


def all_tags(call: Call, git: Git, world: World) -> Answer:
    """What `fetch --prune-tags` may lose: tags that are here, unless a remote on this machine has them too."""
    if not git.lines("remote"):
        raise Unseen("which tags the remote has is not seen")
    there = None if call.has("--all", "--multiple") else refs_fetched(git, remote_of(call, git))
    if there is not None:
        here = git.lines("for-each-ref", "--format=%(refname)", "refs/tags")
        return unreachable(git, [ref for ref in here if ref not in there])
    directory = git.directory
    tags = [line.split(" ") for line in git.lines("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags")]
    return lost(Target("tag", ref.removeprefix("refs/tags/"), (directory, ref, held)) for ref, held in tags)


def fetch_overwrites(call: Call, git: Git, world: World) -> Answer:
    """What a forced fetch lets go: what refs without a reflog held, tags above all, unless the remote has it there."""
    if _goes_into_submodules(call, git):
        raise Unseen("what is set in submodules, forced as this is, is not seen")
    there = None if call.has("--all", "--multiple") else refs_fetched(git, remote_of(call, git))
    here = dict(line.split(" ") for line in git.lines("for-each-ref", "--format=%(refname) %(objectname)"))
    gone, kinds = [], logged_kinds(git)
    for source, ref in _forced(call, git, world):
        for one in here:
            middle = "" if one == ref else between(one, ref)
            if middle is None or one.startswith(kinds):
                continue
            theirs = source.replace("*", middle)
            if there is None or any(there.get(name, here[one]) != here[one] for name in _full(theirs)):
                gone.append(one)
    return unreachable(git, gone)


def refspecs_given(call: Call, world: World) -> tuple[str, ...]:
    """The refspecs that a fetch is given on the line, or a line each on standard input."""
    given = decode(stdin(call.invocation.stdin, world)).splitlines() if call.has("--stdin") else ()
    return (*call.operand_texts[1:], *filter(None, given))


def _goes_into_submodules(call: Call, git: Git) -> bool:
    """Whether a forced fetch is one of every submodule's tags as well."""
    told = settings.value(git, "fetch.recurseSubmodules").lower()
    is_told = told in ("true", "yes", "on", "1") and not call.has("--no-recurse-submodules")
    return (is_told or recurses(call, git)) and call.has("-f", "--force") and any(submodules(git, ()))


def _forced(call: Call, git: Git, world: World) -> Iterator[tuple[str, str]]:
    """The pairs of refs there and here, maybe with stars, of which those here are set whatever they held.

    What `--refmap` has stands in for the configured refspecs, of which any may fit what is fetched.
    """
    force, words = call.has("-f", "--force"), iter((*refspecs_given(call, world), *call.texts("--refmap")))
    for word in words:
        if word == "tag":
            name = f"refs/tags/{next(words, '')}"
            word = f"{name}:{name}"
        source, _, ref = word.removeprefix("+").partition(":")
        if ref and (force or word.startswith("+")):
            yield from ((source, full) for full in _full(ref))
    configured = settings.value(git, f"remote.{remote_of(call, git)}.tagOpt") == "--tags"
    if force and (call.has("-t", "--tags") or configured):
        yield "refs/tags/*", "refs/tags/*"


def _full(ref: str) -> tuple[str, ...]:
    """The refs that a name may mean."""
    return (ref,) if ref.startswith("refs/") else (f"refs/{ref}", f"refs/heads/{ref}", f"refs/tags/{ref}")


def remote_of(call: Call, git: Git) -> str:
    """The remote that is fetched from (git-fetch(1))."""
    branch = git.head.removeprefix("refs/heads/")
    named = call.operand_texts[:1]
    return named[0] if named else settings.value(git, f"branch.{branch}.remote") or _only_one(git)


def _only_one(git: Git) -> str:
    """The remote without a name: the only one, else "origin" (git-fetch(1))."""
    remotes = git.lines("remote")
    return remotes[0] if len(remotes) == 1 else "origin"
