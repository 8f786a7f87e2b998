"""Lookups for rules with `where`: git's configuration, repositories, and the directory that aliases and hooks run in.

Every source takes its key, the call and git as the call would see it; it gives None where what
the rule asks does not hold, and raises Unseen where it cannot tell.
"""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.text.glob import like
from ...core.unseen import Unseen
from ...core.word import text_of
from ...core.world import World
from ...lean.typing import TYPE_CHECKING
from .auto_gc import auto_gc_drops
from .probes import index_drops, sparse_drops, staged_gone, stash_index_drops
from .prunes import drops_by_configuration, drops_with_remote
from .push import forced_by_configuration
from .refs import commits_unreachable
from .submodule_paths import checked_out, submodules
from .worktrees import submodules_recursed
from .written_over import written_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.call import Call
    from ...core.world import Answer
    from .git import Git

    Lookup = Callable[[str, Call, Git, World], "str | None"]

#: Settings whose program gets arguments that may be files of the work tree.
_CALLED = ("diff.external", "diff.*.command")
#: Commands that need no repository.
_ANYWHERE = (("apply",), ("config",))
#: How many of the things that would be lost are named in one reason.
_NAMED = 5


def _alias(key: str, call: Call, git: Git, world: World) -> str | None:
    return _configured(git, f"alias.{key}")


def _config(key: str, call: Call, git: Git, world: World) -> str | None:
    """The value of a setting, as the call itself would have it."""
    value = _configured(git, key)
    return None if value is None else f"{key} = {value}"


def _configured(git: Git, key: str) -> str | None:
    done = git.run("config", "-z", "--get", key, fine=(0, 1))
    return None if done.status else decode(done.out).partition("\0")[0]


def _programs(key: str, call: Call, git: Git, world: World) -> str | None:
    """What the settings named in `key` ("*" globs, in lower case) have git run through a shell: a line for each."""
    wanted, found = key.split(), []
    for name, value in git.settings():
        if value and any(like(name.lower(), one) for one in wanted):
            called = ' "$(cat)"' * any(like(name.lower(), one) for one in _CALLED)
            found.append(value.removeprefix("!").replace("'", "'\\''") + called)
    return "\n".join(f"sh -c '{line}'" for line in dict.fromkeys(found)) or None


def _set(key: str, call: Call, git: Git, world: World) -> str | None:
    """Which of the settings named in `key` ("*" globs, in lower case) are set."""
    wanted = key.split()
    found = dict.fromkeys(name for name, _ in git.settings() if any(like(name.lower(), one) for one in wanted))
    return ", ".join(found) or None


def _top(key: str, call: Call, git: Git, world: World) -> str | None:
    """The directory that git goes to before it runs anything else: the top of the work tree."""
    return git.top or None


def _says(key: str, call: Call, git: Git, world: World) -> str | None:
    """What git answers to a question: a line."""
    return git.plain(*key.split())


def _rewriting(key: str, call: Call, git: Git, world: World) -> str | None:
    """The directory that `filter-branch` makes for its filters (git-filter-branch(1), -d)."""
    given = call.guessed().text("-d")
    return os.path.join(git.cwd if given else git.top, given or ".git-rewrite", "t")


def _each_repository(key: str, call: Call, git: Git, world: World) -> str | None:
    """What `for-each-repo` has git do, as a shell line for each repository that the setting lists."""
    import shlex

    words = tuple(map(text_of, call.played("WORDS")))
    setting = call.text("--config") or ""
    listed = decode(git.run("config", "-z", "--type=path", "--get-all", setting, fine=(0, 1)).out).split("\0")
    lines = [shlex.join(("git", "-C", where, *words)) for where in listed if where]
    return "\n".join(lines) or ":"


def _each_submodule(key: str, call: Call, git: Git, world: World) -> str | None:
    """What `submodule foreach` has a shell do, as a line for each submodule that is checked out."""
    import shlex

    words = tuple(map(text_of, call.played("SHELL")))
    line = words[0] if len(words) == 1 else shlex.join(words)
    places = _submodules_below(git, call.has("--recursive"))
    return "\n".join(f"(cd {shlex.quote(place)} && {{ {line}\n}})" for place in places) if line else None


def _submodules_below(git: Git, deeper: bool) -> Iterator[str]:
    for path, _ in submodules(git, ()):
        inner = checked_out(git, path)
        if inner is not None:
            yield inner.top
            yield from _submodules_below(inner, deeper) if deeper else ()


def _hooks(key: str, call: Call, git: Git, world: World) -> str | None:
    """Those of the hooks named in `key` that this repository has (githooks(5))."""
    return ", ".join(name for name in key.split() if os.access(_hook(git, name), os.X_OK)) or None


def _hook_run(key: str, call: Call, git: Git, world: World) -> str | None:
    """The hook that `hook run` names, as a shell line."""
    import shlex

    place = _hook(git, call.operand_texts[0]) if call.operands else b""
    return shlex.join((decode(place), *call.operand_texts[1:])) if os.access(place, os.X_OK) else None


def _hook(git: Git, name: str) -> bytes:
    directory = os.path.join(encode(git.cwd), encode(git.plain("rev-parse", "--git-path", "hooks")))
    return os.path.join(directory, encode(name))


def _hooks_here(key: str, call: Call, git: Git, world: World) -> str | None:
    """The directory of hooks that a call sets, if it is one of this work tree; with the hooks that it has."""
    given = [value for name, _, value in (one.partition("=") for one in call.texts("-c")) if name.lower() == key]
    if not given or not git.top:
        return None
    top = os.path.realpath(encode(git.top))
    directory = os.path.realpath(os.path.join(top, os.path.expanduser(encode(given[-1]))))
    inside = directory.startswith(top + b"/") and b".git" not in directory[len(top) :].split(b"/")
    if not inside:
        return None
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    found = [decode(name) for name in names if os.access(os.path.join(directory, name), os.X_OK)]
    return ", ".join((given[-1], *found))


def _naming(probe: Callable[[Call, Git, World], Answer]) -> Lookup:
    """A probe as a source: what would be lost, by name, if unknown words are what they are guessed to be."""

    def look(key: str, call: Call, git: Git, world: World) -> str | None:
        return _named(probe(call.guessed(), git, world))

    return look


def _named(answer: Answer) -> str | None:
    names = [target.name for target in answer.lost]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more if names else None


def _writes_over(key: str, call: Call, git: Git, world: World) -> str | None:
    """What the call writes over, by name."""
    return _named(written_over(call.guessed(), git, world, key))


def _forced(key: str, call: Call, git: Git, world: World) -> str | None:
    return forced_by_configuration(key, call.guessed(), git, world)


LOOKUPS: dict[str, Lookup] = {
    "git-alias": _alias,
    "git-config": _config,
    "git-programs": _programs,
    "git-set": _set,
    "git-top": _top,
    "git-says": _says,
    "git-rewriting": _rewriting,
    "git-each-repository": _each_repository,
    "git-each-submodule": _each_submodule,
    "git-hook": _hooks,
    "git-hook-run": _hook_run,
    "git-hooks-here": _hooks_here,
    "git-push-forced": _forced,
    "git-writes-over": _writes_over,
    "git-fetch-drops": _naming(drops_by_configuration),
    "git-prunes": _naming(drops_by_configuration),
    "git-auto-gc": _naming(auto_gc_drops),
    "git-remote-drops": _naming(drops_with_remote),
    "git-index-drops": _naming(index_drops),
    "git-staged-gone": _naming(staged_gone),
    "git-autostash-drops": _naming(index_drops),  # which asks the settings first, where no option says it
    "git-submodules-recursed": _naming(submodules_recursed),
    "git-unlogged": _naming(commits_unreachable),
    "git-stash-index-drops": _naming(stash_index_drops),
    "git-sparse-drops": _naming(sparse_drops),
}


def look_up(source: str, key: str, call: Call, git: Git, world: World) -> str | None:
    """The value that a source has for a key; raises Unseen if there is no such source, or it cannot tell.

    Where git refuses the call, since there is no repository, nothing is to be seen.
    """
    if source not in LOOKUPS:
        raise Unseen(f"nobody knows how to look up {source}")
    try:
        return LOOKUPS[source](key, call, git, world)
    except Unseen:
        if call.command[:1] not in _ANYWHERE and git.refuses:
            return None
        raise
