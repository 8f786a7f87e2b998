"""A rule file that is wrong is refused, with file, rule and fault named."""

import pytest

from agentguard.errors import RuleError
from agentguard.rulebook.load import load
from agentguard.rulecheck.examples import proved

GOOD = """
[program]
names = ["tool"]
guarded = true

[grammar]
options = ["-f, --force", "-n, --dry-run", "--level LEVEL"]

[[rule]]
id = "tool-removes"
effect = "remove"
reason = "removes things"
examples = [{ run = ["tool"], rating = "destructive" }]
misses = [{ run = ["tool", "-n"], rating = "read" }]

[[rule]]
id = "tool-dry"
if = ["-n"]
effect = "observe"
reason = "only looks"
examples = [{ run = ["tool", "-n"], rating = "read" }]
misses = [{ run = ["tool", "-f"], rating = "destructive" }]
"""


def write(directory, text, name="tool.toml"):
    (directory / name).write_text(text)
    return str(directory)


def test_a_good_file_loads_and_its_examples_hold(tmp_path):
    book = proved(load(write(tmp_path, GOOD)))
    assert book.guarded == ("tool",)


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("[program]", "[program", "tool.toml: "),
        ('names = ["tool"]', "", "[program]: `names` is missing"),
        ("guarded = true", "guarded = 1", "[program]: `guarded` has the wrong type"),
        ("guarded = true", "gaurded = true", "[program]: unknown key `gaurded`"),
        ('id = "tool-removes"\n', "", "rule 1: `id` is missing"),
        ('id = "tool-dry"', 'id = "tool-removes"', "rule tool-removes: the id is taken in tool.toml"),
        ('reason = "only looks"\n', "", "rule tool-dry: `reason` is missing"),
        ('reason = "only looks"', 'reason = ""', "rule tool-dry: `reason` is missing"),
        ('effect = "observe"', 'effect = "look"', "rule tool-dry: effect `look` is none of"),
        ('if = ["-n"]', 'if = ["-z"]', "rule tool-dry: option `-z` is not in the grammar"),
        ('if = ["-n"]', "if = [1]", "rule tool-dry: `if` must hold only text"),
        ('if = ["-n"]', 'command = "sub"', "rule tool-dry: there is no command `sub`"),
        ('if = ["-n"]', 'operands = "many"', "rule tool-dry: operands `many` is not a count"),
        ('if = ["-n"]', 'recoverable_by = "luck"', "rule tool-dry: recoverable_by `luck` is none of"),
        ('"-f, --force"', '"force"', "option `force` is not written as in a manual"),
        ('"-f, --force"', '"-n, --force"', "option -n is declared twice"),
        ('examples = [{ run = ["tool"], rating = "destructive" }]\n', "", "rule tool-removes: it has not an example"),
        ('misses = [{ run = ["tool", "-f"], rating = "destructive" }]\n', "", "rule tool-dry: it has not a near miss"),
        ('{ run = ["tool", "-f"], rating = "destructive" }', '{ run = ["tool"], rating = "bad" }', "rating `bad`"),
    ],
)
def test_a_fault_is_named(tmp_path, change, to, told):
    assert change in GOOD
    with pytest.raises(RuleError) as fault:
        load(write(tmp_path, GOOD.replace(change, to, 1)))
    assert told in str(fault.value)
    assert "tool.toml" in str(fault.value)


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ('["tool"], rating = "destructive"', '["tool"], rating = "read"', "rated destructive by tool-removes"),
        ('run = ["tool"], rating', 'run = ["tool", "--level", "x", "-n"], rating', "rated read by tool-dry, not destr"),
        ('misses = [{ run = ["tool", "-n"], rating = "read"', 'misses = [{ run = ["tool"], rating = "destructive"',
         "the rule speaks"),
        ('examples = [{ run = ["tool", "-n"]', 'examples = [{ run = ["tool", "--bogus"]', "agentguard-unknown-option"),
    ],
)  # fmt: skip
def test_an_example_that_does_not_hold_is_named(tmp_path, change, to, told):
    assert change in GOOD
    with pytest.raises(RuleError) as fault:
        proved(load(write(tmp_path, GOOD.replace(change, to, 1))))
    assert told in str(fault.value)
    assert "tool.toml: rule tool-" in str(fault.value)


def test_one_name_is_taught_once(tmp_path):
    write(tmp_path, GOOD)
    other = GOOD.replace("tool-", "again-")
    with pytest.raises(RuleError, match="`tool` is taught in another file too"):
        load(write(tmp_path, other, "again.toml"))


def test_a_directory_without_rules_is_an_error(tmp_path):
    with pytest.raises(RuleError, match="no rule files"):
        load(str(tmp_path))
