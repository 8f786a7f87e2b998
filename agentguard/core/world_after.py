"""The world after the effects of earlier commands of a line: files that these may have changed are unseen."""

from __future__ import annotations

import os.path

from ..lean.typing import TYPE_CHECKING
from .effect import Effect
from .paths import could_touch, may_change
from .text.glob import literal
from .unseen import Unseen
from .word import Known
from .world import Answer, Destination, PathState, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .call import Call

#: How the names of files begin that say what git ignores, and of its configuration (gitignore(5)).
_IGNORE_FILES = (".gitignore", "exclude", "ignore", ".gitconfig", "config", ".gitmodules", ".gitattributes")


class AfterEffects(World):
    """The answers of `world`, but for what the effects `ahead` may change: in `cp a b; sh b`, what is in `b`.

    That is the content of files, whether those are there that an effect makes, and the values of a configuration.

    The state of paths and what probes find are doubted where they are judged: see core.paths.
    """

    def __init__(self, world: World, ahead: tuple[Effect, ...], written: tuple[tuple[str, bytes], ...] = ()) -> None:
        self._world = world
        self._ahead = ahead
        self._written = dict(written)

    def read(self, path: str, cwd: str) -> bytes:
        """See World."""
        whole = os.path.normpath(os.path.join(cwd, path))
        if whole in self._written:
            return self._written[whole]
        if may_change(self._ahead, whole):
            raise Unseen(f"{path}: an earlier part of the same line may change it")
        return self._world.read(path, cwd)

    def stdin(self) -> bytes:
        """See World."""
        return self._world.stdin()

    def stream(self, path: str, cwd: str) -> Iterator[bytes]:
        """See World; see `read`."""
        whole = os.path.normpath(os.path.join(cwd, path))
        if path and may_change(self._ahead, whole):
            raise Unseen(f"{path}: an earlier part of the same line may change it")
        return self._world.stream(path, cwd)

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """See World."""
        states = []
        for path in paths:
            try:
                states.append(self._world.paths((self._reached(path, cwd),), cwd, follow)[0])
            except Unseen as why:
                states.append(PathState(os.path.normpath(os.path.join(cwd, path)), "unseen", str(why)))
        return tuple(states)

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """See World; a file that an earlier part of the line may make counts as there."""
        start, stem = self._stem(pattern, cwd)
        found = tuple(start + path[len(stem) :] for path in self._world.expand(stem + pattern[len(start) :], cwd))
        return (pattern,) if not found and self._may_be_made(pattern, cwd) else found

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """See World."""
        return self._world.destination(sources, self._reached(target, cwd), cwd, inside)

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """See World; an archive that an earlier part of the line may change cannot be told."""
        whole = os.path.normpath(os.path.join(cwd, archive))
        if any(could_touch(effect, whole) for effect in self._ahead):
            raise Unseen(f"{archive}: an earlier part of the same line may change it")
        return self._world.unpacking(archive, target, cwd, strip)

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """See World; what an earlier part may have put there cannot be told."""
        for start in starts:
            whole = os.path.normpath(os.path.join(cwd, start))
            if any(could_touch(effect, whole) for effect in self._ahead):
                raise Unseen(f"{start}: an earlier part of the same line may change what is there")
        return self._world.below(tuple(self._reached(start, cwd) for start in starts), names, cwd)

    def ask(self, probe: str, call: Call) -> Answer:
        """See World."""
        return self._world.ask(probe, call)

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """See World; an alias or a setting may be another one once its configuration is changed.

        What is written over is judged as if what may have changed by then had done so for the worse: the key says what.
        """
        if source.endswith(("-alias", "-config", "-set")) and any(map(_configures, self._ahead)):
            raise Unseen("an earlier part of the same line may change it")
        if source.endswith("-writes-over"):
            key = " ".join((key, *_doubts(self._ahead))).strip()
        return self._world.lookup(source, key, call)

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """See World; a file that an earlier part of the line may make counts as there."""
        found = dict(self._world.ambient(variables, files, call))
        for file in files:
            start, slash, rest = file.partition("/")
            directory = Known("") if not start else call.invocation.env.get(start.replace("~", "$HOME")[1:])
            if directory is not None and self._may_be_made(path := directory.guess + slash + rest, call.cwd.guess):
                found.setdefault(path, "an earlier part of the same line may make it")
        return tuple(found.items())

    def _stem(self, pattern: str, cwd: str) -> tuple[str, str]:
        """What a pattern begins with, up to its first special character, and where that leads."""
        special = next((at for at, char in enumerate(pattern) if char in "*?[(\\"), len(pattern))
        start = pattern[: pattern.rfind("/", 0, special) + 1]
        return start, self._reached(start, cwd) if start else ""

    def _is_link(self, whole: str) -> bool:
        """Whether a path leads through a link that an earlier part makes to what lies elsewhere: `LINK/`."""
        return whole.endswith(("/", "/.")) and any(
            effect.program == "ln"
            and effect.target.kind == "file"
            and (not effect.target_known or os.path.normpath(whole) == effect.target.name)
            for effect in self._ahead
        )

    def _reached(self, path: str, cwd: str) -> str:
        """A path that leads up again from a directory which an earlier part of the line makes, as it then is."""
        whole = os.path.join(cwd, path)
        if self._is_link(whole):
            raise Unseen(f"an earlier part of the same line may make a link of {path}")
        if not self._ahead or ".." not in whole.split("/"):
            return path
        parts: list[str] = []
        for part in whole.split("/"):
            if part in ("", ".") and parts:
                continue
            if part != ".." or not self._is_missing(place := "/".join(parts)):
                parts.append(part)
                continue
            if any(effect.target.kind == "file" and could_touch(effect, place) for effect in self._ahead):
                raise Unseen(f"an earlier part of the same line may make a link of {place}")
            parts.pop()
        return "/".join(parts) + ("/" if whole.endswith("/") else "")

    def _is_missing(self, place: str) -> bool:
        return bool(place) and not self._world.expand(literal(place), "/")

    def _may_be_made(self, path: str, cwd: str) -> bool:
        whole = os.path.normpath(os.path.join(cwd, path))
        return any(
            effect.verb != "remove" and could_touch(effect, whole)
            for effect in self._ahead
            if effect.target.kind == "file" and (effect.target.name.startswith("/") or not effect.target_known)
        )


def _doubts(ahead: tuple[Effect, ...]) -> Iterator[str]:
    """What git spares that an earlier part of the line may have changed: what it "ignores", what its "index" knows."""
    if any(effect.verb not in ("observe", "create") and effect.target.kind == "index" for effect in ahead):
        yield "index"
    if any(effect.verb != "observe" and _changes_ignoring(effect) for effect in ahead):
        yield "ignores"


def _changes_ignoring(effect: Effect) -> bool:
    target = effect.target
    if target.kind == "file":
        return not effect.target_known or os.path.basename(target.name).startswith(_IGNORE_FILES)
    return target.kind == "configuration" and effect.verb != "create"


def _configures(effect: Effect) -> bool:
    """Whether an effect changes a configuration, or a file that is one by its name, or whose name is not known."""
    target = effect.target
    if target.kind == "file":
        return "config" in os.path.basename(target.name) or not effect.target_known
    return target.kind == "configuration"
