"""Whatever bash runs, the reader has said that it may run: random lines, real bash, a recorder in place of `rm`.

A command that bash gives a recorder must be one that the reader foresaw, word by word and in its
directory, except where the reader says that it cannot know.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hunting import hunt

from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Effect, Reading, Target
from agentguard.core.word import Known, Unknown, Word
from agentguard.core.world import World
from agentguard.edge.world import RealWorld
from agentguard.readers.shell import read

pytestmark = pytest.mark.real

PROGRAMS = ("echo", "printf", "cat", "sh", "bash", "true", "false", "env", "test")
VARIABLES = ("x", "y", "z")

WORDS = st.sampled_from([
    "u", "1", "$x", '"$y"', "${z:-u}", "${y:=2}", "$(echo u)", "`echo 1`", "$1", '"$@"', "$#", "${x%?}", "${x#a}",
    '"${s}"', "$s", "${x/a/u}", "${#s}", "${a[1]}", '"${a[@]}"', "${#a[@]}", "${!r}", "{u,1}", "{1..2}", "*", "[u1]",
    "sub/*", "~/x", "$'\\x75'", "u\\\n1", "'a b'", '"a $x"', "$((1 + 1))", "${x@Q}", "${x^}", "${s:0:1}",
    "$(printf %s u)", "$(cat <<E\n$y\nE\n)", "\\u", "${z+u}", "u$((1 + 1))", '"1${x@Q}"', "u*$((1 + 1))", '"$@"1',
])  # fmt: skip
CONDITIONS = st.sampled_from(
    ["true", "false", "[[ $x == a* ]]", "(( 1 ))", "! true", "cd sub", "cd nope 2>/dev/null", '[ -n "$z" ]']
)
NAMES = st.sampled_from(VARIABLES)


def leaves() -> st.SearchStrategy[str]:
    """Commands without others in them."""
    return st.one_of(
        st.builds("rm {} {}".format, WORDS, WORDS),
        st.builds("{}={}".format, NAMES, WORDS),
        st.builds("{}+={}".format, NAMES, WORDS),
        st.builds("{}={} rm {}".format, NAMES, WORDS, WORDS),
        st.builds("set -- {} {}".format, WORDS, WORDS),
        st.builds("local {}={}".format, NAMES, WORDS),
        st.builds("read -r {} <<< {}".format, NAMES, WORDS),
        st.builds("printf -v {} %s {}".format, NAMES, WORDS),
        st.builds('export "{}={}" {}=${}'.format, NAMES, WORDS, NAMES, NAMES),
        st.builds("command declare {}={}".format, NAMES, WORDS),
        st.builds("unset {}; printf -v{} {}".format, WORDS, NAMES, WORDS),
        st.builds("f {} {}".format, WORDS, WORDS),
        st.sampled_from(
            ["cd sub", "cd ..", "cd nope || cd sub", "cd sub || exit", "unset x", "shift", "set -f", "r=y", "exit"]
        ),
        st.sampled_from(["echo 'rm u' | sh", "bash -c 'rm u'", "sh <<< 'rm u'", ". <(echo rm u)", "source script"]),
    )


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Commands with others in them."""
    body = st.lists(inner, min_size=1, max_size=2).map("\n".join)
    quoted = body.map(shlex.quote)
    return st.one_of(
        st.builds("if {}; then {}\nelse {}\nfi".format, CONDITIONS, body, body),
        st.builds("for {} in {} {}; do {}\ndone".format, NAMES, WORDS, WORDS, body),
        st.builds("n=0; while (( n++ < 2 )); do {}\ndone".format, body),
        st.builds("case {} in u|a*) {}\n;;& 1) {}\n;; *) {}\nesac".format, WORDS, body, body, body),
        st.builds("( {}\n)".format, body),
        st.builds("{{ {}\n}} & wait".format, body),
        st.builds("{} && {}".format, CONDITIONS, inner),
        st.builds("{} || {}".format, CONDITIONS, inner),
        st.builds("f() {{ {}\n}}".format, body),
        st.builds("{}=$({}\n)".format, NAMES, body),
        st.builds("eval {}".format, quoted),
        st.builds("trap {} EXIT".format, quoted),
        st.builds("{{ {}\n}} | cat".format, body),
        st.builds("echo {} | while read -r x; do {}\ndone".format, WORDS, body),
        st.builds("bash -c {}".format, quoted),
        st.builds("coproc {{ {}\n}} < /dev/null; wait".format, body),
        st.builds(": ${{q:=$({}\n)}}".format, body),
        st.builds("[[ -n $({}\n) ]]".format, body),
        st.builds("cat <({}\n)".format, body),
    )


LINES = st.lists(st.recursive(leaves(), compound, max_leaves=4), min_size=2, max_size=4).map("\n".join)


class Foreseen:
    """A context that notes what would be run."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[Invocation] = []

    def command(self, call: Invocation) -> Reading:
        self.calls.append(call)
        if call.name not in ("sh", "bash"):
            return Reading()
        if call.argv[1:2] == (Known("-c"),):
            return self.text("shell", call.argv[2], call)
        return self.text("shell", Known(call.stdin.data.decode()), call)

    def lines(self, call: Invocation) -> bytes | None:
        return None

    def text(self, language: str, text: Word, call: Invocation) -> Reading:
        if isinstance(text, Unknown) or (call.stdin.kind == "unseen" and not text.text):
            return Reading((Effect("unknown", Target("text", "")),))
        return read(text.text, call, self)

    def covers(self, argv: list[str], cwd: str) -> bool:
        """Whether a command was foreseen, or one that may be it."""
        return any(self._may_be(call, argv, cwd) for call in self.calls)

    @staticmethod
    def _may_be(call: Invocation, argv: list[str], cwd: str) -> bool:
        if isinstance(call.argv[0], Unknown):
            return True
        if call.name != argv[0] or not (isinstance(call.cwd, Unknown) or os.path.realpath(call.cwd.text) == cwd):
            return False
        words = (re.escape(f"{w.text}\0") if isinstance(w, Known) else _beginning(w.start) for w in call.argv)
        return bool(re.fullmatch("".join(words), "".join(f"{word}\0" for word in argv), re.DOTALL))


def _beginning(start: str) -> str:
    """A word or several of which the first begins so, or, where nothing is said of it, also none."""
    return f"{re.escape(start)}.*"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with programs that do nothing, and `rm`, which only notes how it was called."""
    ground = tmp_path_factory.mktemp("differential").resolve()
    (ground / "bin").mkdir()
    for name in PROGRAMS:
        os.symlink(shutil.which(name) or name, ground / "bin" / name)
    recorder = ground / "bin/rm"
    recorder.write_text('#!/bin/bash -p\nprintf "%s\\0" "$PWD" rm "$@" >> "$NOTES"; printf "\\0\\n" >> "$NOTES"\n')
    recorder.chmod(0o755)
    return ground


@hunt(400)
@given(LINES)
def test_what_bash_runs_was_foreseen(ground: Path, line: str) -> None:
    work, notes = ground / "work", ground / "notes"
    shutil.rmtree(work, ignore_errors=True)
    (work / "sub").mkdir(parents=True)
    for name in ("u", "1", "a b", "sub/u", "script"):
        (work / name).write_text("rm u\n")
    notes.write_text("")
    env = {"PATH": str(ground / "bin"), "HOME": str(ground), "PWD": str(work), "LC_ALL": "C.UTF-8"}
    line = f"x=ab y=u s='a u  b' a=(u '1 2') r=y\nset -- u 'a b'\n{line}"
    call = Invocation.of(("bash", "-c", line), str(work), env, Stream("unseen", why="there is none"))
    foreseen = Foreseen(RealWorld(call, "/nowhere", running=False))
    reading = read(line, call, foreseen)
    if reading.rating == "destructive":  # nobody can tell, or a file would be written over
        return
    env |= {"NOTES": str(notes), "FUNCNEST": "9"}
    subprocess.run(["bash", "-c", line], cwd=work, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    for note in notes.read_text().split("\0\0\n")[:-1]:
        cwd, *argv = note.split("\0")
        assert foreseen.covers(argv, cwd), (argv, cwd, line)
