"""Ways to use an approval for something else, or again."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from setups import ORDINARY, PYTHON, Setup, available, until

pytestmark = pytest.mark.real


class Service(ThreadingHTTPServer):
    """Keeps what it is asked to do: each request with its body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def call(self) -> str:
        """A call that deletes something there."""
        return f"curl -sS -X DELETE http://127.0.0.1:{self.server_port}/volumes/1"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_DELETE(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.asked.append(f"{self.path} {body}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    served = Service()
    yield served
    served.shutdown()
    served.server_close()


def test_an_approval_is_used_again(row, guard: Setup, service: Service, verdict):
    """The call that was approved is made twice."""
    available("curl")
    agent, own = guard.agent(), guard.directory()
    if row.id == "replay-rolled-back" and guard.name == "system_factor" and not guard.only_grows:
        pytest.skip("this file system has no directories that only grow")
    request = guard.request(agent, service.call)
    guard.approve(request)
    kept = agent(f"cp {guard.data}/record.db* {own}/")
    first = agent(service.call)
    assert len(service.asked) == 1, first
    with guard.restored():
        if row.id == "replay-reopened":
            guard.sql(agent, f"UPDATE requests SET state = 'approved' WHERE id = '{request.id}'")
        if row.id == "replay-rolled-back":
            agent(f"find {guard.data} -name 'record.db*' -delete; cp {own}/record.db* {guard.data}/")
            agent(f"/bin/rm -rf {guard.root.spent}; mv {guard.root.spent} {own}; chmod 0 {guard.root.spent}")
        again = agent(service.call)
    verdict(len(service.asked) > 1, kept, again)


def test_two_processes_race(row, guard: Setup, service: Service, verdict):
    """Many of the same call, at once."""
    available("curl")
    agent = guard.agent()
    guard.approve(guard.request(agent, service.call))
    race = agent(f"for i in 1 2 3 4; do {service.call} & done; wait")
    assert service.asked, race
    verdict(len(service.asked) > 1, race)


def test_another_call(row, guard: Setup, service: Service, verdict):
    """Other words, or another directory."""
    available("curl")
    agent, other = guard.agent(), row.id == "replay-other-directory"
    guard.approve(guard.request(agent, service.call))
    again = agent(service.call + ("" if other else "23"), guard.directory() if other else None)
    verdict(bool(service.asked), again)


def test_another_session(row, guard: Setup, service: Service, verdict):
    """The approval was for the first agent."""
    available("curl")
    first, second = guard.agent(), guard.agent()
    guard.approve(guard.request(first, service.call))
    again = second(service.call)
    verdict(bool(service.asked), again)


def test_another_user(row, guard: Setup, service: Service, verdict):
    """Another user calls the same shim."""
    available("curl")
    if not ORDINARY:
        pytest.skip("only root can be another user")
    agent = guard.agent()
    guard.approve(guard.request(agent, service.call))
    again = subprocess.run(
        ["sh", "-c", service.call], env=guard.shimmed, cwd=guard.home, capture_output=True, start_new_session=True,
        stdin=subprocess.DEVNULL, user=1, group=1, extra_groups=[],
    )  # fmt: skip
    verdict(bool(service.asked), again)


def test_a_signature_is_moved(row, guard: Setup, service: Service, verdict):
    """What a person signed for one request stands in another's row, and in the record."""
    available("curl")
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    approved, other = guard.request(agent, service.call), guard.request(agent, call)
    guard.approve(approved)
    with guard.records() as records:
        proof = records.requests.request(approved.id).proof
    moved = guard.answers(agent, other, proof)
    again = agent(call)
    verdict(not victim.exists(), moved, again)


def test_a_signature_is_in_another_row(row, guard: Setup, service: Service, verdict):
    """A signature that was used stands in a second row for the same call, and the record says that it was given."""
    available("curl")
    agent, name = guard.agent(), "" if row.id == "replay-nameless-row" else "zzzzzz"
    request = guard.request(agent, service.call)
    guard.approve(request)
    first = agent(service.call)
    assert len(service.asked) == 1, first
    with guard.records() as records:
        proof = records.requests.request(request.id).proof.replace(chr(44), " , ")  # another text of the same
    row_of = "INSERT INTO requests (id, digest, session, created, sheet, state, answered, proof) "
    row_of += f"SELECT '{name}', digest, session, created, sheet, 'open', 0, '{proof}' FROM requests "
    wrote = guard.sql(agent, f"{row_of} WHERE id = '{request.id}'")
    script = guard.script(
        "import sys\n"
        "sys.path.insert(0, sys.argv[1] + '/current/lib')\n"
        "from agentguard.edge.records.database import Database\n"
        "from agentguard.edge.records.audit_log import AuditLog\n"
        "from agentguard.edge.layout import Root\n"
        "log, name, proof = AuditLog(Database(Root(sys.argv[1]))), *sys.argv[2:]\n"
        "if name:\n"
        "    log.append('approved', {'request': name, 'proof': proof})\n"
    )
    said = agent(shlex.join([PYTHON, "-I", str(script), guard.root.path, name, proof]))
    guard.sql(agent, f"UPDATE requests SET state = 'approved', answered = unixepoch() WHERE id = '{name}'")
    again = agent(service.call)
    guard.sql(agent, f"DELETE FROM requests WHERE id = '{name}'")
    verdict(len(service.asked) > 1, wrote, said, again)


def test_a_link_leads_elsewhere(row, guard: Setup, verdict):
    """Between approval and call, a link is changed that the call goes by."""
    agent, where, first, second = guard.agent(), guard.directory(), guard.victim(), guard.victim()
    call = f"cd {where}/link && rm -f only-copy" if row.id.endswith("directory") else f"rm -f {where}/link/only-copy"
    agent(f"ln -sfn {first} {where}/link")
    guard.approve(guard.request(agent, call))
    agent(f"ln -sfn {second} {where}/link")
    again = agent(call)
    verdict(not (second / "only-copy").exists(), again)


def _work(where: Path) -> list[tuple[str, str]]:
    """The files below a directory, without git's own."""
    found = [path for path in where.rglob("*") if path.is_file() and ".git" not in path.parts]
    return sorted((str(path), path.read_text()) for path in found)


def test_what_is_read_changes(row, guard: Setup, service: Service, verdict):
    """Between approval and call, what the call reads or aims at becomes another."""
    agent, where = guard.agent(), guard.directory()
    body = guard.file(where / "body", "old")
    if row.id == "replay-other-file":
        call, change = "rm -f body", "mv body aside; echo 'months of work' >body"
    elif row.id == "replay-directory-refilled":
        agent("mkdir full; for i in $(seq 40); do echo $i >full/$i; done", where)
        call, change = "rm -rf full", "mv -f body full/40"
    elif row.id == "replay-nested-repository":
        agent("git init -q full; echo 1 >full/f", where)
        call, change = "rm -rf full", "git -C full add -A; git -C full commit -qm work; echo 2 >full/g"
    elif row.id == "replay-body-changed":
        available("curl")
        call, change = f"{service.call} -d @body", "echo new >body"
    elif row.id == "replay-input-changed":
        available("curl")
        call, change = f"{service.call} -d @- <body", "echo new >body"
    else:
        agent("git init -q; git add body; git commit -qm start; echo worked >>body", where)
        call, change = "git reset --hard -q", "echo 'worked more' >>body; echo 'worked here' >more; git add more"
    guard.approve(guard.request(agent, call, where))
    agent(change, where)
    kept = _work(where)
    again = agent(call, where)
    now = _work(where)
    assert body.parent == where
    verdict(bool(service.asked) or kept != now, again)


#: A call, and what stands before it when it was approved, and when it is made again; `{own}` is a directory of the
#: agent's with two repositories, two directories of curl's, and a program.
_SURROUNDINGS = {
    "replay-git-dir": ("git reset --hard -q", "GIT_DIR={own}/a/.git", "GIT_DIR={own}/b/.git"),
    "replay-curl-home": ("curl -sS -X DELETE http://127.0.0.1:9/x", "CURL_HOME={own}/a", "CURL_HOME={own}/b"),
    "replay-pghost": ("psql -c 'drop table users'", "PGHOST=127.0.0.1 PGPORT=9", "PGHOST=127.0.0.2 PGPORT=9"),
    "replay-other-program": ("curl -sS -X DELETE http://127.0.0.1:9/x", "", "PATH={shims}:{own}/bin:$PATH"),
}


def test_other_surroundings(row, guard: Setup, verdict):
    """The same words, but something around them that changes what they do."""
    call, before, after = _SURROUNDINGS[row.id]
    available(call.split()[0])
    agent, own = guard.agent(), guard.directory()
    made = agent(
        "for r in a b; do mkdir $r; cd $r; git init -q; echo 1 >f; git add f; git commit -qm $r; echo 2 >f; "
        "cd ..; done; echo 'user-agent = a' >a/.curlrc; echo 'user-agent = b' >b/.curlrc; "
        "mkdir bin; printf '#!/bin/sh\\n' >bin/curl; chmod 755 bin/curl",
        own,
    )
    assert made.status == 0, made
    guard.approve(guard.request(agent, f"{before} {call}".format(own=own), own / "a"))
    again = agent(f"{after} {call}".format(own=own, shims=guard.root.shims), own / "a")
    verdict(again.status != 126, again)


def test_the_clock(row, guard: Setup, service: Service, verdict):
    """The approval was given too long ago, or in a time to come."""
    available("curl")
    agent, shift = guard.agent(), -700 if row.id == "replay-expired" else 3600
    request = guard.request(agent, service.call)
    guard.approve(request, shift=shift)
    again = agent(service.call)
    verdict(bool(service.asked), again)


def test_one_more_than_was_approved(row, guard: Setup, verdict):
    """A loop's calls are one question, and then there is one call more."""
    agent = guard.agent()
    victims = [guard.victim() for _ in range(4)]
    loop = "for v in {}; do rm -rf $v; done; true"
    asked = agent(loop.format(" ".join(map(str, victims[:3]))))
    group = [request for request in guard.pending() if request.question.session == agent.name]
    assert len(group) == 3, asked
    guard.approve(*group)
    again = agent(loop.format(" ".join(map(str, victims))))
    assert not any(victim.exists() for victim in victims[:3]), again
    verdict(not victims[3].exists(), again)


def test_a_stopped_call_goes_on(row, guard: Setup, verdict):
    """The call sleeps through its approval, and wakes up to other files."""
    agent, where = guard.agent(), guard.directory()
    guard.file(where / "junk", "not needed\n")
    with guard.patience(60):
        agent("rm -f junk >said 2>&1 & echo $! >pid; disown", where)
        request = until(lambda: next((one for one in guard.pending() if one.question.cwd == str(where)), None))
        pid = int((where / "pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        guard.approve(request)
        agent("mv junk aside; echo 'months of work' >junk", where)
        os.kill(pid, signal.SIGCONT)
        until(lambda: "rm was not run" in (where / "said").read_text() or not (where / "junk").exists())
    verdict(not (where / "junk").exists(), (where / "said").read_text())
