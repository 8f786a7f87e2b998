"""What calls of git that delete or move refs would lose."""

from __future__ import annotations

import os

from ...core.effect import Target
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from . import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...core.call import Call
    from .git import Git

#: How many lost things are named, before one more that counts the rest.
MOST_NAMED = 200
#: How many entries of other reflogs are looked at for what they reach, beside what they are.
MOST_KEPT = 10_000
#: Refs whose every move git writes down when it keeps reflogs.
_LOGGED = ("HEAD", "refs/heads/", "refs/remotes/", "refs/notes/")


def branch_unmerged(call: Call, git: Git, world: World) -> Answer:
    """What `branch -d` loses: commits that no other ref reaches; there it refuses unforced (git-branch(1)).

    Of those that only the branch's reflog has, it does not look.
    """
    kind = "refs/remotes/" if call.has("-r", "--remotes") else "refs/heads/"
    named = [_branch_ref(git, name, kind) for name in call.operand_texts]
    refs = [ref for ref in named if resolved(git, ref)]
    trees_stay = not any(one.verb == "remove" and one.target.kind == "worktree" for one in call.invocation.ahead)
    if not call.has("-D", "-f", "--force", "-r", "--remotes"):
        return lost(forgotten(git, refs, trees_stay))
    if len(refs) < len(named) and any(one.target.kind == "commit" for one in call.invocation.ahead):
        raise Unseen("an earlier part of the same line may commit to a branch that it makes")
    return unreachable(git, refs, trees_stay=trees_stay)


def commits_unreachable(call: Call, git: Git, world: World) -> Answer:
    """What moving a ref (`reset`, `branch -f`, `checkout -B`) loses: nothing where a reflog keeps it."""
    if call.command == ("remote", "set-head"):
        ref = f"refs/remotes/{(*call.operand_texts, '')[0]}/HEAD"
        return Answer() if git.value("symbolic-ref", "--quiet", ref) else unreachable(git, [ref])
    ref, new = _moved(call, git)
    if call.has("-M", "-C") and call.command == ("branch",):
        return unreachable(git, [ref]) if ref and len(call.operand_texts) > 1 and resolved(git, ref) else Answer()
    logged = is_logged(git, ref) if not call.has("--orphan") else _has_log(git, ref)  # which begins none
    found = _bisect_refs(call, git) if call.command[:1] == ("bisect",) else ()
    if ref and not logged and resolved(git, ref):
        found = (*found, *unreachable(git, [ref], [new] if resolved(git, f"{new}^{{commit}}") else []).lost)
    return lost(dict.fromkeys(found))


def _bisect_refs(call: Call, git: Git) -> tuple[Target, ...]:
    """What only the marks of a bisection have, which go when one begins, or this one ends."""
    if call.command[-1] == "reset" and not os.path.exists(encode(os.path.join(git.directory, "BISECT_START"))):
        return ()  # git finds none to end
    marks = git.lines("for-each-ref", "--format=%(refname)", "refs/bisect")
    return unreachable(git, marks, git.lines("rev-list", "--walk-reflogs", "HEAD", "--")[:MOST_KEPT]).lost


def tag_delete(call: Call, git: Git, world: World) -> Answer:
    """What `tag -d`, or `tag -f` of one that exists, loses: annotations, and commits that nothing else reaches."""
    names = call.operand_texts if call.has("-d", "--delete") else call.operand_texts[:1]
    for one in call.invocation.ahead:
        if one.target.kind == "tag" and one.verb not in ("observe", "create"):
            if one.rule != "git-tag-delete" or not one.target_known:
                raise Unseen("an earlier part of the same line may change what is there")
            names += tuple(one.target.name.split())  # which is gone by then, or another one
    return unreachable(git, [f"refs/tags/{name}" for name in names])


def stash_drop(call: Call, git: Git, world: World) -> Answer:
    """What `stash drop` loses: the entry."""
    name = call.operand_texts[0] if call.operand_texts else "0"
    number = name.removeprefix("stash@{").removesuffix("}")
    stashes = _stashes(git)
    if not number.isdigit():  # "stash@{yesterday}" and the like
        return lost(stashes)
    return lost(stashes[int(number) : int(number) + 1])


def stash_clear(call: Call, git: Git, world: World) -> Answer:
    """What `stash clear` loses: every entry."""
    return lost(_stashes(git))


# Shared with the other probes


def lost(found: Iterable[Target]) -> Answer:
    """An answer that names what would be lost, at most MOST_NAMED things and a last one that counts the rest."""
    named = tuple(found)
    if len(named) > MOST_NAMED:
        rest = Target(named[0].kind, f"… and {len(named) - MOST_NAMED} more", ("rest", str(len(named) - MOST_NAMED)))
        named = (*named[:MOST_NAMED], rest)
    return Answer(named)


def resolved(git: Git, name: str) -> str:
    """The object that a name stands for; "" if it stands for none."""
    text, kind, asked = name.rpartition("^{")
    if name.startswith(":/") and kind:  # the newest commit whose message is like the text: nothing can stand behind it
        found = resolved(git, text) if text != ":/" else ""  # which alone is the top of the work tree
        return resolved(git, f"{found}^{{{asked}") if found else ""
    return git.value("rev-parse", "--quiet", "--verify", "--end-of-options", name) if name else ""


def unreachable(
    git: Git, refs: Sequence[str], new: Sequence[str] = (), logs_stay: bool = False, trees_stay: bool = True
) -> Answer:
    """What is reached from these refs and from nothing else once they are gone, or stand at `new`.

    Commits, and annotations: an annotated tag is an object of its own. And what only their reflogs have, unless
    these stay (`logs_stay`); see `forgotten`.
    """
    if not refs:
        return Answer()
    listed = git.lines("for-each-ref", "--format=%(refname) %(objecttype) %(objectname)", *refs)
    held = [line.split(" ") for line in listed if line.partition(" ")[0] in refs]
    if "HEAD" in refs and resolved(git, "HEAD"):
        held.append(["HEAD", "commit", resolved(git, "HEAD")])
    if not held:
        return Answer()
    directory = git.directory
    found = [
        Target("annotated tag", ref.removeprefix("refs/tags/"), (directory, ref, name))
        for ref, kind, name in held
        if kind == "tag" and set(git.lines("for-each-ref", "--format=%(refname)", f"--points-at={name}")) <= set(refs)
    ]
    symbolic = [line.split(" ") for line in git.lines("for-each-ref", "--format=%(refname) %(symref)")]
    dangling = [ref for ref, to in symbolic if to in refs]
    excluded = [f"--exclude={ref}" for ref in (*refs, *dangling)]
    kept = ["HEAD"] if not git.head and resolved(git, "HEAD") and "HEAD" not in refs else []
    gone = [name for _, _, name in held]
    found += commits(git, [*gone, "--not", *excluded, "--glob=refs/*", *kept, *new])
    found += () if logs_stay else forgotten(git, [ref for ref, _, _ in held], trees_stay, new)
    return lost(dict.fromkeys(found))


def forgotten(git: Git, refs: Sequence[str], trees_stay: bool = True, new: Sequence[str] = ()) -> list[Target]:
    """The commits that only the reflogs of these refs have, which git deletes with them; not those that `new` reach.

    Those that the reflogs of linked work trees have only count as kept where these trees stay.
    """
    logged = [ref for ref in refs if _has_log(git, ref)]
    walk = ("rev-list", "--walk-reflogs", *(() if trees_stay else ("--single-worktree",)))
    entries = {entry for ref in logged for entry in git.lines(*walk, ref, "--")}
    if not entries:
        return []
    others = dict.fromkeys(git.lines(*walk, *(f"--exclude={ref}" for ref in refs), "--all", "--"))
    alone = sorted(entries.difference(others))
    return commits(git, [*alone, "--not", "--all", *list(others)[:MOST_KEPT], *new]) if alone else []


def commits(git: Git, range_words: Sequence[str]) -> list[Target]:
    """The commits of a range, newest first."""
    directory = git.directory
    listed = decode(git.run("rev-list", "--format=%H %s", *range_words, "--").out).split("\n")
    return [
        Target("commit", f"{line[:10]} {line.partition(' ')[2]}".strip(), (directory, line.partition(" ")[0]))
        for line in listed[1::2]
    ]


# Which ref is meant


def _branch_ref(git: Git, name: str, kind: str) -> str:
    if name == "-" or name.startswith("@{"):
        name = "@{-1}" if name == "-" else name
        return git.value("rev-parse", "--symbolic-full-name", name) if resolved(git, name) else ""
    return kind + name


def _moved(call: Call, git: Git) -> tuple[str, str]:
    """The ref that a call moves, by its full name, and where to."""
    words = call.operand_texts
    if call.command == ("branch",):
        if call.has("-m", "-M", "--move", "-c", "-C", "--copy"):
            return (f"refs/heads/{words[-1]}" if words else ""), (words[0] if len(words) > 1 else "HEAD")
        return (f"refs/heads/{words[0]}" if words else ""), (words[1] if len(words) > 1 else "HEAD")
    if call.command[:1] == ("stash",):
        return "refs/stash", ""  # whose first entry is what was there before, where it has a reflog
    made = call.text("-B", "-C", "--force-create")
    if call.command == ("worktree", "add") and made:
        return f"refs/heads/{made}", words[1] if len(words) > 1 else "HEAD"
    if call.command in (("checkout",), ("switch",)) and made:
        return f"refs/heads/{made}", words[0] if words else "HEAD"
    if call.command == ("pull",) and not settings.rebases(call, git):
        return "", ""  # goes on from where it is
    if call.command == ("rebase",) and len(words) > 1 - call.has("--root"):
        return f"refs/heads/{words[-1]}", ""
    if call.command[:1] == ("bisect",):
        return ("", "") if git.head else ("HEAD", "")
    if call.command in (("checkout",), ("switch",)):
        return ("", "") if git.head else ("HEAD", _switched_to(call, git))  # a branch stays where it is
    ref = git.head or "HEAD"
    if call.command == ("reset",):
        return ref, words[0] if words else "HEAD"
    return ref, "HEAD^" if call.command == ("commit",) else ""  # rebase: nobody knows yet


def _switched_to(call: Call, git: Git) -> str:
    """Where a `checkout` or `switch` goes; HEAD if it stays there, since it is about paths or makes a branch."""
    if call.has("--orphan"):
        return ""
    words, texts = call.operand_texts, call.invocation.texts
    if len(words) != 1 or ("--" in texts and texts[-1] != "--") or call.has("--pathspec-from-file"):
        return "HEAD"
    name = "@{-1}" if words[0] == "-" else words[0]
    if resolved(git, f"{name}^{{commit}}"):
        return name
    return next(iter(git.lines("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{name}")), "HEAD")


def is_logged(git: Git, ref: str) -> bool:
    """Whether git writes down in a reflog where a ref was when it is moved."""
    # A reflog that is there is kept up, whatever the configuration.
    return ref.startswith(logged_kinds(git)) or _has_log(git, ref)


def _has_log(git: Git, ref: str) -> bool:
    return git.run("reflog", "exists", ref, fine=(0, 1)).status == 0 if ref else False


def logged_kinds(git: Git) -> tuple[str, ...]:
    """How the refs begin that get a reflog when they are made (git-config(1), core.logAllRefUpdates)."""
    keeps = settings.value(git, "core.logAllRefUpdates").lower()
    if keeps == "always":
        return ("",)
    if keeps == "":
        keeps = "false" if git.value("rev-parse", "--is-bare-repository") == "true" else "true"
    return _LOGGED if keeps in ("true", "yes", "on", "1") else ()


def _stashes(git: Git) -> list[Target]:
    last = resolved(git, "refs/stash")
    if not last:
        return []
    directory = git.directory
    listed = decode(git.run("rev-list", "--walk-reflogs", "--format=%H %s", "refs/stash", "--").out).split("\n")
    entries = [line.partition(" ") for line in listed[1::2]]
    if not entries:  # its reflog has expired: then the ref is all that there is
        return [Target("stash", "refs/stash", (directory, "refs/stash", last))]
    return [
        Target("stash", f"stash@{{{number}}}: {subject}", (directory, "refs/stash", held))
        for number, (held, _, subject) in enumerate(entries)
    ]
