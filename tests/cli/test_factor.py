"""A factor, from the making of the guard to an approval: the person is whoever holds the passphrase."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.desk import Desk
from support.records import Records
from support.stores import Stores

from agentguard.edge.installation import shims
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

PASSPHRASE = "correct horse battery"


class Made:
    """A guard that a person made with a factor, and a repository that nobody may lose."""

    def __init__(self, place: Path, stores: Stores, desk: Desk) -> None:
        self.desk = desk
        self.root = Root(str(place / "root"))
        desk.run(f'agentguard() {{ python -m agentguard --root {self.root.path} "$@"; }}; cd {place}')
        desk.type("agentguard install --shell none --wait 0 --factor passphrase --guard everyone\n")
        desk.until("New passphrase")
        stores.seed(self.root)  # now: before, a first factor would be refused
        desk.type(PASSPHRASE + "\n")
        desk.until("The same again: ")
        desk.type(PASSPHRASE + "\n")
        self.shown = desk.until("desk> ", 120)
        self.work = place / "work"
        self.work.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.work, check=True)

    def agent(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A call of a shim, by something that has no terminal."""
        return subprocess.run(
            [f"{self.root.shims}/{argv[0]}", *argv[1:]],
            cwd=self.work, env={"PATH": f"{self.root.shims}:{os.environ['PATH']}", "HOME": str(self.work.parent)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
        )  # fmt: skip

    def approve(self, *passphrases: str) -> str:
        """What a person types, and sees."""
        self.desk.type("agentguard approve\n")
        shown = self.desk.until("anything else to leave it: ")
        self.desk.type(f"{self.work}/.git\n")
        for passphrase in passphrases:
            shown += self.desk.until("Passphrase: ")
            self.desk.type(passphrase + "\n")
        return shown + self.desk.until("desk> ")

    def kinds(self) -> list[str]:
        return [row.body["kind"] for row in Records(self.root).log.rows(newest=False)]

    def sql(self, statement: str, *values: Any) -> None:
        """What any program of the same user can do to the database."""
        with sqlite3.connect(self.root.record) as connection:
            connection.execute(statement, values)
        connection.close()


@pytest.fixture
def made(lasting_tmp: Path, stores: Stores, desk: Desk) -> Made:
    return Made(lasting_tmp, stores, desk)


def test_a_catastrophic_call_runs_by_its_name_and_a_signature(made: Made) -> None:
    assert "Added the factor passphrase, SHA256:" in made.shown
    assert made.agent("rm", "-rf", ".git").returncode == 126

    wrong = made.approve(*["not the passphrase"] * 3)
    assert "catastrophic" in wrong and "only a person may" in wrong
    assert made.agent("rm", "-rf", ".git").returncode == 126
    assert (made.work / ".git").is_dir()

    assert "Approved" in made.approve("a slip of the fingers", PASSPHRASE)
    ran = made.agent("rm", "-rf", ".git")
    assert ran.returncode == 0, ran.stderr
    assert not (made.work / ".git").exists()
    kinds = made.kinds()
    assert kinds.count("attempt") == 4 and kinds[-2:] == ["approved", "ran"]
    assert Records(made.root).log.verify() is None
    assert PASSPHRASE not in Path(made.root.record).read_bytes().decode("latin-1")


def test_an_approval_that_nobody_signed_is_none(made: Made) -> None:
    assert made.agent("rm", "-rf", ".git").returncode == 126
    made.sql("UPDATE requests SET state = 'approved', answered = strftime('%s', 'now')")
    refused = made.agent("rm", "-rf", ".git")
    assert refused.returncode == 126 and "does not prove a person" in refused.stderr
    assert (made.work / ".git").is_dir()


def test_a_signature_is_good_for_what_was_signed(made: Made) -> None:
    made.agent("rm", "-rf", ".git")
    made.approve(PASSPHRASE)
    proof = sqlite3.connect(made.root.record).execute("SELECT proof FROM requests").fetchone()[0]
    other = made.work.parent / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    assert made.agent("rm", "-rf", str(other / ".git")).returncode == 126
    made.sql(
        "UPDATE requests SET state = 'approved', answered = strftime('%s', 'now'), proof = ? WHERE state = 'open'",
        proof,
    )
    assert made.agent("rm", "-rf", str(other / ".git")).returncode == 126
    assert (other / ".git").is_dir()


def test_a_factor_of_ones_own_is_not_believed(made: Made) -> None:
    """factors.toml can be written by whoever runs as the user; what the shims believe is written into them."""
    from agentguard.edge.factors import factors

    mine = factors.by_passphrase("mine", PASSPHRASE + "!")
    Path(made.root.factors).unlink()
    factors.add(made.root, mine)
    made.agent("rm", "-rf", ".git")
    assert "is missing here" in made.desk.run("agentguard approve")
    assert made.agent("rm", "-rf", ".git").returncode == 126
    assert (made.work / ".git").is_dir()


@pytest.mark.parametrize("verb", ["uninstall", "factor add passphrase", "factor remove passphrase"])
def test_what_weakens_the_guard_wants_the_factor(made: Made, verb: str) -> None:
    made.desk.type(f"agentguard {verb}\n")
    for _ in range(3):
        made.desk.until("Passphrase: ")
        made.desk.type("not the passphrase\n")
    assert "only a person may" in made.desk.until("desk> ")
    assert "attempt" in made.kinds()
    assert os.path.exists(f"{made.root.shims}/rm")


@pytest.mark.parametrize("verb", ["approve", "uninstall", "factor add passphrase", "watch"])
def test_at_a_terminal_of_its_own_an_agent_needs_the_passphrase(made: Made, verb: str) -> None:
    """Another program holds the terminal, so that the place is nobody's: only the factor counts there."""
    made.agent("rm", "-rf", ".git")
    asker = Desk(made.work.parent, program="pty-of-mine")
    asker.type(f"python -m agentguard --root {made.root.path} {verb}\n")
    if verb == "approve":
        asker.until("anything else to leave it: ")
        asker.type(f"{made.work}/.git\n")
    for _ in range(3):
        shown = asker.until("Passphrase: ")
        assert verb != "watch" or "pty-of-mine" in shown or "not the passphrase" in shown
        asker.type("a guess at it\n")
    assert "only a person may" in asker.until("desk> ")
    asker.close()
    assert made.kinds()[-1] == "attempt"


def test_without_a_factor_such_a_terminal_is_refused(lasting_tmp: Path, stores: Stores) -> None:
    stores.seed(Root(f"{lasting_tmp}/root"))
    asker = Desk(lasting_tmp, program="pty-of-mine")
    asker.run(f'agentguard() {{ python -m agentguard --root {lasting_tmp}/root "$@"; }}')
    asker.type("agentguard install --shell none --factor none --guard everyone\n")
    asker.until("desk> ", 120)
    for verb in ("approve", "deny", "watch", "uninstall", "factor add passphrase"):
        shown = asker.run(f"agentguard {verb}")
        assert "only a person may" in shown and "which is no terminal program" in shown, shown
    asker.close()
    rows = [row.body for row in Records(Root(f"{lasting_tmp}/root")).log.rows(kinds=("attempt",))]
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("variables", "answers", "factors"),
    [
        ("", ("passphrase? [Y/n]: ", "n\n"), 0),
        ("", ("passphrase? [Y/n]: ", "\n", "New passphrase", PASSPHRASE + "\n", "again: ", PASSPHRASE + "\n"), 1),
        (
            "",
            (
                "[Y/n]: ",
                "\n",
                "New",
                "abc\n",
                "fewer than 8 characters: try again.\nNew",
                PASSPHRASE + "\n",
                "again: ",
                "no\n",
                "not the same: try again.\nNew",
                PASSPHRASE + "\n",
                "again: ",
                PASSPHRASE + "\n",
            ),
            1,
        ),
        ("CI=true ", (), 0),
    ],
    ids=["no", "yes", "mistyped", "in-continuous-integration"],
)
def test_who_installs_on_a_terminal_is_offered_a_passphrase(
    lasting_tmp: Path, stores: Stores, desk: Desk, variables: str, answers: tuple[str, ...], factors: int
) -> None:
    root = Root(f"{lasting_tmp}/root")
    desk.run(f"cd {lasting_tmp}")
    if not answers:
        stores.seed(root)
    desk.type(f"{variables}python -m agentguard --root {root.path} install --shell none --guard everyone\n")
    shown = ""
    for asked, typed in zip(answers[::2], answers[1::2], strict=True):
        shown += desk.until(asked)
        if not os.path.lexists(root.manifest):
            stores.seed(root)  # now: before, nobody would be asked
        desk.type(typed)
    shown += desk.until("desk> ", 120)
    assert len(shims.pins(root)) == factors and shims.present(root)
    assert ("any program that runs as you could type your answer" in shown) is bool(answers)
