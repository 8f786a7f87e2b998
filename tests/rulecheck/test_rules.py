"""Every rule file that ships: its examples hold against the whole rulebook."""

import re
from pathlib import Path

import pytest
from support.rules import shipped

from agentguard import resources
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import faults, rate

RULEBOOK = shipped()


@pytest.mark.parametrize("program", list(RULEBOOK), ids=lambda program: program.name)
def test_every_example_holds(program):
    assert list(faults(RULEBOOK, program)) == []


@pytest.mark.parametrize("api", RULEBOOK.apis(), ids=lambda api: api.name)
def test_every_example_of_an_api_holds(api):
    assert list(faults(RULEBOOK, api)) == []


def test_the_programs_that_get_a_shim(rulebook):
    assert rulebook.guarded == ("curl", "doas", "git", "psql", "railway", "rm", "sudo")


def test_every_destructive_rule_names_a_safer_way(rulebook):
    silent = [
        rule.id
        for program in rulebook
        for rule in program.rules
        if program.guarded and rule.effect in ("remove", "replace") and not rule.recoverable_by and not rule.instead
    ]
    assert silent == []


def test_no_rule_is_named_after_another_program(rulebook):
    """Who reads `[gcloud-removes]` after a call of `gh` does not know what is meant."""
    everyones = {name for program in rulebook for name in program.names}
    ours = {"users"}  # what these rules are about; w(1) has a relative of that name
    misnamed = {
        rule.id: program.name
        for program in rulebook
        for rule in program.rules
        if (first := re.split(r"[._-]", rule.id)[0]) in everyones - ours
        and not any(re.split(r"[._-]", name)[0] == first for name in program.names)
    }
    assert misnamed == {}


@pytest.mark.parametrize("name", ["git", "railway"])
def test_which_file_a_rule_is_in_decides_nothing(rulebook, name):
    program = rulebook.program(name)
    programs = {one: other for other in rulebook for one in (*other.names, *other.packages)}
    turned = program.replace(rules=program.rules[::-1])
    book = Rulebook({**programs, name: turned}, rulebook.apis())
    for example in (one for rule in program.rules for one in (*rule.examples, *rule.misses)):
        before, after = rate(rulebook, example), rate(book, example)
        assert after.rating == before.rating, example
        assert bool(after.catastrophic) == bool(before.catastrophic), example
        assert set(after.reasons) == set(before.reasons), example


def test_rule_files_are_no_wider_than_code():
    wide = [
        f"{path.name}:{number}"
        for path in sorted(Path(resources.rules()).rglob("*.toml"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert wide == []
