"""What calls of git would lose in work trees beside their own: linked ones, and those of submodules."""

from __future__ import annotations

import os

from ...core.effect import Target
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.world import PATH_STATES, Answer, World
from ...lean.typing import TYPE_CHECKING
from . import settings
from .arguments import tree_and_paths, worktree, worktrees
from .git import EDITED, STAGED, of_git_directory
from .hidden_changes import changes
from .refs import commits, lost
from .submodule_paths import checked_out, recurses, submodules
from .written_over import written_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.call import Call
    from .git import Git


def worktree_unclean(call: Call, git: Git, world: World) -> Answer:
    """What `worktree remove` loses: files that are in no commit, ignored ones too, and commits that only it has.

    Without force it refuses where there is anything but ignored files. One that an earlier part of the same line adds
    has nothing that the line cannot make again.
    """
    found: list[Target] = []
    is_later = any(one.verb != "observe" for one in call.invocation.ahead)
    for name in call.operand_texts:
        record = worktree(git, name)
        path = record.get("worktree", "")
        if is_later and (record or os.path.lexists(os.path.join(git.cwd, name))):
            raise Unseen("an earlier part of the same line may change what is there")
        if path and os.path.isdir(path):
            there = git.inside(path)
            watches = settings.value(there, "status.showUntrackedFiles") not in ("no", "false", "off", "0")
            if not call.has("-f", "--force") and there.status(watches):
                continue
            for state in world.paths((path,), "/", False):
                if not PATH_STATES[state.state]:
                    found.append(Target("worktree", f"{path}: {state.detail}", (*state.identity, path)))
        found += _only_there(git, record)
    return lost(found)


def worktrees_gone(call: Call, git: Git, world: World) -> Answer:
    """What `worktree prune` and `gc` lose, and `worktree add --force` over one whose directory is missing."""
    if call.command != ("worktree", "add"):
        gone = [record for record in worktrees(git) if "prunable" in record]
    else:
        gone = [
            worktree(git, name) for name in call.operand_texts[:1] if not os.path.isdir(os.path.join(git.cwd, name))
        ]
    return lost([target for record in gone for target in _only_there(git, record)])


def submodules_reset(call: Call, git: Git, world: World) -> Answer:
    """What `submodule deinit --force` or `update --force` loses: changes in submodules that are in no commit."""
    inside = _inside_submodules(git, call.operand_texts, untracked=call.command == ("submodule", "deinit"))
    return lost(dict.fromkeys([*inside, *written_over(call, git, world).lost]))


def submodules_recursed(call: Call, git: Git, world: World) -> Answer:
    """What a forced `reset`, `checkout` and their like lose where they go into submodules as well."""
    if not recurses(call, git):
        return Answer()
    forced = call.has("--hard", "--force", "--discard-changes", "--reset") or call.command == ("restore",)
    if not forced and not (call.command == ("checkout",) and tree_and_paths(call, git, world)[1]):
        return Answer()
    return lost(_inside_submodules(git, (), untracked=False))


def _only_there(git: Git, record: dict[str, str]) -> Iterator[Target]:
    """The commits that only a work tree or its reflog has, and what is staged for one whose directory is missing."""
    path, head = record.get("worktree", ""), record.get("HEAD", "")
    directory = _directory_of(git, path)
    inside = of_git_directory(git.program, directory) if directory else None
    held = {head} if "detached" in record else set[str]()
    if inside is not None and not inside.run("reflog", "exists", "HEAD", fine=(0, 1)).status:
        held.update(inside.lines("rev-list", "--walk-reflogs", "HEAD", "--"))
    if inside is not None:
        held.update(inside.lines("for-each-ref", "--format=%(objectname)", "refs/worktree", "refs/bisect"))
    if held:
        others = git.lines("rev-list", "--walk-reflogs", "--branches", "--remotes", "--")
        kept = ("--not", "--branches", "--tags", "--remotes", *dict.fromkeys(others))
        yield from commits(git, [*sorted(held), *kept])
    if inside is not None and not os.path.isdir(path):
        staged = inside.run("diff-index", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=d", head)
        for name in filter(None, decode(staged.out).split("\0")):
            yield Target("file", f"{name}, staged in {path}", (directory, name))


def _directory_of(git: Git, path: str) -> str:
    """Where the repository keeps what belongs to a linked work tree; "" if there is none of that path."""
    above = os.path.join(git.value("rev-parse", "--path-format=absolute", "--git-common-dir"), "worktrees")
    for name in os.listdir(encode(above)) if path and os.path.isdir(above) else ():
        with open(os.path.join(encode(above), name, b"gitdir"), "rb") as file:
            if decode(file.read().rstrip(b"\n")) == f"{path}/.git":
                return os.path.join(above, decode(name))
    return ""


def _inside_submodules(git: Git, paths: Sequence[str], untracked: bool) -> Iterator[Target]:
    """What is in no commit in the submodules at and below the paths."""
    for path, _ in submodules(git, paths):
        inner = checked_out(git, path)
        for change in changes(inner, untracked=untracked) if inner is not None else ():
            if change.index in STAGED + "?" or change.tree in EDITED:
                name = f"{path}/{change.path}"
                yield Target("file", name, (os.path.join(git.top, name), change.object))
