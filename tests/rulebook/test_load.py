"""A rule file that is wrong is refused: file, line, table and fault are named, with what to do."""

import shutil
from pathlib import Path

import pytest
from broken import DISPROVED, GOOD, MISSHAPEN, MISTAKEN

from agentguard import resources
from agentguard.errors import RuleError
from agentguard.rulebook.load import load, rule_files
from agentguard.rulecheck.examples import faults, proved


def write(directory, text, name="tool.toml"):
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text)
    return str(directory)


def refused(directory):
    with pytest.raises(RuleError) as fault:
        proved(load(directory))
    return fault.value


def test_a_good_file_loads_and_its_examples_hold(tmp_path):
    book = proved(load(write(tmp_path, GOOD)))
    assert book.guarded == ("tool",)


@pytest.mark.parametrize(("change", "to", "told"), [*MISSHAPEN, *MISTAKEN, *DISPROVED])
def test_a_fault_is_named(tmp_path, change, to, told):
    assert change in GOOD
    fault = refused(write(tmp_path, GOOD.replace(change, to, 1)))
    assert fault.message == f"tool.toml:{told}"
    assert fault.hint


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("[[rule]]", "wins = true", "overrides"),
        ("[[rule]]", "adds = true", "also"),
        ("[[rule]]", "lands = true", "overwrites"),
        ("[[rule]]", "away = true", "moves"),
        ("[[rule]]", "spares = {}", "refuses_kind"),
        ("[[rule]]", "despite = []", "unaffected_by"),
        ("[plain]", "settles = {}", "needs_settings"),
        ("[command.move]", "abroad = []", "remote_with"),
        ("[grammar]", "elsewhere = []", "cwd_unknown_with"),
        ("[grammar]", "forgets = []", "unsets"),
        ("[command.move]", "unshimmed = true", "resets_path"),
        ("[grammar]", "fills.idle = []", "runs_nothing_with"),
    ],
)
def test_an_old_key_is_told_the_new_one(tmp_path, table, old, new):
    fault = refused(write(tmp_path, GOOD.replace(table, f"{table}\n{old}", 1)))
    key = old.partition(" ")[0].removeprefix("fills.")
    assert fault.message.endswith(f": `{key}` is called `{new}` now")


def test_the_line_is_shown_with_a_mark(tmp_path):
    fault = refused(write(tmp_path, GOOD.replace('"SOURCE...", "DEST"', '\n\t"SUORCE...", # to\n "DEST"\n')))
    assert fault.message == "tool.toml:16: [command.move]: `SUORCE` is no role, but nearly one: did you mean `SOURCE`?"
    assert fault.excerpt == '  16 |  "SUORCE...", # to\n        ^^^^^^^^^^^'


def test_one_name_is_taught_once(tmp_path):
    write(tmp_path, GOOD, "again.toml")
    fault = refused(write(tmp_path, GOOD.replace("tool-", "more-")))
    assert fault.message == "tool.toml:2: [program]: `tool` is taken in again.toml:2"


def test_a_directory_without_rules_is_an_error(tmp_path):
    with pytest.raises(RuleError, match="no rule files"):
        load(str(tmp_path))


@pytest.mark.parametrize("name", ["tool.tml", "other.toml.txt", "git/deeper/x.toml", "apis/x/y.toml", "notes.md"])
def test_what_is_not_read_is_an_error(tmp_path, name):
    write(tmp_path, GOOD)
    fault = refused(write(tmp_path, GOOD, name))
    assert fault.message == f"{name}: is not read"
    assert fault.hint == "rules are in NAME.toml, FOLDER/NAME.toml and apis/NAME.toml"


@pytest.mark.parametrize("text", [b"\xff", b'names = "\xff"'])
def test_a_file_that_is_no_text_is_an_error(tmp_path, text):
    (tmp_path / "tool.toml").write_bytes(text)
    fault = refused(str(tmp_path))
    assert fault.message.startswith("tool.toml: ") and fault.hint == "a rule file is a text in UTF-8"


# Options

SPELLINGS = {
    "-f FILE, --file FILE": (("-f", "--file"), "value", "FILE"),
    "-f FILE, --file=FILE": (("-f", "--file"), "value", "FILE"),
    "-f, --file FILE": (("-f", "--file"), "value", "FILE"),
    "-f, --file": (("-f", "--file"), "nothing", ""),
    "-m[=WHEN], --merged[=WHEN]": (("-m", "--merged"), "optional", "WHEN"),
    "--merged [WHEN]": (("--merged",), "next", "WHEN"),
    "of=FILE": (("of",), "value", "FILE"),
    "-exec ARGV;": (("-exec",), "command", "ARGV"),
    "(": (("(",), "nothing", ""),
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_options_are_written_as_in_a_manual(tmp_path, text):
    program = load(write(tmp_path, GOOD.replace('"-f, --force"', f'"{text}"'))).program("tool")
    names, takes, role = SPELLINGS[text]
    option = program.commands[()].options[names[0]]
    assert (option.names, option.takes, option.role) == (names, takes, role)


@pytest.mark.parametrize("text", ["force", "", "--", "--force A B", "-f  FILE", "force, --force", "--a=B, of=B"])
def test_anything_else_is_no_option(tmp_path, text):
    fault = refused(write(tmp_path, GOOD.replace('"-f, --force"', f'"{text}"')))
    assert f"option `{text}` is not written as in a manual, as in `-o, --output FILE`" in fault.message


@pytest.mark.parametrize("name", ["PATCH", "WORD", "PACKAGE", "FORMAT", "DIR", "NAME", "LEVEL"])
def test_names_that_are_like_no_role_are_free(tmp_path, name):
    assert load(write(tmp_path, GOOD.replace("LEVEL", name)))


@pytest.mark.parametrize("name", ["SHEL", "SHELLS", "SECERT", "ENVIROMENT", "SCRIPTS", "CHIDR", "SORCE", "TEST"])
def test_names_that_are_nearly_a_role_are_not(tmp_path, name):
    assert "did you mean" in refused(write(tmp_path, GOOD.replace("LEVEL", name))).message


def test_the_roles_of_a_reader_are_roles_of_its_programs(tmp_path):
    assert load(write(tmp_path, GOOD.replace("LEVEL", "SQED")))
    text = GOOD.replace("LEVEL", "SDE").replace("guarded = true", 'reads = "sed"')
    assert "`SDE` is no role, but nearly one: did you mean `SED`?" in refused(write(tmp_path, text)).message


# A program in a folder of files


def halves():
    at = GOOD.index("[[rule]]")
    return GOOD[:at], GOOD[at:]


def test_the_files_of_a_folder_teach_one_program(tmp_path):
    grammar, rules = halves()
    write(tmp_path, rules, "parts/tool/a-rules.toml")
    write(tmp_path, grammar, "parts/tool/grammar.toml")
    parts = proved(load(str(tmp_path / "parts"))).program("tool")
    write(tmp_path, GOOD, "whole/tool.toml")
    whole = load(str(tmp_path / "whole")).program("tool")
    assert parts.commands == whole.commands
    assert [rule.id for rule in parts.rules] == [rule.id for rule in whole.rules]


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("", "[grammar]\n", "tool/rules.toml:1: [grammar]: tool/grammar.toml:6 has this table, too"),
        ("", "[command.move]\n", "tool/rules.toml:1: [command.move]: tool/grammar.toml:13 has the command `move`, too"),
        ("tool-move", "tool-dry", "tool/rules.toml:21: rule tool-dry: `tool-dry` is taken in tool/rules.toml:13"),
        (
            '"PATH"',
            '"PTAH"',
            "tool/rules.toml:4: rule tool-removes: no argument here has the role `PTAH`: did you mean",
        ),
        ('rating = "destructive" }', 'rating = "read" }', "tool/rules.toml:8: rule tool-removes: example `tool a` is"),
    ],
)
def test_faults_of_a_folder_name_its_file(tmp_path, change, to, told):
    grammar, rules = halves()
    write(tmp_path, grammar, "tool/grammar.toml")
    assert refused(write(tmp_path, rules.replace(change, to, 1), "tool/rules.toml")).message.startswith(told)


def test_a_folder_without_a_program_is_an_error(tmp_path):
    assert refused(write(tmp_path, halves()[1], "tool/rules.toml")).message == (
        "tool/rules.toml: [program]: the table is missing"
    )


# Faults of the rules that ship


def test_a_wrong_example_is_told_of_the_file_that_has_it(tmp_path):
    """Whatever the program is called: disks.toml teaches mkfs and wipefs."""
    shutil.copytree(resources.rules(), tmp_path / "rules")
    file = tmp_path / "rules" / "disks.toml"
    lines = file.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if "run =" in line and 'rating = "destructive"' in line)
    lines[number] = lines[number].replace('rating = "destructive"', 'rating = "read"')
    file.write_text("\n".join(lines))
    (fault,) = faults(load(str(tmp_path / "rules")))
    assert fault.message.startswith(f"disks.toml:{number + 1}: rule ")


def test_every_rule_file_is_found():
    rules = Path(resources.rules())
    assert sorted(rule_files(str(rules))) == sorted(str(one.relative_to(rules)) for one in rules.rglob("*.toml"))
