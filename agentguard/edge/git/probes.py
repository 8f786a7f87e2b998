"""What calls of git would lose, by name: the facts that rules ask for with `asks`.

This file holds the table and the probes of a work tree; those of refs and of pushing are
beside it. Every probe takes the call, git as the call would see it, and the world; it raises
Unseen where it cannot tell.
"""

from __future__ import annotations

import os

from ...core.context import stdin
from ...core.effect import Target
from ...core.text.encoding import decode
from ...core.world import PATH_STATES, Answer, World
from ...lean.typing import TYPE_CHECKING
from .arguments import autostashes, lines, pathspecs, tree_and_paths, unquoted
from .conflicts import not_kept, not_remade
from .fetch import all_tags, fetch_overwrites
from .git import EDITED, STAGED, Change, above
from .hidden_changes import changes, doubtful, overlooked, unwatched
from .named_files import patched
from .objects import objects_unreachable, reflog_only, replacements
from .push import push_loses
from .refs import branch_unmerged, commits_unreachable, lost, resolved, stash_clear, stash_drop, tag_delete
from .settings import is_on
from .submodule_paths import kept_module
from .under_way import is_idle, may_begin, notes_merging
from .update_ref import ref_updates
from .worktrees import submodules_reset, worktree_unclean, worktrees_gone
from .written_over import uncommitted, written_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...core.call import Call
    from .git import Git

    Probe = Callable[[Call, Git, World], Answer]

#: Options of `add` with which a person chooses what is staged.
_BY_HAND = ("-i", "--interactive", "-p", "--patch", "-e", "--edit")


def worktree_dirty(call: Call, git: Git, world: World) -> Answer:
    """What `reset --hard` loses: uncommitted changes, and untracked files that the commit overwrites."""
    return _everything_uncommitted(call, git, world)


def checkout_switch_dirty(call: Call, git: Git, world: World) -> Answer:
    """What a forced `checkout` or `switch` loses: the same, for the branch that is switched to."""
    if call.command == ("checkout",) and tree_and_paths(call, git, world)[1]:
        return paths_dirty(call, git, world)
    if not call.has("-f", "--force", "--discard-changes", "-m", "--merge"):
        return written_over(call, git, world)
    return _everything_uncommitted(call, git, world)


def paths_dirty(call: Call, git: Git, world: World) -> Answer:
    """What `checkout [TREE] -- PATHS` or `restore PATHS` loses.

    A plain `checkout BRANCH` keeps every change or refuses, but it overwrites ignored files.
    """
    if call.command == ("restore",):
        staged = call.has("-S", "--staged")
        edited = call.has("-W", "--worktree") or not staged
        source, paths = call.text("-s", "--source"), pathspecs(call, git, world)
    else:
        source, paths = tree_and_paths(call, git, world)
        staged, edited = source is not None, True
        if not paths and not call.has("-p", "--patch"):
            return written_over(call, git, world)
    files = [
        change
        for change in changes(git, paths, skipped=bool(source) or call.has("--ignore-skip-worktree-bits"))
        if (edited and change.tree in EDITED)
        # What is staged is still in the work tree if only the index is put back and nothing was changed since.
        or (staged and change.index in STAGED and (edited or change.tree != "."))
        # A conflict that is made again takes the place of its resolution, a staged one too.
        or (call.has("-m", "--merge", "--conflict") and change.index in STAGED)
    ]
    gone = not_remade(git, files, sides_kept=True)
    return _with(_lost_files(git, gone), written_over(call, git, world))


def merge_undone(call: Call, git: Git, world: World) -> Answer:
    """What `merge --abort`, `reset --merge` and their like lose: what is staged, and resolutions.

    They keep other changes, or refuse (git-reset(1), --merge). `rebase` and `am` throw those away too.
    Where nothing is under way, they refuse; and what begins on the same line, a merge or a rebase begins only where
    git sees no such change.
    """
    if call.command == ("notes", "merge"):
        return lost(notes_merging(git))
    found: Iterable[Change]
    if is_idle(call, git):
        if not may_begin(call):
            return Answer()
        found = unwatched(git) if call.command in (("merge",), ("rebase",)) else changes(git)
    else:
        found = changes(git)
    if call.command in (("rebase",), ("am",)):
        gone = _uncommitted(git, found)
    else:
        gone = not_remade(git, [one for one in found if one.index in STAGED])
    return _with(_lost_files(git, gone), written_over(call, git, world))


def index_written_out(call: Call, git: Git, world: World) -> Answer:
    """What `checkout-index -f` loses: changes that are not staged."""
    paths = lines(stdin(call.invocation.stdin, world), call) if call.has("--stdin") else call.operand_texts
    if not paths and not call.has("-a", "--all"):
        return Answer()
    found = changes(git, paths, skipped=call.has("--ignore-skip-worktree-bits"))
    edited = [one for one in found if one.tree in EDITED and (one.index != "U" or call.has("--stage"))]
    return _with(_lost_files(git, not_remade(git, edited, sides_kept=True)), written_over(call, git, world))


def index_drops(call: Call, git: Git, world: World) -> Answer:
    """What writing the index loses: staged content that is not in the work tree, or with `read-tree -u` leaves it."""
    paths: tuple[str, ...] = ()
    if call.command == ("submodule", "add"):
        kept = kept_module(git, call.text("--name") or call.operand_texts[-1].rstrip("/"))
        if kept is None:
            return Answer()
        git = kept
    elif call.command == ("reset",):
        paths = tree_and_paths(call, git, world)[1]
    elif call.command == ("mv",):
        paths = call.operand_texts[-1:]  # where a file is in the way, git refuses
    elif call.command == ("apply",):
        paths = tuple(patched(call, git, world, overwritten=True))
        if not paths:
            return Answer()
    elif call.command in (("merge",), ("rebase",), ("pull",)) and not autostashes(call, git):
        return Answer()
    elif call.command == ("read-tree",) and call.has("-m") and len(call.operand_texts) > 1:
        return Answer()  # it refuses
    written = call.command == ("read-tree",) and call.has("-u")
    staged = (one for one in changes(git, paths) if one.index in STAGED and (written or one.tree != "."))
    # Of a file in conflict the index has what commits have.
    return _lost_files(git, not_remade(git, [one for one in staged if one.index != "U"]))


def staged_gone(call: Call, git: Git, world: World) -> Answer:
    """What `add` and `commit -a` lose: staged content of files that are gone, or have moved on under another name."""
    paths = pathspecs(call, git, world)
    if call.command == ("add",):
        named = ("-A", "--all", "--no-ignore-removal", "-u", "--update", *_BY_HAND)
        if call.has("--ignore-removal", "--no-all") or not (paths or call.has(*named)):
            return Answer()
    paths = paths if all(paths) and not (call.command == ("commit",) and call.has("-a", "--all")) else ()
    gone = [one for one in git.status(False, paths) if one.index in STAGED and one.tree == "D"]
    return _lost_files(git, not_kept(git, gone))


def stash_index_drops(call: Call, git: Git, world: World) -> Answer:
    """What `stash pop` loses without `--index`: what was staged, where the work tree was changed once more since."""
    stash = call.operand_texts[0] if call.operand_texts else "stash@{0}"
    stash = f"stash@{{{stash}}}" if stash.isdigit() else stash
    if call.has("--index") or not resolved(git, f"{stash}^2"):
        return Answer()
    differ = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
    staged = set(decode(git.run(*differ, "--diff-filter=d", f"{stash}^1", f"{stash}^2").out).split("\0")) - {""}
    edited = set(decode(git.run(*differ, f"{stash}^2", stash).out).split("\0"))
    return _lost_files(git, (Change("M", "M", path, resolved(git, f"{stash}^2:{path}")) for path in staged & edited))


def sparse_drops(call: Call, git: Git, world: World) -> Answer:
    """What `sparse-checkout` removes with the directories that it leaves out: ignored files, and changes unwatched."""
    kept = tuple(f"{name.strip('/')}/" for name in call.operand_texts)
    if call.command[-1] == "reapply" or call.command[-1] == "add":
        kept += tuple(f"{name}/" for name in git.lines("sparse-checkout", "list"))
    top = git.top
    upwards = git.value("rev-parse", "--show-cdup") or "."
    tracked = decode(git.run("ls-files", "-z", "--full-name", "--", upwards).out).split("\0")
    left_out = {place for path in tracked for place in above(path)} - {place for one in kept for place in above(one)}
    ignored = [c.path for c in git.status(True, ignored=True) if c.index == "!"]
    ignored += [c.path for c in unwatched(git)]
    outside = [path for path in ignored if left_out.intersection(above(path)) and not path.startswith(kept)]
    places = [os.path.join(top, path) for path in outside]
    # A link that has taken a directory's place git goes through, and empties the directory behind it.
    gone = (os.path.join(top, path) for path in left_out if not f"{path}/".startswith(kept))
    places += [os.path.realpath(path) for path in gone if os.path.islink(path)]
    return lost(_hit(tuple(places), top, world))


def untracked_files(call: Call, git: Git, world: World) -> Answer:
    """What `clean` with the same options removes, apart from what is disposable by convention."""
    forced = sum(argument.option in ("-f", "--force") for argument in call.arguments)
    needs_force = is_on(git, "clean.requireForce", True)
    if needs_force and not forced and not call.has("-i", "--interactive"):
        return Answer()
    words = ["clean", "--dry-run", *["--force"] * forced]
    words += [option for option in ("-d", "-x", "-X") if call.has(option)]
    words += [f"--exclude={pattern}" for pattern in call.texts("-e", "--exclude")]
    told = git.lines(*words, "--", *call.operand_texts)
    said = "Would remove "
    removed = tuple(unquoted(line[len(said) :]) for line in told if line.startswith(said))
    here = os.path.join(git.top, git.value("rev-parse", "--show-prefix"))
    return lost(_hit(removed, here, world))


def paths_index_only(call: Call, git: Git, world: World) -> Answer:
    """What `rm --cached` loses: staged content that is neither in the work tree nor in a commit."""
    paths = pathspecs(call, git, world)
    staged = (one for one in changes(git, paths) if one.index in STAGED and one.tree != ".")
    return _lost_files(git, [one for one in staged if one.index != "U"])  # as in index_drops


def rm_paths(call: Call, git: Git, world: World) -> Answer:
    """What `git rm` loses: without force it refuses whatever it knows not to be committed."""
    if call.has("--cached"):
        return paths_index_only(call, git, world)
    paths = pathspecs(call, git, world)
    over, left_out = written_over(call, git, world), call.has("--sparse")
    if call.has("-f", "--force"):
        return _with(_lost_files(git, _uncommitted(git, changes(git, paths, left_out), sides_kept=True)), over)
    # It removes files in conflict, and from the index what the work tree has no longer.
    allowed = [one for one in git.status(False, paths) if one.index == "U" or (one.index in STAGED and one.tree == "D")]
    unseen = (*unwatched(git, paths, left_out), *overlooked(git, paths), *doubtful(git, paths))
    gone = (*unseen, *not_remade(git, allowed, sides_kept=True))
    return _with(_lost_files(git, gone), over)


PROBES: dict[str, Probe] = {
    "worktree-dirty": worktree_dirty,
    "checkout-switch-dirty": checkout_switch_dirty,
    "paths-dirty": paths_dirty,
    "paths-index-only": paths_index_only,
    "rm-paths": rm_paths,
    "untracked-files": untracked_files,
    "worktree-unclean": worktree_unclean,
    "worktrees-gone": worktrees_gone,
    "merge-undone": merge_undone,
    "index-written-out": index_written_out,
    "submodules-reset": submodules_reset,
    "objects-unreachable": objects_unreachable,
    "reflog-only": reflog_only,
    "replacements": replacements,
    "all-tags": all_tags,
    "fetch-overwrites": fetch_overwrites,
    "branch-unmerged": branch_unmerged,
    "commits-unreachable": commits_unreachable,
    "ref-updates": ref_updates,
    "stash-drop": stash_drop,
    "stash-clear": stash_clear,
    "tag-delete": tag_delete,
    "push-loses": push_loses,
}


# What is in no commit


def _everything_uncommitted(call: Call, git: Git, world: World) -> Answer:
    return _with(_lost_files(git, _uncommitted(git, changes(git))), written_over(call, git, world))


def _with(*answers: Answer) -> Answer:
    """What several looks find together."""
    return lost(dict.fromkeys(target for answer in answers for target in answer.lost))


def _uncommitted(git: Git, changes: Iterable[Change], sides_kept: bool = False) -> Iterator[Change]:
    return not_remade(git, (one for one in changes if one.index in STAGED or one.tree in EDITED), sides_kept)


def _lost_files(git: Git, changes: Iterable[Change]) -> Answer:
    return lost(uncommitted(git, changes))


def _hit(paths: tuple[str, ...], cwd: str, world: World) -> Iterator[Target]:
    for path, state in zip(paths, world.paths(paths, cwd, False) if paths else (), strict=True):
        if not PATH_STATES[state.state]:
            yield Target("file", path, (*state.identity, state.path))
