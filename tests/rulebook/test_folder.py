"""A program taught by the files of a folder, and what its files may say more briefly."""

import pytest

from agentguard.errors import RuleError
from agentguard.rulebook.load import load
from agentguard.rulecheck.examples import proved

PROGRAM = """
[program]
names = ["tool"]

[grammar]
options = ["-n, --dry-run"]

[[rule]]
id = "tool-dry"
if = ["-n"]
overrides = true
effect = "observe"
reason = "only looks"
examples = [{ run = ["tool", "-n"], rating = "read" }]
misses = [{ run = ["tool", "start"], rating = "reversible" }]
"""
WORK = """
[sets]
level = ["--level LEVEL", "-l"]
works = ["start", "stop"]

[[commands]]
names = ["@works", "stop all"]
options = ["@level", "-q"]

[[rule]]
id = "tool-works"
command = ["@works"]
effect = "create"
reason = "works"
examples = [{ run = ["tool", "start", "--level", "1"], rating = "reversible" }]
misses = [{ run = ["tool", "-n"], rating = "read" }]
"""
ABOVE = """
[command.move]

[[rule]]
id = "tool-moves"
command = "move"
effect = "create"
reason = "moves"
examples = [{ run = ["tool", "move"], rating = "reversible" }]
misses = [{ run = ["tool", "-n"], rating = "read" }]
"""


def folder(directory, **files):
    """A directory of rules with a folder `tool` of these files."""
    (directory / "tool").mkdir()
    for name, text in {"program": PROGRAM, **files}.items():
        (directory / "tool" / f"{name}.toml").write_text(text)
    return str(directory)


def refused(directory):
    with pytest.raises(RuleError) as fault:
        proved(load(directory))
    return fault.value.message


def test_a_folder_is_one_program(tmp_path):
    book = proved(load(folder(tmp_path, work=WORK)))
    assert [rule.id for rule in book.program("tool").rules] == ["tool-dry", "tool-works"]


def test_the_file_that_declares_the_program_comes_first_and_the_others_by_name(tmp_path):
    book = load(folder(tmp_path, zoo=WORK, above=ABOVE))
    assert [rule.id for rule in book.program("tool").rules] == ["tool-dry", "tool-moves", "tool-works"]


def test_sets_and_groups_are_written_out(tmp_path):
    program = load(folder(tmp_path, work=WORK)).program("tool")
    assert set(program.commands) == {(), ("start",), ("stop",), ("stop", "all")}
    for path in (("start",), ("stop",), ("stop", "all")):
        assert list(program.commands[path].options) == ["--level", "-l", "-q"]
    assert [rule.commands for rule in program.rules] == [((),), (("start",), ("stop",))]


def test_a_set_is_known_in_every_file(tmp_path):
    program = load(folder(tmp_path, above='[command.run]\noptions = ["@level"]', work=WORK)).program("tool")
    assert list(program.commands["run",].options) == ["--level", "-l"]


def test_one_file_may_have_sets_and_groups_too(tmp_path):
    (tmp_path / "tool.toml").write_text(PROGRAM + WORK)
    assert ("stop", "all") in proved(load(str(tmp_path))).program("tool").commands


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[grammar]", "more.toml:1: [grammar]: tool/program.toml:5 has this table, too"),
        ("[comand.x]", "more.toml:1: unknown key `comand`: did you mean `command`?"),
        ("[command.start]", "work.toml:7: [[commands]]: tool/more.toml:1 has the command `start`, too"),
        ('[command."stop  all"]', "work.toml:7: [[commands]]: tool/more.toml:1 has the command `stop all`, too"),
        ('[command.x]\n[[commands]]\nnames = ["x"]',
         "more.toml:3: [[commands]]: tool/more.toml:1 has the command `x`, too"),
        ("[sets]\nlevel = []", "work.toml:3: [sets]: tool/more.toml:2 has a set of this name, too"),
        (ABOVE.replace("moves", "works"), "work.toml:11: rule tool-works: `tool-works` is taken in tool/more.toml:5"),
        (ABOVE.replace('= "move"', '= ["@wroks"]'),
         "more.toml:6: rule tool-moves: there is no set `wroks`: did you mean `works`?"),
        ('[command.x]\noptions = ["@levle"]',
         "more.toml:2: [command.x]: there is no set `levle`: did you mean `level`?"),
        ("[[commands]]\nopen = true", "more.toml:1: [[commands]]: `names` is missing: the commands that are alike"),
        ('[[commands]]\nnames = "x"', "more.toml:2: [[commands]]: `names` must be a list"),
        ("commands = [1]", "more.toml:1: [[commands]]: `commands` must hold only a table"),
        ("command = 1", "more.toml:1: `command` must be a table"),
        ("rule = 1", "more.toml:1: `rule` must be a list"),
        ("[sets]\nx = [1]", "more.toml:2: [sets]: `x` must hold only text"),
        ('[sets]\nx = ["-x"]\n[command.y]\noptions = ["@x", "-x"]',
         "more.toml:4: [command.y]: option -x is declared twice"),
        ('[sets]\nx = ["-x SHEL"]\n[command.y]\noptions = ["@x"]',
         "more.toml:2: [sets]: `SHEL` is no role, but nearly one: did you mean `SHELL`?"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_file(tmp_path, text, told):
    assert refused(folder(tmp_path, more=text, work=WORK)) == f"tool/{told}"


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        (
            'effect = "create"',
            'effect = "make"',
            "tool/work.toml:13: rule tool-works: `effect` cannot be `make`: known: ",
        ),
        ('"-q"]', '"q"]', "tool/work.toml:8: [[commands]]: option `q` is not written as in a manual"),
        ("[sets]", "[sets", "tool/work.toml:2: not TOML: "),
        (
            '"1"], rating = "reversible"',
            '"1"], rating = "read"',
            "tool/work.toml:15: rule tool-works: example `tool start",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_that_file(tmp_path, change, to, told):
    assert change in WORK
    assert refused(folder(tmp_path, work=WORK.replace(change, to))).startswith(told)


def test_a_folder_needs_the_table_that_declares_the_program(tmp_path):
    folder(tmp_path, work=WORK)
    (tmp_path / "tool" / "program.toml").unlink()
    assert refused(str(tmp_path)) == "tool/work.toml: [program]: the table is missing"
