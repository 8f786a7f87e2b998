"""docs/git-paths.md says of every command of the installed git which files of a work tree it writes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support.repository import ENV, GIT

from agentguard.edge.git.written_paths import LISTS

pytestmark = pytest.mark.real

PAGE = Path(__file__).parents[3] / "docs" / "git-paths.md"


def _tables() -> list[set[str]]:
    """The commands of each table: what stands in backquotes in the first column, but for options."""
    tables = re.split(r"^\|---", PAGE.read_text(), flags=re.MULTILINE)[1:]
    rows = [re.findall(r"^\| (.*?) \|", table, flags=re.MULTILINE) for table in tables]
    return [{name for row in table for name in re.findall(r"`([a-z][a-z0-9-]*)`", row)} for table in rows]


def _commands() -> set[str]:
    """The commands that `git help -a` lists, without guides and formats, and what is installed beside git."""
    done = subprocess.run([GIT, "help", "-a"], env=ENV | {"PAGER": "cat"}, capture_output=True, text=True, check=True)
    sections = re.split(r"^(?=\S)", done.stdout, flags=re.MULTILINE)
    listed = [
        one for one in sections if not one.startswith(("User-facing", "Developer-facing", "External", "Command al"))
    ]
    return {name for one in listed for name in re.findall(r"^   ([a-z][a-z0-9-]*) ", one, flags=re.MULTILINE)}


def test_every_command_has_a_row() -> None:
    assert _commands()
    assert not _commands() - set().union(*_tables())


def test_the_first_table_is_that_of_the_lists() -> None:
    listed, *others = _tables()
    assert listed == {command[0] for command in LISTS}
    assert not listed & set().union(*others)
