"""Scripts of sed, against the system's own sed: what the reader says is written is what appears."""

import subprocess

import pytest

from agentguard.core.call import Argument, Call, Invocation
from agentguard.core.effect import Reading
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown
from agentguard.readers import sed

#: Scripts, and the files that they make out of one line `a`.
WRITES = [
    ("p", []),
    ("wout", ["out"]),
    ("w out", ["out"]),
    ("1w out", ["out"]),
    ("7 w out", ["out"]),
    ("$!w out", ["out"]),
    ("/w x/p", []),
    ("/a/w out", ["out"]),
    ("\\,a,I w out", ["out"]),
    ("1,/w/ w out", ["out"]),
    ("0~3w out", ["out"]),
    ("1,+2W out", ["out"]),
    ("/[/]/w out", ["out"]),
    ("/[]w]/p", []),
    ("/[[:alpha:]/]/w out", ["out"]),
    ("s/a/b/w out", ["out"]),
    ("s/a/b/ w out", ["out"]),
    ("s/a/b/2gpwout", ["out"]),
    ("s,/w x,b,", []),
    ("s/a/w x/", []),
    ("s/a\\/w/b/", []),
    ("s/a/b\\\n/w out", ["out"]),
    ("s|a|b|;w out", ["out"]),
    ("y/aw/wa/", []),
    ("y/a/b/;w out", ["out"]),
    ("a w out", []),
    ("a\\\nw x", []),
    ("i\\  x\\\nw y\nw out", ["out"]),
    ("c x", []),
    ("# w out", []),
    ("p # x\nw out", ["out"]),
    ("{p;w out\n}", ["out"]),
    ("{p};w out", ["out"]),
    ("bx;w out\n:x", ["out"]),
    (":x;w out", ["out"]),
    ("w out;p", ["out;p"]),
    ("w /dev/stdout", []),
    ("r w", []),
    ("q5;w out", ["out"]),
    ("w one\nw two", ["one", "two"]),
]


class Lines:
    """A context that keeps the shell lines that it is given, and has one file to read."""

    def __init__(self):
        self.world = self
        self.lines = []

    def text(self, language, text, call):
        """Keep a line."""
        assert language == "shell"
        self.lines.append(text.text if isinstance(text, Known) else text)
        return Reading()

    def read(self, path, cwd):
        """The one file."""
        if path != "script":
            raise Unseen("there is no such file")
        return b"p\nw out\n"


def reading(*arguments):
    """What the reader makes of a call with these options and values, and the lines that it found."""
    lines = Lines()
    words = tuple(
        Argument(option, role, Known(value) if isinstance(value, str) else value) for option, role, value in arguments
    )
    call = Call("sed", (), words, (), Invocation.of(("sed",), "/", {}))
    return sed.read_call(call, lines), lines.lines


@pytest.mark.parametrize(("script", "files"), WRITES)
def test_what_a_script_writes(tmp_path, script, files):
    subprocess.run(["sed", "-n", script], input=b"a\n", cwd=tmp_path, check=False, stdout=subprocess.DEVNULL)
    assert sorted(one.name for one in tmp_path.iterdir()) == files
    found, lines = reading(("", "SED", script))
    assert [line.removeprefix("> ").strip("'") for line in lines] == files
    assert found.rating == "read"


@pytest.mark.parametrize("script", ["e", "s/a/b/e", "s/a/b/ge;p", "s/a/b", "k", "s", "/a", "}e"])
def test_what_nobody_can_tell(script):
    assert reading(("", "SED", script))[0].rating == "destructive"


@pytest.mark.parametrize(
    ("script", "lines"), [("1e date", ["date"]), ("e rm a; ls\np", ["rm a; ls"]), ("a e date", [])]
)
def test_what_a_script_runs(script, lines):
    assert reading(("", "SED", script)) == (Reading(), lines)


def test_what_a_script_that_is_not_all_known_writes_is_not_known():
    assert reading(("", "SED", Unknown("", "$X")))[0].rating == "destructive"
    assert reading(("", "SED", Unknown("s/a//", '"s/a/$X/"', "s/a/"))) == (Reading(), [])
    (line,) = reading(("", "SED", Unknown("s/a//w out", '"s/a/$X/w out"', "s/a/")))[1]
    assert isinstance(line, Unknown)


def test_scripts_are_read_from_files_and_in_order():
    assert reading(("--file", "SEDFILE", "script"), ("--expression", "SED", "w two"))[1] == ["> out", "> two"]
    assert reading(("--expression", "SED", "a\\"), ("--expression", "SED", "w x"))[1] == []
    assert reading(("--file", "SEDFILE", "unseen"))[0].rating == "destructive"


def test_a_sandbox_has_no_writing_and_running():
    assert reading(("--sandbox", "", None), ("", "SED", "w out")) == (Reading(), [])
