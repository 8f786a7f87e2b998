"""What a push would take away from the remote, as far as can be told from here without the network."""

from __future__ import annotations

from ...core.effect import Target
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import text_of
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from . import settings
from .authorship import made_here
from .refs import forgotten, lost, resolved, unreachable
from .refspecs import UNSEEN, Update, between, full_names, is_mirror, pushed_to, refspecs, updates, updates_there
from .remotes import is_same, links, places, raise_if_in_a_file, refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...core.call import Call
    from .git import Git


def push_loses(call: Call, git: Git, world: World) -> Answer:
    """What a push drops from the remote.

    With a lease on a ref whose last seen state is known here, git itself makes sure that the
    remote still is there: then exactly the commits between are dropped, and those that were made
    in this repository are still here. Without one, only a remote on this machine
    can be looked at, and every commit that is dropped counts.
    """
    remote = pushed_to(call, git)
    into = (call.text("--recurse-submodules") or settings.value(git, "push.recurseSubmodules")).lower()
    if into in ("on-demand", "only") and any(word.startswith("+") for word in refspecs(call, git, remote)):
        raise Unseen("what submodules push, forced as this is, is not seen")
    found: list[Target] = []
    for there in places(git, remote, push=True):
        found += _dropped_afar(call, git, remote) if there is None else _dropped_there(call, git, remote, there)
    return lost(dict.fromkeys(found))


def _dropped_afar(call: Call, git: Git, remote: str) -> list[Target]:
    """What a remote drops that cannot be looked at."""
    _raise_unless_bounded(call, git, remote)
    wanted = list(updates(call, git, refspecs(call, git, remote)))
    if call.has("-f", "--force") or any(update.forced for update in wanted):
        raise Unseen(f"{UNSEEN}, and a forced push replaces it all the same")
    leases = _leases(call)
    found: list[Target] = []
    for update in wanted:
        expected = _expected(git, remote, update, leases)
        if expected is not None:
            found += _dropped_unseen(git, remote, update, expected)
        elif not update.source:
            raise Unseen(f"{UNSEEN}, and {update.ref} is deleted there")
    return found


def forced_by_configuration(key: str, call: Call, git: Git, world: World) -> str | None:
    """The setting that makes a push without any option of the kind replace or delete what is on the remote."""
    remote = pushed_to(call, git)
    why = None
    if is_mirror(git, remote):
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
    if call.has("--mirror") or is_mirror(git, remote):
        raise Unseen(f"{UNSEEN}, and a mirror deletes and replaces everything there")
    if call.has("--prune"):
        raise Unseen(f"{UNSEEN}, and --prune deletes what is not here")


def _leases(call: Call) -> list[str | None]:
    return [None if a.value is None else text_of(a.value) for a in call.arguments if a.option == "--force-with-lease"]


# A remote on this machine


def _dropped_there(call: Call, git: Git, remote: str, there: Git) -> Iterator[Target]:
    """What refs of the remote do not reach once all updates are made that git does not refuse.

    What is deleted another ref may keep; where a ref is replaced, who works on it finds the other commits gone.
    """
    before, leases, made = refs(there), _leases(call), list[tuple[Update, bool]]()
    through = links(there)
    after = {ref: held for ref, held in before.items() if ref not in through}  # a link keeps nothing by itself
    for update in updates_there(call, git, remote, before):
        forced = update.forced or call.has("-f", "--force")  # which also overrides a lease
        expected = None if forced else _expected(git, remote, update, leases)
        if expected is None and update.source and not forced:
            continue  # a fast-forward, or git refuses
        update = update.replace(ref=through.get(update.ref, update.ref))
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
    gone_too = [tracking(git, remote, ref) for ref in deleted]  # which go with them, if they are there
    yield from forgotten(git, [ref for ref in gone_too if resolved(git, ref)])
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
        yield Target("annotated tag", ref.removeprefix("refs/tags/"), (there.directory, ref, held))


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
        raise Unseen(f"{UNSEEN}: nothing is known here of {update.ref} at {remote}")
    source = resolved(git, f"{update.source}^{{commit}}") if update.source else ""
    if update.source and not source:
        return  # git refuses a source that does not exist
    others = (f"--exclude={tracking(git, remote, update.ref)}", f"--glob=refs/remotes/{remote}/*")
    yield from _dropped(git, remote, update.ref, expected, [source] if source else others)


def _expected(git: Git, remote: str, update: Update, leases: list[str | None]) -> str | None:
    """The object that a lease demands of the remote's ref: "" if it is not known here, None without a lease."""
    for lease in leases:
        if not lease:
            return resolved(git, tracking(git, remote, update.ref))
        name, colon, value = lease.partition(":")
        if update.ref in full_names(name):
            wanted = value if colon else tracking(git, remote, update.ref)
            return resolved(git, f"{wanted}^{{commit}}") if wanted else ""
    return None


def tracking(git: Git, remote: str, ref: str) -> str:
    """The remote-tracking ref of a remote's ref, by the configured refspecs; "" if it has none."""
    for refspec in settings.values(git, f"remote.{remote}.fetch"):
        theirs, _, ours = refspec.removeprefix("+").partition(":")
        middle = between(ref, theirs)
        if middle is not None or theirs == ref:
            return ours.replace("*", middle or "")
    return ""
