"""Which calls a shim lets through, derived from small rule files: what each part of a rule does to them."""

from __future__ import annotations

import pytest

from agentguard.errors import RuleError
from agentguard.fastpath.eligibility import FastPath, fast_paths
from agentguard.rulebook.build import build
from agentguard.rulebook.document import Document
from agentguard.rulebook.load import Rulebook

HEAD = """
[program]
names = ["tool"]
guarded = true
files = ["~/.toolrc"]
linked = "x"
[grammar]
abbreviate = true
negate = true
options = ["-C CHDIR", "-q, --quiet", "--place DIR"]
[command.do]
options = ["-a, --all", "-f, --force[=HOW]", "-n, --dry-run[=HOW]", "-x SHELL", "--as USER", "-o, --output[=FILE]"]
operands = ["NAME..."]
"""
READS = 'effect = "observe"'
REMOVES = 'effect = "remove"'


def rule(id: str, body: str, command: str = 'command = "do"') -> str:
    proof = 'examples = [{ run = "tool", rating = "read" }]\nmisses = [{ run = "tool", rating = "read" }]'
    return f'[[rule]]\nid = "{id}"\n{command}\nreason = "because"\n{body}\n{proof}\n'


def fast_path(*rules: str, plain: str = "") -> FastPath | None:
    program = build(Document.parse("tool.toml", HEAD + plain + "".join(rules)))
    return fast_paths(program, Rulebook({"tool": program})).get(("do",))


def given(found: FastPath | None) -> set[str]:
    assert found
    return {option.name for option in found.options}


EVERYTHING = {"--all", "--force", "--dry-run", "--as", "--output"}


def test_what_only_observes_is_plain_but_for_what_it_carries() -> None:
    found = fast_path(rule("a", READS))
    assert given(found) == EVERYTHING
    assert found and found.counts == (0, 1, 2) and found.rating == "read" and found.rules == ("a",)


@pytest.mark.parametrize(
    "harmful",
    [
        'if = ["--force"]\neffect = "remove"',
        'if = ["--force"]\neffect = "unknown"',
        'if = ["--force"]\neffect = "replace"\nrecoverable_by = "reflog"\nasks = "x"',
        'if = ["--force"]\neffect = "replace"\nrecoverable_by = "reflog"\non = "NAME"',
        'if = ["--force"]\neffect = "observe"\ncarries = "SHELL"',
        'if = ["--force=x*"]\neffect = "remove"',
        'if = ["--force"]\nunless = ["--dry-run"]\neffect = "remove"',
        'if = ["--force"]\nalso = true\neffect = "remove"',
        'if = ["--force"]\nargument = { NAME = ["x"] }\neffect = "remove"',
        'if = ["--force"]\nwhere = "x y"\neffect = "remove"',
    ],
)
def test_an_option_that_a_harmful_rule_needs_is_left_out(harmful: str) -> None:
    assert given(fast_path(rule("a", READS), rule("b", harmful))) == EVERYTHING - {"--force"}


@pytest.mark.parametrize(
    "harmful",
    ["", "also = true", "overrides = true", 'where = "x y"', 'argument = { NAME = ["x"] }', 'unless = ["--all"]'],
)
def test_a_harmful_rule_that_needs_nothing_leaves_nothing(harmful: str) -> None:
    assert fast_path(rule("a", READS), rule("b", f"{harmful}\n{REMOVES}")) is None


def test_a_harmful_rule_about_every_command_counts_for_each() -> None:
    assert fast_path(rule("a", READS), rule("b", f"also = true\n{REMOVES}", "")) is None
    assert given(
        fast_path(rule("a", READS), rule("b", f'if = ["--all"]\nalso = true\n{REMOVES}', ""))
    ) == EVERYTHING - {"--all"}
    assert given(fast_path(rule("a", READS), rule("b", REMOVES, ""))) == EVERYTHING, "it is about the program by itself"


@pytest.mark.parametrize(
    ("operands", "left"),
    [("0", (1, 2)), (">=1", (0,)), ("1", (0, 2)), (">=2", (0, 1)), (">=3", (0, 1)), ("<=1", (2,)), ("3", (0, 1))],
)
def test_numbers_of_operands_that_a_harmful_rule_needs_are_left_out(operands: str, left: tuple[int, ...]) -> None:
    found = fast_path(rule("a", READS), rule("b", f'operands = "{operands}"\n{REMOVES}'))
    assert found and found.counts == left


@pytest.mark.parametrize(
    ("operands", "left"), [("0", (0,)), (">=1", (1, 2)), ("1", (1,)), (">=3", None), ("<=1", (0, 1)), ("2", None)]
)
def test_only_numbers_of_operands_that_a_harmless_rule_is_sure_to_cover_are_plain(
    operands: str, left: tuple[int, ...] | None
) -> None:
    found = fast_path(rule("a", f'operands = "{operands}"\n{READS}'))
    assert (found and found.counts) == left


def test_operands_that_a_harmful_rule_is_about_are_refused() -> None:
    found = fast_path(rule("a", READS), rule("b", f'operand = ["ext::*", "+*"]\nalso = true\n{REMOVES}'))
    assert found and found.refused == ("ext::*", "+*")


def test_a_variable_that_a_harmful_rule_needs_must_be_absent() -> None:
    found = fast_path(rule("a", READS), rule("b", 'if = ["$X|$Y"]\nalso = true\neffect = "observe"\ncarries = "SHELL"'))
    assert found and found.absent == ("X", "Y")
    assert fast_path(rule("a", READS), rule("b", f'if = ["$X_*"]\nalso = true\n{REMOVES}')) is None, (
        "no shim can look for those"
    )
    assert fast_path(
        rule("a", READS), rule("b", f'if = ["$N", "$X_*"]\nalso = true\n{REMOVES}'), plain='[plain]\nabsent = ["N"]\n'
    )


def test_an_unless_must_be_sure_not_to_hold() -> None:
    assert given(fast_path(rule("a", f'unless = ["--force"]\n{READS}'))) == EVERYTHING - {"--force"}
    assert fast_path(rule("a", f'unless = ["$X"]\n{READS}')) is None
    assert fast_path(rule("a", f'unless = ["$X"]\n{READS}'), plain='[plain]\nabsent = ["X"]\n')
    assert fast_path(rule("a", f'unless = ["$X"]\n{READS}'), plain='[plain]\nvalues = { X = ["cat"] }\n') is None


@pytest.mark.parametrize("needs", ['where = "x y"', 'operand = ["x"]', 'argument = { NAME = ["x"] }', "also = true"])
def test_a_harmless_rule_that_may_not_speak_makes_nothing_plain(needs: str) -> None:
    assert fast_path(rule("a", f"{needs}\n{READS}")) is None


def test_a_more_specific_harmless_rule_overrules_but_not_what_adds_to_it() -> None:
    specific = rule("a", f'if = ["--dry-run"]\n{READS}')
    found = fast_path(specific, rule("b", f'asks = "x"\nrecoverable_by = "reflog"\n{REMOVES}'))
    assert found and found.needed == ("--dry-run",) and found.rules == ("a",)
    assert fast_path(specific, rule("b", f"also = true\n{REMOVES}")) is None
    assert fast_path(rule("a", f'if = ["--dry-run"]\nunless = ["--all"]\n{READS}'), rule("b", REMOVES)) is not None
    assert fast_path(rule("a", f'if = ["--dry-run=x"]\n{READS}'), rule("b", REMOVES)) is None


def test_a_rule_that_wins_makes_everything_plain_that_does_not_carry() -> None:
    wins = rule("w", f'if = ["--dry-run"]\noverrides = true\n{READS}')
    found = fast_path(wins, rule("b", REMOVES))
    assert found and found.needed == ("--dry-run",) and given(found) == EVERYTHING and found.rating == "read"
    also = rule("c", 'if = ["--all"]\nalso = true\neffect = "observe"\ncarries = "SHELL"')
    assert given(fast_path(wins, rule("b", REMOVES), also)) == EVERYTHING - {"--all"}
    assert fast_path(wins, rule("b", f'if = ["--force"]\noverrides = true\n{REMOVES}'), rule("c", REMOVES)) is not None


def test_what_values_and_settings_allow_is_rated() -> None:
    carries = rule("b", 'if = ["$PAGER"]\nalso = true\neffect = "observe"\ncarries = "SHELL"')
    found = fast_path(rule("a", READS), carries, plain='[plain]\nvalues = { PAGER = ["echo"] }\n')
    assert found and found.values == ("PAGER",) and found.absent == ()
    with pytest.raises(RuleError, match="backquote"):
        fast_path(rule("a", READS), carries, plain='[plain]\nvalues = { PAGER = ["echo `"] }\n')


def test_settings_that_a_rule_asks_for_matter_to_its_command() -> None:
    plain = '[plain]\nneeds_settings = { tool-config = [] }\nsettings = { core = ["pager", "name", "pager=cat"] }\n'
    found = fast_path(
        rule("a", READS), rule("b", f'where = "tool-config core.pager"\nalso = true\n{REMOVES}'), plain=plain
    )
    assert found and found.looks and found.asked == ("core.pager",)


def test_what_the_program_itself_can_be_asked_is_asked_for_its_command() -> None:
    asks = rule("b", f'where = "tool-config"\nalso = true\n{REMOVES}')
    assert fast_path(rule("a", READS), asks) is None
    found = fast_path(rule("a", READS), asks, plain='[plain]\nsilent = { tool-config = ["list", "--gone"] }\n')
    assert found and found.silent == ("list", "--gone")


@pytest.mark.parametrize("operands", ["ARGV...", "SHELL...", "SCRIPT"])
def test_what_is_carried_by_operands_is_never_plain(operands: str) -> None:
    text = HEAD.replace('operands = ["NAME..."]', f'operands = ["{operands}"]')
    program = build(Document.parse("tool.toml", text + rule("a", READS)))
    assert ("do",) not in fast_paths(program, Rulebook({"tool": program}))


@pytest.mark.parametrize("style", ["permute = false", 'long = "-"', "bundled = true", "contents = true"])
def test_arguments_that_a_loop_cannot_tell_apart_are_never_plain(style: str) -> None:
    text = HEAD.replace("[grammar]", f"[grammar]\n{style}")
    program = build(Document.parse("tool.toml", text + rule("a", READS)))
    assert fast_paths(program, Rulebook({"tool": program})) == {}


def test_an_option_before_the_command_is_plain_where_no_rule_could_ask_for_it() -> None:
    rules = rule("a", READS) + rule("b", f'if = ["--quiet"]\nalso = true\n{REMOVES}', "")
    program = build(Document.parse("tool.toml", HEAD + rules))
    found = fast_paths(program, Rulebook({"tool": program}))
    assert {option.name for option in found[()].before} == {"--place"}
