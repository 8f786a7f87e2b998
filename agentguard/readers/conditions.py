"""Conditions of an API's rules (core.api) on what is sent, and which rules they let speak."""

from __future__ import annotations

from ..core.api import ApiRule
from ..core.text.glob import like
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


class Facts:
    """What is sent: scalars by their path ("input.id"), as text.

    `unseen` holds what the paths begin with of which nobody can see whether and how they are given.
    """

    def __init__(self) -> None:
        self.scalars: list[tuple[str, str]] = []
        self.unseen: tuple[str, ...] = ()

    def collect(self, path: str, value: Any) -> None:
        """Add every scalar in a value as JSON has it; those of a list have the list's path. What is empty is ""."""
        if value in ({}, []):
            self.scalars.append((path, ""))
        elif isinstance(value, dict):
            for key, below in value.items():
                self.collect(f"{path}.{key}", below)
        elif isinstance(value, list):
            for below in value:
                self.collect(path, below)
        elif value is None or isinstance(value, bool):
            self.scalars.append((path, {None: "null", True: "true", False: "false"}[value]))
        else:
            self.scalars.append((path, str(value)))

    def holds(self, condition: str) -> bool:
        """Whether it surely holds: `path=value`, `path` for any value; "a|b" is either."""
        return any(any(True for _ in self._found(one)) for one in condition.split("|"))

    def may_hold(self, condition: str) -> bool:
        """Whether it holds, or could by what is not seen."""
        return self.hides(condition) or self.holds(condition)

    def hides(self, condition: str) -> bool:
        """Whether what it is about is not seen, or not all of it."""
        return any(one.startswith(start) for one in condition.split("|") for start in self.unseen)

    def carried(self, condition: str) -> Iterator[str]:
        """What the last `*` of a condition stands for."""
        for one in condition.split("|"):
            before = one.partition("=")[2].rpartition("*")[0].rpartition("*")[2]
            for value in self._found(one):
                yield value[value.find(before) + len(before) :]

    def _found(self, condition: str) -> Iterator[str]:
        wanted, equals, value = condition.partition("=")
        for path, found in self.scalars:
            if (like(path, wanted) or like(path, wanted + ".*")) and (not equals or like(found, value)):
                yield found


def speaking(candidates: Iterable[tuple[int, ApiRule]], facts: Facts) -> tuple[list[ApiRule], bool]:
    """Which of an API's rules speak, each given with its exactness; and whether one of them surely decides.

    Of those whose conditions hold, the most exact ones decide, then those with the most
    conditions. Besides, those speak that are as exact and could be the ones, by what is not seen.
    """
    known = list(candidates)
    sure = [
        (weight, len(rule.given) + len(rule.unless))
        for weight, rule in known
        if all(map(facts.holds, rule.given)) and not any(map(facts.may_hold, rule.unless))
    ]
    best = max(sure, default=(0, 0))
    spoken = []
    for weight, rule in known:
        holds = all(map(facts.holds, rule.given)) and not any(map(facts.may_hold, rule.unless))
        could = all(map(facts.may_hold, rule.given)) and not any(map(facts.holds, rule.unless))
        if (weight, len(rule.given) + len(rule.unless)) == best if holds else could and weight >= best[0]:
            spoken.append(rule)
    return list({rule.id: rule for rule in spoken}.values()), bool(sure)
