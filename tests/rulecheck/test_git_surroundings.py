"""The settings and the variables of the installed git, each against what rules say of it; none may be left out."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.repository import ENV, GIT
from support.rules import shipped

from agentguard.core.text.glob import like
from agentguard.edge.git.lookups import LOOKUPS
from agentguard.edge.git.probes import PROBES
from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

TABLE = tomllib.loads((Path(__file__).parent / "git-surroundings.toml").read_text())
RULEBOOK = shipped()
HARM = "rm notes"
GIVEN: dict[str, Any] = {"paths": {"notes": "untracked", "/notes": "untracked"}}
#: What names of settings have that start a program, find one or take away: such a name must stand in a list by itself.
TELLING = re.compile(
    r"cmd|command|program|helper|editor|pager|tool|hook|driver|textconv|browser|viewer|external|process$|clean$|smudge"
    r"|tunnel|askpass|proxy$|prune|mirror|force|path$|httpd|include|template|vcs|uploadpack$|receivepack$",
    re.IGNORECASE,
)
EXACT = {name.lower() for kind in ("runs", "leads", "widens") for name in TABLE[kind]}
REVIEWED = [glob for globs in TABLE["reviewed"] for glob in globs.split()]
HARMLESS = [glob for globs in TABLE["harmless"] for glob in globs.split()]


def settings() -> Iterator[str]:
    told = subprocess.run([GIT, "help", "--config"], env=ENV, capture_output=True, text=True, check=True).stdout
    return (name for name in told.splitlines() if re.fullmatch(r"[A-Za-z][^ ']*\.[^ ']+", name))


def variables() -> set[str]:
    """What the installed git's programs hold that is spelled like a variable of its own."""
    where = subprocess.run([GIT, "--exec-path"], env=ENV, capture_output=True, text=True, check=True).stdout.strip()
    found: set[bytes] = set()
    for file in {one.resolve() for one in Path(where).iterdir() if one.is_file()}:
        found |= set(re.findall(rb"(?<![A-Za-z0-9_])GIT_[A-Z0-9_]*[A-Z0-9](?![A-Za-z0-9_])", file.read_bytes()))
    return {name.decode() for name in found}


def test_there_is_something_to_compare() -> None:
    assert len(list(settings())) > 600 and len(variables()) > 100


def test_every_setting_of_this_git_is_reviewed() -> None:
    def is_left(name: str) -> bool:
        globs = REVIEWED if TELLING.search(name.partition(".")[2]) else REVIEWED + HARMLESS
        return name.lower() not in EXACT and not any(like(name.lower(), one.lower()) for one in globs)

    assert list(filter(is_left, settings())) == []


def test_every_variable_of_this_git_is_reviewed() -> None:
    about = TABLE["variables"]
    globs = [one for kind in ("runs", "leads", "settings", "forges") for one in about[kind]]
    globs += [glob for names in about["harmless"] for glob in names.split()]
    assert [name for name in sorted(variables()) if not any(like(name, one) for one in globs)] == []


def rating(*words: str, **given: Any) -> str:
    return rate(RULEBOOK, Example(("git", *words), "read", GIVEN | given)).rating


def spelled(name: str) -> str:
    return re.sub(r"<[^>]*>", "x", name)


@pytest.mark.parametrize("name", TABLE["runs"])
def test_a_program_that_a_setting_names_is_read_wherever_it_is_set(name: str) -> None:
    key = spelled(name)
    assert rating("-c", f"{key}={HARM}", "status") == "destructive"
    assert rating("config", key, "rm /notes") == "destructive"
    assert rating("config", "set", "--global", key, "rm /notes") == "destructive"
    env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": HARM}
    assert rating("status", env=env) == "destructive"
    assert rating("status", env={"GIT_CONFIG_PARAMETERS": f"'{key}'='{HARM}'"}) == "destructive"
    assert rating("-c", f"{key}=true", "status") != "destructive"


@pytest.mark.parametrize("name", [name for name, call in TABLE["runs"].items() if call])
def test_a_program_that_a_setting_in_force_names_is_read(name: str) -> None:
    key = spelled(name).lower()
    asked = [
        rule.where[1].split()
        for rule in RULEBOOK.program("git").about(tuple(TABLE["runs"][name].split()[:1]))
        if rule.where[0] == "git-programs"
    ]
    assert any(like(key, one) for keys in asked for one in keys)


@pytest.mark.parametrize("name", TABLE["leads"])
def test_a_setting_that_leads_elsewhere_is_unknown(name: str) -> None:
    setting = f"{spelled(name)}={TABLE['leads'][name]}"
    assert rating("-c", setting, "status") == "destructive"
    assert rating("config", *setting.split("=", 1)) == "destructive"


@pytest.mark.parametrize("name", TABLE["widens"])
def test_a_setting_that_widens_a_call_is_looked_at(name: str) -> None:
    source = TABLE["widens"][name]
    assert " " in source or source in LOOKUPS or source in PROBES


#: A call that runs what each variable names.
CALLS = {
    "ASKPASS": "push", "SSH": "fetch", "SSH_COMMAND": "remote set-head origin -a", "PROXY_COMMAND": "clone git://x.y/z",
    "EDITOR": "commit -m x -e", "SEQUENCE_EDITOR": "rebase -i main", "VISUAL": "tag -a -m x -e v1",
    "PAGER": "-p status", "EXTERNAL_DIFF": "diff", "DIFFTOOL_EXTCMD": "difftool", "MAN_VIEWER": "help log",
    "MANPAGER": "help log", "SSH_ASKPASS": "fetch",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE["variables"]["runs"])
def test_a_program_that_a_variable_names_is_read(name: str) -> None:
    call = CALLS[name] if name in CALLS else CALLS[name.removeprefix("GIT_")]
    assert rating(*call.split(), env={name: HARM}) == "destructive"
    assert rating(*call.split(), env={name: "true"}) == rating(*call.split())


@pytest.mark.parametrize("name", TABLE["variables"]["leads"])
def test_a_variable_that_leads_elsewhere_is_unknown(name: str) -> None:
    assert rating("clone", "https://example.org/x", env={name: "/tmp/x"}) == "destructive"
