"""Which files of a work tree each command of git writes or removes: a list for each, before it runs.

A list may hold more than is written in the end, never less than can be told from what is here; docs/git-paths.md
says for every command how its list is made. `written_over` judges all of them alike. What git only changes where it
knows the file and has it unchanged is not listed, since nothing is lost there.
"""

from __future__ import annotations

import os

from ...core.context import stdin
from ...lean.typing import TYPE_CHECKING
from . import settings
from .arguments import autostashes, before_dashes, branches, lines, pathspecs, tree_and_paths
from .deployments import deployed
from .git import above
from .hidden_changes import sees_changes, unsaved
from .named_files import config_file, diagnostics, patched, patches_made, sparse_patterns
from .refs import resolved
from .sequences import (
    bisect_ends,
    bisected,
    other_side,
    picked,
    pulled,
    pulled_commits,
    rebased,
    rebased_onto,
    remaining,
    upstreams,
)
from .submodule_paths import brought_along, newest, recursed, recurses, removed_submodules, updated_submodules
from .subtrees import shifted
from .tree_changes import differing, ignores_differ, merged, whole
from .written import Written, gone_to, held, is_directory, put_aside, put_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.call import Call
    from ...core.world import World
    from .git import Git

    List = Callable[[Call, Git, World], Iterator[Written]]


def written(call: Call, git: Git, world: World) -> Iterator[Written]:
    """What a call writes or removes, work tree by work tree; nothing for a command that has no list."""
    command = call.command
    while command and command not in LISTS:
        command = command[:-1]
    if command:
        yield from LISTS[command](call, git, world)


# Going to another tree


def _checkout(call: Call, git: Git, world: World) -> Iterator[Written]:
    """`checkout`, and `switch`, which takes no paths."""
    tree, paths = (None, ()) if call.command == ("switch",) else tree_and_paths(call, git, world)
    if paths or call.has("-p", "--patch", "--pathspec-from-file"):
        yield put_back(git, tree, paths)
        yield from recursed(call, git, tree or "", forced=True)
        return
    names = before_dashes(call)[:1]
    forced = call.has("-f", "--force", "--discard-changes", "-m", "--merge")
    if call.has("--orphan") and not names and call.command == ("switch",):
        yield Written(git, [])
        return
    for name in branches(git, names[0]) if names else ("HEAD",):
        yield gone_to(git, name, forced, call.has("--no-overwrite-ignore"))
        yield from recursed(call, git, name, forced)


def _reset(call: Call, git: Git, world: World) -> Iterator[Written]:
    if not call.has("--hard", "--keep", "--merge"):
        return
    tree = (*before_dashes(call), "HEAD")[0]
    yield gone_to(git, tree, call.has("--hard"))
    yield from recursed(call, git, tree, call.has("--hard"))


def _restore(call: Call, git: Git, world: World) -> Iterator[Written]:
    if call.has("-W", "--worktree") or not call.has("-S", "--staged"):
        tree = call.text("-s", "--source")
        yield put_back(git, tree or ("HEAD" if call.has("-S", "--staged") else None), pathspecs(call, git, world))
        yield from recursed(call, git, tree or "", forced=True)


def _read_tree(call: Call, git: Git, world: World) -> Iterator[Written]:
    if not call.has("-u"):
        return
    prefix = call.text("--prefix")
    for tree in call.operand_texts:
        if prefix is None:
            yield gone_to(git, tree, call.has("--reset"))
            yield from recursed(call, git, tree, call.has("--reset"))
        elif resolved(git, f"{tree}^{{tree}}"):
            yield Written(git, [os.path.join(prefix, name) for name in whole(git, f"{tree}^{{tree}}")])


def _checkout_index(call: Call, git: Git, world: World) -> Iterator[Written]:
    """Without force it leaves alone what is there."""
    if not call.has("-f", "--force") or call.has("--temp", "-n", "--no-create"):
        return
    named = lines(stdin(call.invocation.stdin, world), call) if call.has("--stdin") else call.operand_texts
    if not named and not call.has("-a", "--all"):
        return
    paths, prefix = held(git, paths=named), call.text("--prefix")
    if prefix is None:
        yield Written(git, paths, forced=True)
    else:  # links on the way are followed
        directory, start = os.path.split(os.path.join(git.top, prefix))
        place = os.path.join(os.path.realpath(directory), start)
        yield Written(None, [f"{place}{path}" for path in paths], forced=True)


def _sparse(call: Call, git: Git, world: World) -> Iterator[Written]:
    """Files that were left out, and come back; and patterns that others take the place of."""
    yield Written(git, held(git, "Ss"))
    yield Written(None, [], True, list(sparse_patterns(call, git)))


# Taking changes in


def _merge(call: Call, git: Git, world: World) -> Iterator[Written]:
    if call.has("--abort"):
        yield gone_to(git, "HEAD", forced=False)
    elif not call.has("--quit", "--continue"):
        names = before_dashes(call) or upstreams(git)
        theirs = [one for name in names for one in branches(git, name) if resolved(git, one)]
        paths = list(shifted(call, git, (path for one in theirs for path in merged(git, "HEAD", one))))
        if call.invocation.ahead:  # after which HEAD may be another commit
            paths += [path for one in theirs for path in differing(git, one)]
        # That option is heeded where HEAD only goes forward.
        fast = not call.has("--no-ff") and all(_is_ahead(git, one) for one in theirs)
        yield Written(git, paths, keeps_ignored=fast and call.has("--no-overwrite-ignore"))
        if theirs and not fast:
            yield from _where_it_refuses(git)
        yield from _autostash(call, git)


def _subtree_merge(call: Call, git: Git, world: World) -> Iterator[Written]:
    """All of the other side below the prefix; what changed there also at the top, where git finds nothing to shift."""
    prefix, names = (call.text("-P", "--prefix") or "").strip("/"), call.operand_texts
    if call.command[-1] == "pull":
        sides = [other_side(git, names[0], names[1])] if len(names) > 1 else []
    else:
        sides = [(git, [name]) for name in names]
    for seen, commits in sides:
        for one in commits:
            if resolved(seen, f"{one}^{{tree}}"):
                paths = [f"{prefix}/{path}" for path in whole(seen, f"{one}^{{tree}}")]
                merges = call.command[-1] != "add" and resolved(seen, f"{one}^{{commit}}")
                yield Written(git, [*paths, *(merged(seen, "HEAD", one) if merges else ())])


def _is_ahead(git: Git, commit: str) -> bool:
    return git.run("merge-base", "--is-ancestor", "HEAD", commit, fine=(0, 1, 128)).status == 0


def _where_it_refuses(git: Git) -> Iterator[Written]:
    """A merge that does not only go forward, and refuses, goes back to HEAD by force; it saves what git watches."""
    yield gone_to(git, "HEAD", forced=True)
    yield Written(git, [], True, [change.path for change in unsaved(git)])


def _rebase(call: Call, git: Git, world: World) -> Iterator[Written]:
    if not call.has("--quit", "--edit-todo", "--show-current-patch"):
        paths = list(shifted(call, git, rebased(call, git)))
        unsettled = bool(paths) and any(ignores_differ(git, "HEAD", one) for one in rebased_onto(call, git))
        yield Written(git, paths, unsettled=unsettled)
        yield from _autostash(call, git)


def _pull(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield Written(git, list(shifted(call, git, pulled(call, git))))
    if recurses(call, git):
        yield from brought_along(git, pulled_commits(call, git))
    if resolved(git, "HEAD") and (call.has("--no-ff") or not _is_ahead(git, "@{upstream}")):
        yield from _where_it_refuses(git)
    yield from _autostash(call, git)


def _pick(call: Call, git: Git, world: World) -> Iterator[Written]:
    """`cherry-pick` and `revert`."""
    if call.has("--abort"):
        yield gone_to(git, "HEAD", forced=False)
    elif call.has("--continue", "--skip"):
        yield Written(git, list(remaining(git)))
    elif not call.has("--quit"):
        yield Written(git, list(shifted(call, git, picked(call, git))))


def _bisect(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield Written(git, list(bisected(call, git)))
    if recurses(call, git):
        yield from brought_along(git, [(git, one) for ends in bisect_ends(call, git) for one in ends])


def _filter_branch(call: Call, git: Git, world: World) -> Iterator[Written]:
    """A subdirectory comes to lie at the top. What trees other filters make nobody knows: they may have any file."""
    yield Written(git, [])
    if call.has("--tree-filter", "--index-filter", "--commit-filter"):
        yield Written(git, [], True, [one.path for one in git.status(True, ignored=True) if one.index == "!"])
    for directory in call.texts("--subdirectory-filter"):
        tree = f"HEAD:{directory.strip('/')}"
        yield Written(git, whole(git, tree) if resolved(git, tree) else [])


def _mergetool(call: Call, git: Git, world: World) -> Iterator[Written]:
    """It moves what it was given over FILE.orig (git-config(1), mergetool.keepBackup)."""
    in_conflict = [change.path for change in git.status(False) if change.index == "U"]
    yield Written(git, [], True, [f"{path}.orig" for path in in_conflict], goes_on=False)


# The stash


def _stash(call: Call, git: Git, world: World) -> Iterator[Written]:
    """Putting changes aside puts the last commit's files in their place, whatever has taken it."""
    if not call.has("-a", "--all", "-S", "--staged"):
        paths = call.operand_texts if call.command == ("stash", "push") else ()
        yield from put_aside(git, paths, "!" if call.has("-u", "--include-untracked") else "!?")


def _autostash(call: Call, git: Git) -> Iterator[Written]:
    if autostashes(call, git):
        yield from put_aside(git, (), "!?")


def _unstash(call: Call, git: Git, world: World) -> Iterator[Written]:
    name = (*call.operand_texts[call.command[-1] == "branch" :], "stash@{0}")[0]
    stash = f"stash@{{{name}}}" if name.isdigit() else name
    if resolved(git, f"{stash}^1"):
        yield Written(git, list(merged(git, "HEAD", stash, f"{stash}^1")))
        if call.command[-1] == "branch":
            yield gone_to(git, f"{stash}^1", forced=False)


# What is taken out of the index


def _rm(call: Call, git: Git, world: World) -> Iterator[Written]:
    """What stands behind a link at a leading part of the path goes, and the work trees of submodules."""
    if call.has("--cached"):
        return
    paths, top = pathspecs(call, git, world), git.top
    # A file in conflict is itself there, where no leading part of its path is a link.
    gone = [
        change.path
        for change in git.status(False, paths)
        if change.tree in "DT"
        or (change.tree == "U" and any(os.path.islink(os.path.join(top, part)) for part in above(change.path)))
    ]
    behind = [path for path in gone if os.path.lexists(os.path.join(top, path)) and not is_directory(top, path)]
    forced = call.has("-f", "--force")
    yield Written(git, [], forced, behind, goes_on=False)  # see `rm_paths`
    yield from removed_submodules(git, paths, forced)


def _deinit(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield from removed_submodules(git, call.operand_texts, call.has("-f", "--force"))


def _submodule_update(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield from updated_submodules(call, git)
    if call.has("--remote"):
        yield from newest(call, git)


# Files that are named, or named by what is written into them


def _apply(call: Call, git: Git, world: World) -> Iterator[Written]:
    if not call.has("--cached") and (
        call.has("--apply") or not call.has("--stat", "--numstat", "--summary", "--check")
    ):
        top = git.cwd if git.refuses else git.top
        paths = [*patched(call, git, world, overwritten=True), *_rejects(call, git, world)]
        yield Written(None, [], True, [os.path.join(top, path) for path in paths])
        if call.has("--index", "-3", "--3way"):
            yield Written(git, [])


def _rejects(call: Call, git: Git, world: World) -> Iterator[str]:
    """The files that keep what cannot be applied, beside those that a patch names."""
    if call.has("--reject"):
        yield from (f"{path}.rej" for path in patched(call, git, world, overwritten=False))


def _am(call: Call, git: Git, world: World) -> Iterator[Written]:
    """Without a merge, `am` refuses where any file is in the way of a new one, an ignored one too."""
    if call.has("--abort"):
        yield gone_to(git, "HEAD", forced=False)
        return
    merges = call.has("-3", "--3way") or (settings.is_on(git, "am.threeWay") and not call.has("--no-3way"))
    if not call.has("--quit", "--show-current-patch", "--continue", "-r", "--resolved", "--skip"):
        listed = merges or not sees_changes(git)
        yield Written(git, list(patched(call, git, world, overwritten=False)) if listed else [])
        yield Written(git, [], True, list(_rejects(call, git, world)))


def _format_patch(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield Written(None, [], True, list(patches_made(call, git)))


def _config(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield Written(None, [], True, list(config_file(call, git)))


def _index_pack(call: Call, git: Git, world: World) -> Iterator[Written]:
    """An index, and its like, beside each pack."""
    packs = [os.path.join(git.cwd, name.removesuffix(".pack")) for name in call.operand_texts]
    beside = [f"{pack}.{end}" for pack in packs for end in ("idx", "rev", "keep", "promisor")]
    yield Written(None, [], True, [place for place in beside if os.path.lexists(place)])


def _report(call: Call, git: Git, world: World) -> Iterator[Written]:
    yield Written(None, [], True, list(diagnostics(call, git)))


LISTS: dict[tuple[str, ...], List] = {
    ("checkout",): _checkout,
    ("switch",): _checkout,
    ("reset",): _reset,
    ("restore",): _restore,
    ("read-tree",): _read_tree,
    ("checkout-index",): _checkout_index,
    ("sparse-checkout",): _sparse,
    ("merge",): _merge,
    ("subtree",): _subtree_merge,
    ("rebase",): _rebase,
    ("pull",): _pull,
    ("push",): deployed,
    ("send-pack",): deployed,
    ("cherry-pick",): _pick,
    ("revert",): _pick,
    ("bisect",): _bisect,
    ("filter-branch",): _filter_branch,
    ("mergetool",): _mergetool,
    ("stash",): _stash,
    ("stash", "apply"): _unstash,
    ("stash", "pop"): _unstash,
    ("stash", "branch"): _unstash,
    ("rm",): _rm,
    ("submodule", "deinit"): _deinit,
    ("submodule", "update"): _submodule_update,
    ("apply",): _apply,
    ("am",): _am,
    ("format-patch",): _format_patch,
    ("config",): _config,
    ("index-pack",): _index_pack,
    ("bugreport",): _report,
    ("diagnose",): _report,
}
