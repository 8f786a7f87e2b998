"""Where keys and values stand in a TOML text: tomllib reads there what it read from the whole."""

import tomllib
from pathlib import Path

import pytest

from agentguard import resources
from agentguard.rulebook.positions import Positions

RULES = Path(resources.rules())

HARD = '''
a."b.c".d = "x" # = [
[t]  # ]
u = """
[not.a.table] "quoted" \\""" =
"""
v = \'\'\'
# no comment'\'\'\'
w = [ # [
    { x = [1, 2], "y z" = { q = 1.5 } }, 'lit # eral',
    1979-05-27 07:32:00, -1e5,
    [],
]
[[many]]
k = 1
[many.sub]
k = 2
[[many.deep]]
k = 3
[[many.deep]]
k = 4
[[many]]
k = { }
[[many.deep]]
k = "]"
'''


def values(value, path=()):
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from values(below, (*path, key))
    if path:
        yield path, value


@pytest.mark.parametrize("text", [HARD, HARD.replace("\n", "\r\n")], ids=["lines", "crlf"])
def test_everything_is_found(text):
    found = Positions(text)
    implied = {("a",), ("a", "b.c"), ("many",), ("many", 0, "deep"), ("many", 1, "deep")}
    for path, value in values(tomllib.loads(text)):
        if path in implied:
            continue
        start, end = found.values[path]
        written = text[start:end]
        if written.startswith("[") and not isinstance(value, list):
            assert written in ("[t]", "[[many]]", "[many.sub]", "[[many.deep]]")
        else:
            assert tomllib.loads(f"x = {written}")["x"] == value
    assert text[slice(*found.keys["t", "w", 0, "y z"])] == '"y z"'
    assert text[slice(*found.keys["a", "b.c", "d"])] == 'a."b.c".d'


@pytest.mark.parametrize("file", sorted(RULES.rglob("*.toml")), ids=lambda file: str(file.relative_to(RULES)))
def test_everything_in_the_rule_files_is_found(file):
    text = file.read_text()
    found = Positions(text)
    for path, value in values(tomllib.loads(text)):
        if path in found.values:
            start, end = found.values[path]
            assert text[start:end].startswith("[") or tomllib.loads(f"x = {text[start:end]}")["x"] == value
        else:  # a table or an array that is there for what is in it
            assert isinstance(value, dict | list) and value
