"""Programs of awk, against the system's own awk: what the reader says is written and run is what is."""

import subprocess

import pytest

from agentguard.core.call import Argument, Call, Invocation
from agentguard.core.effect import Reading
from agentguard.core.word import Known, Unknown
from agentguard.readers import awk

#: Programs, and the files that they make out of one line `a b`.
ACTS = [
    ("{ print $1 }", []),
    ('{ print > "out" }', ["out"]),
    ('{ print($1) > "out" }', ["out"]),
    ('{ printf("%s", $1)>>"out" }', ["out"]),
    ('{ print $1,\n  $2 > "out" }', ["out"]),
    ('{ print $1, # > \n  $2 > ("out") }', ["out"]),
    ('{ print "> out", (1 > 2) }', []),
    ('$1 > "out" { print }', []),
    ('# print > "out"\n{ print }', []),
    ('/print > "/ { print }', []),
    ('/"/ { print } { print > "out" }', ["out"]),
    ('{ x = (4) / 2; print > "out"; y = 1 / 2 }', ["out"]),
    ('/[/"]/ { print } { print > "out" }', ["out"]),
    ('{ system("touch out") }', ["out"]),
    ('{ system ( "touch \\"out\\"" ) }', ["out"]),
    ('BEGIN { while (("touch out" | getline x) > 0) print x }', ["out"]),
    ('BEGIN { "touch out" | getline; print }', ["out"]),
    ('{ print | "cat > out" }', ["out"]),
    ('{ print > "/dev/stderr" }', []),
    ('{ print "a\\tb" }\nEND { print > "out" }', ["out"]),
    ('{ if ($1 == "a") print "x" > "one"; else print > "two" }', ["one"]),
]


class Lines:
    """A context that keeps the shell lines that it is given."""

    def __init__(self):
        self.lines = []

    def text(self, language, text, call):
        """Keep a line."""
        assert language == "shell"
        self.lines.append(text)
        return Reading()


def reading(program):
    """What the reader makes of a program, and the lines that it found."""
    lines = Lines()
    word = program if isinstance(program, Unknown) else Known(program)
    call = Call("awk", (), (Argument("", "PROGRAM", word),), (), Invocation.of(("awk",), "/", {}))
    return awk.read_call(call, lines), lines.lines


@pytest.mark.parametrize(("program", "files"), ACTS)
def test_what_a_program_writes_and_runs(tmp_path, program, files):
    real = ["awk", program]
    subprocess.run(
        real, input=b"a b\n", cwd=tmp_path, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == files
    found, lines = reading(program)
    assert found.rating == "read"
    for name in files:
        acts = (f"> {name}", f">> {name}", f"touch {name}", f'touch "{name}"', f"cat > {name}")
        assert any(line.text in acts for line in lines)
    assert all(isinstance(line, Known) for line in lines)
    assert bool(lines) == bool(files)


@pytest.mark.parametrize(
    "program",
    [
        '{ system("rm " $1) }',
        "{ system($1) }",
        '{ print > $1 ".txt" }',
        '{ print > ("out" NR) }',
        '{ c = "date"; c | getline }',
        '{ ("rm ") "a" | getline }',
        "{ print | $1 }",
    ],
)
def test_what_a_program_puts_together_is_not_known(program):
    lines = reading(program)[1]
    assert lines
    assert all(isinstance(line, Unknown) for line in lines)


def test_what_a_program_that_is_not_all_known_writes_is_not_known():
    assert reading(Unknown("", "$X"))[0].rating == "destructive"
    assert reading(Unknown("// { print $1 }", '"/$X/ { print \\$1 }"', "/")) == (Reading(), [])
    (line,) = reading(Unknown('// { print > "out" }', '"/$X/ { print > \\"out\\" }"', "/"))[1]
    assert isinstance(line, Unknown)


@pytest.mark.parametrize(
    "program", ['{ if (1) /"/; print > "out" } # "', '{ i = 4; x = i++ / 2; print > "out"; y = "/" }']
)
def test_where_awks_do_not_agree_each_reading_counts(program):
    assert Known("> out") in reading(program)[1]


@pytest.mark.parametrize("program", ['{ f = "system"; @f("rm a") }', '@load "filefuncs"', '{ print "a }', "{ system("])
def test_what_nobody_can_tell(program):
    assert reading(program)[0].rating == "destructive"
