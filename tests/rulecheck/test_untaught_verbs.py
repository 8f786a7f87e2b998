"""Programs of providers and of disks: a verb that nobody taught is unknown, and no flag makes a loss a read."""

from __future__ import annotations

import shlex
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hunting import hunt
from support.rules import shipped

from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()
PROVIDERS = (
    *("gh", "glab", "az", "gcloud", "aws", "heroku", "fly", "doctl", "vercel", "netlify", "wrangler", "neonctl"),
    *("pscale", "turso", "firebase", "supabase", "stripe", "helm", "kubectl", "eksctl", "pulumi", "cdk", "terraform"),
)
DISKS = (
    *("cryptsetup", "lvremove", "zfs", "fdisk", "parted", "wipefs", "mkfs", "mkfs.ext4", "mkfs.xfs"),
    *("mkfs.btrfs", "mkfs.ntfs"),
)
#: Flags of many programs, and one of none: none of them is a rehearsal of those above.
FLAGS = ("-v", "-vv", "--verbose", "--unheard-of", "-q", "--yes", "--output=json", "--unheard-of=list")


def _groups(name: str) -> list[tuple[str, ...]]:
    """What may stand before a verb: nothing, and commands with others below them, but for a verb before any noun."""
    program = RULEBOOK.program(name)
    assert program
    nouns = {
        path[:-1] for rule in program.rules if rule.effect != "unknown" for path in rule.commands if path[-1:] == ("*",)
    }
    return [
        path
        for path, command in program.commands.items()
        if command.commands and "*" not in "".join(path) and path not in nouns
    ]


def _losses(name: str) -> list[tuple[tuple[str, ...], Example]]:
    """The words of a program's destructive examples, where these are one call."""
    program = RULEBOOK.program(name)
    assert program
    found = []
    for rule in program.rules:
        for example in rule.examples:
            line = example.run if isinstance(example.run, str) else shlex.join(example.run)
            if example.rating == "destructive" and not set(line) & set("|;&<>$`"):
                words = tuple(shlex.split(line))
                found += [(words, example)] if words[0] in program.names else []
    return found


CALLS = [(name, path) for name in PROVIDERS for path in _groups(name)]
LOSSES = [one for name in (*PROVIDERS, *DISKS) for one in _losses(name)]
VERBS = st.text(string.ascii_lowercase, min_size=5, max_size=9).map(lambda word: f"qx{word}q")
DATA = st.lists(st.sampled_from(("list", "get", "status", "x", "-n", "--name", "show", "--all")), max_size=4)


@pytest.mark.parametrize("name", [*PROVIDERS, *DISKS])
def test_each_of_them_loses_something_in_an_example(name: str) -> None:
    assert _losses(name)


@hunt(300)
@given(st.sampled_from(CALLS), VERBS, DATA)
def test_a_verb_that_nobody_taught_is_unknown(call: tuple[str, tuple[str, ...]], verb: str, data: list[str]) -> None:
    name, path = call
    # A plain word behind a verb of az would be the verb: az takes nothing but options there.
    words = (name, *path, verb, *(["-n"] if name == "az" else []), *data)
    assert rate(RULEBOOK, Example(words, "destructive", {})).rating == "destructive", shlex.join(words)


@hunt(300)
@given(st.sampled_from(LOSSES), st.sampled_from(FLAGS), st.booleans())
def test_no_flag_makes_a_loss_a_read(loss: tuple[tuple[str, ...], Example], flag: str, first: bool) -> None:
    words, example = loss
    with_flag = (words[0], flag, *words[1:]) if first else (*words, flag)
    found = rate(RULEBOOK, Example(with_flag, "destructive", example.given))
    assert found.rating == "destructive", shlex.join(with_flag)
