"""Whose calls ask: a person's own at their terminal, an agent's, and those of a program that may be one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.desk import PROMPT, Desk
from support.guarded import Guarded, lasting_directory
from support.stores import Stores

pytestmark = pytest.mark.real

QUESTION = "Type DELETE to run it"
#: A program that nobody knows by name, and what it runs.
UNKNOWN = "python -c 'import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)'"


@pytest.fixture(scope="module", params=["agents", "everyone"])
def guard(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def guarded(stores: Stores, guard: str) -> Iterator[Guarded]:
    with lasting_directory() as place:
        made = Guarded(place, stores)
        with open(made.root.config, "a") as config:
            config.write(f'guard = "{guard}"\n')
        yield made


@pytest.fixture(scope="module")
def desk(guarded: Guarded) -> Iterator[Desk]:
    work = guarded.place / "work"
    work.mkdir()
    (work / "Makefile").write_text("nuke:\n\trm data\n")
    (work / "helper.py").write_text("import subprocess, sys\nsys.exit(subprocess.run(sys.argv[1:]).returncode)\n")
    desk = Desk(work, {"PATH": guarded.shimmed["PATH"], "HOME": str(guarded.home)})
    desk.run(f'agentguard_run() {{ python -m agentguard --root {guarded.root.path} run -- "$@"; }}')
    yield desk
    desk.close()


@pytest.fixture
def person(desk: Desk) -> Desk:
    (desk.home / "data").write_text("the only copy\n")
    return desk


@pytest.mark.parametrize(
    "line",
    [
        "rm data",
        "ls | grep data | xargs rm",
        "sh -c 'rm data; :'",
        "echo data | xargs rm",
        "find . -name data -exec rm {} +",
        "make nuke",
    ],
)
def test_a_person_is_asked_at_their_own_terminal_only_where_everyone_is_guarded(
    guarded: Guarded, person: Desk, guard: str, line: str
) -> None:
    person.type(f"{line}\n")
    asked = QUESTION in person.until_any((QUESTION, PROMPT))
    if asked:
        person.type("no\n")
        person.until(PROMPT)
    assert asked == (guard == "everyone")
    assert (person.home / "data").exists() == asked
    row = next(row for row in reversed(guarded.rows()) if row.get("program") == "rm")
    assert row["rating"] == "destructive" and row["kind"] == ("refused" if asked else "ran")
    assert asked or row["confirmed"] == "at a person's own terminal, and only agents are guarded"


@pytest.mark.parametrize(
    ("line", "here"),
    [
        (f"{UNKNOWN} rm data", True),  # an agent that nobody knows by name: asked where it runs
        (f"(exec -a git {UNKNOWN} rm data)", True),
        ("cp helper.py watch.py; python watch.py rm data", True),  # a script that is called like a runner
        ("python -c 'print(\"rm data\")' | sh", True),  # what it says is run beside it
        ("CLAUDECODE=1 rm data", False),  # an agent's mark
        ("setsid -w rm data", False),  # no terminal
        ("agentguard_run rm data", False),
    ],
)
def test_who_may_be_an_agent_is_asked_in_both(guarded: Guarded, person: Desk, line: str, here: bool) -> None:
    person.type(f"{line}\n")
    shown = person.until_any((QUESTION, PROMPT))
    assert (QUESTION in shown) == here
    if here:
        person.type("no\n")
        person.until(PROMPT)
    else:
        assert "rm was not run" in shown
    assert (person.home / "data").exists()


@pytest.mark.parametrize("line", ["psql -X -h /nowhere", "rm -i data", "sudo -k -i -u nobody"])
def test_what_a_person_types_is_theirs_in_both(guarded: Guarded, person: Desk, line: str) -> None:
    person.type(f"{line}\n")
    shown = person.until_any((QUESTION, PROMPT, "remove regular"))
    assert "remove regular" in shown or PROMPT in shown
    if "remove regular" in shown:
        person.type("n\n")
        person.until(PROMPT)
    assert (person.home / "data").exists()


@pytest.mark.parametrize(
    "line", ["psql -X -h /nowhere -c 'DROP TABLE a'", "echo 'DROP TABLE a' | psql -X -h /nowhere", "yes | rm -i data"]
)
def test_what_nobody_types_is_asked_about(guarded: Guarded, person: Desk, guard: str, line: str) -> None:
    person.type(f"{line}\n")
    asked = QUESTION in person.until_any((QUESTION, PROMPT))
    assert asked == (guard == "everyone")
    if asked:
        person.type("no\n")
        person.until(PROMPT)
        assert (person.home / "data").exists()


def test_at_a_terminal_that_proves_nobody_it_is_said_why_and_how_to_answer(guarded: Guarded, person: Desk) -> None:
    elsewhere = Desk(person.home, {"PATH": guarded.shimmed["PATH"], "HOME": str(guarded.home)}, program="pty-of-mine")
    try:
        elsewhere.run("export CI=")
        for line, told in (("rm data", True), ("CLAUDECODE=1 rm data", False)):
            elsewhere.type(f"{line}\n")
            shown = " ".join(elsewhere.until("\ndesk> ").split())
            assert ("pty-of-mine" in shown and "`agentguard approve` or `watch` in another" in shown) == told
    finally:
        elsewhere.close()
    assert (person.home / "data").exists()
