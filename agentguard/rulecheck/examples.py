"""Runs every example of every rule against the whole rulebook.

An example states the facts it is made under; what it does not state cannot be seen.
"""

from __future__ import annotations

import fnmatch
import os.path
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ..classify.classifier import Classifier
from ..core.api import Api, ApiRule
from ..core.call import Call, Invocation, Stream
from ..core.effect import Reading, Target
from ..core.text.encoding import encode
from ..core.unseen import Unseen
from ..core.word import Known
from ..core.world import PATH_STATES, Answer, Destination, PathState, World
from ..errors import RuleError
from ..rulebook.load import Rulebook
from ..rulebook.model import Example, Program, Programs, Rule
from .suggestions import suggestions

#: Where every example takes place.
CWD = "/home/dev/project"
HOME = "/home/dev"


class StatedWorld(World):
    """The world as an example states it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def read(self, path: str, cwd: str) -> bytes:
        """The text given for that file."""
        text = self.given.get("files", {}).get(path)
        if text is None:
            raise Unseen(f"{path} is not given")
        return encode(str(text))

    def stdin(self) -> bytes:
        """The text given for standard input."""
        if "stdin" not in self.given:
            raise Unseen("standard input is not given")
        return encode(str(self.given["stdin"]))

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        """The states given, by the path as it is written."""
        return tuple(self._path(path, cwd) for path in paths)

    def _path(self, path: str, cwd: str) -> PathState:
        paths = self.given.get("paths", {})
        whole = os.path.normpath(os.path.join(cwd, path))
        same = (state for one, state in paths.items() if path and os.path.normpath(os.path.join(cwd, one)) == whole)
        stated = paths.get(path) or next(same, "unseen")
        fields = {"state": stated} if isinstance(stated, str) else dict(stated)
        if fields["state"] not in PATH_STATES:
            raise RuleError(f"path state `{fields['state']}` is none of {', '.join(PATH_STATES)}")
        said = [fields.get(name, "") for name in ("detail", "grave", "kind")]
        return PathState(whole, fields["state"], said[0], said[1], (whole,), said[2])

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        """Those of the given paths that are there and match; `*` stands for nothing with a slash in it."""
        given, depth = self.given.get("paths", {}), pattern.count("/")
        there = [path for path, state in given.items() if state != "missing" and path.count("/") == depth]
        return tuple(sorted(fnmatch.filter(there, pattern)))

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        """Inside a destination that is given as a directory; over those of the given paths that are not missing."""
        paths = self.given.get("paths", {})
        if inside and target.rstrip("/") in self.given.get("directories", ()):
            at = tuple(os.path.join(cwd, target, os.path.basename(one)) for one in sources)
        elif target in paths:
            at = (os.path.join(cwd, target),) * len(sources)
        else:
            raise Unseen(f"{target} is not given")
        at = tuple(map(os.path.normpath, at))
        there = [os.path.normpath(os.path.join(cwd, path)) for path, state in paths.items() if state != "missing"]
        over = tuple(path for path in there if any(f"{path}/".startswith(f"{one}/") for one in at))
        return Destination(at, over, self.given.get("disposable", {}).get(target, ""))

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        """The names given for that archive, over those of the given paths that are not missing."""
        if archive not in self.given.get("archives", {}):
            raise Unseen(f"{archive} is not given")
        names = ["/".join(name.split("/")[strip:]) for name in self.given["archives"][archive]]
        at = tuple(os.path.normpath(os.path.join(cwd, target, name)) for name in names)
        paths = self.given.get("paths", {})
        there = [os.path.normpath(os.path.join(cwd, path)) for path, state in paths.items() if state != "missing"]
        return Destination((os.path.join(cwd, target),), tuple(path for path in there if path in at))

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        """Those of the given paths that lie there and are named so; none given cannot be seen."""
        paths = self.given.get("paths")
        if paths is None:
            raise Unseen("no paths are given")
        roots = [os.path.join(start, "").removeprefix("./") for start in starts]
        there = [path for path in paths if f"{path}/".startswith(tuple(roots))]
        return tuple(sorted(p for p in there if any(fnmatch.fnmatch(os.path.basename(p), name) for name in names)))

    def ask(self, probe: str, call: Call) -> Answer:
        """What is given for that probe: a list of names that would be lost."""
        if probe not in self.given:
            return Answer(unseen=f"{probe} is not given")
        return Answer(tuple(Target("thing", name) for name in self.given[probe]))

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        """The value given under that source, for that key or (a text) for any; a system's programs are its own."""
        if source == "system-program" and source not in self.given:
            return key if key.startswith(("/bin/", "/usr/bin/", "/usr/sbin/", "/sbin/")) else None
        given = self.given.get(source, {})
        value = given if isinstance(given, str) else given.get(key)
        return None if value is None else str(value)

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        """Those of the files that are given, by the paths that the environment gives them."""
        env = call.invocation.env
        places = [(file.partition("/")[0].replace("~", "$HOME")[1:], file.partition("/")[2]) for file in files]
        found = [f"{env[name].guess}/{rest}" for name, rest in places if name in env]
        return tuple((path, "given") for path in found if path in self.given.get("files", {}))


def rate(rulebook: Programs, example: Example) -> Reading:
    """The reading of an example by the whole rulebook."""
    env = {"HOME": HOME, "PWD": CWD, **example.given.get("env", {})}
    classifier = Classifier(rulebook, StatedWorld(example.given))
    if isinstance(example.run, str):
        stdin = Stream() if "stdin" in example.given else Stream("unseen", why="standard input is not given")
        return classifier.text("shell", Known(example.run), Invocation.of(("sh", "-c", example.run), CWD, env, stdin))
    return classifier.command(Invocation.of(example.run, CWD, env))


def faults(rulebook: Rulebook, only: Program | Api | None = None) -> Iterator[RuleError]:
    """What is wrong with every example that does not hold: file, line, rule and call are named.

    With `only`, those of one program or API, against the whole rulebook all the same.
    """
    for taught in (only,) if only else (*rulebook, *rulebook.apis()):
        for rule in taught.rules:
            for example in rule.examples:
                yield from _faults(rulebook, rule, example, matching=True)
                if isinstance(taught, Program) and isinstance(rule, Rule):
                    yield from _suggested(rulebook, taught, rule, example)
            for example in rule.misses:
                yield from _faults(rulebook, rule, example, matching=False)


def _faults(rulebook: Rulebook, rule: Rule | ApiRule, example: Example, matching: bool) -> Iterator[RuleError]:
    def fault(what: str) -> RuleError:
        assert example.place  # it was loaded
        return example.place.fault(f"{called} {what}", "docs/rules.md says which rule speaks")

    line = example.run if isinstance(example.run, str) else shlex.join(example.run)
    called = f"{'example' if matching else 'near miss'} `{line}`"
    reading = rate(rulebook, example)
    spoken = ", ".join(dict.fromkeys(effect.rule for effect in reading.effects if effect.rule)) or "no rule"
    if reading.rating != example.rating:
        yield fault(f"is rated {reading.rating} by {spoken}, not {example.rating}")
    if example.catastrophic and not reading.catastrophic:
        yield fault("is not catastrophic")
    speaks = any(effect.rule == rule.id for effect in reading.effects)
    if matching and not speaks:
        yield fault(f"is not spoken about by this rule, but by {spoken}")
    if not matching and speaks:
        yield fault("is spoken about by this rule, though it must not be")


def _suggested(rulebook: Rulebook, program: Program, rule: Rule, example: Example) -> Iterator[RuleError]:
    """What is wrong with what a rule says to do instead, where it says so because of an example."""
    if not rule.suggests or example.rating != "destructive":
        return
    for suggestion in suggestions(program, rule, example):
        reading = rate(rulebook, suggestion)
        if reading.rating == "destructive":
            assert example.place  # it was loaded
            why = "; ".join(dict.fromkeys(effect.told for effect in reading.effects if effect.rating == "destructive"))
            what = f"suggests `{suggestion.run}` in place of `{example.run}`, which is destructive itself: {why}"
            yield example.place.fault(what, "suggest what is harmless in the state where the rule speaks")


def proved(rulebook: Rulebook) -> Rulebook:
    """The same rulebook, once all its examples hold; raises RuleError with the first that does not."""
    for fault in faults(rulebook):
        raise fault
    return rulebook
