"""What a push would take away from the remote, as far as can be told from here without the network."""

from __future__ import annotations

from ...core.effect import Target
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import text_of
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from . import settings
from .authorship import made_here
from .refs import forgotten, lost, resolved, unreachable
from .remotes import is_same, places, raise_if_in_a_file, refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from .git import Git

_UNSEEN = "what the remote holds now is not seen"


class Update(Value):
    """One ref of the remote that is pushed to: `source` is "" where it is deleted."""

    source: str
    ref: str
    forced: bool


def push_loses(call: Call, git: Git, world: World) -> Answer:
    """What a push drops from the remote.

    With a lease on a ref whose last seen state is known here, git itself makes sure that the
    remote still is there: then exactly the commits between are dropped, and those that were made
    in this repository are still here. Without one, only a remote on this machine
    can be looked at, and every commit that is dropped counts.
    """
    remote = pushed_to(call, git)
    found: list[Target] = []
    for there in places(git, remote, push=True):
        found += _dropped_afar(call, git, remote) if there is None else _dropped_there(call, git, remote, there)
    return lost(dict.fromkeys(found))


def _dropped_afar(call: Call, git: Git, remote: str) -> list[Target]:
    """What a remote drops that cannot be looked at."""
    _raise_unless_bounded(call, git, remote)
    updates = list(_updates(call, git, _refspecs(call, git, remote)))
    if call.has("-f", "--force") or any(update.forced for update in updates):
        raise Unseen(f"{_UNSEEN}, and a forced push replaces it all the same")
    leases = _leases(call)
    found: list[Target] = []
    for update in updates:
        expected = _expected(git, remote, update, leases)
        if expected is not None:
            found += _dropped_unseen(git, remote, update, expected)
        elif not update.source:
            raise Unseen(f"{_UNSEEN}, and {update.ref} is deleted there")
    return found


def forced_by_configuration(key: str, call: Call, git: Git, world: World) -> str | None:
    """The setting that makes a push without any option of the kind replace or delete what is on the remote."""
    remote = pushed_to(call, git)
    why = None
    if _is_mirror(git, remote):
        why = f"remote.{remote}.mirror = true"
    elif len(call.operand_texts) < 2:
        configured = settings.values(git, f"remote.{remote}.push")
        forcing = (one for one in configured if one[:1] in ("+", ":") and one != ":")
        why = next((f"remote.{remote}.push = {one}" for one in forcing), None)
    try:
        raise_if_in_a_file(git, remote)
    except Unseen as unseen:
        why = str(unseen)
    try:
        harmless = bool(why) and not push_loses(call, git, world).lost
    except Unseen:
        harmless = False
    return None if harmless else why


def _raise_unless_bounded(call: Call, git: Git, remote: str) -> None:
    if call.has("--mirror") or _is_mirror(git, remote):
        raise Unseen(f"{_UNSEEN}, and a mirror deletes and replaces everything there")
    if call.has("--prune"):
        raise Unseen(f"{_UNSEEN}, and --prune deletes what is not here")


def _is_mirror(git: Git, remote: str) -> bool:
    return settings.is_on(git, f"remote.{remote}.mirror")


def _leases(call: Call) -> list[str | None]:
    return [None if a.value is None else text_of(a.value) for a in call.arguments if a.option == "--force-with-lease"]


# A remote on this machine


def _dropped_there(call: Call, git: Git, remote: str, there: Git) -> Iterator[Target]:
    """What refs of the remote do not reach once all updates are made that git does not refuse.

    What is deleted another ref may keep; where a ref is replaced, who works on it finds the other commits gone.
    """
    before, leases, made = refs(there), _leases(call), list[tuple[Update, bool]]()
    links = links_of(there)
    after = {ref: held for ref, held in before.items() if ref not in links}  # a link keeps nothing by itself
    for update in updates_there(call, git, remote, before):
        forced = update.forced or call.has("-f", "--force")  # which also overrides a lease
        expected = None if forced else _expected(git, remote, update, leases)
        if expected is None and update.source and not forced:
            continue  # a fast-forward, or git refuses
        update = update.replace(ref=links.get(update.ref, update.ref))
        if update.ref in before and not (expected and expected != before[update.ref]):
            after[update.ref] = resolved(git, update.source) or after[update.ref] if update.source else ""
            made.append((update, expected is not None))
    if not made:
        return
    kept = [held for held in after.values() if held and resolved(git, f"{held}^{{object}}")]
    is_here = is_same(git, there)
    deleted = [update.ref for update, _ in made if not update.source]
    if is_here:
        yield from unreachable(git, deleted).lost
    tracking = [_tracking(git, remote, ref) for ref in deleted]  # which go with them, if they are there
    yield from forgotten(git, [ref for ref in tracking if resolved(git, ref)])
    for update, leased in made:
        current = before[update.ref]
        yield from _annotation(git, there, update.ref, current, after.values(), is_here)
        if resolved(git, f"{current}^{{object}}"):
            new = [after[update.ref]] if update.source else kept
            yield from _dropped(git, remote, update.ref, current, new, only_others=leased)
        elif update.source or current not in after.values():
            directory = git.directory
            yield Target(
                "commit", f"{current[:10]} of {update.ref}, unknown here", (directory, remote, update.ref, current)
            )


def _annotation(git: Git, there: Git, ref: str, held: str, after: Iterable[str], is_here: bool) -> Iterator[Target]:
    """The annotated tag that a ref held there, if neither another ref there nor one of another repository has it."""
    if there.value("cat-file", "-t", held) != "tag" or held in after:
        return
    known = not is_here and resolved(git, f"{held}^{{object}}")
    if not (known and git.lines("for-each-ref", "--format=%(refname)", f"--points-at={held}")):
        yield Target("ref", f"annotated tag {ref.removeprefix('refs/tags/')}", (there.directory, ref, held))


def links_of(there: Git) -> dict[str, str]:
    """The symbolic refs of a repository, with what they lead to: a push through one changes that, or deletes it."""
    listed = there.lines("for-each-ref", "--format=%(refname) %(symref)")
    return {ref: to for ref, _, to in (line.partition(" ") for line in listed) if to}


def updates_there(call: Call, git: Git, remote: str, there: Iterable[str]) -> Iterator[Update]:
    """Every update of the refs there, those of many refs at once one by one."""
    mirrors = call.has("--mirror") or _is_mirror(git, remote)
    for word in ["+refs/*:refs/*"] if mirrors else _refspecs(call, git, remote):
        source, _, ref = word.removeprefix("+").partition(":")
        if word in (":", "+:"):
            source = ref = "refs/heads/*"
        if "*" not in source:
            for update in _updates(call, git, [word]):
                meant = [one for one in _full_names(ref or source) if one in there] if ref or not update.source else []
                yield from (update.replace(ref=one) for one in meant or [update.ref])
            continue
        for one in there:
            middle = between(one, ref or source)
            if middle is not None:
                here = source.replace("*", middle)
                here = here if resolved(git, here) else ""
                if here or mirrors or call.has("--prune"):
                    yield Update(here, one, word.startswith("+"))


def _full_names(name: str) -> Iterator[str]:
    """What a short name may be of a remote (gitrevisions(7)); where it has several of them, git refuses."""
    yield from (f"{start}{name}" for start in ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"))
    yield f"refs/remotes/{name}/HEAD"


def between(ref: str, pattern: str) -> str | None:
    """What the star of a pattern stands for in a ref; None if the ref is not like the pattern."""
    before, star, after = pattern.partition("*")
    if not star or not ref.startswith(before) or not ref.endswith(after) or len(ref) < len(before) + len(after):
        return None
    return ref[len(before) : len(ref) - len(after)]


def _dropped(
    git: Git, remote: str, ref: str, expected: str, kept: Iterable[str], only_others: bool = True
) -> Iterator[Target]:
    """The commits that a ref of the remote has and `kept` do not reach; of others only, unless that is not asked."""
    listed = decode(git.run("rev-list", "--format=%H%x00%ae%x00%s", expected, "--not", *kept, "--").out)
    directory = git.directory
    own = made_here(git) if only_others and listed else frozenset()
    for line in listed.split("\n")[1::2]:
        commit, author, subject = line.split("\0", 2)
        if commit not in own:
            yield Target("commit", f"{commit[:10]} {subject} ({author})", (directory, remote, ref, commit))


def _dropped_unseen(git: Git, remote: str, update: Update, expected: str) -> Iterator[Target]:
    """What an update under a lease drops from a remote that cannot be looked at."""
    if not expected:
        raise Unseen(f"{_UNSEEN}: nothing is known here of {update.ref} at {remote}")
    source = resolved(git, f"{update.source}^{{commit}}") if update.source else ""
    if update.source and not source:
        return  # git refuses a source that does not exist
    others = (f"--exclude={_tracking(git, remote, update.ref)}", f"--glob=refs/remotes/{remote}/*")
    yield from _dropped(git, remote, update.ref, expected, [source] if source else others)


def _expected(git: Git, remote: str, update: Update, leases: list[str | None]) -> str | None:
    """The object that a lease demands of the remote's ref: "" if it is not known here, None without a lease."""
    for lease in leases:
        if not lease:
            return resolved(git, _tracking(git, remote, update.ref))
        name, colon, value = lease.partition(":")
        if update.ref in _full_names(name):
            wanted = value if colon else _tracking(git, remote, update.ref)
            return resolved(git, f"{wanted}^{{commit}}") if wanted else ""
    return None


def _tracking(git: Git, remote: str, ref: str) -> str:
    """The remote-tracking ref of a remote's ref, by the configured refspecs; "" if it has none."""
    for refspec in settings.values(git, f"remote.{remote}.fetch"):
        theirs, _, ours = refspec.removeprefix("+").partition(":")
        middle = between(ref, theirs)
        if middle is not None or theirs == ref:
            return ours.replace("*", middle or "")
    return ""


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


def _refspecs(call: Call, git: Git, remote: str) -> list[str]:
    """The refspecs of a push, those included that options and the configuration stand for (git-push(1))."""
    words = iter(call.operand_texts[1:])
    given = ["refs/tags/{0}:refs/tags/{0}".format(next(words, "")) if word == "tag" else word for word in words]
    given += ["refs/heads/*:refs/heads/*"] * call.has("--all", "--branches")
    given += ["refs/tags/*:refs/tags/*"] * call.has("--tags")
    if given:
        return given
    raise_if_in_a_file(git, remote)
    return settings.values(git, f"remote.{remote}.push") or list(_by_default(git))


def _updates(call: Call, git: Git, refspecs: Iterable[str]) -> Iterator[Update]:
    """What is pushed where; raises Unseen where that would have to be asked of the remote."""
    for word in refspecs:
        forced = word.startswith("+")
        source, colon, ref = word.removeprefix("+").partition(":")
        if "*" in word or (not source and not ref):
            if forced or call.has("-f", "--force", "--force-with-lease"):
                raise Unseen(f"{_UNSEEN}, and {word} pushes many refs at once")
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
