"""The published schemas are what loading takes, by another validator too; closed sets are what answers to them."""

import ast
import importlib
import pkgutil
import tomllib
from pathlib import Path

import jsonschema
import pytest
from broken import GOOD, MISSHAPEN, MISTAKEN

import agentguard.readers
from agentguard import resources
from agentguard.classify import classifier
from agentguard.core import vocabulary
from agentguard.edge.git.lookups import LOOKUPS
from agentguard.edge.git.probes import PROBES
from agentguard.errors import RuleError
from agentguard.readers.http import METHODS
from agentguard.rulebook import schema
from agentguard.rulebook.document import Document
from agentguard.rulebook.load import rule_files

RULES = Path(resources.rules())
PACKAGE = Path(resources.package())


def kind(file):
    return schema.API if file.startswith("apis/") else schema.PROGRAM


def independent(name):
    return jsonschema.Draft7Validator(schema.SCHEMAS[name])


@pytest.mark.parametrize("file", schema.SCHEMAS)
def test_what_is_published_is_what_loading_takes(file):
    """If this fails: `make schema`."""
    assert (RULES / file).read_text() == schema.published()[file]
    jsonschema.Draft7Validator.check_schema(schema.SCHEMAS[file])


@pytest.mark.parametrize("file", rule_files(str(RULES)))
def test_every_rule_file_is_as_both_validators_want_it(file):
    document = Document.read(str(RULES), file)
    schema.check(document, kind(file))
    assert not list(independent(kind(file)).iter_errors(document.tables))


@pytest.mark.parametrize(("change", "to", "told"), MISSHAPEN)
def test_both_validators_refuse_what_is_misshapen(change, to, told):
    tables = tomllib.loads(GOOD.replace(change, to, 1))
    assert list(independent(schema.PROGRAM).iter_errors(tables))
    with pytest.raises(RuleError):
        schema.check(Document("tool.toml", tables), schema.PROGRAM)


def test_both_validators_leave_what_a_schema_cannot_say():
    for change, to, _ in MISTAKEN[1:]:  # the first is not TOML
        tables = tomllib.loads(GOOD.replace(change, to, 1))
        assert not list(independent(schema.PROGRAM).iter_errors(tables))
        schema.check(Document("tool.toml", tables), schema.PROGRAM)


def test_every_key_is_described():
    text = (PACKAGE.parent / "docs" / "rules.md").read_text()
    assert [key for name in schema.SCHEMAS for key in keys(schema.SCHEMAS[name]) if key not in text] == []


def keys(of):
    """The keys that a schema knows, but for the names of probes and sources."""
    for key, below in of.get("properties", {}).items():
        if key not in (*vocabulary.PROBES, *vocabulary.SOURCES):
            yield key
        yield from keys(below)
    for below in (of.get("items"), of.get("additionalProperties")):
        yield from keys(below) if isinstance(below, dict) else ()


# The closed sets


def test_probes_are_those_of_the_edge():
    assert sorted(vocabulary.PROBES) == sorted(PROBES)


def test_sources_are_those_of_the_edge():
    others = ("no-tar-archive", "railway-link", "postgres-catalogue", "system-program")
    assert sorted(vocabulary.SOURCES) == sorted((*LOOKUPS, *others))


def test_methods_are_those_of_requests():
    assert sorted(vocabulary.METHODS) == sorted(METHODS)


def test_readers_are_those_that_read_a_call():
    names = [one.name for one in pkgutil.iter_modules(agentguard.readers.__path__)]
    readers = [name for name in names if hasattr(reader(name), "read_call")]
    assert sorted(readers) == sorted(vocabulary.READERS)


@pytest.mark.parametrize("language", [*vocabulary.API_LANGUAGES, *classifier.LANGUAGES.values()])
def test_languages_are_those_that_have_a_reader(language):
    assert list(reader(language.lower()).read.__annotations__) == ["text", "call", "context", "return"]


def test_languages_of_rules_and_of_input_are_those_of_the_classifier():
    assert sorted(vocabulary.CARRIED_LANGUAGES) == sorted(classifier.CARRIED)
    assert sorted(vocabulary.INPUT_LANGUAGES) == sorted(classifier.LANGUAGES)


def reader(name):
    return importlib.import_module(f"agentguard.readers.{name}")


def roles(paths):
    """The roles that code looks for, by the texts in capitals that it gives to `playing`, `values`, `role ==` …"""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                (".playing", ".played", "transfer.values")
            ):
                about = node.args
            elif isinstance(node, ast.Compare) and ast.unparse(node.left).endswith(".role"):
                about = node.comparators
            else:
                about = []
            yield from (one.value for one in about if isinstance(one, ast.Constant))


@pytest.mark.parametrize("name", vocabulary.READERS)
def test_the_roles_of_a_reader_are_those_that_it_looks_for(name):
    module = PACKAGE / "readers" / name
    found = set(roles(module.rglob("*.py") if module.is_dir() else [module.with_suffix(".py")]))
    assert found - {*vocabulary.ROLES} == {*vocabulary.READERS[name]}


def test_roles_that_code_looks_for_are_roles():
    found = set(roles(path for path in PACKAGE.rglob("*.py") if "readers" not in path.parts))
    found |= {*classifier.LANGUAGES, *classifier.FILES}
    assert found <= {*vocabulary.ROLES, *vocabulary.OPERAND_ROLES}
    assert found >= {*vocabulary.ROLES, *vocabulary.OPERAND_ROLES} - {"PATH", "CONFIG", "SECRET", "FOUND"}
