"""After a person has said no, other ways to the same end are asked about, even those that could be undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from guarded import Guarded

from agentguard.core.effect import Effect, Environment, Reading, Target
from agentguard.core.memory import Denial, earlier, hits
from agentguard.core.origin import Origin, Session
from agentguard.core.sheet import Sheet
from agentguard.edge.journal import Journal
from agentguard.edge.root import Root
from agentguard.edge.spool import DENIAL_LIFE

CWD = "/srv/app"
ASKED = Sheet("rm", ("rm", "-rf", "data"), CWD, "/bin/rm", "destructive", "", (), (), "", "claude", "claude")


def effect(verb: str, kind: str, name: str, *identity: str, by: str = "reflog") -> Effect:
    return Effect(verb, Target(kind, name, identity), by, Environment(), "a-rule", "a-program")  # type: ignore[arg-type]


DATA = effect("remove", "file", "/srv/app/data", "1", "77", by="")
TABLE = effect("remove", "table", "users", "db:5432", "app", "", "users", by="")
VOLUME = effect("remove", "volume", "3d2c42fb-6f2e", "railway", "volume", "3d2c42fb-6f2e", by="")
REPOSITORY = effect("remove", "repository", "https://api.github.com/repos/a/b", "api.github.com:", "/repos/a/b", by="")
BRANCH = effect("replace", "remote branch", "origin main", by="")


@pytest.mark.parametrize(
    ("denied", "later", "asks"),
    [
        # the same thing, by any other means
        (DATA, effect("remove", "file", "/srv/app/data", "1", "77", by="git-objects"), True),
        (DATA, effect("remove", "file", "/mnt/same", "1", "77"), True),  # by another path
        (DATA, effect("remove", "file", "data/"), True),  # relative, as git says it
        (DATA, effect("remove", "file", "./data"), True),
        (DATA, effect("remove", "file", "/srv/app/data/a/b", "1", "78"), True),  # a part of it
        (DATA, effect("remove", "directory", "/srv/app", "1", "70"), True),  # what it is a part of
        (DATA, effect("replace", "file", "/srv/app/data"), True),
        (DATA, effect("unknown", "file", "/srv/app/data"), True),
        (TABLE, effect("replace", "table", "users", "db:5432", "app", "", "users", by="counterpart"), True),
        (TABLE, effect("remove", "table", "users", "10.0.0.7:5432", "app", "", "users", by="transaction"), True),
        (VOLUME, effect("replace", "api-object", "3d2c42fb-6f2e", "railway", "api-object", "3d2c42fb-6f2e"), True),
        (REPOSITORY, effect("replace", "x", "https://mirror/repos/a/b", "mirror:", "/repos/a/b"), True),
        (BRANCH, effect("remove", "remote branch", "origin :main"), True),
        (BRANCH, effect("remove", "branch", "refs/heads/main"), True),
        # other things, and looking
        (DATA, effect("observe", "file", "/srv/app/data", "1", "77"), False),
        (DATA, effect("create", "file", "/srv/app/data/new"), False),
        (DATA, effect("remove", "file", "/srv/app/data2", "1", "79"), False),
        (DATA, effect("remove", "file", "/srv/other", "2", "77"), False),
        (TABLE, effect("remove", "table", "orders", "db:5432", "app", "", "orders"), False),
        (VOLUME, effect("replace", "volume", "another", "railway", "volume", "another"), False),
        (BRANCH, effect("remove", "branch", "feature"), False),
    ],
)
def test_what_aims_at_the_same(denied: Effect, later: Effect, asks: bool) -> None:
    aim = hits(Reading((denied,)), ("rm",), CWD, located)
    denial = Denial("q7m2xk", "14:03", "rm -rf data", "It is the only copy.", aim)
    told = earlier(Reading((later,)), CWD, (denial,), located)
    assert told == (("rm -rf data was denied at 14:03 as request q7m2xk: It is the only copy.",) if asks else ())


KNOWN, OTHER, ANYBODY = Session("s1", "claude"), Session("s2", "codex"), Session("u", "user 0 since boot", known=False)


@pytest.mark.parametrize(
    ("denied", "later", "remembered"),
    [
        (KNOWN, KNOWN, True),
        (KNOWN, OTHER, False),
        (KNOWN, ANYBODY, True),  # nobody can tell that it is another one
        (ANYBODY, KNOWN, True),
        (ANYBODY, ANYBODY.replace(id="another boot"), True),
    ],
)
def test_memory_widens_where_the_session_is_unknown(
    tmp_path: Path, denied: Session, later: Session, remembered: bool
) -> None:
    journal = Journal(Root(str(tmp_path / "root")))
    request = journal.file(ASKED, "d1", Origin(0, denied), hits(Reading((DATA,)), ("rm", "data"), CWD, nowhere)).request
    journal.answer((request,), False, {}, "no")
    found = journal.denials(later)
    assert [denial.hits for denial in found] == ([(DATA.target,)] if remembered else [])


@pytest.mark.parametrize(
    ("passed", "remembered"), [(1, True), (DENIAL_LIFE - 1, True), (DENIAL_LIFE + 1, False), (-99, True)]
)
def test_how_long(tmp_path: Path, passed: float, remembered: bool) -> None:
    now = [1_000_000.0]
    journal = Journal(Root(str(tmp_path / "root")), lambda: now[0])
    journal.answer((journal.file(ASKED, "d1", Origin(0, KNOWN), (DATA.target,)).request,), False, {})
    now[0] += passed
    assert bool(journal.denials(KNOWN)) is remembered


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory):
    from guarded import lasting_directory

    with lasting_directory() as place:
        yield Guarded(place)


@pytest.fixture
def work(guarded: Guarded) -> Path:
    """A repository whose table of users nobody may remove: a person has said so of an `rm`."""
    work = guarded.place / f"work-{os.urandom(3).hex()}"
    (work / "data").mkdir(parents=True)
    guarded.git(work, "init", "-q")
    (work / "data" / "users.db").write_text("the only copy\n")
    (work / "other").write_text("x\n")
    call = guarded.call("rm", "-rf", "data", cwd=work)
    assert call.status == 126, call
    with guarded.journal() as journal:
        journal.answer(journal.pending()[-1:], False, {"user": "me"}, "It is the only copy.")
    guarded.git(work, "add", "-A")
    guarded.git(work, "commit", "-qm", "now git has it")
    return work


@pytest.mark.parametrize(
    "argv",
    [
        ("rm", "-rf", "data"),
        ("rm", "data/users.db"),
        ("git", "rm", "-rq", "data"),
        ("sudo", "sh", "-c", "rm -rf data"),
        ("sudo", "find", "data", "-delete"),
        ("sudo", "mv", "data", "/tmp/agentguard-never-moved"),
        ("sudo", "sh", "./clean.sh"),
    ],
)
def test_a_shim_asks_about_what_could_be_undone(guarded: Guarded, work: Path, argv: tuple[str, ...]) -> None:
    (work / "clean.sh").write_text("cd data && git status\nrm users.db\n")
    call = guarded.call(*argv, cwd=work)
    assert call.status == 126, call
    assert "was denied as request" in call.err and "It is the only copy." in call.err
    assert (work / "data" / "users.db").read_text() == "the only copy\n"


@pytest.mark.parametrize("argv", [("git", "status", "--short"), ("git", "log", "-1"), ("rm", "other")])
def test_what_aims_elsewhere_runs(guarded: Guarded, work: Path, argv: tuple[str, ...]) -> None:
    assert guarded.call(*argv, cwd=work).status == 0


@pytest.mark.parametrize(
    ("line", "decision"),
    [
        ("find data -delete", "ask"),
        ("git rm -r data", "ask"),
        ("rm data/users.db && git commit -am gone", "ask"),
        ("git status; ls data", "run"),
        ("rm other", "run"),
    ],
)
def test_check_has_the_same_memory(guarded: Guarded, work: Path, line: str, decision: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agentguard", "--root", guarded.root.path, "check", "--json", line],
        env=guarded.env, cwd=work, capture_output=True, text=True, check=True,
    )  # fmt: skip
    judged = json.loads(done.stdout)
    assert judged["decision"] == decision, judged
    assert ("only copy" in "".join(judged.get("earlier", ""))) is (decision == "ask")
