"""The compiled rulebook says what the rule files say."""

import shutil
import sys

import pytest
from support.rules import shipped

from agentguard import resources
from agentguard.errors import RuleError
from agentguard.rulebook import compiled
from agentguard.rulebook.load import load
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()


@pytest.fixture
def folder(tmp_path, rulebook):
    compiled.write(rulebook, str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The whole rulebook compiled, to be read only."""
    place = str(tmp_path_factory.mktemp("compiled"))
    compiled.write(RULEBOOK, place)
    return compiled.CompiledRulebook(place)


@pytest.mark.parametrize("program", list(RULEBOOK), ids=lambda program: program.name)
def test_every_example_is_read_alike(book, program):
    for rule in program.rules:
        for example in rule.examples + rule.misses:
            assert rate(book, example) == rate(RULEBOOK, example), example.run


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


def test_rules_that_nobody_compiled_are_kept_until_they_change(tmp_path, monkeypatch):
    shutil.copytree(resources.rules(), tmp_path / "rules")
    monkeypatch.setattr(compiled, "path_for", lambda module, name: str(tmp_path / f"{name}.cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    directory, file = str(tmp_path / "rules"), tmp_path / "rules" / "rm.toml"
    assert compiled.rulebook(directory).program("rm").names == load(directory).program("rm").names
    with monkeypatch.context() as broken:
        broken.setattr(compiled, "compiled", None)  # what is kept is not compiled again
        assert compiled.rulebook(directory).apis() and compiled.rulebook(directory).program("make") is None
    file.write_text(file.read_text().replace('"rm"', '"rmm"', 1))
    assert compiled.rulebook(directory).program("rm") is None
    assert compiled.rulebook(directory).program("rmm").name == "rmm"
    family = tmp_path / "rules" / "git" / "stash.toml"
    family.write_text(family.read_text().replace('"git-stashes"', '"git-puts-aside"'))
    assert "git-puts-aside" in {rule.id for rule in compiled.rulebook(directory).program("git").rules}
    file.write_text("[program")
    with pytest.raises(RuleError, match=r"rm\.toml"):
        compiled.rulebook(directory)


def test_rules_as_installed_are_taken_as_they_are(folder):
    assert type(compiled.rulebook(str(folder))) is compiled.CompiledRulebook


def test_rules_are_found_by_the_command_that_they_are_about(rulebook, folder):
    book = compiled.CompiledRulebook(str(folder))
    for program in rulebook:
        for command in program.commands:
            found = [rule.id for rule in book.program(program.name).about(command)]
            assert found == [rule.id for rule in program.about(command)]
        assert [rule.id for rule in book.program(program.name).rules] == [rule.id for rule in program.rules]


def test_missing_rules_are_an_error(tmp_path):
    with pytest.raises(RuleError, match="is missing"):
        compiled.CompiledRulebook(str(tmp_path))
