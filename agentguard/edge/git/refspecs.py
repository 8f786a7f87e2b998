"""What a push is told to update: refspecs of the line, of options and of the configuration (git-push(1))."""

from __future__ import annotations

from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from . import settings
from .refs import resolved
from .remotes import raise_if_in_a_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from .git import Git

UNSEEN = "what the remote holds now is not seen"


class Update(Value):
    """One ref of the remote that is pushed to: `source` is "" where it is deleted."""

    source: str
    ref: str
    forced: bool


def pushed_to(call: Call, git: Git) -> str:
    """The remote that is pushed to (git-push(1))."""
    given = call.operand_texts[0] if call.operand_texts else call.text("--repo")
    if given:
        return given
    branch = git.head.removeprefix("refs/heads/")
    for key in (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote"):
        configured = settings.value(git, key)
        if configured:
            return configured
    return "origin"


def is_mirror(git: Git, remote: str) -> bool:
    """Whether a push makes the remote like this repository, whatever it held."""
    return settings.is_on(git, f"remote.{remote}.mirror")


def updates_there(call: Call, git: Git, remote: str, there: Iterable[str]) -> Iterator[Update]:
    """Every update of the refs there, those of many refs at once one by one."""
    mirrors = call.has("--mirror") or is_mirror(git, remote)
    for word in ["+refs/*:refs/*"] if mirrors else refspecs(call, git, remote):
        source, _, ref = word.removeprefix("+").partition(":")
        if word in (":", "+:"):
            source = ref = "refs/heads/*"
        if "*" not in source:
            for update in updates(call, git, [word]):
                meant = [one for one in full_names(ref or source) if one in there] if ref or not update.source else []
                yield from (update.replace(ref=one) for one in meant or [update.ref])
            continue
        for one in there:
            middle = between(one, ref or source)
            if middle is not None:
                here = source.replace("*", middle)
                here = here if resolved(git, here) else ""
                if here or mirrors or call.has("--prune"):
                    yield Update(here, one, word.startswith("+"))


def full_names(name: str) -> Iterator[str]:
    """What a short name may be of a remote (gitrevisions(7)); where it has several of them, git refuses."""
    yield from (f"{start}{name}" for start in ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"))
    yield f"refs/remotes/{name}/HEAD"


def between(ref: str, pattern: str) -> str | None:
    """What the star of a pattern stands for in a ref; None if the ref is not like the pattern."""
    before, star, after = pattern.partition("*")
    if not star or not ref.startswith(before) or not ref.endswith(after) or len(ref) < len(before) + len(after):
        return None
    return ref[len(before) : len(ref) - len(after)]


def refspecs(call: Call, git: Git, remote: str) -> list[str]:
    """The refspecs of a push, those included that options and the configuration stand for (git-push(1))."""
    words = iter(call.operand_texts[1:])
    given = ["refs/tags/{0}:refs/tags/{0}".format(next(words, "")) if word == "tag" else word for word in words]
    given += ["refs/heads/*:refs/heads/*"] * call.has("--all", "--branches")
    given += ["refs/tags/*:refs/tags/*"] * call.has("--tags")
    if given:
        return given
    raise_if_in_a_file(git, remote)
    return settings.values(git, f"remote.{remote}.push") or list(_by_default(git))


def updates(call: Call, git: Git, words: Iterable[str]) -> Iterator[Update]:
    """What is pushed where; raises Unseen where that would have to be asked of the remote."""
    for word in words:
        forced = word.startswith("+")
        source, colon, ref = word.removeprefix("+").partition(":")
        if "*" in word or (not source and not ref):
            if forced or call.has("-f", "--force", "--force-with-lease"):
                raise Unseen(f"{UNSEEN}, and {word} pushes many refs at once")
            continue
        if call.has("-d", "--delete"):
            source, ref = "", source
        yield Update(source, _full(git, source, ref if colon or not source else source), forced)


def _by_default(git: Git) -> Iterator[str]:
    """The refspec of a push without one, by push.default."""
    branch = git.head.removeprefix("refs/heads/")
    default = settings.value(git, "push.default") or "simple"
    if default == "matching":
        yield ":"
    elif default in ("upstream", "tracking") and branch:
        yield f"{branch}:{settings.value(git, f'branch.{branch}.merge')}"
    elif default != "nothing" and branch:
        yield branch


def _full(git: Git, source: str, ref: str) -> str:
    """The full name of the remote's ref that a refspec names."""
    if ref in ("HEAD", "@"):
        return git.head
    if ref.startswith("refs/"):
        return ref
    if ref.startswith(("heads/", "tags/", "remotes/")):
        return f"refs/{ref}"
    full = git.value("rev-parse", "--symbolic-full-name", source) if source and resolved(git, source) else ""
    return f"refs/tags/{ref}" if full.startswith("refs/tags/") else f"refs/heads/{ref}"
