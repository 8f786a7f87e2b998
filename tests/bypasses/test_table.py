"""The table of ways around the guard: whole, honest, and performed. The other files here perform them."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
README = (HERE.parents[1] / "README.md").read_text()
SETUPS = ("user", "user_factor", "system_factor")

with open(HERE / "bypasses.toml", "rb") as file:
    WAYS: list[dict[str, Any]] = tomllib.load(file)["way"]


def ways(*conditions: str) -> pytest.MarkDecorator:
    """Those for which one of these columns is open; all without any."""
    chosen = [way for way in WAYS if not conditions or "open" in {way[column] for column in conditions}]
    return pytest.mark.parametrize("way", chosen, ids=[way["id"] for way in chosen])


def test_the_table_is_whole() -> None:
    ids = [way["id"] for way in WAYS]
    assert len(set(ids)) == len(ids) >= 45
    assert {way["kind"] for way in WAYS} == {"answer", "forge", "replay", "skip"}


@ways()
def test_a_way_is_described(way: dict[str, Any]) -> None:
    assert set(way) <= {"id", "what", "kind", "test", *SETUPS, "closes", "out_of_scope"}
    assert {way[setup] for setup in SETUPS} <= {"stopped", "open"}
    assert way["id"].startswith(way["kind"] + "-")
    assert way["what"].endswith(".")


@ways(*SETUPS)
def test_what_is_open_says_what_closes_it(way: dict[str, Any]) -> None:
    assert way["closes"]
    if way["system_factor"] == "stopped":
        assert way[way["closes"].partition(":")[0]] == "stopped"


@ways("system_factor")
def test_what_stays_open_is_out_of_scope(way: dict[str, Any]) -> None:
    """README lists it under what the guard does not see."""
    listed = re.split(r"^## ", README, flags=re.M)
    (section,) = (part for part in listed if part.startswith("What it does not see"))
    assert way["out_of_scope"] in section


def test_every_way_has_a_test_and_every_test_a_way() -> None:
    written = set()
    for path in sorted(HERE.glob("test_*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.args.args[:1] and function.args.args[0].arg == "row":
                written.add(f"{path.name}::{function.name}")
    assert written == {way["test"] for way in WAYS}
