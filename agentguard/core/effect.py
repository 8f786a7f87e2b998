"""What a call would do, and how bad that is.

An `Effect` is the value that everything later reads: rating, preview, typed word, approval
digest and memory of denials. They cannot disagree because there is nothing else to read.
"""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Rating = Literal["read", "reversible", "destructive"]
    Verb = Literal["observe", "create", "replace", "remove", "publish", "run", "unknown"]
else:
    Rating = Verb = str

#: Every rating, mildest first.
RATINGS: tuple[Rating, ...] = ("read", "reversible", "destructive")

#: What an effect can be. `replace`, `remove` and `publish` are as bad as what brings the old
#: state back allows; `unknown` is what nobody can tell.
VERBS: tuple[Verb, ...] = ("observe", "create", "replace", "remove", "publish", "run", "unknown")

#: Those that take something away or put something in its place, whether or not it can be brought back.
CHANGES: tuple[Verb, ...] = ("replace", "remove", "publish", "unknown")

#: What can bring the old state back from what is left. Nothing else counts: a backup that
#: somebody happened to make is not "what is left".
RECOVERIES = {
    "": "nothing",
    "nothing-lost": "nothing is lost",
    "reflog": "git's reflog",
    "git-objects": "git's objects",
    "git-remote": "the remote repository",
    "regeneration": "making it again",
    "temporary": "nobody: it lies in a temporary directory",
    "counterpart": "the opposite command",
    "transaction": "the transaction's end: it is rolled back",
    "provider": "the provider, by its own record of earlier states",
}


#: Kinds of targets that are named by paths.
BY_PATH = ("file", "directory", "worktree")


class Target(Value):
    """A thing that an effect hits.

    `kind` is what sort of thing ("file", "directory", "ref", "table", "volume", …), `name` how a person
    would say it, `identity` what stays the same when it is reached under another name: device
    and inode of a file; git directory, name and object of a ref; server, database, schema and
    name of a table; service, kind and id of an API's object.
    """

    kind: str
    name: str
    identity: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """Its kind in a person's words, as far as the name shows it: git ends that of a directory with a slash."""
        return "directory" if self.kind == "file" and self.name.endswith("/") else self.kind


class Environment(Value):
    """Where an effect takes place, with the evidence for it ("PGHOST=db.prod.internal")."""

    name: Literal["production", "staging", "local", "unknown"] = "unknown"
    evidence: str = ""


#: How many names are told of things of one sort, and how many sorts of one reason.
NAMED, SORTS = 3, 3


class Found(Value):
    """Things of one sort that an effect hits: what they are, how many, and the first of their names.

    `about` is what is known of them ("not known to git"); where `kind` is "" it is all that there is to say.
    """

    about: str = ""
    kind: str = ""
    count: int = 1
    names: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """In plain words: "3 files not known to git: a, b, c"."""
        if not self.kind:
            return self.about
        named = ", ".join(self.names[:NAMED]) + (", …" if self.count > len(self.names[:NAMED]) else "")
        if self.count == 1 and not self.about:
            return f"{self.kind} {named}"
        several = self.kind if self.count == 1 else _plural(self.kind)
        return f"{self.count} {several}{' ' if self.about else ''}{self.about}: {named}"


def summed(found: Iterable[Found]) -> str:
    """What was found by several effects, each sort of it once with how many there are in all."""
    sorts: dict[tuple[str, str], Found] = {}
    for one in found:
        before = sorts.get((one.kind, one.about))
        if before:
            one = one.replace(count=before.count + one.count, names=(*before.names, *one.names)[:NAMED])
        sorts[one.kind, one.about] = one
    told = [one.told for one in sorts.values()]
    more = [f"and {len(told) - SORTS} more"] if len(told) > SORTS else []
    return "; ".join(told[:SORTS] + more)


class Effect(Value):
    """One thing that a call would do.

    `recoverable_by` names what would bring the old state back (a key of RECOVERIES; "" is
    nothing). `rule` is the permanent id that spoke, `program` the program it spoke about,
    `reason` its plain words, `found` what was found of the target, `instead` the safer way. `catastrophic`, when
    not empty, says why a loss here would be beyond repair ("the filesystem root"). Where
    `target_known` is false, the target has the name that stands on the line (`/tmp/$X`), and may be anything.
    `is_directory` is whether the target, a path, is seen to be one.
    `typed` says that nothing but what is typed at standard input, if that is a terminal, decides about it.
    """

    verb: Verb
    target: Target
    recoverable_by: str = ""
    environment: Environment = Environment()
    rule: str = ""
    program: str = ""
    reason: str = ""
    instead: str = ""
    catastrophic: str = ""
    target_known: bool = True
    typed: bool = False
    found: tuple[Found, ...] = ()
    is_directory: bool = False

    @property
    def thing(self) -> str:
        """What sort of thing the target is, as a person would call it."""
        return "directory" if self.is_directory else self.target.called

    @property
    def told(self) -> str:
        """The reason with what was found."""
        return f"{self.reason}: {summed(self.found)}" if self.found else self.reason

    @property
    def rating(self) -> Rating:
        """How bad this effect is by itself."""
        if self.verb == "observe":
            return "read"
        if self.verb in ("create", "run"):
            return "reversible"
        if self.verb == "unknown":
            return "destructive"
        return "reversible" if self.recoverable_by else "destructive"


class Reason(Value):
    """Why a call is rated as it is: one rule's word on one program."""

    rule: str
    program: str
    text: str
    instead: str = ""


class Reading(Value):
    """All that a call, a line or a script would do, in the order in which it would happen.

    `unguarded` names the programs on it that no rule is taught for: what they run meets the
    shims in turn. `unconfirmable` says, when not empty, why even a person could not judge the
    call, because part of it cannot be shown to them. `handed` is what those programs are told,
    by arguments and standard input, each with the directory that it is told in.
    """

    effects: tuple[Effect, ...] = ()
    unguarded: tuple[str, ...] = ()
    unconfirmable: str = ""
    handed: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(
            self.effects + other.effects,
            tuple(dict.fromkeys(self.unguarded + other.unguarded)),
            self.unconfirmable or other.unconfirmable,
            self.handed + other.handed,
        )

    @property
    def untyped(self) -> Reading:
        """The same without what nothing but typing decides about."""
        return self.replace(effects=tuple(effect for effect in self.effects if not effect.typed))

    @property
    def rating(self) -> Rating:
        """The strictest of all effects; an empty reading observes."""
        return worst(effect.rating for effect in self.effects)

    @property
    def catastrophic(self) -> str:
        """Why it would be beyond repair, or "" when it would not."""
        for effect in self.effects:
            if effect.catastrophic and effect.rating == "destructive":
                return effect.catastrophic
        return ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of the effects that decided, those as strict as the whole: each once, with all that was found."""
        strictest = self.rating
        found: dict[Reason, list[Found]] = {}
        for effect in self.effects:
            if effect.rating == strictest and effect.rule:
                reason = Reason(effect.rule, effect.program, effect.reason, effect.instead)
                found.setdefault(reason, []).extend(effect.found)
        return tuple(
            reason.replace(text=f"{reason.text}: {summed(things)}") if things else reason
            for reason, things in found.items()
        )


def worst(ratings: Iterable[Rating]) -> Rating:
    """The strictest of some ratings; "read" when there are none."""
    return max(ratings, key=RATINGS.index, default="read")


def _plural(kind: str) -> str:
    """Several things of a kind."""
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "x", "ch", "sh")) else f"{kind}s"
