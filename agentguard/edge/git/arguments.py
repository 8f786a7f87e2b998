"""Arguments of git calls, resolved to commits, branches, paths and work trees."""

from __future__ import annotations

import os

from ...core.context import stdin
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.world import World
from ...lean.typing import TYPE_CHECKING
from .refs import resolved
from .settings import is_on

if TYPE_CHECKING:
    from ...core.call import Call
    from .git import Git


def before_dashes(call: Call) -> tuple[str, ...]:
    """The operands before `--`: what comes after it is a path."""
    words = call.invocation.texts
    after = len(words) - 1 - words.index("--") if "--" in words else 0
    return call.operand_texts[: len(call.operand_texts) - after] if after else call.operand_texts


def pathspecs(call: Call, git: Git, world: World) -> tuple[str, ...]:
    """The pathspecs that a call is given as operands or, one a line, in a file (`--pathspec-from-file`).

    Raises Unseen where the file cannot be read or has none.
    """
    file = call.text("--pathspec-from-file")
    if file is None:
        return call.operand_texts
    listed = lines(stdin(call.invocation.stdin, world) if file == "-" else world.read(file, git.cwd), call)
    if not listed:
        raise Unseen(f"there are no paths in {file}")
    return listed


def lines(listing: bytes, call: Call) -> tuple[str, ...]:
    """The paths of a listing: one a line, maybe in C's quotes, or with the options that say so each ended by NUL."""
    if call.has("--pathspec-file-nul", "-z"):
        return tuple(filter(None, decode(listing).split("\0")))
    return tuple(unquoted(line.removesuffix("\r")) for line in decode(listing).split("\n") if line.strip("\r"))


def tree_and_paths(call: Call, git: Git, world: World) -> tuple[str | None, tuple[str, ...]]:
    """The commit or tree that `checkout` is given, if any, and its pathspecs (git-checkout(1))."""
    before, words = before_dashes(call), call.operand_texts
    if call.has("--pathspec-from-file"):
        return (words[0] if words else None), pathspecs(call, git, world)
    if call.has("-b", "-B", "--orphan", "-t", "--track", "--detach", "-d") and call.command == ("checkout",):
        return (words[0] if words else "HEAD"), ()
    if "--" in call.invocation.texts:
        return (before[0] if before else None), words[len(before) :]
    if words and (resolved(git, f"{words[0]}^{{tree}}") or resolved(git, f"{branch(git, words[0])}^{{tree}}")):
        return words[0], words[1:]
    return None, words


def branch(git: Git, name: str) -> str:
    """A branch as `checkout` takes it: "-" is the one before, and a remote's may be given by its last part."""
    if name == "-":
        return "@{-1}"
    if not resolved(git, f"{name}^{{commit}}"):
        remote = git.lines("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{name}")
        if len(remote) == 1:
            return remote[0]
    return name


def branches(git: Git, name: str) -> tuple[str, ...]:
    """The same, with every remote's branch of that name where there are several: a setting decides between them."""
    if name != "-" and not resolved(git, f"{name}^{{commit}}"):
        return tuple(git.lines("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{name}")) or (name,)
    return (branch(git, name),)


def autostashes(call: Call, git: Git) -> bool:
    """Whether a merge or rebase puts changes aside and applies them again, what was staged as unstaged."""
    if call.has("--autostash", "--no-autostash"):
        return call.has("--autostash")
    rebases = call.command == ("rebase",) or (call.command == ("pull",) and not call.has("--no-rebase"))
    keys = ("merge.autoStash",) * (call.command != ("rebase",)) + ("rebase.autoStash",) * rebases
    return any(is_on(git, key) for key in keys)


def worktrees(git: Git) -> list[dict[str, str]]:
    """The records of all work trees (git-worktree(1), --porcelain)."""
    listing = decode(git.run("worktree", "list", "--porcelain", "-z").out)
    return [dict(line.partition(" ")[::2] for line in one.split("\0")) for one in listing.split("\0\0") if one]


def worktree(git: Git, name: str) -> dict[str, str]:
    """The record of a work tree given by its path or by the last parts of it (git-worktree(1))."""
    records = worktrees(git)
    real = os.path.realpath(os.path.join(git.cwd, name))
    same = [one for one in records if os.path.realpath(one["worktree"]) == real]
    ending = [one for one in records if f"{one['worktree']}/".endswith(f"/{name.strip('/')}/")]
    return next(iter(same or ending), {})


def unquoted(name: str) -> str:
    """A name as `git clean` prints it: in C's quotes if it holds what they escape."""
    if not name.startswith('"'):
        return name
    out, at, inner = bytearray(), 0, encode(name[1:-1])
    single = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
    while at < len(inner):
        if inner[at : at + 1] != b"\\":
            out.append(inner[at])
            at += 1
        elif inner[at + 1 : at + 2] in single:
            out.append(single[inner[at + 1 : at + 2]])
            at += 2
        else:
            out.append(int(inner[at + 1 : at + 4], 8))
            at += 4
    return decode(bytes(out))
