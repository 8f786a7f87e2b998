"""After a person has said no, other ways to the same end are asked about, even those that could be undone."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.guarded import Guarded, Ran, lasting_directory
from support.records import Records
from support.stores import Stores

from agentguard.approval.question import Question, lines
from agentguard.approval.request import Asked
from agentguard.core.caller import Origin, Session
from agentguard.core.effect import Target
from agentguard.edge.layout import Root
from agentguard.edge.records.spool import DENIAL_LIFE

pytestmark = pytest.mark.real

ASKED = Question("rm", ("rm", "-rf", "data"), "/srv/app", "/bin/rm", "destructive", "", (), (), "", "claude", "claude")


DATA = Target("file", "/srv/app/data", ("1", "77"))

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
    records = Records(Root(str(tmp_path / "root")))
    request = records.requests.submit(Asked(ASKED, "d1", (DATA,)), Origin(0, denied)).request
    records.requests.answer((request,), False, {}, "no")
    found = records.requests.denials(later)
    assert [denial.hits for denial in found] == ([(DATA,)] if remembered else [])


@pytest.mark.parametrize(
    ("passed", "remembered"), [(1, True), (DENIAL_LIFE - 1, True), (DENIAL_LIFE + 1, False), (-99, True)]
)
def test_how_long(tmp_path: Path, passed: float, remembered: bool) -> None:
    now = [1_000_000.0]
    records = Records(Root(str(tmp_path / "root")), lambda: now[0])
    records.requests.answer(
        (records.requests.submit(Asked(ASKED, "d1", (DATA,)), Origin(0, KNOWN)).request,), False, {}
    )
    now[0] += passed
    assert bool(records.requests.denials(KNOWN)) is remembered


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Guarded(place, stores)


class Work:
    """An agent's project, with a table of users that only this copy has."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded = guarded
        self.place = guarded.place / f"work-{os.urandom(3).hex()}"
        (self.place / "data").mkdir(parents=True)
        (self.place / "docs").mkdir()
        guarded.git(self.place, "init", "-q")
        for name in ("data/users.db", "docs/rules.md", "other", "my notes"):
            (self.place / name).write_text("the only copy\n")
        for name, text in SCRIPTS.items():
            (self.place / name).write_text(text)
            (self.place / name).chmod(0o755)
        (self.place / "link").symlink_to("data")
        # What stands behind the shims of programs that need a server.
        self.programs = self.place / "programs"
        self.programs.mkdir()
        for name in ("psql", "curl"):
            (self.programs / name).write_text("#!/bin/sh\necho ran\n")
            (self.programs / name).chmod(0o755)

    @property
    def env(self) -> dict[str, str]:
        path = f"{self.guarded.root.shims}:{self.programs}:{self.guarded.env['PATH']}"
        return {**self.guarded.env, "PATH": path}

    def call(self, line: str) -> Ran:
        """One call of a shim, from nobody knows which session."""
        program, *arguments = shlex.split(line)
        if not os.path.exists(f"{self.guarded.root.shims}/{program}"):
            pytest.skip(f"{program}: not installed, so it has no shim")
        return self.guarded.call(program, *arguments, cwd=self.place, env=self.env)

    def deny(self, line: str, words: str = "It is the only copy.") -> None:
        """A person says no to this call."""
        call = self.call(line)
        assert call.status == 126, call
        with self.guarded.records() as records:
            records.requests.answer(records.requests.pending()[-1:], False, {"user": "me"}, words)

    def keep(self) -> None:
        """Git has everything now: whatever goes could be brought back."""
        self.guarded.git(self.place, "add", "-A")
        self.guarded.git(self.place, "commit", "-qm", "now git has it")

    def check(self, *words: str, **env: str) -> dict[str, Any]:
        """What `agentguard check` says."""
        done = subprocess.run(
            [sys.executable, "-m", "agentguard", "--root", self.guarded.root.path, "check", "--json", *words],
            env=self.guarded.env | env, cwd=self.place, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return dict(json.loads(done.stdout))

    def standing(self) -> bool:
        """Whether everything is still there."""
        return (self.place / "data" / "users.db").exists() and (self.place / "docs" / "rules.md").exists()


SCRIPTS = {
    "clean.sh": "cd data && git status\nrm users.db\n",
    "rename.sql": "alter table users rename to gone;\n",
    "look.sql": "select * from users;\n",
}


@pytest.fixture
def work(guarded: Guarded) -> Iterator[Work]:
    with guarded.records() as records, records.database.writing() as connection:
        connection.execute("DELETE FROM requests")  # what other tests denied
    yield Work(guarded)


API = "https://api.github.com/repos/a/b"
ARCHIVE = "-X PATCH -d '{\"archived\": true}'"


@pytest.mark.parametrize(
    ("denied", "later"),
    [
        ("rm -rf data", "rm -rf data"),
        ("rm -rf data", "rm data/users.db"),
        ("rm -rf data", "rm link/users.db"),
        ("rm -rf data", "git rm -rq data"),
        ("rm -rf data", "git -C docs rm -rq ../data"),
        ("rm -rf data", "git rm -rq other data"),
        ("rm -rf data", "sudo mv data ../elsewhere"),
        ("rm -rf data", "sudo mv other ./docs/../data ../"),
        ("rm -rf data", "sudo find data -delete"),
        ("rm -rf data", "sudo mv data /tmp/agentguard-never-moved"),
        ("rm -rf data", "sudo sh ./clean.sh"),
        ("rm -rf data", "sudo sh -c 'cd data && git rm -q users.db'"),
        ("rm -rf data", "sudo timeout 5 python3 -c 'import shutil; shutil.rmtree(\"data\")'"),
        ("sudo find data -type f -exec rm {} +", "git rm -rq data"),
        ("git clean -fdq", "git rm -q 'my notes'"),
        ("rm 'my notes'", "git rm -q 'my notes'"),
        ("sudo mv data /dev/null", "git rm -rq data"),
        ("psql app -c 'drop table users'", "psql app -f rename.sql"),
        ("psql -h db.internal app -c 'truncate users'", "psql -h 10.0.0.7 app -f rename.sql"),
        (f"curl -X DELETE {API}", f"curl {ARCHIVE} {API}"),
        (f"curl -X DELETE {API}", f"curl {ARCHIVE} https://github.internal/repos/a/b"),
        ("curl -X DELETE https://10.0.0.7/repos/a/b", f"curl {ARCHIVE} {API}"),
    ],
)
def test_other_means_to_a_denied_end_are_asked_about(work: Work, denied: str, later: str) -> None:
    work.deny(denied)
    work.keep()
    call = work.call(later)
    assert call.status == 126, call
    assert "was denied at" in call.err and "It is the only copy." in call.err
    assert work.standing()


@pytest.mark.parametrize(
    "line",
    [
        "git status --short", "git log -1", "git diff HEAD -- data", "rm other",
        "git rm -q docs/rules.md", "curl https://api.github.com/repos/a/b", "psql app -f look.sql",
    ],
)  # fmt: skip
def test_reads_and_other_aims_run(work: Work, line: str) -> None:
    work.deny("rm -rf data")
    work.deny("psql app -c 'drop table users'")
    work.deny(f"curl -X DELETE {API}")
    work.keep()
    assert work.call(line).status == 0


def test_without_a_denial_the_same_calls_run(work: Work) -> None:
    work.keep()
    assert work.call("git rm -rq data").status == 0
    assert work.call("psql app -f rename.sql").out == "ran\n"


def test_an_approval_given_later_lets_it_run(work: Work) -> None:
    work.deny("rm -rf data")
    work.keep()
    assert work.call("git rm -rq data").status == 126
    with work.guarded.records() as records:
        (request,) = records.requests.pending()
        assert request.question.rating == "reversible" and "It is the only copy." in request.question.earlier[0]
        assert ("earlier", request.question.earlier[0]) in lines(request.question)
        records.requests.answer((request,), True, {"user": "me"})
    assert work.call("git rm -rq data").status == 0
    assert not (work.place / "data").exists()


#: Agents that were refused and took another tool: what was refused, and what they did then.
INCIDENTS = [
    ("rm -f docs/rules.md", 'python3 -c \'open("docs/rules.md", "w")\''),
    ("rm -f data/users.db", "git clean -fX -- data/users.db"),
    ("rm data/users.db", "python3 -c 'import os; os.remove(\"data/users.db\")'"),
    ("rm -rf data", "python3 -c 'import shutil; shutil.rmtree(\"data\")'"),
    ("rm -rf data", "find data -delete"),
    ("rm -rf $PWD/data", "python3 - <<'E'\nimport shutil\nshutil.rmtree('data')\nE\n"),
]


@pytest.mark.parametrize(
    ("denied", "later"),
    [
        *INCIDENTS,
        ("rm -rf data", "mv data /tmp/agentguard-never-moved"),
        ("rm -rf data", "cd data && git rm users.db"),
        ("rm -rf data", "git status; sh clean.sh"),
        ("rm -rf data", "./clean.sh"),
        ("rm -rf data", "git mv other more && git rm -r ./link/../data"),
        ("rm -rf data", "node -e 'fs.rmSync(\"./data\", {recursive: true})'"),
        ("psql app -c 'drop table users'", "psql app -f rename.sql"),
        ("psql app -c 'drop table users'", "python3 -c 'db.execute(\"drop table users\")'"),
    ],
)
def test_check_knows_the_same_of_a_line(work: Work, denied: str, later: str) -> None:
    work.deny(denied.replace("$PWD", str(work.place)))
    work.keep()
    judged = work.check(later)
    assert judged["decision"] == "ask", judged
    assert "It is the only copy." in judged["earlier"][0]


@pytest.mark.parametrize(
    ("line", "rating"),
    [
        ("git status; ls data; cat data/users.db", "read"),
        ("grep -r x data | sort", "read"),
        ("rm other", "reversible"),
        ("python3 -m pytest", "reversible"),
        ("make", "reversible"),
        ("git add -A && git commit -m 'keeps data'", "reversible"),
    ],
)
def test_check_lets_looking_and_other_work_run(work: Work, line: str, rating: str) -> None:
    work.deny("rm -rf data")
    work.keep()
    judged = work.check(line)
    assert (judged["decision"], judged["rating"]) == ("run", rating), judged
    assert "earlier" not in judged


def test_another_session_is_not_asked(work: Work) -> None:
    asked = work.guarded.agent(work.place, "rm -rf data")
    assert asked.calls[0].status == 126
    with work.guarded.records() as records:
        records.requests.answer(records.requests.pending(), False, {"user": "me"}, "It is the only copy.")
    work.keep()
    other = work.guarded.agent(work.place, "git rm -rq data")
    assert other.calls[0].status == 0, other


def test_the_same_session_is_asked(work: Work) -> None:
    """The agent is refused, a person says no, and it goes on by other means."""
    lines = (
        "rm -rf data",
        f"{shlex.quote(sys.executable)} -c {shlex.quote(_DENY.format(root=work.guarded.root.path))}",
        "git add -A; git commit -qm keep",
        "git rm -rq data",
        "cd data && git rm -q users.db",
        "ls data",
    )
    calls = work.guarded.agent(work.place, *lines).calls
    assert [call.status for call in calls] == [126, 0, 0, 126, 126, 0], calls
    assert "It is the only copy." in calls[3].err and work.standing()


_DENY = """
from agentguard.edge.records.database import Database
from agentguard.edge.records.requests import Requests
from agentguard.edge.layout import Root
requests = Requests(Database(Root({root!r})))
requests.answer(requests.pending(), False, {{"user": "me"}}, "It is the only copy.")
"""
