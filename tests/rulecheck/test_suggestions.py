"""What rules say to do instead: each command is proved harmless where the rule says so."""

import re

import pytest
from support.rules import shipped

from agentguard.rulebook.build import build
from agentguard.rulebook.document import Document
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import faults
from agentguard.rulecheck.suggestions import suggestions

RULEBOOK = shipped()
TOOL = """
[program]
names = ["tool"]
[grammar]
options = ["-f, --force", "-n, --dry-run", "-u, --user USER"]
operands = ["PATH..."]
[command.wipe]
options = ["-f, --force", "-n, --dry-run"]
operands = ["PATH..."]
[command.list]
[[rule]]
id = "tool-wipes"
command = "wipe"
effect = "remove"
reason = "wipes"
instead = "INSTEAD"
examples = [{ run = "EXAMPLE", rating = "destructive" }]
misses = [{ run = "tool list", rating = "read" }]
[[rule]]
id = "tool-rehearses"
command = ["wipe", "list"]
if = ["--dry-run"]
overrides = true
effect = "observe"
reason = "rehearses"
examples = [{ run = "tool wipe -n a", rating = "read" }]
misses = [{ run = "tool wipe a", rating = "destructive" }]
[[rule]]
id = "tool-lists"
command = "list"
effect = "observe"
reason = "lists"
examples = [{ run = "tool list", rating = "read" }]
misses = [{ run = "tool wipe a", rating = "destructive" }]
"""


def taught(instead, example="tool wipe a b"):
    return build(Document.parse("tool.toml", TOOL.replace("INSTEAD", instead).replace("EXAMPLE", example)))


@pytest.mark.parametrize(
    ("instead", "example", "meant"),
    [
        ("`tool wipe -n` shows it", "tool wipe a b", ["tool wipe -n a b"]),
        ("`tool wipe -n PATH`", "tool wipe 'a b' c", ["tool wipe -n 'a b'"]),
        ("`tool list` first, and `tool wipe -n` then", "sudo tool wipe a; echo", ["tool list", "tool wipe -n a"]),
        ("`tool list > NEW`", "tool wipe a", ["tool list > a-new-name"]),
        ("`tool -u USER list`", "tool -u me wipe a", ["tool -u me list"]),
        ("`tool wipe -n`", "tool wipe $X", ["tool wipe -n"]),
        ("tool wipe in other words", "tool wipe a", []),
    ],
)
def test_a_template_is_filled_from_the_example(instead, example, meant):
    program = taught(instead, example)
    rule = program.rules[0]
    assert [one.run for one in suggestions(program, rule, rule.examples[0])] == meant


@pytest.mark.parametrize("instead", ["`tool wipe`", "`tool list; tool wipe x`", "`tool scrub`", "`tool wipe > NEW`"])
def test_a_suggestion_that_is_destructive_itself_is_told(instead):
    program = taught(instead)
    (fault,) = faults(Rulebook({"tool": program}))
    assert fault.message.startswith("tool.toml:17: rule tool-wipes: suggests `tool ")


@pytest.mark.parametrize("instead", ["`tool wipe -n`", "`tool list`, or let it be"])
def test_a_harmless_one_is_fine(instead):
    assert list(faults(Rulebook({"tool": taught(instead)}))) == []


def test_people_read_it_without_backticks():
    assert taught("`tool list` first").rules[0].instead == "tool list first"


def test_no_command_of_a_rule_that_ships_escapes_the_proof():
    """What names the rule's own program with an option or a command of it, outside of backticks."""
    unproved = []
    for program in RULEBOOK:
        words = {*program.commands[()].commands, *program.commands[()].options}
        for rule in program.rules:
            prose = rule.instead
            for one in rule.suggests:
                prose = prose.replace(one, "", 1)
            named = "|".join(map(re.escape, program.names))
            found = re.findall(rf"(?<![\w/.-])(?:{named}) (\S+)", prose)
            unproved += [f"{rule.id}: {rule.instead}" for word in found if word.rstrip(",;:") in words]
    assert unproved == []
