"""Effects in words: what several of them have found is told once, with how many there are."""

from __future__ import annotations

import pytest

from agentguard.core.effect import Effect, Found, Reading, Target, summed

UNTRACKED, IGNORED = "not known to git", "ignored by git"


def files(about: str, *names: str, count: int = 0) -> Found:
    return Found(about, "file", count or len(names), names)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([files(UNTRACKED, "a")], "1 file not known to git: a"),
        ([files(UNTRACKED, n) for n in "abc"], "3 files not known to git: a, b, c"),
        ([files(UNTRACKED, n) for n in "abcd"], "4 files not known to git: a, b, c, …"),
        ([files(UNTRACKED, "x", "y", "z", count=40), files(UNTRACKED, "a")], "41 files not known to git: x, y, z, …"),
        ([files(UNTRACKED, "a"), files(IGNORED, "b")], "1 file not known to git: a; 1 file ignored by git: b"),
        ([files("", "a")], "file a"),
        ([files("", "a"), files("", "b")], "2 files: a, b"),
        ([Found("", "directory", 1, ("data/",))] * 2, "2 directories: data/, data/"),
        ([Found("", "branch", 1, (n,)) for n in "ab"] + [Found("", "branch", 93)], "95 branches: a, b, …"),
        ([Found("", "stash", 1, (n,)) for n in "ab"], "2 stashes: a, b"),
        ([Found("the filesystem root")] * 2, "the filesystem root"),
        ([Found(f"reason {n}") for n in range(9)], "reason 0; reason 1; reason 2; and 6 more"),
    ],
)
def test_what_was_found(found: list[Found], told: str) -> None:
    assert summed(found) == told


def removal(name: str, *found: Found, rule: str = "rm-removes") -> Effect:
    effect = Effect("remove", Target("file", name), rule=rule, program="rm", reason="removes for good")
    return effect.replace(found=found, instead="mv")


def test_one_reason_for_what_a_rule_says_of_many() -> None:
    reading = Reading((*(removal(n, files(UNTRACKED, n)) for n in "abcd"), removal("e", rule="rm-other")))
    assert [(reason.rule, reason.text) for reason in reading.reasons] == [
        ("rm-removes", "removes for good: 4 files not known to git: a, b, c, …"),
        ("rm-other", "removes for good"),
    ]
    assert reading.effects[0].told == "removes for good: 1 file not known to git: a"


@pytest.mark.parametrize(
    ("effect", "thing"),
    [
        (removal("/srv/data"), "file"),
        (removal("/srv/data").replace(is_directory=True), "directory"),
        (removal("data/"), "directory"),
        (removal("x").replace(target=Target("branch", "topic/")), "branch"),
    ],
)
def test_a_thing_is_called_what_it_is(effect: Effect, thing: str) -> None:
    assert effect.thing == thing
