"""`check` read without click answers as it does with click, and leaves everything else to it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from agentguard import resources
from agentguard.classify.classifier import Classifier
from agentguard.cli import rated, summary, without_click
from agentguard.core.call import Invocation
from agentguard.core.word import Known
from agentguard.edge.world import RealWorld
from agentguard.rulebook.compiled import rulebook

#: Makes `without_click` decline everything, so that click reads it.
WITH_CLICK = (
    "import sys; from agentguard.cli import without_click as fast, main; "
    "fast.answered = lambda arguments: None; main.main()"
)

#: What follows `agentguard`, and whether click has to be asked. `{root}` is a directory.
ASKED = [
    (["check", "a && b"], False),
    (["--root", "{root}", "check", "rm x"], False),
    (["check", "--json", "git status"], False),
    (["check", "--json", "--json", "--", "git", "status"], False),
    (["check", "--", "rm x"], False),
    (["check", "--", "--help"], False),
    (["check", "-"], False),
    (["check", "-", "--"], False),
    (["check", "ls", "--json"], False),
    (["check", "ls", "--"], False),
    (["check", "rm", "-f", "--", "x"], False),
    (["check", ""], False),
    (["check", "--exit-code", "rm x"], False),
    (["check", "--json", "--exit-code", "ls"], False),
    (["check", "--batch"], False),
    (["check", "--batch", "--json"], False),
    (["check", "--batch", "--"], False),
    (["--root", "{root}", "status"], False),
    (["--root", "{root}", "status", "--json"], False),
    (["status", "--help"], True),
    (["status", "x"], True),
    (["check"], True),
    (["check", "--"], True),
    (["check", "--batch", "ls"], True),
    (["check", "--batch", "--", "ls"], True),
    (["check", "--explain", "ls"], True),
    (["check", "--json", "--explain", "ls"], True),
    (["check", "--js", "ls"], True),
    (["check", "--json=1", "ls"], True),
    (["check", "-j", "ls"], True),
    (["check", "--help"], True),
    (["check", "-h", "ls"], True),
    (["--root", "/dev/null", "check", "ls"], True),
    (["--root={root}", "check", "ls"], True),
    (["--root", "{root}"], True),
    (["--root"], True),
    (["--version"], True),
    (["checks", "ls"], True),
    (["doctor", "check", "ls"], True),
    ([], True),
]  # fmt: skip


NAMES = [" ".join(words) or "nothing" for words, _ in ASKED]


def end(argv: list[str], root: Path) -> tuple[int, bytes, bytes]:
    ran = subprocess.run(argv, input=b'{"command": "ls"}\nx\n', capture_output=True, timeout=120, cwd=root, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(
    ("words", "clicks"), ASKED, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_it_answers_as_with_click(words: list[str], clicks: bool, home: Path, tmp_path: Path) -> None:
    words = [word.format(root=tmp_path) for word in words]
    plain = end([sys.executable, "-m", "agentguard", *words], tmp_path)
    assert plain == end([sys.executable, "-c", WITH_CLICK, *words], tmp_path)


@pytest.mark.parametrize(
    ("words", "clicks"), ASKED, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_click_stays_away_where_it_can(
    words: list[str], clicks: bool, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rated, "answer", lambda one, root: 7)
    monkeypatch.setattr(summary, "tell", lambda root, as_json: None)
    status = without_click.answered([word.format(root=tmp_path) for word in words])
    assert status == (None if clicks else 7 if "check" in words else 0)


def test_completion_is_clicks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AGENTGUARD_COMPLETE", "bash_complete")
    assert without_click.answered(["check", "ls"]) is None


def test_without_click_nothing_heavy_is_loaded(home: Path, tmp_path: Path) -> None:
    code = "import sys; from agentguard.cli import main; sys.exit = lambda _: print(*sys.modules); main.main()"
    argv = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}", "check"]
    subprocess.run([*argv, "a && b"], check=True, capture_output=True)  # what is kept is kept
    loaded = subprocess.run([*argv, "a && b"], check=True, capture_output=True, text=True).stdout.split()
    heavy = {
        "bashlex",
        "re",
        "click",
        "rich",
        "json",
        "typing",
        "inspect",
        "tomllib",
        "platformdirs",
        "pglast",
        "graphql",
        "_sqlite3",
    }
    assert "agentguard.readers.shell" in loaded and not heavy & set(loaded)


LINES = [
    "ls", "rm x", "rm -rf /", "git push --force; make; terraform destroy", "rm $'a\\tb\\nc' '[bold]x[/]' ':smile:'",
    "git \x1b[2J", "'\x1b[2J' x", "psql -c 'drop table t'", "echo 'x", "rm " + "long " * 100, "rm ünï→", "a\tb",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_without_colours_a_line_is_the_same_text(line: str, lasting_tmp: Path) -> None:
    call = Invocation.of(("sh", "-c", line), str(lasting_tmp), {})
    reading = Classifier(rulebook(resources.rules()), RealWorld(call, "", running=False)).text(
        "shell", Known(line), call
    )
    file = io.StringIO()
    console = Console(highlight=False, soft_wrap=True, file=file)
    for shown in rated.lines(reading):
        console.print(Text.assemble(*shown))
    assert file.getvalue() == "".join(f"{''.join(text for text, _ in shown)}\n" for shown in rated.lines(reading))


@pytest.mark.parametrize(("variable", "value"), [("FORCE_COLOR", "1"), ("TTY_COMPATIBLE", "1"), ("NO_COLOR", "1")])
def test_colours_that_are_asked_for_are_there(variable: str, value: str, home: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "agentguard", "--root", str(tmp_path), "check", "ls"]
    env = {**os.environ, variable: value, "TERM": "xterm"}
    shown = subprocess.run(argv, env=env, capture_output=True, check=True).stdout
    assert (b"\x1b[" in shown) == (variable != "NO_COLOR")
