"""Which files calls that take in one commit after the other may write: rebases, picks, pulls, bisections.

A file that only a commit on the way has is written as well, and taken away again.
"""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from . import settings
from .arguments import branches
from .push import tracking
from .refs import resolved
from .remotes import places
from .tree_changes import differing, made_by, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from .git import Git

#: Where a sequence under way keeps its commits: those to come, and the ends of the whole (rebase.c, sequencer.c).
_TO_COME = ("rebase-merge/git-rebase-todo", "sequencer/todo")
_ENDS = (("rebase-merge/onto", "rebase-merge/orig-head"), ("rebase-apply/onto", "rebase-apply/orig-head"))


def picked(call: Call, git: Git) -> Iterator[str]:
    """The files that `cherry-pick` or `revert` of these commits may write."""
    undone = call.command == ("revert",)
    names = [_before(name) for name in call.operand_texts]
    yield from made_by(git, "--no-walk", *names, undone=undone)
    for name in () if undone else names:
        tip = name.removeprefix("^").rpartition("..")[2].lstrip(".") or "HEAD"
        if resolved(git, f"{tip}^{{commit}}"):
            yield from merged(git, "HEAD", tip)


def rebased(call: Call, git: Git) -> Iterator[str]:
    """The files that `rebase` may write: where it begins, and by each commit that it makes again."""
    if call.has("--abort", "--continue", "--skip"):
        yield from remaining(git)
        return
    upstream, branch, _ = _rebase_ends(call)
    for name in branches(git, upstream) if upstream else ("",):
        if upstream and not resolved(git, name):
            continue  # git refuses
        yield from _replayed(git, name, branch)
    for name in rebased_onto(call, git):
        yield from differing(git, name)


def rebased_onto(call: Call, git: Git) -> list[str]:
    """The commits that `rebase` may go to before it makes any again."""
    if call.has("--abort", "--continue", "--skip"):
        return []
    upstream, branch, onto = _rebase_ends(call)
    if call.has("--keep-base") or "..." in onto:
        sides = onto.split("...") if "..." in onto else [upstream, branch]
        onto = git.value("merge-base", *(side or "HEAD" for side in sides))
    return [name for name in (branches(git, onto) if onto else ()) if resolved(git, f"{name}^{{tree}}")]


def _rebase_ends(call: Call) -> tuple[str, str, str]:
    """What is not made again ("" for nothing), the branch whose commits are, and where they come to lie, as written."""
    words, root = tuple(map(_before, call.operand_texts)), call.has("--root")
    upstream = "" if root else (*words, "@{upstream}")[0]
    return upstream, (*words[not root :], "HEAD")[0], call.text("--onto") or upstream


def _replayed(git: Git, upstream: str, branch: str) -> Iterator[str]:
    if not resolved(git, branch):
        return
    yield from made_by(git, branch, *([f"^{upstream}"] if upstream else []))
    if upstream:
        yield from merged(git, upstream, branch)
    if branch != "HEAD":
        yield from differing(git, branch)


def remaining(git: Git) -> Iterator[str]:
    """The files that a sequence under way may still write, or put back."""
    for name in _TO_COME:
        commits = [line.split()[1] for line in _lines(git, name) if not line.startswith("#") and len(line.split()) > 1]
        known = [one for one in commits if resolved(git, f"{one}^{{commit}}")]
        if known:
            yield from made_by(git, "--no-walk", *known)
            yield from made_by(git, "--no-walk", *known, undone=True)
    for onto, tip in _ENDS:
        ends = [line for name in (onto, tip) for line in _lines(git, name)[:1]]
        if len(ends) == 2:
            yield from made_by(git, ends[1], f"^{ends[0]}")
            yield from differing(git, ends[1])
    if resolved(git, "HEAD"):
        yield from differing(git, "HEAD")


def bisected(call: Call, git: Git) -> Iterator[str]:
    """The files of any commit that bisecting may go to, or that it goes back to."""
    ends, oldest = bisect_ends(call, git)
    for one in (*ends, *oldest):
        yield from differing(git, one)
    if len(ends) > 1:
        yield from made_by(git, *ends, *(f"^{one}" for one in oldest))


def bisect_ends(call: Call, git: Git) -> tuple[list[str], list[str]]:
    """The commits that bisecting goes between, and what it may go back to before them: the oldest of them all."""
    if call.command[-1] == "reset":
        start = (*call.operand_texts, *_lines(git, "BISECT_START"), "HEAD")[0]
        return ([start] if resolved(git, f"{start}^{{tree}}") else []), []
    if call.command[-1] in ("log", "view", "visualize", "terms") or call.has("--no-checkout"):
        return [], []
    marked = git.lines("for-each-ref", "--format=%(objectname)", "refs/bisect")
    named = [resolved(git, f"{name}^{{commit}}") for name in call.operand_texts if not name.startswith("-")]
    ends = [one for one in dict.fromkeys([*marked, *named, resolved(git, "HEAD")]) if one]
    if len(ends) < 2:
        return [], []
    return ends, git.lines("merge-base", "--octopus", *ends, fine=(0, 1))


def pulled(call: Call, git: Git) -> Iterator[str]:
    """The files that `pull` may write, as far as the commits of the other side are here or in another directory."""
    branch = git.head.removeprefix("refs/heads/")
    configured = settings.value(git, f"branch.{branch}.remote") or "origin"
    remote = (*call.operand_texts, configured)[0]
    names = [_source(word) for word in call.operand_texts[1:]]
    rebases = settings.rebases(call, git)
    for name in names or _merged_by_default(git, remote, branch):
        seen, commits = other_side(git, remote, name)
        for one in commits:
            yield from merged(seen, "HEAD", one)
            if rebases:
                yield from _replayed(seen, one, "HEAD")


def _merged_by_default(git: Git, remote: str, branch: str) -> list[str]:
    """What a pull merges that is given no branch: the one that is configured, or what is fetched by its name."""
    fetched = [_source(one) for one in settings.values(git, f"remote.{remote}.fetch") if "*" not in one]
    return settings.values(git, f"branch.{branch}.merge") or fetched or ["HEAD"]


def pulled_commits(call: Call, git: Git) -> Iterator[tuple[Git, str]]:
    """The commits that `pull` may go to, each with git as it sees them."""
    branch = git.head.removeprefix("refs/heads/")
    remote = (*call.operand_texts, settings.value(git, f"branch.{branch}.remote") or "origin")[0]
    for name in [_source(word) for word in call.operand_texts[1:]] or _merged_by_default(git, remote, branch):
        seen, commits = other_side(git, remote, name)
        yield from ((seen, one) for one in commits)


def upstreams(git: Git) -> tuple[str, ...]:
    """The branches that a merge without operands takes in: every one that the configuration names for this branch."""
    branch = git.head.removeprefix("refs/heads/")
    remote = settings.value(git, f"branch.{branch}.remote")
    named = settings.values(git, f"branch.{branch}.merge")
    return tuple(filter(None, (one if remote == "." else tracking(git, remote, one) for one in named)))


def other_side(git: Git, remote: str, name: str) -> tuple[Git, list[str]]:
    """The commits that a name of a remote may stand for, and git as it sees those that only another directory has."""
    short = name.removeprefix("refs/heads/")
    (there,) = places(git, remote, push=False)
    known = [short] if remote == "." else [f"refs/remotes/{remote}/{short}", f"refs/tags/{short}"]
    found = [resolved(git, f"{one}^{{commit}}") for one in known]
    if there is not None:
        git = git.seeing(there)
        found += [resolved(there, f"{one}^{{commit}}") for one in (name, f"refs/heads/{short}", f"refs/tags/{short}")]
    return git, list(dict.fromkeys(filter(None, found)))


def _source(refspec: str) -> str:
    return refspec.removeprefix("+").partition(":")[0]


def _before(name: str) -> str:
    """A commit as commands take it that know "-" for the branch before."""
    return "@{-1}" if name == "-" else name


def _lines(git: Git, name: str) -> list[str]:
    """The lines of one of git's own files; none if it is not there."""
    try:
        with open(os.path.join(encode(git.directory), encode(name)), "rb") as file:
            return decode(file.read(1 << 20)).splitlines()
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise Unseen(f"{name}: {fault.strerror}") from fault
