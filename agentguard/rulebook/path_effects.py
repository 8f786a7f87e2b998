"""Effects of a rule on files: on those it names (rm), those it overwrites (cp), those it moves away (mv)."""

from __future__ import annotations

from ..core.effect import Effect, Found, Target
from ..core.paths import absolute, doubted, holds, is_stream, may_be_linked, on_path
from ..core.unseen import Unseen
from ..core.word import Known, Unknown, joined
from ..core.world import PathState
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..core.call import Call
    from ..core.word import Word
    from ..core.world import Destination, World
    from .model import Rule


def unresolved(words: Iterable[Word], base: Effect) -> Iterator[Effect]:
    """An effect that may be on anything, for each word that is not known before the line runs (`/tmp/$X`)."""
    for word in words:
        if isinstance(word, Unknown):
            yield base.replace(
                recoverable_by="",
                target=Target(base.target.kind, word.written),
                target_known=False,
                reason=f"{base.reason}: what {word.written} stands for is not known before the line runs",
            )


def on_paths(rule: Rule, base: Effect, call: Call, world: World) -> Iterator[Effect]:
    """An effect on each file that the call names, by the state that it is in now."""
    words, cwd = tuple(one for one in call.played(rule.on) if not _refused(one, rule)), call.cwd
    if base.verb == "replace":
        streams = [one for one in words if is_stream(one) and not holds(one, world)]
        yield from (base.replace(verb="observe", target=Target("file", one.guess)) for one in streams)
        words = tuple(word for word in words if word not in streams)
    yield from unresolved(words, base)
    if isinstance(cwd, Unknown):
        yield from unresolved((joined((cwd, word), "/") for word in words if word.guess[:1] != "/"), base)
        words = tuple(word for word in words if word.guess[:1] == "/")
    paths = tuple(word.guess for word in words)  # beside that of an unknown word, the guess must be harmless too
    ahead = call.invocation.ahead
    for written, path in zip(paths, world.paths(paths, cwd.guess, _follows(rule)) if paths else (), strict=True):
        spared = any(path.kind == kind and not call.has(*unless) for kind, unless in rule.refuses_kind)
        effect = on_path(base, PathState(path.path, "missing") if spared else path, ahead)
        if written.endswith("/") and may_be_linked(path.path, ahead):
            why = "an earlier part of the same line may make a link of it, and the slash leads through that"
            effect = effect.replace(recoverable_by="", found=(Found(why),))
        yield effect
    if not words:
        yield base.replace(verb="observe", target=Target("file", ""))


def _refused(path: Word, rule: Rule) -> bool:
    return isinstance(path, Known) and path.text.rstrip("/").rpartition("/")[2] in rule.refuses_name


def overwriting(rule: Rule, base: Effect, call: Call, world: World) -> Iterator[Effect]:
    """An effect on each file at DEST that a copy of SOURCE replaces or makes."""
    destination = _destination(call, world)
    if destination is None:
        yield base.replace(verb="observe", target=Target("file", ""))
    elif isinstance(destination, Unseen):
        yield base.replace(recoverable_by="", target_known=False, reason=f"{base.reason}: {destination}")
    else:
        ahead = call.invocation.ahead
        for path in world.paths(destination.over, call.cwd.guess, _follows(rule)) if destination.over else ():
            yield on_path(base, path, ahead)
        for at in destination.at:
            if at not in destination.over and doubted(at, ahead):
                why = "an earlier part of the same line may change what is there"
                yield base.replace(target=Target("file", at), recoverable_by="", reason=f"{base.reason}: {why}")
            elif at not in destination.over:
                made = base.replace(verb="create", target=Target("file", at))
                yield made.replace(reason="puts a file where none is", instead="")


def moving_away(rule: Rule, base: Effect, call: Call, world: World) -> Iterator[Effect]:
    """An effect on each file that is moved: a loss if DEST keeps nothing (/dev/null), or if it is protected."""
    destination = _destination(call, world)
    if isinstance(destination, Unseen):
        yield base.replace(recoverable_by="", target_known=False, reason=f"{base.reason}: {destination}")
    elif destination is not None and destination.grave:
        yield base.replace(
            recoverable_by="", catastrophic=destination.grave, reason=f"{base.reason}: {destination.grave}"
        )
    elif destination is not None and destination.disposable:
        yield from on_paths(rule, base.replace(reason=f"{base.reason}: {destination.disposable}"), call, world)
    else:
        cwd = call.cwd.guess  # the directory is known, or nothing of this is
        for argument in call.playing(rule.on):
            path = argument.value.guess if argument.value is not None else ""
            target = Target("file", path, (absolute(path, cwd),))
            yield base.replace(recoverable_by="counterpart", target=target)


def _destination(call: Call, world: World) -> Destination | Unseen | None:
    """Where the call's SOURCE arguments come to lie, or why nobody can tell; None if nothing is copied."""
    sources, archives, strips = call.played("SOURCE"), call.played("ARCHIVE"), call.played("STRIP")
    targets = [(a.value, a.role) for a in call.playing("DEST", "TARGET") if a.value is not None]
    places = (*sources, *archives, *(target for target, _ in targets))
    relative = (call.cwd,) if any(word.guess[:1] != "/" for word in places) else ()
    for word in (*places, *strips, *relative):
        if isinstance(word, Unknown):  # which may also be several words
            return Unseen(f"what {word.written} stands for is not known before the line runs")
    if not (sources or archives) or not targets:
        return None
    (target, role), cwd = targets[-1], call.cwd.guess
    try:
        if archives:
            strip = strips[0].guess if strips else "0"
            count = int(strip) if strip.isdecimal() else 0
            return world.unpacking(archives[-1].guess, target.guess, cwd, count)
        return world.destination(tuple(word.guess for word in sources), target.guess, cwd, role == "DEST")
    except Unseen as why:
        return why


def _follows(rule: Rule) -> bool:
    """Whether what a symbolic link points at is hit, and not the link."""
    return rule.effect == "replace" if rule.follow is None else rule.follow
