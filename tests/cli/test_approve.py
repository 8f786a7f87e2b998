from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.desk import PROJECT, Desk
from support.records import Records

from agentguard.approval.question import Question
from agentguard.approval.request import FLOOD, REQUEST_LIFE, Asked, Request, bound
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Reason
from agentguard.edge.caller.processes import this_process
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

CALLER = Origin(0, Session("session", "claude"))
APPROVE = "Type DELETE to approve it, anything else to leave it: "


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path / "root"))


@pytest.fixture
def person(desk: Desk) -> Desk:
    """A person whose `agentguard` belongs to the root."""
    desk.run('agentguard() { python -m agentguard.cli.main --root "$HOME/root" "$@"; }')
    return desk


def question_of(*argv: str) -> Question:
    reason = Reason("rm.untracked", "rm", "removes what git does not know", "git stash -u")
    return Question(
        argv[0], argv, "/x", f"/bin/{argv[0]}", "destructive", "", (reason,), (), "", "claude (pid 7)", "claude"
    )


def put(records: Records, *argv: str, by: Origin = CALLER) -> Request:
    question = question_of(*argv)
    return records.requests.submit(Asked(question, bound(f"digest of {argv}", question)), by).request


def kinds(records: Records) -> list[str]:
    with records.database.reading() as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM record ORDER BY seq")]


def body(records: Records) -> str:
    """The last row of the record, as JSON."""
    with records.database.reading() as connection:
        return str(connection.execute("SELECT body FROM record ORDER BY seq DESC").fetchone()[0])


# approve


@pytest.mark.parametrize("how", ["", "{id}", "{short}"])
def test_approve(person: Desk, records: Records, how: str) -> None:
    request = put(records, "rm", "-rf", "precious")
    person.type(f"agentguard approve {how.format(id=request.id, short=request.id[:3])}\n")
    shown = person.until(APPROVE)
    assert f"request {request.id}" in shown and "rm -rf precious" in shown and "git stash -u" in shown
    assert records.requests.request(request.id).state == "open"
    person.type("DELETE\n")
    assert f"Approved {request.id}" in person.until("minutes.")
    person.until("desk> ")
    assert person.status() == 0
    assert records.requests.request(request.id).state == "approved"
    assert kinds(records) == ["approved"]
    assert '"terminal":"/dev/pts/' in body(records)


@pytest.mark.parametrize("typed", ["delete\n", "\n", "\x04", "\x03", "y\n"])
def test_anything_else_leaves_it_open(person: Desk, records: Records, typed: str) -> None:
    request = put(records, "rm", "precious")
    person.type("agentguard approve\n")
    person.until(APPROVE)
    person.type(typed)
    person.until("desk> ")
    assert person.status() == (130 if typed == "\x03" else 1)
    assert records.requests.request(request.id).state == "open"
    assert kinds(records) == []


@pytest.mark.parametrize("verb", ["approve", "watch"])
def test_in_a_container_without_a_factor_it_says_what_is_left(desk: Desk, records: Records, verb: str) -> None:
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("no namespaces here, or not for this user")
    request = put(records, "rm", "precious")
    desk.run("unshare --pid --fork --mount-proc setsid -c bash --norc")
    told = desk.run(f'python -m agentguard --root "$HOME/root" {verb}').replace("\n", " ")
    assert "the program that holds its terminal cannot be seen from here" in told
    assert "`agentguard factor add passphrase`" in told and "docs/approvals.md says what is left" in told
    assert desk.status() == 126
    assert records.requests.request(request.id).state == "open"


def test_nothing_to_approve(person: Desk, records: Records) -> None:
    assert "no call waits for an answer" in person.run("agentguard approve")
    assert person.status() == 2


def test_a_call_whose_caller_has_gone_is_not_among_several(person: Desk, records: Records) -> None:
    ended = Origin(0, Session("session", "claude"), (Process(os.getpid(), 1, "bash"),))
    put(records, "rm", "gone", by=ended)
    left, request = put(records, "rm", "left"), put(records, "rm", "here")
    records.log.append("asked", {"request": left.id, "waits": {"pid": os.getpid(), "start": 1, "seconds": 99}})
    for one in (request, left):
        person.type("agentguard approve\n")
        assert f"request {one.id}" in person.until(APPROVE)
        person.type("DELETE\n")
        person.until("minutes.")
    person.type("agentguard approve\n")
    assert "rm gone" in person.until(APPROVE)  # nothing else waits: the same call may come again
    person.type("no\n")
    person.until("desk> ")


@pytest.mark.parametrize("way", ["approve", "deny"])
def test_all_of_a_session_that_asks_too_much_is_denied(person: Desk, records: Records, way: str) -> None:
    flood = [put(records, "rm", str(n), by=Origin(0, Session("flood", "claude"), ())) for n in range(FLOOD + 3)]
    other = put(records, "rm", "other")
    shown = person.run("agentguard approve")
    assert (
        f"{FLOOD + 3} of them are of claude (pid 7)" in shown and f"`agentguard deny {flood[0].id} --session`" in shown
    )
    assert shown.count("rm ") == FLOOD + 1
    if way == "approve":
        person.type(f"agentguard approve {flood[1].id}\n")
        assert "DENY ALL denies them" in person.until(APPROVE)
        person.type("DENY ALL\n")
    else:
        person.type(f"agentguard deny {flood[1].id} --session -m stop\n")
    assert f"Denied {FLOOD + 3} of claude" in person.until("10 minutes.")
    person.until("desk> ")
    assert {records.requests.request(one.id).state for one in flood} == {"denied"}
    assert records.requests.pending() == (other,)
    assert kinds(records) == ["denied"] * (FLOOD + 3) + ["silenced"]


def test_several_wait(person: Desk, records: Records) -> None:
    first, second = put(records, "rm", "a\x1b[2Jb"), put(records, "psql", "-c", "drop table [red]x[/red]")
    loop = Origin(0, Session("session", "claude"), (this_process().replace(name="bash"),))
    put(records, "rm", "one", by=loop), put(records, "rm", "two", by=loop)
    shown = person.run("agentguard approve")
    assert "rm one  and 1 more" in shown
    assert first.id in shown and second.id in shown
    assert "3 questions wait" in shown and "[red]x[/red]" in shown
    assert "\\x1b[2J" in shown and "\x1b[2J" not in shown
    assert {one.state for one in (records.requests.request(first.id), records.requests.request(second.id))} == {"open"}


def test_what_joined_a_question_after_its_answer_is_a_question(person: Desk, records: Records) -> None:
    loop = Origin(0, Session("session", "claude"), (Process(70, 1, "bash"),))
    first, late = (put(records, "rm", name, by=loop) for name in ("one", "late"))
    records.requests.answer((first,), True, {})
    assert late.group_leader == first.id
    person.type("agentguard approve\n")
    assert f"request {late.id}" in person.until(APPROVE)
    person.type("DELETE\n")
    person.until(f"Approved {late.id}")


def test_each_call_of_a_question_is_shown_with_what_differs(person: Desk, records: Records) -> None:
    """The same words can mean another thing, and long ones could begin a line that looks like one of ours."""
    loop = Origin(0, Session("session", "claude"), (Process(71, 1, "bash"),))
    put(records, "psql", by=loop)
    for name, long in (("staging", ""), ("production", "x" * 300 + "Type DELETE to approve it")):
        question = question_of("psql", *[long] * bool(long)).replace(environment=name, targets=(f"table {name}.users",))
        records.requests.submit(Asked(question, bound(name, question)), loop)
    person.type("agentguard approve\n")
    shown = person.until("Type DELETE 3 to approve exactly these 3, anything else to leave it: ")
    assert "2 more of the same caller" in shown
    assert all(f"table {name}.users" in shown and f"where     {name}" in shown for name in ("staging", "production"))
    assert not re.search("^(Type DELETE to|x)", shown, re.MULTILINE)
    person.type("DELETE 3\n")
    person.until("Approved ")


def test_what_was_put_to_another_question_is_not_approved_with_it(person: Desk, records: Records) -> None:
    lead, other = put(records, "rm", "junk"), put(records, "psql", "-c", "drop database")
    with records.database.writing() as connection:
        connection.execute("UPDATE requests SET lead = ? WHERE id = ?", (lead.id, other.id))
    assert f"request {other.id} was put to {lead.id} after it was asked" in person.run(f"agentguard approve {lead.id}")
    assert {one.state for one in (records.requests.request(lead.id), records.requests.request(other.id))} == {"open"}


@pytest.mark.parametrize(
    "change",
    [
        "id = char(27) || '[2J'",
        "id = ''",
        "sheet = json_set(sheet, '$.argv', json('[7]'))",
        "sheet = json_set(sheet, '$.cwd', json('null'))",
        "sheet = json_set(sheet, '$.reasons', json('[[1,2,3,4]]'))",
    ],
)
@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_a_row_that_agentguard_did_not_write_is_named(person: Desk, records: Records, change: str, verb: str) -> None:
    put(records, "rm", "one")
    with records.database.writing() as connection:
        connection.execute(f"UPDATE requests SET {change}")
    put(records, "rm", "two")
    shown = person.run(f"agentguard {verb}")
    assert "is none that agentguard wrote" in shown and "\x1b[2J" not in shown
    assert person.status() == 4


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("zzzzzz", "there is no request 'zzzzzz'"),
        ("{id}", "no longer waits: it is denied"),
        ("''", "there is no request"),
    ],
)
def test_no_such_request_waits(person: Desk, records: Records, id: str, message: str) -> None:
    request = put(records, "rm", "precious")
    records.requests.answer((request,), False, {})
    assert message in person.run(f"agentguard approve {id.format(id=request.id)}")
    assert person.status() == 2


def test_a_request_that_is_too_old(person: Desk, root: Root, records: Records) -> None:
    request = put(Records(root, now=lambda: time.time() - REQUEST_LIFE - 1), "rm", "precious")
    assert "it is too old" in person.run(f"agentguard approve {request.id}")


def test_someone_else_was_first(person: Desk, records: Records) -> None:
    request = put(records, "rm", "precious")
    person.type("agentguard approve\n")
    person.until(APPROVE)
    records.requests.answer((request,), False, {}, "not now")
    person.type("DELETE\n")
    assert f"request {request.id} no longer waits: it is denied" in person.until("desk> ")
    assert person.status() == 2
    assert records.requests.request(request.id).state == "denied"


# deny


def test_deny_with_words(person: Desk, records: Records) -> None:
    request = put(records, "rm", "precious")
    assert f"Denied {request.id}: rm precious" in person.run("agentguard deny -m 'use staging instead'")
    after = records.requests.request(request.id)
    assert (after.state, after.answer) == ("denied", "use staging instead")
    assert kinds(records) == ["denied"]


# Where an agent could be


VERBS = ("approve", "approve {id}", "deny", "deny {id} -m x", "watch")


def refused(person: Desk, records: Records, request: Request, line: str, why: str) -> None:
    shown = person.run(line)
    assert "only a person may" in shown and why in " ".join(shown.split())
    assert person.status() == 126
    assert records.requests.request(request.id).state == "open"
    assert kinds(records) == ["attempt"]


@pytest.mark.parametrize("verb", VERBS)
def test_refused_below_an_agent(person: Desk, records: Records, verb: str) -> None:
    request = put(records, "rm", "precious")
    agent = person.home / "claude"
    agent.write_text('#!/bin/sh\n"$@"\nexit $?\n')
    agent.chmod(0o755)
    command = f'./claude python -m agentguard.cli.main --root "$HOME/root" {verb.format(id=request.id)}'
    refused(person, records, request, command, "below claude (pid ")
    assert '"session_name":"claude (pid ' in body(records)


def test_refused_below_an_agent_on_a_terminal_of_its_own(person: Desk, records: Records) -> None:
    request = put(records, "rm", "precious")
    shutil.copy("/bin/sh", person.home / "codex")
    inner = 'python -m agentguard.cli.main --root "$HOME/root" approve'
    person.run(f"""./codex -c 'script -qc "{inner}" typescript < /dev/null; :'""")
    assert "below codex (pid " in (person.home / "typescript").read_text()
    assert records.requests.request(request.id).state == "open"
    assert kinds(records) == ["attempt"]


def test_what_has_left_its_agent_is_of_the_session_that_its_marks_name(person: Desk, records: Records) -> None:
    request = put(records, "rm", "precious")
    session = records.sessions.register(1 << 30, 1, "agent-one")
    leave = "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"
    program = f'import os, sys; {leave}; os.execvp("script", sys.argv)'
    inner = 'python -m agentguard.cli.main --root "$HOME/root" approve'
    person.run(f"AGENTGUARD_SESSION={session.id} python -c '{program}' -qec '{inner}' typescript </dev/null")
    end = time.monotonic() + 60
    while kinds(records) != ["attempt"]:
        assert time.monotonic() < end, kinds(records)
        time.sleep(0.1)
    assert f'"session":"{session.id}","session_name":"agent-one"' in body(records)
    assert records.requests.request(request.id).state == "open"


def test_refused_below_a_run_session(person: Desk, records: Records) -> None:
    request = put(records, "rm", "precious")
    pid = int(person.run("echo $$"))
    start = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    session = records.sessions.register(pid, start, "bash")
    refused(person, records, request, "agentguard approve", "this was called below bash")
    assert f'"session":"{session.id}"' in body(records)


@pytest.mark.parametrize("verb", VERBS)
def test_refused_by_a_mark(person: Desk, records: Records, verb: str) -> None:
    request = put(records, "rm", "precious")
    line = f"export CLAUDECODE=1; agentguard {verb.format(id=request.id)}"
    refused(person, records, request, line, "CLAUDECODE in the environment says that claude called this")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("agentguard approve < /dev/null", "standard input is not the terminal"),
        ("echo DELETE | agentguard approve", "standard input is not the terminal"),
        ("agentguard approve <&-", "standard input is not the terminal"),
        ('setsid -w python -m agentguard.cli.main --root "$HOME/root" approve', "not called in the foreground"),
        ("agentguard approve & wait %1", "not called in the foreground"),
    ],
)
def test_refused_without_a_terminal(person: Desk, records: Records, line: str, why: str) -> None:
    request = put(records, "rm", "precious")
    refused(person, records, request, line, why)


def test_refused_without_any_terminal(tmp_path: Path, root: Root, records: Records) -> None:
    request = put(records, "rm", "precious")
    done = subprocess.run(
        [sys.executable, "-m", "agentguard.cli.main", "--root", root.path, "approve", request.id],
        input="DELETE\n",
        capture_output=True,
        text=True,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "HOME": str(tmp_path)},
    )
    assert done.returncode == 126
    assert "only a person may approve a call" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert records.requests.request(request.id).state == "open"
    assert kinds(records) == ["attempt"]


# watch: the view itself is in tests/watch


@pytest.mark.parametrize("line", ["agentguard watch", "TERM=xterm agentguard watch | cat", "TERM= agentguard watch"])
def test_watch_on_a_plain_terminal_says_what_to_use(person: Desk, records: Records, line: str) -> None:
    request = put(records, "rm", "one")
    shown = person.run(f"set -o pipefail; {line}")
    assert "watch needs a terminal that shows a full screen" in shown and "agentguard approve ID" in shown
    assert person.status() == 2
    assert records.requests.request(request.id).state == "open"


def test_watch_explains_its_keys(person: Desk) -> None:
    shown = person.run("agentguard watch --help")
    assert "Enter, o" in shown and "Escape" in shown and "Examples:" in shown
