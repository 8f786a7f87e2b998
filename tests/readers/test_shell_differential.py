"""What bash runs, and which files it writes, the reader has said: random texts, real bash, a recorder for programs.

A call that bash gives a recorder must be one that the reader foresaw, word by word and in its directory, and a file
that is another afterwards one that it said would be written; except where the reader says that it cannot know.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from support.guarded import lasting_directory
from support.hunting import hunt
from support.shell_lines import ARMED, EXPRESSIONS, LINES, PRELUDE, VARIABLES

from agentguard.classify.classifier import Classifier, Setting
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Effect, Reading
from agentguard.core.word import Known, Unknown
from agentguard.core.world import World
from agentguard.edge.world import RealWorld
from agentguard.readers.shell import read
from agentguard.rulebook.load import Rulebook
from agentguard.rulebook.model import Programs

pytestmark = pytest.mark.real

PROGRAMS = (
    "bash", "cat", "chmod", "cp", "echo", "env", "false", "ln", "mkdir", "mktemp", "printf", "sh", "test", "touch",
    "true", "xargs",
)  # fmt: skip
#: Programs that only note how they were called.
RECORDED = ("rm",)
#: How many files the line's own directory has.
FILES = {"u": "rm u\n", "1": "rm u\n", "a b": "rm u\n", "sub/u": "rm 1 u\n", "script": "rm u\n"}
RECORDER = '#!/bin/sh -p\nprintf "%s\\0" "$PWD" "$0" "$@" >> "$NOTES"; printf "\\0\\n" >> "$NOTES"\n'
#: The most texts of which too much is said without need, in a hundred.
MOST_VAIN = 25


class Foreseen(Classifier):
    """A classifier that notes what would be run, and takes no offence at what is only noted in the end."""

    def __init__(
        self, rulebook: Programs, world: World, setting: Setting | None = None, calls: list[Invocation] | None = None
    ) -> None:
        super().__init__(rulebook, world, setting)
        self.calls = [] if calls is None else calls

    def under(self, setting: Setting, world: World) -> Foreseen:
        return Foreseen(self.rulebook, world, setting, self.calls)

    def command(self, call: Invocation) -> Reading:
        self.calls.append(call)
        return Reading() if call.name in RECORDED else super().command(call)

    def covers(self, argv: list[str], cwd: str) -> bool:
        """Whether a command was foreseen, or one that may be it; one by another name is what the line made."""
        return argv[0] in RECORDED and any(self._may_be(call, argv, cwd) for call in self.calls)

    @staticmethod
    def _may_be(call: Invocation, argv: list[str], cwd: str) -> bool:
        if isinstance(call.argv[0], Unknown):
            return True
        if call.name != argv[0] or not (isinstance(call.cwd, Unknown) or os.path.realpath(call.cwd.text) == cwd):
            return False
        # What a pattern may match is several unknown words, of which all but one may be none.
        unknown = dict.fromkeys(word for word in call.argv[1:] if isinstance(word, Unknown))
        first = {(word.written, word.start): word for word in reversed(unknown)}
        given_as = [w for w in call.argv[1:] if isinstance(w, Known) or first[w.written, w.start] is w]
        words = (_exactly(w.text) if isinstance(w, Known) else _beginning(w.start) for w in given_as)
        given = "".join(f"{word}\0" for word in argv[1:] if not _is_made(word))
        return bool(re.fullmatch("".join(words), given, re.DOTALL))


def _is_made(word: str) -> bool:
    """Whether a word is the directory that some texts make, which patterns match if they have."""
    return word.rpartition("/")[2] == "z"


def _exactly(text: str) -> str:
    made_up = re.escape(f"{text}\0").replace("X" * 10, "[A-Za-z0-9]{10}")  # by mktemp
    return "" if _is_made(text) else made_up


def _beginning(start: str) -> str:
    """A word or several of which the first begins so, or, where nothing is said of it, also none."""
    return f"{re.escape(start)}.*"


#: Whom texts run as where root runs the tests, for subprocess: they are made up, and may name any file. It is a user
#: that nothing else runs as, since nobody can be looked into on the way from one user to the other.
ORDINARY: dict[str, Any] = {"user": 65533, "group": 65533, "extra_groups": []} if os.getuid() == 0 else {}


class Ground:
    """A directory with programs that do nothing, and one in which texts run; anybody may write there."""

    def __init__(self, root: Path) -> None:
        self.root, self.work, self.notes = root, root / "work", root / "notes"
        self.env = {
            "PATH": str(root / "bin"), "HOME": str(root / "home"), "PWD": str(self.work), "LC_ALL": "C.UTF-8",
            "TMPDIR": str(root / "tmp"), **VARIABLES,
        }  # fmt: skip
        for name in ("bin", "home", "tmp"):
            (root / name).mkdir()
        for name in ("h1", "h2"):
            (root / "home" / name).write_text("home\n")
        for name in PROGRAMS:
            os.symlink(shutil.which(name) or name, root / "bin" / name)
        for name in RECORDED:
            (root / "bin" / name).write_text(RECORDER)
            (root / "bin" / name).chmod(0o755)
        root.chmod(0o755)
        self.notes.touch()
        for path in (self.notes, root / "home", root / "tmp", *(root / "home").iterdir()):
            path.chmod(0o777)

    def lay(self) -> None:
        """Make the place what it was."""
        if self._found() == {str(self.work / "sub"): None, **self._before()}:
            return
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "sub").mkdir(parents=True)
        for name, text in FILES.items():
            (self.work / name).write_text(text)
            (self.work / name).chmod(0o666)
        for path in (self.work, self.work / "sub", self.work / "script"):
            path.chmod(0o777)

    def run(self, text: str) -> tuple[list[tuple[str, list[str]]], set[str]]:
        """What bash runs, each with its directory, and the files that are other ones afterwards."""
        self.notes.write_text("")
        env = self.env | {"NOTES": str(self.notes), "FUNCNEST": "9"}
        shell = subprocess.Popen(
            ["bash", "-c", text], cwd=self.work, env=env, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **ORDINARY,
        )  # fmt: skip
        try:
            shell.communicate(timeout=5)  # until what it has put into the background ends, too
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.communicate()
        notes = [note.split("\0") for note in self.notes.read_text(errors="replace").split("\0\0\n")[:-1]]
        here = f"{self.root}/bin/"
        calls = [(cwd, [name.removeprefix(here).rpartition("/")[2], *rest]) for cwd, name, *rest in notes]
        return calls, self._changed()

    def _before(self) -> dict[str, bytes]:
        return {str(self.work / name): text.encode() for name, text in FILES.items()}

    def _found(self) -> dict[str, bytes | None]:
        """What there is: the content of files, None for directories."""
        found: dict[str, bytes | None] = {}
        for place, directories, files in os.walk(self.work):
            links = [name for name in directories if os.path.islink(f"{place}/{name}")]
            found |= {f"{place}/{name}": None for name in directories if name not in links}
            found |= {f"{place}/{name}": _content(f"{place}/{name}") for name in (*files, *links)}
        return found

    def _changed(self) -> set[str]:
        """The files that are new, gone or other ones; not those to which something was only added."""
        found, before = self._found(), self._before()
        kept = {path for path, old in before.items() if (found.get(path) or b"").startswith(old)}
        new = {path for path, content in found.items() if content is not None} - before.keys()
        return (before.keys() - kept) | new


def _content(path: str) -> bytes:
    return Path(path).read_bytes() if os.path.isfile(path) and not os.path.islink(path) else b""


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with lasting_directory() as root:
        yield Ground(root.resolve())


class Tally:
    """How many texts were said to be beyond knowing, though bash ran nothing but what was foreseen."""

    texts = vain = 0


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    tally = Tally()
    yield tally
    assert tally.vain * 100 <= tally.texts * MOST_VAIN, f"{tally.vain} of {tally.texts} texts"


def foresee(rulebook: Rulebook, ground: Ground, text: str) -> tuple[Foreseen, Reading]:
    call = Invocation.of(("bash", "-c", text), str(ground.work), ground.env, Stream("known"))
    foreseen = Foreseen(rulebook, RealWorld(call, "/nowhere", running=False)).inside(call)
    return foreseen, read(text, call, foreseen)


def writes(effect: Effect, path: str) -> bool:
    """Whether an effect says that something is made or written at a path."""
    if effect.verb not in ("create", "replace", "run"):
        return False
    if "an earlier part of the same line may change" in effect.told:  # or of any other place
        return effect.rating == "destructive"
    return not effect.target_known or os.path.realpath(effect.target.name) == path or effect.target.name == path


def misses(rulebook: Rulebook, ground: Ground, line: str, tally: Tally | None = None) -> list[object]:
    """What bash runs or writes and the reader has not said."""
    text = PRELUDE + line
    ground.lay()
    foreseen, reading = foresee(rulebook, ground, text)
    calls, changed = ground.run(text)
    missed: list[object] = [(argv, cwd) for cwd, argv in calls if not foreseen.covers(argv, cwd)]
    missed += [path for path in changed if not any(writes(effect, path) for effect in reading.effects)]
    told = any(effect.verb == "unknown" for effect in reading.effects)
    if tally is not None:
        tally.texts += 1
        tally.vain += told and not missed
        event("unknown in vain" if told and not missed else "unknown" if told else "known")
    existing = [path for path in changed if path in {str(ground.work / name) for name in FILES}]
    if existing and reading.rating != "destructive":
        missed.append(("written over", existing))
    return [] if told else missed


@pytest.mark.parametrize("table", [EXPRESSIONS, ARMED], ids=["expressions", "armed"])
def test_what_bash_does_of_each_was_foreseen(rulebook: Rulebook, ground: Ground, table: tuple[str, ...]) -> None:
    assert [(line, missed) for line in table if (missed := misses(rulebook, ground, line))] == []


@hunt(1000)
@given(line=LINES)
def test_what_bash_does_was_foreseen(rulebook: Rulebook, ground: Ground, tally: Tally, line: str) -> None:
    assert misses(rulebook, ground, line, tally) == []


def test_a_descriptor_of_the_text_is_not_the_guards_own(rulebook: Rulebook, ground: Ground) -> None:
    (ground.root / "empty").touch()
    with open(ground.root / "empty") as own:
        line = f"exec {own.fileno()}< script; bash /dev/fd/{own.fileno()}"
        assert misses(rulebook, ground, line) == []
