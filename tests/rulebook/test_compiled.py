"""The compiled rulebook says what the rule files say."""

import pytest

from agentguard import resources
from agentguard.errors import RuleError
from agentguard.rulebook import compiled
from agentguard.rulebook.examples import rate
from agentguard.rulebook.load import load


@pytest.fixture(scope="module")
def rulebook():
    return load(resources.rules())


@pytest.fixture
def folder(tmp_path, rulebook):
    compiled.write(rulebook, str(tmp_path))
    return tmp_path


def test_every_example_is_read_alike(rulebook, folder):
    book = compiled.CompiledRulebook(str(folder))
    for program in rulebook:
        for rule in program.rules:
            for example in rule.examples + rule.misses:
                assert rate(book, example) == rate(rulebook, example), example.run


def test_what_is_not_taught_is_none(folder):
    book = compiled.CompiledRulebook(str(folder))
    assert book.program("make") is None
    assert book.program("../rm") is None
    assert book.program("") is None


@pytest.mark.parametrize("damage", [b"", b"garbage", b"N", b"\xe9"])
def test_damaged_rules_are_an_error_and_not_a_pass(folder, damage):
    (folder / "compiled" / "rm.rules").write_bytes(damage)
    with pytest.raises(RuleError, match=r"rm\.rules"):
        compiled.CompiledRulebook(str(folder)).program("rm")


def test_missing_rules_are_an_error(tmp_path):
    with pytest.raises(RuleError, match="is missing"):
        compiled.CompiledRulebook(str(tmp_path))
