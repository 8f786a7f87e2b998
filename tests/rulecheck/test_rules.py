"""Every rule file that ships: its examples hold against the whole rulebook."""

from agentguard.rulecheck.examples import faults


def test_every_example_holds(rulebook):
    assert list(faults(rulebook)) == []


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
