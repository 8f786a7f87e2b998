"""A policy as config.toml has it: how one that is wrong is named, and what one in force does to a call."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guarded import Guarded, Ran, lasting_directory
from support.stores import Stores

from agentguard.approval.question import Question
from agentguard.edge.installation.config import looking, policy
from agentguard.edge.installation.config_file import commented
from agentguard.edge.layout import Root
from agentguard.errors import InstallError
from agentguard.policy.settings import Policy

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("", Policy()),
        ("wait = 7", Policy(wait=7)),
        ("approval = 60", Policy(approval=60)),
        ("looking = 0.5", Policy(looking=0.5)),
        ('factor = ["destructive"]', Policy(factor=("destructive",))),
        ('[words]\n"git-*" = "name"\n', Policy(words=(("git-*", "name"),))),
    ],
)
def test_a_policy_file(tmp_path: Path, text: str, chosen: Policy) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert policy(Root(str(tmp_path))) == chosen


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wait = -1", "wait must be"),
        ("wait = true", "wait must be"),
        ("wait = inf", "wait must be"),
        ("approval = 0", "approval must be"),
        ("approval = 3601", "approval must be"),
        ("approval = true", "approval must be"),
        ("looking = 0", "looking must be"),
        ("looking = 61", "looking must be"),
        ("looking = inf", "looking must be"),
        ('factor = "destructive"', "factor must be"),
        ("factor = [1]", "factor must be"),
        ("words = 1", "words must be"),
        ('factor = ["catastrohpic"]', "factor must be"),
        ("[words]\ngit-clean = 1", "words must be"),
        ('[words]\ndestructive = "name"', "words must be"),
        ('[words]\ngit-clean = ""', "words must be"),
        ('[words]\ngit-clean = " x"', "words must be"),
        ('[words]\ngit-clean = "a\\u001bb"', "words must be"),
        ('[words]\ngit-clean = "a\\u202eb"', "words must be"),
        ("approve = true", "approve is no setting"),
        ("# x\n\nwiat = 7", r"config.toml:3: wiat is no setting: did you mean wait\?"),
        ('wait = 7\n\n[words]\n"rm-*" = ""', "config.toml:3: words must be"),
        ("'wait' = 7\nwords.a-b = 1", "config.toml:2: words must be"),
        ("wait = ", "config.toml:1: "),
        ("wait = 7\nfactor = [", "config.toml:2: "),
    ],
)
def test_a_policy_file_that_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(InstallError, match=says):
        policy(Root(str(tmp_path)))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 4.0),
        ("wait = 7", 4.0),
        ("looking = 2", 2),
        ("# looking\nwait = 7", 4.0),
        ("# wait = 7\n  looking = 2", 2),
        ("looking = 99", 4.0),
        ("looking", 4.0),
    ],
)
def test_how_long_a_call_may_look_is_never_longer_by_a_mistake(tmp_path: Path, text: str, seconds: float) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert looking(Root(str(tmp_path))) == seconds


def test_what_is_wrong_is_named_with_its_file_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("wait = true")
    with pytest.raises(InstallError) as caught:
        policy(Root(str(tmp_path)))
    assert str(tmp_path / "config.toml") in caught.value.message and caught.value.hint
    assert "\n" not in str(caught.value)


def test_what_is_no_unicode_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"wait = 7\n# \xff\n")
    with pytest.raises(InstallError, match=r"config\.toml:2: "):
        policy(Root(str(tmp_path)))


def test_a_file_of_comments_is_read_without_a_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every installation has one, and every call looks whether it says how long to look."""
    (tmp_path / "config.toml").write_text(commented())
    monkeypatch.setitem(sys.modules, "tomllib", None)
    assert policy(Root(str(tmp_path))) == Policy() and looking(Root(str(tmp_path))) == 4.0


def test_a_policy_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(InstallError, match="Is a directory"):
        policy(Root(str(tmp_path)))


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Guarded(place, stores)


def refused(guarded: Guarded, text: str, line: str) -> Ran:
    """How a call ends under a policy. Nothing of it ever runs."""
    config = Path(guarded.root.config)
    before = config.read_bytes()
    (guarded.home / "notes").write_text("the only copy")
    config.write_text(text)
    try:
        ran = guarded.call(*shlex.split(line.format(home=guarded.home)))
    finally:
        config.write_bytes(before)
    assert ran.status == 126 and (guarded.home / "notes").exists(), ran
    return ran


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", "rm notes", "DELETE"),
        ("", "rm -rf {home}", "{home}"),
        ("", "rm -rf {home}/", "{home}"),
        ('words = { "rm-*" = "name" }', "rm notes", "{home}/notes"),
        ('words = { "rm-*" = "REALLY GONE" }', "rm -rf {home}", "REALLY GONE"),
        ('words = { "git-*" = "GIT" }', "rm notes", "DELETE"),
        ('factor = ["destructive"]', "rm notes", "DELETE"),
    ],
)
def test_the_word_that_a_waiting_call_wants(guarded: Guarded, text: str, line: str, word: str) -> None:
    refused(guarded, f"wait = 0\n{text}", line)
    with guarded.records() as records:
        question: Question = records.requests.pending()[-1].question
        assert question.word == word.format(home=guarded.home)
        assert not question.factor  # where there is none, none is wanted
        records.requests.answer(records.requests.pending(), False, {})


def test_an_approval_is_good_for_as_long_as_is_chosen(guarded: Guarded) -> None:
    refused(guarded, "wait = 0\n", "rm notes")
    with guarded.records() as records:
        (asked,) = records.requests.answer(records.requests.pending()[-1:], True, {})
    assert "passes once" in refused(guarded, "wait = 0\napproval = 1e-6\n", "rm notes").err
    with guarded.records() as records:
        assert records.requests.request(asked.id).state == "approved"
        records.requests.consume(asked)


@pytest.mark.parametrize("text", ["wait = -1", "approve = true", "wait =", 'factor = ["catastrohpic"]'])
def test_under_a_policy_that_is_wrong_nothing_destructive_runs_and_no_file_is_named(
    guarded: Guarded, text: str
) -> None:
    told = refused(guarded, text, "rm notes").err
    assert "broken" in told and "doctor" in told
    assert "config" not in told and guarded.root.path not in told
