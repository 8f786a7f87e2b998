"""`doctor --mend`: each fault is found with its remedy, mended, and nothing that was put aside is lost."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.desk import Desk
from support.questions import REMOVES_DATA
from support.records import Records
from support.stores import Stores

from agentguard.actions import configuration, installation
from agentguard.actions.health.examination import at_rest
from agentguard.actions.health.finding import Finding
from agentguard.actions.mending import mend
from agentguard.approval.request import Asked
from agentguard.cli.uninstall import dismantle
from agentguard.core.caller import Origin, Process, Session
from agentguard.edge.caller.marked import marked_sessions
from agentguard.edge.caller.processes import this_process
from agentguard.edge.installation import startup_files
from agentguard.edge.layout import Root

pytestmark = pytest.mark.real

Agentguard = Callable[..., subprocess.CompletedProcess[str]]
CALLER = Origin(os.getuid(), Session("q7", "agent-one"), (Process(1, 0, "init", ("init",)),), "claude")
BY = {"user": "ada", "place": "person"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, stores: Stores) -> Iterator[Root]:
    """An installation that each test finds in order, and leaves so."""
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        patch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
        root = Root(f"{place}/it's a $root")
        stores.seed(root, copy=True)
        (place / ".profile").write_text("# mine\n")
        installation.apply(root, [f"{place}/.profile"])
        yield root
        assert bad(root) == []
        dismantle(root, purge=True)
        assert os.listdir(place) == [".profile"] and (place / ".profile").read_text() == "# mine\n"


def bad(root: Root) -> list[Finding]:
    return [finding for finding in at_rest(root) if finding.state == "bad"]


def git(root: Root) -> subprocess.CompletedProcess[str]:
    """A call that goes the way of Python, so that its row is in the record."""
    environment = {**os.environ, "PATH": f"{root.shims}:{os.environ['PATH']}", "POSIXLY_CORRECT": "1"}
    return subprocess.run(
        [f"{root.shims}/git", "--version"], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def altered(root: Root, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(root.record)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def garbage(root: Root) -> None:
    Path(root.record).write_bytes(b"not a database at all" * 1000)


def emptied(root: Root) -> None:
    for name in os.listdir(root.data):
        if name.startswith("record.db-"):
            os.unlink(f"{root.data}/{name}")
    Path(root.record).write_bytes(b"")


def torn(root: Root) -> None:
    altered(root, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = Path(root.record).read_bytes()
    Path(root.record).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def no_table(root: Root) -> None:
    altered(root, "DROP TABLE requests")


def forged(root: Root) -> None:
    altered(root, "DROP TRIGGER record_stays", "UPDATE record SET hash = 'x' WHERE seq = 1")


def directory(root: Root) -> None:
    os.unlink(root.record)
    os.mkdir(root.record)


@pytest.mark.parametrize("damage", [garbage, emptied, torn, no_table, directory, forged])
def test_a_record_that_cannot_be_understood_is_sealed_aside_and_a_new_one_says_so(
    root: Root, damage: Callable[[Root], None]
) -> None:
    assert git(root).returncode == 0
    with contextlib.closing(Records(root)) as records:
        records.sessions.register(1, 2, "nightly")
        records.requests.submit(Asked(REMOVES_DATA, "d"), CALLER)
        records.requests.answer(records.requests.pending(), False, {})
    damage(root)
    before = Path(root.record).read_bytes() if os.path.isfile(root.record) else None
    (found,) = bad(root)
    assert found.subject == "record" and found.remedy and "put the record aside" in found.remedy.deed
    told = list(mend(root, BY))
    assert any("began a new one" in line for line in told), told
    assert bad(root) == []
    with contextlib.closing(Records(root)) as records:
        assert records.log.verify() is None
        first, *_, last = records.log.rows(newest=False)
        assert (first.body["kind"], last.body["kind"]) == ("sealed-aside", "mended")
        assert first.body["by"] == BY and first.body["why"] and last.body["changes"] == told
        sealed = Path(first.body["file"])
        if before is not None:
            assert sealed.read_bytes() == before and sealed.stat().st_mode & 0o777 == 0o400
            assert first.body["sha256"][sealed.name] == hashlib.sha256(before).hexdigest()
        if damage is forged:  # what it still tells of what goes on now
            assert Session("", "nightly").name in {one.name for one in records.sessions.recent().values()}
            assert [denial.request for denial in records.requests.denials(CALLER.session)]
    assert git(root).returncode == 0


def test_a_session_that_runs_is_known_by_its_mark_where_the_record_is_lost(
    root: Root,
) -> None:
    """Else who is below it would be taken for a person."""
    agent = subprocess.Popen(
        ["sh", "-c", "sleep 60; true"], env={**os.environ, "AGENTGUARD_SESSION": "k3x9qa"}, start_new_session=True
    )
    try:
        ((place, session),) = ((place, one) for place, one in marked_sessions().items() if one.id == "k3x9qa")
        assert place[0] == agent.pid and session.name == "sh"
        garbage(root)
        list(mend(root, BY))
        with contextlib.closing(Records(root)) as records:
            assert records.sessions.recent()[place] == session
    finally:
        os.killpg(agent.pid, 9)
        agent.wait()
    assert this_process().pid not in {pid for pid, _ in marked_sessions()}


def mode(path: str, wrong: int) -> Callable[[Root], None]:
    return lambda root: os.chmod(os.path.join(root.path, path), wrong)


def text(path: str, content: str) -> Callable[[Root], None]:
    return lambda root: Path(root.path, path).write_text(content) and None


def gone(path: str) -> Callable[[Root], None]:
    return lambda root: os.unlink(os.path.join(root.path, path))


def dangling(root: Root) -> None:
    os.unlink(os.path.realpath(f"{root.data}/spool/current"))


def config_directory(root: Root) -> None:
    os.unlink(root.config)
    os.mkdir(root.config)


@pytest.mark.parametrize(
    ("damage", "subject", "says"),
    [
        (mode(".", 0o770), "places", "can be written by others (mode 770)"),
        (mode("shims", 0o777), "places", "can be written by others"),
        (mode("data", 0o000), "places", "cannot be used by its owner (mode 0)"),
        (mode("data/spool", 0o500), "places", "cannot be used by its owner"),
        (mode("data/record.db", 0o400), "places", "cannot be used by its owner"),
        (mode("config.toml", 0o000), "places", "cannot be used by its owner"),
        (gone("data/spool/current"), "spool", "leads to no file of the spool"),
        (dangling, "spool", "leads to no file of the spool"),
        (text("config.toml", "wait = 7\n\nwiat = 8\n"), "policy", "config.toml:3: wiat is no setting"),
        (text("config.toml", "wait = ["), "policy", "config.toml:1: "),
        (config_directory, "policy", "Is a directory"),
        (text("manifest.json", "{"), "installation", "manifest.json"),
        (gone("current"), "store", "is missing"),
        (text("shims/rm", "#!/bin/sh\n# agentguard shim for rm\n"), "shims", "is not as this version makes it"),
        (gone("shims/git"), "git", "has no shim"),
        (gone("activate.sh"), "shims", "activate.sh is not as this version makes it"),
    ],
)
def test_what_is_not_as_it_should_be_is_found_with_its_remedy_and_put_right(
    root: Root, damage: Callable[[Root], None], subject: str, says: str
) -> None:
    assert bad(root) == []
    damage(root)
    found = next(finding for finding in bad(root) if finding.subject == subject and says in finding.detail)
    assert found.remedy, found
    told = list(mend(root, BY))
    assert told and not any(line.startswith("Could not") for line in told), told
    assert bad(root) == [] and list(mend(root, BY)) == []
    assert installation.manifest(root)["startup"] == [f"{os.path.dirname(root.path)}/.profile"]
    if "wiat" in says:
        assert tomllib.loads(Path(root.config).read_text()) == {"wait": 7}
    if subject in ("policy", "installation"):
        assert len(os.listdir(root.aside)) == 1, "what was broken is kept"
        shutil.rmtree(root.aside)
    assert git(root).returncode == 0


def test_a_store_that_is_not_whole_and_an_interpreter_that_has_gone_are_made_anew(root: Root) -> None:
    Path(root.current, "lib/agentguard/extra.py").touch()
    assert ["is not what was installed" in finding.detail for finding in bad(root)] == [True]
    os.unlink(f"{root.current}/python")
    os.symlink("/nowhere/python3", f"{root.current}/python")
    (found,) = bad(root)
    assert "leads to no interpreter" in found.detail and found.remedy
    assert git(root).returncode == 126
    assert any("anew" in line for line in mend(root, BY))
    assert bad(root) == [] and git(root).returncode == 0


def test_lines_that_are_there_twice_and_what_was_interrupted_are_put_right(root: Root) -> None:
    profile = Path(root.path).parent / ".profile"
    profile.write_bytes(profile.read_bytes() + startup_files.with_block(b"# merged\n", root))
    left = [Path(root.path, name) for name in ("shims/git.agentguard-1f2e3d4c", "current.new", "store/.new-7/python")]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    fresh = Path(root.path, "shims/rm.agentguard-1f2e3d4c")
    for path in (*left, left[-1].parent):
        os.utime(path, (0, 0))
    fresh.touch()
    (found,) = bad(root)
    assert found.detail == f"{profile} has agentguard's lines more than once"
    assert next(one.detail for one in at_rest(root) if one.subject == "leftovers").endswith("and 2 more")
    list(mend(root, BY))
    assert profile.read_bytes() == startup_files.with_block(b"# mine\n# merged\n", root)
    assert not any(path.exists() for path in left) and fresh.exists(), "what is written now is left alone"
    fresh.unlink()
    profile.write_bytes(startup_files.with_block(b"# mine\n", root))


def test_requests_that_nobody_waits_for_leave_the_list(root: Root) -> None:
    ended = subprocess.Popen(["true"])
    process = this_process().replace(pid=ended.pid, start=1)
    ended.wait()
    with contextlib.closing(Records(root)) as records:
        dead = records.requests.submit(Asked(REMOVES_DATA, "d"), CALLER.replace(ancestry=(process,))).request
        lives = records.requests.submit(Asked(REMOVES_DATA, "e"), CALLER.replace(ancestry=(this_process(),))).request
        (found,) = (one for one in at_rest(root) if one.subject == "requests")
        assert found.state == "note" and dead.id in found.detail and lives.id not in found.detail
        list(mend(root, BY))
        assert [one.id for one in records.requests.pending()] == [lives.id]


def test_who_locks_the_record_is_named(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentguard.edge.records.database.BUSY", 0.1)
    holds = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('BEGIN EXCLUSIVE'); print(1, flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holds, root.record], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout and holder.stdout.readline()
    (found,) = bad(root)
    assert f"(pid {holder.pid})" in found.hint and "locked" in found.detail
    holder.communicate("\n")


@pytest.fixture
def without_rights() -> Iterator[list[str]]:
    """What makes a command be held to the rights of its user, as root is not otherwise."""
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    yield ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.getuid() == 0 else []


@pytest.mark.parametrize("place", [".", "shims", "store", "data", "data/spool", "data/record.db", "config.toml"])
def test_what_cannot_be_read_is_nobodys_bug(root: Root, without_rights: list[str], place: str) -> None:
    path = os.path.join(root.path, place)
    before = os.stat(path).st_mode
    os.chmod(path, 0)
    try:
        for verb in (["config"] if place == "config.toml" else ["audit"], ["factor", "list"]):
            command = [*without_rights, sys.executable, "-m", "agentguard", "--root", root.path, *verb]
            ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            assert "bug" not in ran.stderr and "Traceback" not in ran.stderr
            assert ran.returncode == 0 or "Error: " in ran.stderr, ran
        code = "import sys\nfrom agentguard.actions.health.examination import at_rest\n"
        code += "from agentguard.edge.layout import Root\n"
        code += "print(*(f'{one.state} {one.detail}' for one in at_rest(Root(sys.argv[1]))), sep='\\n')"
        seen = subprocess.run([*without_rights, sys.executable, "-c", code, root.path], capture_output=True, text=True)
        assert any(line.startswith("bad ") and path.removesuffix("/.") in line for line in seen.stdout.splitlines()), (
            seen
        )
    finally:
        os.chmod(path, before & 0o7777)


def test_only_a_person_may_have_it_mended(agentguard: Agentguard, root: Root) -> None:
    garbage(root)
    content = Path(root.record).read_bytes()
    refused = agentguard("doctor", "--mend", status=126).stderr
    assert "only a person may mend the guard" in refused
    assert Path(root.record).read_bytes() == content
    list(mend(root, BY))


PASSPHRASE = "correct horse battery"


def test_a_person_with_their_factor_has_a_broken_record_and_broken_settings_mended(
    desk: Desk, tmp_path: Path, stores: Stores
) -> None:
    root = Root(f"{tmp_path}/root")
    command = f"{sys.executable} -m agentguard --root {root.path}"
    desk.type(f"{command} install --shell none --guard everyone --factor passphrase\n")
    desk.until("New passphrase")
    stores.seed(root)
    desk.type(f"{PASSPHRASE}\n")
    desk.until("The same again: ")
    desk.type(f"{PASSPHRASE}\n")
    desk.until("desk> ", 120)
    garbage(root)
    Path(root.config).write_text("wait = 7\nwiat = 8\n")
    below = f"AGENTGUARD_SESSION=k3x9qa sh -c 'env -u AGENTGUARD_SESSION {command} doctor --mend; true'"
    assert "only a person may mend the guard: this was called below sh" in desk.run(below)
    desk.type(f"{command} doctor --mend --json >found\n")
    desk.until("Passphrase: ")
    desk.type(f"{PASSPHRASE}\n")
    told = desk.until("desk> ", 120)
    assert "began a new one that says so" in told and "what was understood: wait" in told
    found = {one["subject"]: one for one in json.loads((tmp_path / "found").read_text())}
    assert found["record"]["state"] == found["policy"]["state"] == "good"
    assert "The record is whole" in desk.run(f"{command} audit verify")
    with contextlib.closing(Records(root)) as records:
        first = next(records.log.rows(newest=False))
        assert first.body["kind"] == "sealed-aside" and first.body["by"]["factor"].startswith("SHA256:")
    assert configuration.text(root).count("\n") > 20, "the new one explains every key"
