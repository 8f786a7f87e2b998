"""Denied calls, and whether a later call has the same aim: `rm data` was denied, `mv data /tmp` follows."""

from __future__ import annotations

from ..core.effect import BY_PATH, CHANGES, Effect, Reading, Target
from ..core.paths import absolute, overlap, within
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Where an absolute path really leads, with the device and inode of what is there ("" for nothing).
    Located = Callable[[str], tuple[str, tuple[str, ...]]]

#: How many things of one call are remembered.
REMEMBERED = 200
#: Kinds of targets that are named by paths; what a call is about, where no rule says what that is, may be.
_FILES = (*BY_PATH, "call")
#: Kinds that are reached by the name of a ref.
_REFS = ("branch", "remote branch", "remote-tracking", "ref", "tag", "annotated tag", "commit")


class Denial(Value):
    """A call that a person refused: as what request and when, its command line, their words, and what it would hit."""

    request: str
    when: str
    command: str
    answer: str
    hits: tuple[Target, ...]

    @property
    def told(self) -> str:
        """The denial in one line, for a person."""
        head = f"{self.command} was denied at {self.when} as request {self.request}"
        return head + (f": {self.answer}" if self.answer else "")


def hits(reading: Reading, argv: tuple[str, ...], cwd: str, located: Located) -> tuple[Target, ...]:
    """What a call would hit for good, files by where their paths lead.

    If one of them is not there (`find data -exec rm {} +`, an unknown option), it may be any file that the call names.
    """
    lost = dict.fromkeys(effect.target for effect in reading.effects if effect.rating == "destructive")
    found = [thing for target in tuple(lost)[:REMEMBERED] for thing in _things(target, cwd, located)]
    if any(thing.kind == "file" and not thing.identity for thing in found):
        words = [word for word in dict.fromkeys(argv[1:]) if word][:REMEMBERED]
        named = (Target("file", *located(absolute(word, cwd))) for word in words)
        found = [thing for thing in named if thing.identity] + found
    return tuple(dict.fromkeys(found))[:REMEMBERED]


def earlier(reading: Reading, cwd: str, denials: tuple[Denial, ...], located: Located) -> tuple[str, ...]:
    """The denials whose aim this call shares, each in a line; calls that only look share none."""
    if not denials:
        return ()
    hit = dict.fromkeys(effect.target for effect in changes(reading))
    aims = tuple(dict.fromkeys(thing for target in hit for thing in _things(target, cwd, located)))
    told = [_Told(where, text, located) for where, text in reading.handed]
    return tuple(
        denial.told
        for denial in denials
        if any(any(_same(aim, hit) for aim in aims) or any(one.names(hit) for one in told) for hit in denial.hits)
    )


def may_share(reading: Reading) -> bool:
    """Whether a call could have the aim of any denial: what only looks or adds cannot, nor who is told nothing."""
    return any(_words(text) for _, text in reading.handed) or next(changes(reading), None) is not None


def changes(reading: Reading) -> Iterator[Effect]:
    """The effects that take something away or put something in its place, whether or not it can be brought back."""
    return (effect for effect in reading.effects if effect.verb in CHANGES)


class _Told:
    """What a program that no rule is taught for was told: nobody sees what it does with it."""

    def __init__(self, cwd: str, text: str, located: Located) -> None:
        self._words = set(_words(text))
        self._here = located(cwd)[0]
        self._paths = {located(absolute(word, cwd))[0] for word in self._words}

    def names(self, hit: Target) -> bool:
        """Whether that thing is named, or for a file something in it, from outside."""
        if hit.kind != "file":
            return bool(_id(hit)) and _id(hit) in self._words
        inside = not within(self._here, hit.name)
        return any(path == hit.name or (inside and within(path, hit.name)) for path in self._paths)


def _words(text: str) -> list[str]:
    """The pieces of a text, which may be a program, that could be names."""
    return "".join(c if c.isalnum() or c in "._-/" else " " for c in text).split()


def _things(target: Target, cwd: str, located: Located) -> Iterator[Target]:
    """What a target names: each file by where its path leads, anything else as it is."""
    if target.kind not in _FILES:
        yield target
        return
    paths = [part for part in target.identity if part.startswith("/")] or [target.name] * bool(target.name)
    for path in paths:
        yield Target("file", *located(absolute(path, cwd)))


def _same(aim: Target, hit: Target) -> bool:
    """Whether both are one thing, or one lies in the other. A thing may be reached by another name or host."""
    if aim.identity and aim.identity == hit.identity:
        return True
    if aim.kind == "file" or hit.kind == "file":
        return aim.kind == hit.kind and overlap(aim.name, hit.name)
    if _family(aim) == _family(hit):
        ours, theirs = _names(aim), _names(hit)
        if ours & theirs or not ours or not theirs:  # without a name it may be any of its kind
            return True
    one, other = _id(aim), _id(hit)
    return bool(one and other) and (one in hit.identity[1:] or other in aim.identity[1:] or overlap(one, other))


def _family(target: Target) -> str:
    return "ref" if target.kind in _REFS else target.kind


def _names(target: Target) -> set[str]:
    """The names of a thing without what its command put around them: the remote, the signs of a refspec."""
    if target.kind not in _REFS:
        return {target.name} - {""}
    words = target.name.split(" ")
    words = words[1:] if target.kind == "remote branch" and len(words) > 1 else words
    words += [part for part in target.identity if part.startswith("refs/")]
    return {word.lstrip("+").rpartition(":")[2].removeprefix("refs/heads/") for word in words} - {""}


def _id(target: Target) -> str:
    """What a thing is called wherever it is reached: the last part of its identity."""
    last = target.identity[-1] if target.identity else ""
    return "" if last == "/" else last
