"""The table of keys: whatever is made of it says the same, and a change that could make the guard weaker is known."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentguard.edge.installation.config import policy_of, understood
from agentguard.edge.installation.config_file import commented, with_value
from agentguard.policy.configuration import BY_NAME, KEYS, Key, frozen, thawed, weakened
from agentguard.policy.settings import Policy

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_of_a_policy_has_one_entry() -> None:
    assert sorted(Policy._fields) == sorted(BY_NAME) and len(BY_NAME) == len(KEYS)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_an_entry_fits_itself(key: Key) -> None:
    example = tomllib.loads(key.example)
    assert list(example) == [key.name] and key.accepts(example[key.name]) and key.accepts(key.default)
    assert frozen(key.default) == getattr(Policy(), key.name) and thawed(frozen(example[key.name])) == example[key.name]
    assert key.what.endswith(".") and key.why.endswith(".") and not key.who.endswith(".")


def test_the_page_of_the_documentation_is_made_of_the_table() -> None:
    made = runpy.run_path(str(DOCS / "configuration.py"))["page"]()
    assert made == (DOCS / "configuration.md").read_text(), "run `make configuration`"


def test_a_file_in_which_nothing_is_chosen_explains_every_key_and_chooses_nothing() -> None:
    text = commented()
    assert tomllib.loads(text) == {} and policy_of(text, "") == Policy()
    told = " ".join(text.replace("\n# ", " ").split())
    for key in KEYS:
        for part in (f"{key.name}: {key.what}", key.why, key.who, key.example):
            assert " ".join(part.split()) in told
    # Every default behind a "#" is one that can be taken as it stands.
    defaults = "".join(line[2:] for line in text.splitlines(True) if line[2:].partition(" = ")[0] in BY_NAME)
    assert tomllib.loads(defaults) == {key.name: key.default for key in KEYS}


MINE = '# mine\nwait = 3 # short\n\n[words] # my words\n"a-b" = "X" # keep\n'


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        (MINE, "wait", 9, MINE.replace("wait = 3", "wait = 9")),
        (MINE, "approval", 5, MINE.replace("short\n", "short\napproval = 5\n")),
        (MINE.replace("\n", "\r\n"), "wait", 9, MINE.replace("wait = 3", "wait = 9").replace("\n", "\r\n")),
        (commented(), "wait", 7, commented().replace("# wait = 100", "wait = 7")),
        (commented(), "factor", [], commented().replace('# factor = ["destructive"]', "factor = []")),
        (commented(), "words", {"a-b": "X"}, commented().replace("# words = {}", 'words = {a-b = "X"}')),
        (commented() + "looking = 2\n", "looking", 3, commented() + "looking = 3\n"),
        ("", "wait", 1, "wait = 1\n"),
    ],
)
def test_a_value_is_put_in_the_place_of_the_default_and_all_else_stays(
    before: str, name: str, value: object, after: str
) -> None:
    assert with_value(before, name, value) == after
    assert tomllib.loads(after) == {**tomllib.loads(before), name: value}


def test_what_is_chosen_again_replaces_what_was() -> None:
    text = with_value(with_value(MINE, "words", {"c-d": "name"}), "words", {"e-f": "Y"})
    assert tomllib.loads(text) == {"wait": 3, "words": {"e-f": "Y"}} and "# mine" in text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("wait = 7\nwiat = 8\napproval = 0\n", {"wait": 7}),
        ('words = { "a-b" = "" }\nfactor = []\n', {"factor": []}),
        ("wait = [", {}),
    ],
)
def test_what_is_understood_of_a_file_that_is_wrong(text: str, kept: dict[str, Any]) -> None:
    assert understood(text) == kept


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({}, {}, []),
        ({}, {"wait": 0}, ["wait"]),
        ({"wait": 0}, {}, ["wait"]),
        ({}, {"approval": 3600}, ["approval"]),
        ({}, {"approval": 1}, []),
        ({}, {"looking": 0.01}, ["looking"]),
        ({}, {"factor": ()}, ["factor"]),
        ({"factor": ("catastrophic",)}, {"factor": ("catastrophic", "rm-*")}, []),
        ({"factor": ("rm-*",)}, {"factor": ("destructive",)}, []),
        ({"factor": ("rm-*",)}, {"factor": ("catastrophic",)}, ["factor"]),
        ({}, {"guard": "agents"}, ["guard"]),
        ({"guard": "agents"}, {}, []),
        ({}, {"words": (("rm-*", "y"),)}, ["words"]),
    ],
)
def test_a_change_that_could_make_the_guard_weaker_is_known(
    before: dict[str, Any], after: dict[str, Any], names: list[str]
) -> None:
    assert [key.name for key in weakened(Policy(**before), Policy(**after))] == names
