"""Shell text: what each command would be given, held against real bash, and what cannot be known."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentguard.core.call import Invocation, Stream
from agentguard.core.context import Context
from agentguard.core.effect import Effect, Reading, Target
from agentguard.core.word import Known, Unknown, Word
from agentguard.core.world import PathState, World
from agentguard.edge.world import RealWorld
from agentguard.readers.shell import read
from agentguard.readers.shell.syntax.grammar import parse
from agentguard.rulebook.load import Rulebook
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

HOME = "/home/dev"


class Tree(World):
    """Some paths with their states, and the content of some files; no directory is surely there."""

    def __init__(self, states: dict[str, str], files: dict[str, bytes]) -> None:
        self.states, self.files = states, files

    def read(self, path: str, cwd: str) -> bytes:
        from agentguard.core.unseen import Unseen

        if path not in self.files:
            raise Unseen(f"{path}: no such file")
        return self.files[path]

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        return tuple(PathState(os.path.join(cwd, path), self.states.get(path, "missing")) for path in paths)

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        return ()


class Recorder:
    """A context in which every command only is noted. Commands named `make` change who knows what."""

    most_turns = Context.most_turns

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[Invocation] = []

    def command(self, call: Invocation) -> Reading:
        self.calls.append(call)
        verb: Any = "run" if call.name == "make" else "observe"
        return Reading((Effect(verb, Target("program", call.name)),))

    def lines(self, call: Invocation) -> bytes | None:
        return b"found\n" if call.name == "find" else None

    def text(self, language: str, text: Word, call: Invocation) -> Reading:
        self.calls.append(Invocation((Known(language), text), call.cwd, {}))
        return Reading()


def walked(
    line: str,
    states: dict[str, str] | None = None,
    files: dict[str, bytes] | None = None,
    env: dict[str, str] | None = None,
) -> tuple[list[Invocation], Reading]:
    """The commands of a line, and its reading, in an invented world."""
    context = Recorder(Tree(states or {}, files or {}))
    stdin = Stream("unseen", why="not there yet")
    call = Invocation.of(("sh", "-c", line), "/w", {"HOME": HOME, **(env or {})}, stdin)
    return context.calls, read(line, call, context)


def guesses(call: Invocation) -> tuple[str, ...]:
    return tuple(word.guess for word in call.argv)


def argvs(line: str, **options: Any) -> list[tuple[str, ...]]:
    return [guesses(call) for call in walked(line, **options)[0]]


def given(line: str, env: dict[str, str] | None = None) -> tuple[Word, ...]:
    """What the first `p` of a line is given."""
    return next(call.argv for call in walked(line, env=env)[0] if call.name == "p")[1:]


# Held against the real thing: `p` notes what bash gives it

BASH = [
    # words
    "p a 'b  c' \"d  e\" f\\ g $'h\\ti\\x41' \"a\"'b'c \"\" ''",
    "X='1  2'; p $X \"$X\" ${X}3 \"${X}3\" '$X' \\$X",
    'X=; p $X "$X" a$X',
    "p {a,b{c,d}}e {1..3} {03..01} {a,'b c'} {} {a} a{b x{1..2}",
    'p ~ ~/x "~" x~ \\~',
    "p *.txt '*.txt' \"*\".txt s*/* nothing* [ab].txt [!b].txt sub/*",
    "X='*.txt'; p $X \"$X\"",
    "shopt -s extglob\np !(*.txt) @(a|b).txt '!(a)' \\!\\(a\\) @(a|c d).txt +([a-z]) sub/!(y)",
    "shopt -s extglob\ncase ab in !(x)) p yes;; esac; [[ ab == +([a-z]) ]] && p",
    "X=a.tar.gz; p ${X%.gz} ${X%%.*} ${X#*.} ${X##*.} ${#X} ${X:-no} ${X:+yes} ${X-no}",
    'E=; p ${E:-d} ${E-d} "${E:+a}" ${E:=now} $E',
    "p \"$(echo 'a  b')\" $(echo 'a  b') `echo x` \"$(printf '%s\\n' 1 2)\" $(pwd)",
    'p "$(cat <<\'EOF\'\nit\'s ) "quoted" $X\nEOF\n)"',
    "p a#b # a comment 'that is not closed\np c",
    'p a \\\n b"c\\\nd"',
    'p "a`echo \\"b\\"`" "\\a\\"\\\\\\`"',
    "A=(x 'y z'); p ${#A[@]} ${#A} $'\\cA'; set -f; p *",
    "A=(x 'y z'); A+=(w); p \"${A[@]}\" $A",
    "X=a; X+=b; p $X",
    "p 1>/dev/null 2>&1 a >&2",
    # lists, compound commands, functions
    "p a; p b && p c || p d\np e & wait",
    "(X=1; cd sub; p $X); p in $PWD",
    "for f in a 'b c' *.txt; do p $f \"$f\"; done",
    "for i in 1 2; do for j in a b; do p $i$j; done; done",
    "f() { p f \"$@\" $# $1; }; f 1 '2 3'; f",
    "function g { local X=in; p $X; }; X=out; g",
    'f() { g "$1" x; }; g() { p "$*"; }; f a',
    'set -- a \'b c\'; p "$@"; shift; p $# "$1"',
    "set -- a b; shift 3; p $1; shift 2; p $# $²",
    "eval 'X=1; p $X'; p $X",
    "cd sub && p here; cd ..; p there",
    "cd sub; cd - >/dev/null 2>&1; cd /; p",
    ". ./lib.sh; from_lib x",
    "command p a; exec p b",
    "time p a; ! p b",
    "{ p a; p b; } | p c",
    'export X=1 Y=\'2 3\'; p $X "$Y"; unset X; p "${Y}"',
    "p a;p b;# end",
    "set -- x y; for f do p $f; done",
    "coproc p a < /dev/null; wait",
    "coproc N { cd sub; p b; } < /dev/null; wait; p $PWD",
    "p > \\\n /dev/null \\\n b",
    "!(p a); p b",
    "if true; then p a; fi; [[ a == a && -n $(p in) ]]; (( 1 + 1 )); p b",
    # standard input
    'p <<EOF\nhome $HOME `echo x` $(echo y) \\$z "q"\nEOF\np after',
    "p <<'EOF'\nraw $HOME `x` \\$\nEOF",
    "p <<-EOF\n\ta\n\t\tb\n\tEOF",
    "p <<A; p <<B\none\nA\ntwo\nB",
    'p <<< "x $HOME"',
    "echo 'DROP TABLE t' | p",
    "echo -n a | p",
    "printf 'a\\nb %s' | p",
    "printf '%s\\n' 'x y' z | p",
    "cat words | p; p < words; cat < words | p",
    "cat <<EOF | cat | p\nx\nEOF",
    "(echo a; echo b) | p",
    "while false; do :; done < words; p end",
    "p 3<words 4<<EOF 5>/dev/null\nnot stdin\nEOF",
]


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A directory with some files, and the programs `p` and `p2`, which note how they were called."""
    directory = tmp_path / "scene"
    (directory / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "c d.txt", "sub/x", "sub/.hidden"):
        (directory / name).write_text("")
    (directory / "words").write_text("some words\n")
    (directory / "lib.sh").write_text('from_lib() { p lib "$1"; }\n')
    bin = tmp_path / "bin"
    bin.mkdir()
    for name in ("p", "p2"):
        program = bin / name
        program.write_text(
            f"#!{sys.executable} -IS\nimport json, os, sys\n"
            "fd = os.open(os.environ['NOTES'], os.O_WRONLY | os.O_APPEND)\n"
            "stdin = sys.stdin.read()\n"
            f"os.write(fd, (json.dumps([{name!r}, sys.argv[1:], os.getcwd(), stdin]) + '\\n').encode())\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return directory


@pytest.mark.parametrize("line", BASH)
def test_every_command_gets_what_bash_gives_it(scene: Path, line: str) -> None:
    notes = scene.parent / "notes"
    notes.write_text("")
    env = {"PATH": f"{scene.parent / 'bin'}:/usr/bin:/bin", "HOME": HOME, "NOTES": str(notes), "LC_ALL": "C.UTF-8"}
    subprocess.run(
        ["bash", "--norc", "-c", line], cwd=scene, env=env, stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    real = [json.loads(note) for note in notes.read_text().splitlines()]

    call = Invocation.of(("bash", "-c", line), str(scene), env, Stream("known"))
    context = Recorder(RealWorld(call, "/nowhere"))
    read(line, call, context)
    ours = [c for c in context.calls if c.name in ("p", "p2")]
    assert not any(isinstance(word, Unknown) for c in ours for word in (*c.argv, c.cwd))
    order = [note[:3] for note in real]
    by_argv = [[c.name, list(c.texts[1:]), c.cwd.guess] for c in ours]
    maybe = [one for one in by_argv if one not in order]  # what `||` did not come to
    assert [one for one in by_argv if one not in maybe or "||" not in line] == order
    for c in ours:
        stdin = [n[3] for n in real if n[:3] == [c.name, list(c.texts[1:]), c.cwd.guess]]
        if c.stdin.kind == "known" and stdin:
            assert c.stdin.data.decode() in stdin


def test_a_stream_that_was_written_on_the_line_is_known() -> None:
    for line in ("p <<EOF\na\nEOF", "p <<<a", "echo a | p", "printf 'a\\n' | p", "cat <<EOF | p\na\nEOF"):
        assert walked(line)[0][-1].stdin == Stream("known", b"a\n"), line


# What is not known before the line runs

UNKNOWN = [
    ("p $UNSET", [("$UNSET", "")]),
    ('p "$UNSET"/*', [('"$UNSET"/*', "/*")]),
    ("p $(cmd)", [("$(cmd)", "")]),
    ("p a-$(cmd)-b", [("a-$(cmd)-b", "a--b")]),
    ("X=$(cmd); p $X", [("$X", "")]),
    ("p ${UNSET:-/tmp}/x", [("${UNSET:-/tmp}/x", "/tmp/x")]),
    ("p ${UNSET:?}/x", [("${UNSET:?}/x", "${UNSET:?}/x")]),
    ("p ~nobody/x", [("~nobody/x", "~nobody/x")]),
    ("p $((1 + 1))", [("$((1 + 1))", "0")]),
    ("p $RANDOM $$ $?", [("$RANDOM", ""), ("$$", "0"), ("$?", "0")]),
    ("p <(cmd)", [("<(cmd)", "/dev/fd/63")]),
    ("read X; p $X", [("$X", "")]),
    ("[ a ] && X=1; p $X", [("$X", "")]),
    ("X=1; if c; then X=2; fi; p $X", [("$X", None)]),
    ("X=1; while c; do X=2; done; p $X", [("$X", None)]),
    ("X=1; case $Y in a) X=2;; esac; p $X", [("$X", None)]),
    ("X=1; case $Y in a) X=2;& b) p $X;; esac", [("$X", None)]),
    ("X=1; case $Y in a) X=2;;& b) ;; c) p $X;; esac", [("$X", None)]),
    ("X=1; case $Y in $((X=2))) ;; b) p $X;; esac", [("$X", None)]),
    ("select X in a b; do p $X; done", [("$X", None)]),
    ("X=1; f() { [ a ] && return; X=2; }; f; p $X", [("$X", None)]),
    ("X=1; echo 2 | read X; p $X", [("$X", None)]),
    ("for X in $(cmd); do p $X; done", [("$X", "")]),
    ("X=1; f() { local X=2; }; local Z=3; f; p $X $Z", [("$Z", "")]),
    ("declare -i X; X=1+1; p $X", [("$X", None)]),
    ("readonly X=1; X+=2; p $X", [("$X", None)]),
    ("p $_ $OLDPWD", [("$_", ""), ("$OLDPWD", "")]),
    ("PWD=/x; p $PWD", [("$PWD", "")]),
    ("X=1; declare -n Y=X; Y=2; p $X", [("$X", None)]),
    ("X=1; declare -n Y=X; read Y; p $X", [("$X", None)]),
    ("X=1; X=2 export X; p $X", [("$X", None)]),
    ("X=1; X=2 :; p $X", [("$X", None)]),
    ('X=1; export "X=$Y"; p $X', [("$X", "")]),
    ('X=1; declare -a "X=(2 3)"; p $X', [("$X", None)]),
    ('X=(1 2); export "X[0]=3"; p $X', [("$X", None)]),
    ("X=1; export $Y; p $X", [("$X", "")]),
    ('X=1; declare "$Y=2"; p $X', [("$X", "")]),
    ("X=1; declare -$Y Z; p $X", [("$X", "")]),
    ("X=1; f() { local $Y; X=2; }; f; p $X", [("$X", None)]),
    ("X=1; unset $Y; p $X", [("$X", "")]),
    ("X=(1 2); unset 'X[0]'; p $X", [("$X", None)]),
    ("X=1; read $Y; p $X", [("$X", "")]),
    ('X=1; read -r "$Y"; p $X', [("$X", "")]),
    ("X=1; read -p $Y Z; p $X", [("$X", "")]),
    ("X=1; read -a$Y; p $X", [("$X", "")]),
    ("X=1; read -raX; p $X", [("$X", "")]),
    ("X=1; mapfile -t $Y; p $X", [("$X", "")]),
    ("X=1; getopts ab $Y; p $X", [("$X", "")]),
    ("X=1; printf -v $Y 2; p $X", [("$X", "")]),
    ('X=1; printf -v "$Y" 2; p $X', [("$X", "")]),
    ("X=1; printf -vX 2; p $X", [("$X", "")]),
    ("read $Z; X=a,b; p a$X", [("a$X", None)]),
    ("declare -u X; for X in a; do p $X; done", [("$X", None)]),
    ("readonly X=; : ${X:=a}; p $X", [("$X", None)]),
    ("declare X={1,2}; p $X", [("$X", None)]),
    ("shopt -s dotglob; p *", [("*", "*")]),
    ('IFS=,; set -- a b; p "$*"', [('"$*"', "a b")]),
    ("set -- $X a; p $1 $#", [("$1", ""), ("$#", "2")]),
    ('set -- $X a; p "$@"', [('"$@"', ""), ('"$@"', "a")]),
    ('set -- "$X" a; p $1 $2 $#', [("$1", "")]),
    ("X=a; (( X = 2 )); p $X", [("$X", "")]),
    ("IFS=,; X=a,b; p $X", [("$X", "a,b")]),
    ("make; p *.o", [("*.o", "*.o")]),
    ("p !(a)", [("!(a)", "!(a)")]),
    ("X='!(a)'; p $X", [("$X", None)]),
    ("coproc N { :; }; p ${N[1]} $N_PID", [("${N[1]}", ""), ("$N_PID", "")]),
    ('IFS=,; set -- a b; X=$*; p "$X"', [('"$X"', "a b")]),
    ("set -- $X a b; shift; p $1", [("$1", None)]),
    ("shopt -s ${X:-extglob}; p *", [("*", "*")]),
    ("p ${00}", [("${00}", "0")]),
    ("set -- a; p ${" + "9" * 5000 + "}", [("${" + "9" * 5000 + "}", "0")]),
    ("p $((010)) $((99999999999999999999))", [("$((010))", "0"), ("$((99999999999999999999))", "0")]),
    ("set -- a; shift " + "9" * 5000 + "; p $1", [("$1", None)]),
    ("set -- a; shift ²; p $1", [("$1", None)]),
    ("X='a '$(cmd); p $X/b", [("$X/b", "a/b")]),
    ("X=' a'$(cmd); p u$X", [("u$X", "ua")]),
]


@pytest.mark.parametrize(("line", "words"), UNKNOWN)
def test_a_word_that_cannot_be_known_says_so(line: str, words: list[tuple[str, str | None]]) -> None:
    unknown = [word for word in given(line, {"_": "x", "OLDPWD": "/x"}) if isinstance(word, Unknown)]
    assert [word.written for word in unknown] == [written for written, _ in words]
    assert all(guess is None or guess == word.guess for word, (_, guess) in zip(unknown, words, strict=True))


STARTS = [
    ("p $X", [""]),
    ("p /srv/$X", ["/srv/"]),
    ('p -d"$(cat q)"', ["-d"]),
    ('p "-$X"b', ["-"]),
    ("p a$X/b*", ["a"]),
    ('p "a*$X"', ["a*"]),
    ("p a*$X", ["a"]),
    ("p @(a|b)$X", [""]),
    ("p ${X:-foo}", [""]),
    ("p ${X:+foo}", [""]),
    ('X=v$(cmd); p $X "$X" "a$X"', ["", "v", "av"]),
    ('X=v$(cmd); X+=w; p "$X"', ["v"]),
    ("X='v w'$(cmd); p $X/b", ["", ""]),
    ("X='v '$(cmd); p $X/b", [""]),
    ("X=' v'$(cmd); p a$X", ["a"]),
    ("IFS=,; X=a,b; p -d$X", ["-d"]),
    ("p of=~/x", ["of="]),
    ("p <(cmd)", ["/"]),
    ("make; p src/*.o src/[a]", ["src/", "src/"]),
    ("make; p *.o", [""]),
    ("shopt -s nocaseglob; p src/*", [""]),
    ('set -- -a $X b; p "$@"', ["-a", "", ""]),
    ('set -- -a $X b; p "$*"', ["-a"]),
]


@pytest.mark.parametrize(("line", "starts"), STARTS)
def test_how_a_word_begins_for_certain_is_known(line: str, starts: list[str]) -> None:
    assert [word.start for word in given(line)] == starts
    assert all(isinstance(word, Unknown) or word.text == start for word, start in zip(given(line), starts, strict=True))


KNOWN = [
    ("X=1; (X=2); p $X", "1"),
    ('X=1; export "X=2"; p $X', "2"),
    ("X=1; command export X=2; p $X", "2"),
    ("X=1; Y=X=2; declare $Y; p $X", "2"),
    ("X=1; export X=2 Y=$X; p $Y", "1"),
    ("export() { :; }; X=1; export X=2; p $X", "1"),
    ('X=1; f() { local "X=2"; }; f; p $X', "1"),
    ('X=1; export "A$Y=2" "A[$Y]=3"; p $X', None),
    ('X=1; export "A[$Y]=3" Z="$Y"; p $X', "1"),
    ('X=1; read -r -p "Delete $Y?" Z; p $X', "1"),
    ('X=1; getopts "$Y" Z "$@"; p $X', "1"),
    ('X=1; printf "$Y" $Z; p $X', None),
    ("X=1; X=2 | cat; p $X", "1"),
    ("X=1; cat | X=2; p $X", None),
    ("X=1 true; p ${X:-none}", None),
    ("X=1; f() { X=2; }; f; p $X", "2"),
    ("X=1; f() { X=2; }; (f); p $X", "1"),
    ("X=$(echo a); p $X", "a"),
    ("X=a; eval p '$X'", "a"),
    ("X=1; if c; then X=2; else X=2; fi; p $X", "2"),
    ("X=1; f() { local X=2; }; f; p $X", "1"),
    ("X=1; f() { declare -g X=2; }; f; p $X", "2"),
    ("X=1; case $Y in a) X=2;& b) ;; c) p $X;; esac", "1"),
    ("X=1; cd /nowhere || { X=2; exit 1; }; p $X", "1"),
    ('f() { p "$@"; }; f 1 $X', "1"),
    ('f() { p "$@"; }; f "$X" 1', None),
]


@pytest.mark.parametrize(("line", "value"), KNOWN)
def test_state_is_followed_through_subshells_functions_and_branches(line: str, value: str | None) -> None:
    word = given(line)[0]
    assert (None if isinstance(word, Unknown) else word.text) == value


CWD = [
    ("cd sub && p", "/w/sub", True),
    ("cd sub; p", "/w/sub", False),
    ("cd sub || exit 1; p", "/w/sub", True),
    ("cd sub || { echo no; exit 1; }\np", "/w/sub", True),
    ("cd sub || p", "/w", True),
    ("set -e; cd sub; p", "/w/sub", True),
    ("set -e; cd sub || true; p", "/w", False),
    ("! cd sub && p", "/w/sub", False),
    ("if cd sub; then p; fi", "/w/sub", True),
    ("if ! cd sub; then p; fi", "/w/sub", False),
    ("if cd sub; then :; else p; fi", "/w", True),
    ("if c; then cd sub; fi; p", "/w", False),
    ("make && cd sub; p", "/w", False),
    ("(cd sub && make); p", "/w", True),
    ("cd /etc; p", "/etc", False),
    ("cd && p", HOME, True),
    ("cd $X && p", "/w", False),
    ("cd - && p", "/w", False),
    ("pushd sub && p", "/w/sub", True),
    ("pushd sub && popd && p", "/w/sub", False),
    ("for d in a b; do cd $d && break; done; p", "/w/a", False),
    ("while c; do cd ..; p; done", "/", False),
    ("f() { cd sub; }; f && p", "/w/sub", True),
]


@pytest.mark.parametrize(("line", "directory", "is_known"), CWD)
def test_the_directory_is_followed(line: str, directory: str, is_known: bool) -> None:
    found = [call.cwd for call in walked(line)[0] if call.name == "p"][-1]
    assert isinstance(found, Known) == is_known
    assert not is_known or found.guess == directory


def test_variables_of_one_command_and_exported_ones_reach_the_program() -> None:
    calls, _ = walked("A=1; export B=2; C=3 D=$(x) p; p2", env={"E": "5", "A0": "0"})
    env = {call.name: call.env for call in calls}
    assert {k: env["p"].get(k) for k in "ABCE"} == {"A": None, "B": Known("2"), "C": Known("3"), "E": Known("5")}
    assert isinstance(env["p"]["D"], Unknown)
    assert "C" not in env["p2"]


STDIN = [
    ("cmd | p", "it comes from `cmd`"),
    ("p < missing", "it is the file missing: missing: no such file"),
    ("p < $X", "it is the file $X, which is not known before the line runs"),
    ("make; p < data", "it is the file data, which an earlier part of the same line may change"),
    ("p <<< $X", "it holds values that are not known before the line runs"),
    ("p <<EOF\n$X\nEOF", "it holds values that are not known before the line runs"),
    ("echo 'a\\nb' | p", "it comes from `echo 'a\\nb'`"),
    ("echo a |& p", "it comes from `echo a`"),
    ("p", "not there yet"),
    ("(cmd; p) < data", "an earlier command may have read part of it"),
    ("read X < data; cat data | while read l; do p; done", "`read` may have read part of it"),
    ("p <&$X", "it is another descriptor"),
    ("coproc p", "it is what the shell writes to a coprocess"),
    ("exec < $X; p", "it is the file $X, which is not known before the line runs"),
    ("cd $X; p < data", "it is the file data: $X is not known before the line runs"),
]


@pytest.mark.parametrize(("line", "why"), STDIN)
def test_standard_input_that_cannot_be_known_says_why(line: str, why: str) -> None:
    stream = next(call.stdin for call in walked(line, files={"data": b"1"})[0] if call.name == "p")
    assert (stream.kind, stream.why) == ("unseen", why)


# What the shell does itself

REDIRECTS = [
    ("p > new", {}, [("create", "/w/new", "reversible")]),
    ("p > kept", {"kept": "tracked"}, [("replace", "/w/kept", "reversible")]),
    ("p > notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("p >| notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("p &> notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("p 2> notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("p >& notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("{ p; } > notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("> notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("while c; do p; done > notes", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("f() { p; } > notes; f", {"notes": "untracked"}, [("replace", "/w/notes", "destructive")]),
    ("p >> notes", {"notes": "untracked"}, [("create", "/w/notes", "reversible")]),
    ("p <> notes", {"notes": "untracked"}, [("create", "/w/notes", "reversible")]),
    ("p > /dev/null 2>&1 3>&- < /dev/null", {}, []),
    ("p <& $X", {}, []),
    ("p > >(cat)", {}, []),
    ("p 2> /dev/fd/3", {}, []),
    (
        "p > /dev/fd/../cwd/notes",
        {"/dev/fd/../cwd/notes": "untracked"},
        [("replace", "/dev/fd/../cwd/notes", "destructive")],
    ),
    ("p > $X", {}, [("replace", "$X", "destructive")]),
    ("p > ${X:-/dev/null}", {}, [("replace", "${X:-/dev/null}", "destructive")]),
    ("p > /dev/fd/$X", {}, [("replace", "/dev/fd/$X", "destructive")]),
    ("cd sub; p > a", {}, [("replace", "a", "destructive")]),
    ("p > /dev/sda", {"/dev/sda": "special"}, [("replace", "/dev/sda", "destructive")]),
    ("p >> /dev/sda", {"/dev/sda": "special"}, [("replace", "/dev/sda", "destructive")]),
    ("exec 3<>/dev/tcp/db.internal/80", {}, [("unknown", "/dev/tcp/db.internal/80", "destructive")]),
    ("p > new; p > new", {}, [("create", "/w/new", "reversible")] * 2),
    ("make; p > new", {}, [("run", "make", "reversible"), ("replace", "/w/new", "destructive")]),
    ("make; p > kept", {"kept": "tracked"}, [("run", "make", "reversible"), ("replace", "/w/kept", "destructive")]),
]


@pytest.mark.parametrize(("line", "states", "effects"), REDIRECTS)
def test_a_redirection_writes_over_what_is_there(
    line: str, states: dict[str, str], effects: list[tuple[str, str, str]]
) -> None:
    found = [e for e in walked(line, states=states)[1].effects if e.verb != "observe"]
    assert [(e.verb, e.target.name, e.rating) for e in found] == effects


def test_what_comes_first_is_ahead_of_what_follows() -> None:
    calls, _ = walked("make a; p > new; p2 | p3; while c; do p4; make b; done")
    ahead = {call.name: [effect.target.name for effect in call.ahead] for call in calls}
    assert ahead["p"] == ["make", "/w/new"]
    assert ahead["p3"] == ["make", "/w/new"]
    assert ahead["p4"] == ["make", "/w/new", "make"]  # the second turn, after the first one's make


def test_substitutions_run_wherever_they_stand() -> None:
    places = (
        "echo $(p)", "echo \"`p`\"", "X=$(p)", "X=1 y $(p)", "echo > $(p)", "for i in $(p); do :; done",
        "[[ -n $(p) ]]",
        "case $(p) in a) ;; esac", "case a in $(p)) ;; esac", "(( $(p) ))", "echo $(( $(p) ))", "echo ${X:-$(p)}",
        "cat <<E\n$(p)\nE", "cat <<< $(p)", "diff <(p) x", "tee >(p)", "A=(a $(p))", "export X=$(p)",
        "echo ${X/a/$(p)}",
        "echo $(echo $(p))", "for ((i=$(p); i<2; i++)); do :; done", "trap p EXIT", "eval p", "f() { p; }; f",
        "p & wait", "coproc_=1; p", "if p; then :; fi", "while p; do :; done", "select a in b; do p; done",
        "case a in a) :;& b) p;; esac", "case a in a) p;;& b) :;; esac", "until p; do :; done", "! p", "time p",
        "if a; then :; elif b; then :; elif p; then :; fi", "if a; then :; elif b; then :; elif c; then p; else :; fi",
        "case x in a) b ;; c | d) p ;; esac", "case x in (a) b;; *) p; esac", "a\n\n# c\n\np", "{ p; }", "(p)",
        "a || b && p",
        "while a\ndo p\ndone", "for a in b\ndo\np\ndone", "set -- a; for b; do p; done", "function f() { p; }\nf",
        "exec p", "echo ${a[$(p)]}", "echo ${#a[$(p)]}", "echo $((a[$(p)]))", "x='$(p)'; echo \"${x@P}\"",
        "x='a[$(p)]'; echo $((x))", "x='a[$(p)]'; [[ $x -eq 1 ]]", "unset 'a[$(p)]'", "printf -v 'a[$(p)]' x",
        "[ -v 'a[$(p)]' ]", "a[$(p)]=1", "{fd}>/dev/null p", "PS4='$(p)'; set -x; ls", "export PS4='`p`'; ls",
        "PS4='$(p)' bash -xc ls",
    )  # fmt: skip
    for line in places:
        assert ("p",) in argvs(line), line
    assert argvs("f() { p; }") == []
    assert argvs("cat <<'E'\n$(p)\nE") == [("cat",)]
    assert argvs("x='$(p)'; echo \"$x\" ${#x}; {fd}>f q") == [("echo", "$(p)", "4"), ("q",)]
    assert argvs('a[$i]=1; m["$k"]+=x q') == [("q",)]
    assert argvs("printf '%s' 'a[$(p)]'") == [("printf", "%s", "a[$(p)]")]
    assert argvs("echo '$(p)' \\$\\(p\\) # $(p)") == [("echo", "$(p)", "$(p)")]


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("rm() { p; }; rm x", [("p",)]),
        ("rm() { p; }; command rm x", [("rm", "x")]),
        ("if c; then rm() { p; }; fi; rm x", [("c",), ("p",), ("rm", "x")]),
        ("alias rm=p; rm x", [("p", "x"), ("rm", "x")]),
        ("command -v git", []),
        ("ls() { p; }; ls=1; unset ls; ls", [("p",), ("ls",)]),
        ("ls() { p; }; unset -f ls; ls", [("ls",)]),
        ("ls() { p; }; unset -f $X; ls", [("p",), ("ls",)]),
        ("builtin cd sub && p", [("p",)]),
        ("/bin/rm x; \\rm y; 'rm' z", [("/bin/rm", "x"), ("rm", "y"), ("rm", "z")]),
        ("$CMD x", [("", "x")]),
    ],
)
def test_a_name_stands_for_all_that_it_may_be(line: str, calls: list[tuple[str, ...]]) -> None:
    assert argvs(line) == calls


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("alias rm=$X; rm a", Unknown(" a", "rm=$X a")),
        ("mapfile -C $X a", Unknown(" 0 ''", "$X")),
        ("trap $X EXIT", Unknown("", "$X")),
        ("PROMPT_COMMAND=$X", Unknown("", "PROMPT_COMMAND=$X")),
        ("PS4=$X", Unknown("", "PS4=$X")),
    ],
)
def test_a_text_that_is_not_known_is_handed_on_wherever_it_is_run(line: str, text: Unknown) -> None:
    handed = [call.argv[1] for call in walked(line)[0] if call.name == "shell"]
    assert handed and set(handed) == {text}


@pytest.mark.parametrize("name", ["eval", "f", "true"])
def test_a_command_that_is_not_known_is_no_builtin_and_no_function(name: str) -> None:
    (call,) = walked(f"f() {{ p; }}; ${{X:-{name}}} p")[0]
    assert isinstance(call.argv[0], Unknown) and guesses(call) == (name, "p")


def test_a_text_that_is_not_wholly_known_is_handed_on_as_such() -> None:
    calls, _ = walked('eval "rm $X"')
    assert [c.argv[1] for c in calls if isinstance(c.argv[1], Unknown)] == [Unknown("rm ", '"rm $X"', "rm ")]
    _, reading = walked(". ./env.sh")
    assert [(e.verb, e.rule) for e in reading.effects] == [("unknown", "sh-unseen-script")]
    assert argvs("source lib.sh; f x", files={"lib.sh": b'f() { p "$1"; }'}) == [("p", "x")]
    assert argvs("hash -p /bin/rm ls; ls x") == [("ls", "x")]
    assert walked("hash -p /bin/rm ls; ls x")[1].rating == "destructive"


REJECTED = [
    ("p; echo 'a", "a single quote is not closed near `p; echo 'a`"),
    ('p; echo "a', 'a double quote is not closed near `p; echo "a`'),
    ("echo $'a", "a `$'` is not closed near `echo $'a`"),
    ("echo $(a", "a `$(` is not closed near `echo $(a`"),
    ("echo ${a", "a `${` is not closed near `echo ${a`"),
    ("echo `a", "a backquote is not closed near `echo `a`"),
    ("a=(b", "an array is not closed near `a=(b`"),
    ("[[ a", "a `[[` is not closed near `[[ a`"),
    ("echo @(a", "a `@(` is not closed near `echo @(a`"),
    ("which <program> | wc", "nothing follows `>` near `which <program> | wc`"),
    ("ps -fp <pid>", "nothing follows `>` near `ps -fp <pid>`"),
    ("cat <<", "a here-document has no end word near `cat <<`"),
    ("if a; then b", "`then` is not closed near `if a; then b`"),
    ("f() { a; b }", "`{` is not closed near `f() { a; b }`"),
    ("(a; b", "`(` is not closed near `(a; b`"),
    ("a )", "a `)` closes nothing near `a )`"),
    ("nb import (url)", "a `(` where no command can begin near `nb import (url)`"),
    ("for i in a; do b &; done", "`;` has no command before it near `for i in a; do b &; done`"),
    ("a | | b", "`|` has no command before it near `a | | b`"),
    ("a\n; b", "`;` has no command before it near `a ; b`"),
    ("a;; b", "`;;` stands in no `case` near `a;; b`"),
    ("a &&", "`&&` has no command after it near `a &&`"),
    ("if a; then fi", "`then` has no command after it near `if a; then fi`"),
    ("a; } ; { b;", "`}` without `{` near `a; } ; { b;`"),
    ("a; do b; done", "`do` without `while` or `until` or `for` or `select` near `a; do b; done`"),
    ("while a; do b; done ./c", "`done` is followed by a word near `while a; do b; done ./c`"),
    ("case a in b) c", "`case` is not closed near `case a in b) c`"),
    ("case a b) c;; esac", "a `case` has no `in` near `case a b) c;; esac`"),
]


@pytest.mark.parametrize(("line", "what"), REJECTED, ids=[line for line, _ in REJECTED])
def test_what_bash_rejects_is_said_to_be_no_command_and_where(line: str, what: str) -> None:
    assert subprocess.run(["bash", "-O", "extglob", "-n", "-c", line], capture_output=True, check=False).returncode
    last = walked(line)[1].effects[-1]
    assert (last.verb, last.rule, last.rating) == ("unknown", "sh-syntax-error", "destructive")
    assert last.reason == f"is given text that bash cannot parse: {what}"


TAKEN = [
    "for f do p; done", "f() { :; }\n f", "case a in a) ;; esac", "case a in a) if b; then c; fi esac",
    "if (a) then b; fi", "while (a)\ndo b; done",
    "until while a\ndo b\ndone\n\ndo c; done", "{ { a; } }", "for i in a; { b; }", "select i in a; do b; done",
    "(a;)", "((a); b)", "echo $((a); b)", "> a; b", "2>&1 a", "f () ( a )", "function f { a; }", "a &\nb",
    "(( 1 )) && a",
    "case a in\n(a | b)\n;;\nesac", "a <<E; b\n'\nE", "[[ a == @(b|c) ]]", "case a in @(a|b)) c;; esac", "!(a)",
    "a && !(b)",
    "while a\ndo\n# c\nb\ndone", "coproc a", "coproc N { a; } | b", "echo > \\\n f", "{ a; } > b 2>&1",
    "{ a; } {fd}> b",
    "echo `;` a", "time -p a", "if a\nthen b\nelif c\nthen d\nelse e\nfi > f", "echo a#'b\nc'", "# it's",
]  # fmt: skip


@pytest.mark.parametrize("line", TAKEN)
def test_what_bash_takes_is_not_said_to_be_rejected(line: str) -> None:
    subprocess.run(["bash", "-O", "extglob", "-n", "-c", line], check=True)
    parse(line)


def test_what_stands_in_backquotes_is_only_rejected_when_it_is_come_to() -> None:
    calls, reading = walked("p a `;`; p2 b")
    assert [guesses(call) for call in calls] == [("p", "a", ""), ("p2", "b")]
    assert isinstance(calls[0].argv[2], Unknown)
    assert {effect.rule for effect in reading.effects} == {"", "sh-syntax-error"}


NOT_UNDERSTOOD = [
    ("p a\0b", "it has a NUL byte"),
    ("a" * 70000, "it is longer than 65536 characters"),
    ("echo {1..99999}", "braces that become more than 1000 words"),
    (":(){ :|:& };:", "`:` calls itself too deeply"),
    ('X=\'eval "$X"\'; eval "$X"', "functions or texts that call each other too deeply"),
    ("for a in {1..60}; do for b in {1..60}; do p; done; done", "it comes to more than 1000 commands"),
    ("$(" * 2000 + ")" * 2000, "it is nested too deeply"),
    ("{ " * 5000 + "a;" + " }" * 5000, "it is nested too deeply"),
]


@pytest.mark.parametrize(("line", "what"), NOT_UNDERSTOOD, ids=[what for _, what in NOT_UNDERSTOOD])
def test_what_is_not_understood_is_named(line: str, what: str) -> None:
    reading = walked(line)[1]
    last = reading.effects[-1]
    assert (last.verb, last.rule, reading.rating) == ("unknown", "sh-not-understood", "destructive")
    assert last.reason.endswith(f": {what}")


def test_what_is_trapped_runs_in_the_state_of_then_or_of_the_end() -> None:
    calls = walked("X=1; trap 'p $X $Y' EXIT; Y=2; X=3")[0]
    assert [(guesses(call), isinstance(call.argv[1], Unknown)) for call in calls] == [
        (("p", "1", ""), False),
        (("p", "3", ""), True),
    ]
    assert isinstance(walked("trap p EXIT; cd /x && p2")[0][-1].cwd, Unknown)


def test_what_came_before_a_stumble_is_kept() -> None:
    calls, reading = walked("p a; eval 'if'; p b")
    assert [call.texts for call in calls] == [("p", "a")]
    assert reading.rating == "destructive"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "# only a comment", ":", "\\\n"])
def test_nothing_does_nothing(text: str) -> None:
    assert walked(text) == ([], Reading())


# Lines that agents have run, by the whole rulebook

DIRTY = {"worktree-dirty": ["src/a.py"], "paths": {"data": "untracked", "lib": "untracked"}}
LINES = [
    ('rm -rf "$HOME"', {"paths": {HOME: {"state": "unversioned", "grave": "a home directory"}}}, "destructive"),
    ("mkdir -p /mnt/x/New && cp -r /mnt/x/old/. /mnt/x/New && rm -rf /mnt/x/old 2>/dev/null; ls", {}, "destructive"),
    ("rm -rf \"$(cygpath -u 'C:\\')\" 2>/dev/null", {}, "destructive"),
    ('SNAP=; rm -rf $SNAP/*', {}, "destructive"),
    ("rm -rf poli && gh repo clone a/poli", {"paths": {"poli": "untracked"}}, "destructive"),
    ("cd lib-parent && rm -rf lib/", {}, "destructive"),
    ("rm -rf .git && git init && git add . && git commit", {}, "destructive"),
    ("git reset HEAD && git checkout -- .", DIRTY, "destructive"),
    (
        'for f in $(git status --porcelain | grep "^ M" | awk \'{print $2}\'); do\n  keep=0\n'
        '  for m in $MINE; do case "$f" in $m*) keep=1;; esac; done\n  [ $keep -eq 0 ] && git checkout -- "$f"\ndone',
        {},
        "destructive",
    ),
    (
        "/bin/zsh -lc 'set -euo pipefail\nkeep1=\"docs/1.md\"\nfiles=$(git diff --name-only | rg -v \"^(${keep1})$\")\n"
        'if [[ -n "${files}" ]]; then\n  echo "Restoring:"\n  echo "${files}" | xargs -I{} git restore -- "{}"\nfi\'',
        {},
        "destructive",
    ),
    ("for f in *; do rm \"$f\"; done", {"paths": {"a": "tracked", "b": "tracked"}}, "reversible"),
    ("for f in *; do rm \"$f\"; done", {"paths": {"a": "tracked", "b": "modified"}}, "destructive"),
    ("git add -A && git commit -m \"$(cat <<'EOF'\nDon't (rm -rf /) this\nEOF\n)\"", {}, "reversible"),
    ("git status && git diff | head -50", {}, "read"),
    ("cat <<'EOF'\nrm -rf /\nEOF", {}, "read"),
    ("mapfile -C 'rm u' -c 1 x < a", {"paths": {"u": "untracked"}}, "destructive"),
    ("mapfile -t x < a", {}, "read"),
    ("PROMPT_COMMAND='rm u'", {"paths": {"u": "untracked"}}, "destructive"),
    ("{fd}>/dev/null echo rm u | sh", {"paths": {"u": "untracked"}}, "destructive"),
    ("git config alias.x '!rm u' && git x", {"git-alias": {"x": "status"}}, "destructive"),
    ("git config user.name x && git status", {}, "reversible"),
    ("if [ -d node_modules ]; then rm -rf node_modules; fi", {"paths": {"node_modules": "regenerable"}}, "reversible"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "given", "rating"), LINES)
def test_lines_that_agents_have_run(rulebook: Rulebook, line: str, given: dict[str, Any], rating: Any) -> None:
    reading = rate(rulebook, Example(line, rating, given))
    assert reading.rating == rating
    assert "sh-not-understood" not in {effect.rule for effect in reading.effects}
