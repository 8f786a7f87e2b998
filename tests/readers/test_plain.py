"""Plain lines are read without bashlex, as bashlex reads them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentguard.readers.shell.syntax import automaton, plain

PIECES = ["w", "ww", " ", "\t", "|", "|&", "&&", "||", ";", "&", "\n", " w", "w ", "w;", "w && "]
#: Masks, and whether they are plain.
MASKS = [
    ("w", True), ("w ww", True), ("w && w", True), ("w || w | w", True), ("w; w & w\nw", True), ("w |\n\n w", True),
    ("\n\nw", True), ("w\n\n", True), ("w;", True), ("w &", True), ("w &&\nw", True), ("w;\nw", True), ("w |& w", True),
    ("w &&", False), ("w |", False), ("| w", False), ("w ;; w", False), ("w\n; w", False), ("& w", False),
    ("w && ; w", False), ("w > w", False), ("! w", False), ("(w)", False), ("{ w; }", False), ("if w", False),
    ("w 2>&1", False), ("\n", False), ("", False), ("w\rw", False),
]  # fmt: skip


def dumped(node: Any) -> Any:
    if isinstance(node, list):
        return [dumped(one) for one in node]
    if not hasattr(node, "kind"):
        return tuple(node) if isinstance(node, tuple) else node
    return {name: dumped(value) for name, value in vars(node).items()}


def of_bashlex(mask: str) -> Any:
    """What bashlex makes of a mask; None if it cannot read it."""
    bashlex = automaton.load()
    try:
        (group,) = bashlex.parse(f"{{\n{mask}\n}}")
    except (bashlex.errors.ParsingError, AssertionError, ValueError):
        return None
    return dumped(group.list[1:-1])


@pytest.mark.parametrize(("mask", "is_plain"), MASKS, ids=lambda value: repr(value) if isinstance(value, str) else "")
def test_what_is_plain(mask: str, is_plain: bool) -> None:
    found = plain.nodes(mask, 2)
    assert (found is not None) == is_plain
    if found is not None:
        assert dumped(list(found)) == of_bashlex(mask)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=500, deadline=None)
def test_it_is_read_as_bashlex_reads_it(mask: str) -> None:
    found = plain.nodes(mask, 2)
    if found is not None:
        assert dumped(list(found)) == of_bashlex(mask)
