from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from support.desk import Desk

from agentguard.approval.question import SHOWN, Question, in_full, lines
from agentguard.core.effect import Reason
from agentguard.edge.caller.controlling_terminal import own_terminal
from agentguard.edge.terminal.prompt import EVERYTHING, layout, paged

pytestmark = pytest.mark.real

#: Asks for a word where the caller sits, and says what came of it. Writes its pid first.
ASK = """
import os, sys
from agentguard.core.effect import Reason
from agentguard.approval.question import Question
from agentguard.edge.caller.controlling_terminal import own_terminal
from agentguard.edge.terminal.prompt import prompt
argv = ("rm", "-rf", "./precious", *map(os.fsdecode, map(os.fsencode, sys.argv[1:])))
open("pid", "w").write(str(os.getpid()))
reason = Reason("rm.untracked", "rm", "removes what git does not know", "git stash -u")
asked = Question("rm", argv, os.getcwd(), "/usr/bin/rm", "destructive", "", (reason,), ("file precious",), "", "x", "")
try:
    answer = prompt(own_terminal(), asked)
except KeyboardInterrupt:
    answer = "interrupted"
open("answer", "w").write(str(answer))
print(f"answer={answer}.")
"""
QUESTION = "Type DELETE to run it, anything else to refuse: "


@pytest.fixture
def asking(desk: Desk) -> Desk:
    (desk.home / "ask.py").write_text(ASK)
    return desk


def answered(desk: Desk) -> bool:
    return "True" in desk.until(".\n").rpartition("answer=")[2]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("DELETE\n", True),
        ("DELETX\x7fE\n", True),  # corrected with backspace
        ("delete\n", False),
        ("DELETE \n", False),
        (" DELETE\n", False),
        ("DELETE DELETE\n", False),
        ("y\n", False),
        ("yes\n", False),
        ("\n", False),
        ("\x04", False),  # end of input
        ("DELETE\x04", False),
        ("\x03", False),  # Ctrl-C
        ("DELETE\x03", False),
        ("\udcff\n", False),
    ],
)
def test_only_the_word_is_a_yes(asking: Desk, typed: str, answer: bool) -> None:
    asking.type("python ask.py\n")
    asking.until(QUESTION)
    asking.type(typed)
    assert answered(asking) is answer


def test_the_sheet_is_shown(asking: Desk) -> None:
    asking.type("python ask.py\n")
    shown = asking.until(QUESTION)
    asking.type("\n")
    for line in (
        "  command   rm -rf ./precious\n",
        "  rated     destructive\n",
        "  because   removes what git does not know [rm.untracked]\n",
        "  hits      file precious\n",
        "  safer     git stash -u\n",
        "  runs      /usr/bin/rm\n",
    ):
        assert line in shown


def test_what_was_typed_before_the_question_does_not_count(asking: Desk) -> None:
    asking.type("python ask.py\nDELETE\nDELETE\n")
    asking.until(QUESTION)
    asking.type("\n")
    assert answered(asking) is False


@pytest.mark.parametrize(
    "line",
    [
        "yes DELETE | python ask.py",
        "echo DELETE | python ask.py",
        "python ask.py < word",
        "python ask.py < /dev/null",
        "python ask.py <&-",
    ],
)
@pytest.mark.parametrize(("typed", "answer"), [("DELETE", True), ("no", False)])
def test_standard_input_is_not_asked(asking: Desk, line: str, typed: str, answer: bool) -> None:
    (asking.home / "word").write_text("DELETE\n")
    asking.type(line + "\n")
    asking.until(QUESTION)
    asking.type(typed + "\n")
    assert answered(asking) is answer


def test_standard_output_is_not_used(asking: Desk) -> None:
    asking.type("python ask.py > out 2>&1\n")
    asking.until(QUESTION)
    asking.type("DELETE\n")
    asking.run("true")
    assert (asking.home / "out").read_text() == "answer=True.\n"


def test_names_cannot_steer_the_terminal(asking: Desk) -> None:
    asking.type("python ask.py $'a\\e[2J\\e]0;x\\a' $'b\\nrated     read' $'\\xff' $'\\u202egpj'\n")
    asking.until("\n")
    shown = asking.until(QUESTION)
    asking.type("\n")
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\udcff"}
    together = shown.replace("\n            ", "")
    for escaped in ("'a\\x1b[2J\\x1b]0;x\\x07'", "'b\\nrated     read'", "'\\xff'", "'\\u202egpj'"):
        assert escaped in together


RAW = (
    "sh -c 'trap : INT; stty raw -echo; stty -g > before; python ask.py; echo $? > status; stty -g > after; stty sane'"
)


@pytest.mark.parametrize(("typed", "answer"), [("DELETE\r", "True"), ("no\r", "False"), ("\x03", "interrupted")])
def test_a_raw_terminal_is_made_usable_and_raw_again(asking: Desk, typed: str, answer: str) -> None:
    asking.type(RAW + "\n")
    asking.until(QUESTION)
    asking.type(typed)
    asking.until("answer=")
    asking.until("desk> ")
    assert (asking.home / "answer").read_text() == answer
    assert (asking.home / "before").read_text() == (asking.home / "after").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(asking: Desk, number: signal.Signals) -> None:
    asking.run("ulimit -c 0")
    asking.type(RAW + "\n")
    asking.until(QUESTION)
    os.kill(int((asking.home / "pid").read_text()), number)
    asking.until("desk> ")
    assert (asking.home / "status").read_text() == f"{128 + number}\n"
    assert (asking.home / "before").read_text() == (asking.home / "after").read_text()
    assert not (asking.home / "answer").exists()


def test_a_terminal_that_goes_away_is_a_no(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(ASK)
    person = Desk(tmp_path)
    person.type("(trap '' HUP; exec python ask.py > out 2>&1)\n")
    person.until(QUESTION)
    person.close()
    until_there(tmp_path / "answer")
    assert (tmp_path / "answer").read_text() == "False"


def until_there(path: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < end, f"{path} was not written"
        time.sleep(0.02)


OWN = "from agentguard.edge.caller.controlling_terminal import own_terminal as t; open('own', 'w').write(f'[{t()}]')"


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ('python -c "$OWN"', "[{tty}]"),
        ('python -c "$OWN" < /dev/null', "[{tty}]"),
        ('python -c "$OWN" < /dev/null > out 2>&1', "[/dev/tty]"),
        ('true | python -c "$OWN" | cat', "[{tty}]"),
        ("sh -c 'python -c \"$OWN\"; :'", "[{tty}]"),
        ('python -c "$OWN" & wait', "[]"),
        ('setsid -w python -c "$OWN"', "[]"),
        ("script -qc 'setsid -w python -c \"$OWN\"' /dev/null", "[]"),
    ],
)
def test_whose_terminal_it_is(desk: Desk, line: str, own: str) -> None:
    tty = desk.run("tty").strip()
    assert tty.startswith("/dev/pts/")
    desk.run(f'export OWN="{OWN}"')
    desk.run(line)
    assert (desk.home / "own").read_text() == own.format(tty=tty)


def test_no_terminal_at_all(tmp_path: Path) -> None:
    pid = os.fork()
    if not pid:
        os.setsid()
        os._exit(0 if own_terminal() == "" else 1)
    assert os.waitpid(pid, 0)[1] == 0


# Layout


def question(argv: tuple[str, ...], reason: str = "is gone for good") -> Question:
    return Question("rm", argv, "/x", "/bin/rm", "destructive", "", (Reason("r", "rm", reason),), (), "", "s", "claude")


def test_no_value_begins_a_line_of_ours() -> None:
    shown = layout("title", lines(question(("rm", "x" * 300 + "  rated     read", "漢" * 100))), 60, colour=False)
    assert [line for line in shown.splitlines() if "rated" in line and "read" not in line] == [
        "  rated     destructive"
    ]
    for line in shown.splitlines():
        assert sum(1 if c.isascii() else 2 for c in line) <= 60
        assert line in ("", "title") or line.startswith("  ")


def test_a_long_command_loses_its_middle_and_is_told_in_full_below() -> None:
    asked = question(("rm", "a" * 100_000, "the-end"))
    shown = layout("title", lines(asked), 80, colour=False)
    together = "".join(line[12:] for line in shown.splitlines())
    assert len(shown) < SHOWN * 2
    assert "characters not shown" in together and "the-end" in together
    whole = layout("title", (*lines(asked), *in_full((asked,))), 80, colour=False)
    assert "a" * 100_000 in "".join(line[12:] for line in whole.splitlines())


def test_what_is_longer_than_any_argument_loses_its_middle() -> None:
    shown = layout("title", (("because", "a" * 2 * EVERYTHING),), 80, colour=False)
    assert "characters not shown" in "".join(line[12:] for line in shown.splitlines())


@pytest.mark.parametrize(("height", "pages"), [(0, 1), (50, 1), (32, 1), (31, 2), (12, 3), (3, 4)])
def test_a_page_fits_a_screen(height: int, pages: int) -> None:
    text = "\n".join(map(str, range(30)))
    found = paged(text, height)
    assert len(found) == pages and "\n".join(found) == text


PAGE = "skips to the question: "
LONG = ASK.replace('"rm", "-rf", "./precious"', '"rm", *(f"/x/{n}.tmp" for n in range(99)), "/x/payroll.db"').replace(
    '("file precious",)', 'tuple(f"file {w}" for w in argv[1:])'
)


@pytest.mark.parametrize("turn", ["\n", "DELETE\n"])
def test_a_long_list_is_read_page_by_page(desk: Desk, turn: str) -> None:
    (desk.home / "ask.py").write_text(LONG)
    desk.run("stty rows 24 cols 100")
    desk.type("python ask.py\n")
    shown = desk.until_any((PAGE, QUESTION))
    assert "99 alike: file /x/*.tmp, from /x/0.tmp to /x/98.tmp" in shown and "file /x/payroll.db\n" in shown
    while not shown.endswith(QUESTION):
        desk.type(turn)
        shown += desk.until_any((PAGE, QUESTION))
    assert all(f"file /x/{n}.tmp\n" in shown for n in range(99))
    desk.type("no\n")
    assert answered(desk) is False


@pytest.mark.parametrize(("typed", "answer"), [("DELETE\n", True), ("end\n", False)])
def test_the_end_of_a_long_list_can_be_skipped_to(desk: Desk, typed: str, answer: bool) -> None:
    (desk.home / "ask.py").write_text(LONG)
    desk.run("stty rows 24 cols 100")
    desk.type("python ask.py\n")
    desk.until(PAGE)
    desk.type("end\n")
    desk.until(QUESTION)
    desk.type(typed)
    assert answered(desk) is answer


def test_a_page_that_is_not_turned_is_a_no(desk: Desk) -> None:
    (desk.home / "ask.py").write_text(LONG)
    desk.run("stty rows 24 cols 100")
    desk.type("python ask.py\n")
    desk.until(PAGE)
    desk.type("\x04")
    assert answered(desk) is False


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours(tmp_path: Path, environment: dict[str, str], colours: bool) -> None:
    (tmp_path / "ask.py").write_text(ASK)
    person = Desk(tmp_path, environment)
    person.type("python ask.py\n")
    shown = person.until("Type DELETE")
    person.type("\n")
    person.close()
    assert ("\x1b[1;31mdestructive\x1b[0m" in shown) is colours
