"""Packages that bring programs, and where linked programs take place."""

import pytest
from support.rules import shipped

from agentguard.rulebook import compiled
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()


def reading(run, **given):
    return rate(RULEBOOK, Example(run, "read", given))


def test_a_package_is_the_program_that_it_brings(tmp_path):
    assert RULEBOOK.program("@railway/cli") is RULEBOOK.program("railway")
    assert "@railway/cli" not in RULEBOOK.guarded
    compiled.write(RULEBOOK, str(tmp_path))
    assert compiled.CompiledRulebook(str(tmp_path)).program("@railway/cli").name == "railway"


@pytest.mark.parametrize(
    ("run", "given", "where"),
    [
        ("railway down", {"railway-link": {"environment": "production"}}, "production"),
        ("railway down -e staging", {"railway-link": {"environment": "production"}}, "staging"),
        ("railway down", {}, "unknown"),
        ("railway run -e production rm a", {"paths": {"a": "untracked"}}, "production"),
        ("railway run rm a", {"paths": {"a": "untracked"}, "railway-link": {"environment": "staging"}}, "staging"),
    ],
)
def test_where_it_takes_place(run, given, where):
    assert where in {effect.environment.name for effect in reading(run, **given).effects if effect.rating != "read"}
