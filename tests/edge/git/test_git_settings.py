"""Settings out of one listing, held against what the real git says of each; and what HEAD stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repository import ENV, Repository

from agentguard.core.unseen import Unseen
from agentguard.edge.git import settings
from agentguard.edge.git.git import Git
from agentguard.edge.system.child import Tool
from agentguard.edge.system.deadline import Deadline
from agentguard.edge.system.programs import installed_git


def seen(repo: Repository) -> Git:
    return Git(Tool(installed_git(), Deadline()), ENV, ("-C", str(repo.path)))


@pytest.fixture
def repo(lasting_tmp: Path) -> Repository:
    made = Repository(lasting_tmp / "project")
    made.commit("a.py")
    return made


@pytest.mark.parametrize(
    "line",
    [
        "", "x", "x =", "x = true", "x = Yes", "x = ON", "x = 1", "x = 1k", "x = 0", "x = -1", "x = 0x0", "x = false",
        "x = no", "x = off", "x = maybe", "x = true\n\tx = false", 'x = "tr\\nue"', "X = true", "x = 1\n\tX",
    ],
)  # fmt: skip
@pytest.mark.parametrize("default", [True, False])
def test_a_boolean_is_what_git_takes_it_for(repo: Repository, line: str, default: bool) -> None:
    with open(repo.path / ".git" / "config", "a") as config:
        config.write(f'[T "Sub.Section"]\n\t{line}\n')
    key = "t.Sub.Section.x"
    told = seen(repo).run("config", "--type=bool", f"--default={str(default).lower()}", "--get", key, fine=(0, 128))
    if told.status:
        with pytest.raises(Unseen):
            settings.is_on(seen(repo), key, default)
    else:
        assert settings.is_on(seen(repo), key, default) == (told.out == b"true\n")
    assert settings.is_on(seen(repo), "t.sub.section.x", default) == default


@pytest.mark.parametrize("key", ["remote.http://Example.org/a.b.push", "REMOTE.http://Example.org/a.b.Push", "none.x"])
def test_values_are_those_that_git_lists(repo: Repository, key: str) -> None:
    for value in ("+main:main", "two\nlines", ""):
        repo.git("config", "--add", "remote.http://Example.org/a.b.push", value)
    told = seen(repo).run("config", "-z", "--get-all", key, fine=(0, 1)).out.decode().split("\0")[:-1]
    assert settings.values(seen(repo), key) == told
    assert settings.value(seen(repo), key) == (told[-1] if told else "")


def test_the_ref_that_head_stands_for(repo: Repository) -> None:
    assert seen(repo).head == "refs/heads/main"
    repo.git("update-ref", "refs/heads/HEAD", "HEAD")  # so that the name may mean either
    assert seen(repo).head == "refs/heads/main" and seen(repo).top == str(repo.path)
    repo.git("symbolic-ref", "HEAD", "refs/odd/one")
    assert seen(repo).head == "refs/odd/one" and seen(repo).top == str(repo.path)
    (repo.path / "HEAD").write_text("a file of that name, where there is no commit")
    assert seen(repo).head == "refs/odd/one" and seen(repo).directory == str(repo.path / ".git")


def test_a_head_that_is_detached_stands_for_none(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach")
    assert seen(repo).head == "" and seen(repo).top == str(repo.path)
