"""Checks the harmlessness that `[plain]` asserts of settings and values, by the whole rulebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..classify.classifier import Classifier
from ..core.api import Api
from ..core.call import Invocation, Stream
from ..core.effect import Rating, worst
from ..core.text.glob import in_any_case
from ..core.word import Known
from ..rulebook.document import Node
from ..rulebook.model import Program, Programs
from ..rulecheck.examples import StatedWorld


def rating_of_texts(texts: Iterable[str], rulebook: Programs, place: Node) -> Rating:
    """The worst rating of some shell texts in any surroundings; raises RuleError at `place` if destructive."""
    call = Invocation.of(("sh",), "/", {}, Stream("unseen", why="nothing is known of it"))
    read = [Classifier(rulebook, StatedWorld({})).text("shell", Known(text), call) for text in texts]
    for reading in read:
        if reading.rating == "destructive":
            reason = reading.reasons[0]
            raise place.fault(f"not harmless: {reason.program} {reason.text}", "name only what is never destructive")
    return worst(reading.rating for reading in read)


def prove_settings(program: Program, rulebook: Programs) -> None:
    """Check that programs named by settings with a fixed value (`pager=less`) are harmless; raises RuleError."""
    for name, keys in program.plain.settings.items():
        texts = (key.partition("=")[2].removeprefix("!") for key in keys if "=" in key)
        rating_of_texts(texts, rulebook, place_of(program, "settings", name))


def place_of(program: Program, table: str, name: str) -> Node:
    """The place in a program's rule file that asserts it, for errors."""
    assert program.plain.place  # it was loaded, and is not compiled
    return program.plain.place / table / name


def urls_that_do_more_than_read(apis: Iterable[Api]) -> Iterator[str]:
    """Globs of URLs of APIs that have a GET or HEAD request that does more than read."""
    for api in apis:
        if any(
            method in ("GET", "HEAD") and rule.effect != "observe" for rule in api.rules for method, _ in rule.requests
        ):
            yield from (f"*{in_any_case(host)}*" for host in api.hosts)
            yield from (f"*:{port}*" for port in api.ports)
            yield from (
                "*" + "".join(f"{literal}*" for literal in re.split(r"\{[^}]*\}|\*", path)) for path in api.paths
            )
