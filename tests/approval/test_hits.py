"""Long lists of what would be lost: what differs from the many stands by itself, and nothing is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.approval.hits import FEW, SHOWN, gathered

MANY = tuple(f"file /x/{n}.tmp" for n in range(299))


@pytest.mark.parametrize(
    ("hits", "told"),
    [
        ((), ()),
        (MANY[:SHOWN], MANY[:SHOWN]),
        (
            (*MANY, "file /x/payroll.db", "file /y/1.tmp"),
            ("file /x/payroll.db", "file /y/1.tmp", "299 alike: file /x/*.tmp, from /x/0.tmp to /x/298.tmp"),
        ),
        (
            (*(f"file /{n}/a.o" for n in range(30)), "directory /home/me"),
            ("directory /home/me", "30 alike: file *.o, from /0/a.o to /29/a.o"),
        ),
        (tuple(f"file /x/a.{n:x}" for n in range(256)), ("256 alike: file /x/*, from /x/a.0 to /x/a.ff",)),
        (tuple(f"table t{n}" for n in range(50)), ("50 alike: table *, from t0 to t49",)),
        ((*MANY, "table accounts"), ("table accounts", "299 alike: file /x/*.tmp, from /x/0.tmp to /x/298.tmp")),
    ],
)
def test_what_is_alike_is_one_line(hits: tuple[str, ...], told: tuple[str, ...]) -> None:
    assert gathered(hits) == told


PARTS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 40), st.sampled_from(("", ".o")))


@given(st.lists(PARTS))
def test_no_list_is_long_and_every_kind_is_in_it(parts: list[tuple[str, str, int, str]]) -> None:
    hits = tuple(f"{kind} /{place}/{number}{suffix}" for kind, place, number, suffix in parts)
    told = gathered(hits)
    assert len(told) <= max(SHOWN, 2 * (FEW + 1))
    for kind in {hit.split()[0] for hit in hits}:
        assert any(line.startswith(f"{kind} ") or f" alike: {kind} " in line for line in told)
