"""What a push would take away from the remote, as far as can be told from here without the network."""

from __future__ import annotations

from ..core.effect import Target
from ..core.value import TYPE_CHECKING, Value
from ..core.world import Answer, Unseen, World
from .git import of_git_directory
from .octets import text
from .ref_probes import lost, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.call import Call
    from .git import Git

_UNSEEN = "what the remote holds now is not seen"


class _Update(Value):
    """One ref of the remote that is pushed to: `source` is "" where it is deleted."""

    source: str
    ref: str
    forced: bool


def push_loses(call: Call, git: Git, world: World) -> Answer:
    """Commits of others, or a state nobody has seen, that a push drops from the remote.

    With a lease on a ref whose last seen state is known here, git itself makes sure that the
    remote still is there: then exactly the commits between are dropped. The caller's own, by
    author's and committer's address, are still here.
    """
    if call.has("--mirror"):
        raise Unseen(f"{_UNSEEN}, and --mirror deletes and replaces everything there")
    if call.has("--prune"):
        raise Unseen(f"{_UNSEEN}, and --prune deletes what is not here")
    remote = _remote(call, git)
    updates = list(_updates(call, git, remote))
    if call.has("-f", "--force") or any(update.forced for update in updates):
        raise Unseen(f"{_UNSEEN}, and a forced push replaces it all the same")
    leases = [a.value for a in call.arguments if a.option == "--force-with-lease"]
    found: list[Target] = []
    for update in updates:
        expected = _expected(git, remote, update, leases)
        if expected is not None:
            found += _dropped(git, remote, update, expected)
        elif not update.source:
            raise Unseen(f"{_UNSEEN}, and {update.ref} is deleted there")
    return lost(found)


def _dropped(git: Git, remote: str, update: _Update, expected: str) -> Iterator[Target]:
    if not expected:
        raise Unseen(f"{_UNSEEN}: nothing is known here of {update.ref} at {remote}")
    source = resolved(git, f"{update.source}^{{commit}}") if update.source else ""
    if update.source and not source:
        return  # git refuses a source that does not exist
    others = (f"--exclude={_tracking(git, remote, update.ref)}", f"--glob=refs/remotes/{remote}/*")
    kept = [source] if source else others
    listed = git.run("rev-list", "--format=%H%x00%ae%x00%ce%x00%s", expected, "--not", *kept, "--").out
    directory = git.value("rev-parse", "--absolute-git-dir")
    own = of_git_directory(git.program, directory).value("config", "--get", "user.email")
    for line in text(listed).split("\n")[1::2]:
        commit, author, committer, subject = line.split("\0", 3)
        if not own or author != own or committer != own:
            yield Target("commit", f"{commit[:10]} {subject} ({author})", (directory, remote, update.ref, commit))


def _expected(git: Git, remote: str, update: _Update, leases: list[str | None]) -> str | None:
    """The object that a lease demands of the remote's ref: "" if it is not known here, None without a lease."""
    for lease in leases:
        if not lease:
            return resolved(git, _tracking(git, remote, update.ref))
        name, colon, value = lease.partition(":")
        if update.ref in (name, f"refs/heads/{name}", f"refs/tags/{name}"):
            wanted = value if colon else _tracking(git, remote, update.ref)
            return resolved(git, f"{wanted}^{{commit}}") if wanted else ""
    return None


def _tracking(git: Git, remote: str, ref: str) -> str:
    """The remote-tracking ref of a remote's ref, by the configured refspecs; "" if it has none."""
    for refspec in git.lines("config", "--get-all", f"remote.{remote}.fetch", fine=(0, 1)):
        theirs, _, ours = refspec.removeprefix("+").partition(":")
        before, star, after = theirs.partition("*")
        if not star and theirs == ref:
            return ours
        if star and ref.startswith(before) and ref.endswith(after) and len(ref) >= len(before) + len(after):
            return ours.replace("*", ref[len(before) : len(ref) - len(after)])
    return ""


def _remote(call: Call, git: Git) -> str:
    given = call.operands[0] if call.operands else call.value("--repo")
    if given:
        return given
    branch = git.value("symbolic-ref", "--quiet", "--short", "HEAD")
    for key in (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote"):
        configured = git.value("config", "--get", key)
        if configured:
            return configured
    return "origin"


def _updates(call: Call, git: Git, remote: str) -> Iterator[_Update]:
    """What is pushed where (git-push(1)); raises Unseen where that would have to be asked of the remote."""
    if git.value("config", "--type=bool", "--get", f"remote.{remote}.mirror") == "true":
        raise Unseen(f"{_UNSEEN}, and {remote} is configured as a mirror: everything there is deleted and replaced")
    given = list(call.operands[1:])
    if not given and call.has("--all", "--branches", "--tags"):
        if call.has("-f", "--force", "--force-with-lease"):
            raise Unseen(f"{_UNSEEN}, and everything is pushed at once")
        return
    if not given:
        given = git.lines("config", "--get-all", f"remote.{remote}.push", fine=(0, 1)) or list(_by_default(git))
    words = iter(given)
    for word in words:
        if word == "tag":
            name = next(words, "")
            yield _Update(f"refs/tags/{name}", f"refs/tags/{name}", False)
            continue
        forced = word.startswith("+")
        source, colon, ref = word.removeprefix("+").partition(":")
        if "*" in word or (not source and not ref):
            if forced or call.has("-f", "--force", "--force-with-lease"):
                raise Unseen(f"{_UNSEEN}, and {word} pushes many refs at once")
            continue
        if call.has("-d", "--delete"):
            source, ref = "", source
        yield _Update(source, _full(git, source, ref if colon or not source else source), forced)


def _by_default(git: Git) -> Iterator[str]:
    """The refspec of a push without one, by push.default."""
    branch = git.value("symbolic-ref", "--quiet", "--short", "HEAD")
    default = git.value("config", "--get", "push.default") or "simple"
    if default == "matching":
        yield ":"
    elif default in ("upstream", "tracking") and branch:
        yield f"{branch}:{git.value('config', '--get', f'branch.{branch}.merge')}"
    elif default != "nothing" and branch:
        yield branch


def _full(git: Git, source: str, ref: str) -> str:
    """The full name of the remote's ref that a refspec names."""
    if ref in ("HEAD", "@"):
        return git.value("symbolic-ref", "--quiet", "HEAD")
    if ref.startswith("refs/"):
        return ref
    full = git.value("rev-parse", "--symbolic-full-name", source) if source and resolved(git, source) else ""
    return f"refs/tags/{ref}" if full.startswith("refs/tags/") else f"refs/heads/{ref}"
