"""A system-wide installation, with a real second user: root owns what decides, the developer only the record."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import PROJECT, Desk
from support.records import Records
from support.stores import Stores

from agentguard.actions import default_root, system
from agentguard.actions.health.examination import examine
from agentguard.edge.installation import shims
from agentguard.edge.installation.startup_files import quoted
from agentguard.edge.layout import Root
from agentguard.edge.records import used_grants
from agentguard.errors import InstallError, UsageError

PASSPHRASE = "correct horse battery"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="a system-wide installation is root's: run this as root"),
]
NOBODY, DAEMON = pwd.getpwnam("nobody"), pwd.getpwnam("daemon")
#: An interpreter that every user can run, and that takes the packages of this one.
PYTHON = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
#: Tries to write to each file and directory below its arguments, and says which it could.
_TRY = 'find "$@" -writable ! -type l'


class System:
    """An installation for the user nobody, made at a terminal, with a factor."""

    def __init__(self, place: Path, stores: Stores, desk: Desk) -> None:
        os.chmod(place, 0o755)
        self.desk, self.root, self.work = desk, Root(str(place / "root")), place / "work"
        self.work.mkdir()
        os.chown(self.work, NOBODY.pw_uid, NOBODY.pw_gid)
        packages = f"{PROJECT}:{sysconfig.get_path('purelib')}"
        command = f"PYTHONPATH={packages} {PYTHON} -m agentguard --root {self.root.path}"
        desk.run(f'agentguard() {{ {command} "$@"; }}')
        desk.type("agentguard install --system --user nobody --wait 0 --factor passphrase --guard everyone\n")
        desk.until("New passphrase")
        stores.seed(self.root, PYTHON, {"PYTHONPATH": packages})  # now: before, a first factor would be refused
        desk.type(PASSPHRASE + "\n")
        desk.until("The same again: ")
        desk.type(PASSPHRASE + "\n")
        self.shown = desk.until("desk> ", 120)

    def nobody(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A program of the developer's, without a terminal."""
        return self.user(NOBODY, *argv)

    def user(self, who: pwd.struct_passwd, *argv: str) -> subprocess.CompletedProcess[str]:
        """The same of any user's."""
        return subprocess.run(
            argv, user=who.pw_uid, group=who.pw_gid, extra_groups=[], cwd=self.work,
            env={"PATH": f"{self.root.shims}:/usr/bin:/bin", "HOME": str(self.work)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
        )  # fmt: skip

    def rows(self) -> list[dict[str, object]]:
        """The developer's record, read as the developer."""
        os.seteuid(NOBODY.pw_uid)
        try:
            records = Records(self.root)
            rows = [row.body for row in records.log.rows(newest=False)]
            records.close()
            return rows
        finally:
            os.seteuid(0)


@pytest.fixture
def made(lasting_tmp: Path, stores: Stores, desk: Desk) -> Iterator[System]:
    if not os.path.exists(PYTHON):
        pytest.skip(f"{PYTHON} is not here, and this one may not be another user's to run")
    with stores.turn():
        made = System(lasting_tmp, stores, desk)
        yield made
        used_grants.release(made.root)


def test_only_the_record_can_be_changed_by_the_developer(made: System) -> None:
    assert "No start-up file was touched" in made.shown and "bin/agentguard run -- COMMAND" in made.shown
    writable = made.nobody("/bin/sh", "-c", _TRY, "sh", made.root.path).stdout.split()
    assert writable
    assert [path for path in writable if not f"{path}/".startswith(f"{made.root.data}/")] == [made.root.spent]
    owners = {
        os.lstat(f"{made.root.path}/{name}").st_uid
        for name in os.listdir(made.root.path)
        if name not in ("data", "spent")
    }
    assert owners == {0}


def test_what_was_used_stays_used(made: System) -> None:
    if "only grow" in made.shown:
        pytest.skip("this file system has no directories that only grow")
    note = "import sys; from agentguard.edge.records import used_grants; from agentguard.edge.layout import Root; "
    note += "print(used_grants.first_use(Root(sys.argv[1]), b'signed', 'digest'))"
    lib = f"import sys; sys.path.insert(0, '{made.root.current}/lib'); "
    use = (PYTHON, "-I", "-c", lib + note, made.root.path)
    assert made.nobody(*use).stdout == "True\n"
    for undo in ("/bin/rm -rf {}", "mv {}/* .", "mv {} .", "chmod 0 {}", "truncate -s 0 {}/*", "ln -sf x {}"):
        made.nobody("/bin/sh", "-c", undo.format(made.root.spent))
        assert made.nobody(*use).stdout == "False\n", undo
    used_grants.prepare(made.root, NOBODY.pw_uid, time.time() + 3601)
    assert os.listdir(made.root.spent) == ["x"], "what is too old to matter is forgotten"
    below = [*Path(made.root.data).rglob("*"), Path(made.root.data)]
    assert {path.lstat().st_uid for path in below} == {NOBODY.pw_uid}


def test_the_developers_calls_are_judged_recorded_and_want_the_factor(made: System) -> None:
    assert made.nobody("git", "--version").returncode == 0
    made.nobody("/usr/bin/git", "init", "-q", ".")
    (made.work / "kept").write_text("kept")
    refused = made.nobody("rm", "-rf", "kept")
    assert refused.returncode == 126 and "as request" in refused.stderr, refused.stderr
    assert (made.work / "kept").exists()
    kinds = [row["kind"] for row in made.rows()]
    assert kinds[0] == "installed" and kinds[-2:] == ["asked", "refused"]


def test_root_looks_at_the_developers_record_and_another_user_is_told_whose_it_is(made: System) -> None:
    (made.work / "kept").write_text("kept")
    assert made.nobody("rm", "-rf", "kept").returncode == 126
    run, root = made.desk.run, made.root.path
    assert "1 gave up" in run("agentguard status")
    assert "rm" in run("agentguard pending | cut -f8")
    assert "gave" in run("agentguard audit | cut -f4") or "timed out" in run("agentguard audit | cut -f4")
    assert f"{len(made.rows())} rows" in run("agentguard audit verify")
    assert {path.lstat().st_uid for path in Path(made.root.data).rglob("*")} == {NOBODY.pw_uid}
    for verb in ("status", "pending", "audit", "audit verify"):
        looked = made.user(DAEMON, f"{root}/bin/agentguard", "--root", root, *verb.split())
        assert f"The record under {root} is nobody's" in looked.stderr, verb
    second = run("agentguard install --system --user daemon")
    assert f"{root}/data holds the record of nobody" in second and "--root /opt/agentguard-daemon install" in second


def test_what_others_than_root_can_change_is_told_whoever_looks(made: System) -> None:
    root = made.root
    os.chmod(root.config, 0o666)
    os.chown(f"{root.shims}/rm", NOBODY.pw_uid, -1)
    rules = next(Path(root.store).rglob("rules"))
    os.chown(rules, NOBODY.pw_uid, -1)
    looked = made.nobody(f"{root.path}/bin/agentguard", "--root", root.path, "doctor", "--json")
    for found in (json.loads(looked.stdout), [one.__dict__ for one in examine(root)]):
        told = " ".join(one["detail"] for one in found if (one["subject"], one["state"]) == ("places", "bad"))
        assert f"{root.config} can be" in told and f"{root.shims}/rm belongs to nobody" in told
        assert f"{rules} belongs to nobody" in told
    os.chown(root.path, NOBODY.pw_uid, -1)
    assert any(one.detail == f"{root.path} belongs to nobody, not to root" for one in examine(root))


def test_root_is_told_who_looks_at_the_developers_shells_and_each_hint_is_one_that_the_system_takes(
    made: System,
) -> None:
    found = {one.subject: one for one in examine(made.root)}
    assert "bad" not in {one.state for one in found.values()}
    assert "sh -lc" not in found
    assert found["shells"].hint == f"`runuser -u nobody -- {made.root.path}/bin/agentguard doctor` does"
    assert f"{len(made.rows())} rows" in found["record"].detail
    again = f"sudo agentguard --root {made.root.path} install --system --user nobody"
    Path(made.root.shims, "rm").unlink()
    looked = made.nobody(f"{made.root.path}/bin/agentguard", "--root", made.root.path, "doctor", "--json")
    hints = {one["subject"]: one["hint"] for one in json.loads(looked.stdout)}
    assert hints["rm"] == f"run `{again}`"
    assert f"  . {quoted(made.root.path)}/activate.sh" in hints["sh -lc"]
    assert made.desk.run(again.replace("sudo ", "").replace(f"--root {made.root.path} ", "")).count("Wrote")
    looked = made.user(DAEMON, f"{made.root.path}/bin/agentguard", "--root", made.root.path, "doctor", "--json")
    assert {one["state"] for one in json.loads(looked.stdout) if one["subject"] == "record"} == {"note"}


@pytest.mark.parametrize("verb", ["uninstall", "factor remove passphrase", "install", "factor add passphrase"])
def test_the_developer_changes_nothing(made: System, verb: str) -> None:
    before = Path(made.root.shims, "rm").read_bytes()
    refused = made.nobody(f"{made.root.path}/bin/agentguard", *verb.split())
    assert refused.returncode not in (0, 70), refused.stdout + refused.stderr
    assert Path(made.root.shims, "rm").read_bytes() == before


def test_root_takes_it_away_with_the_factor_and_the_developers_record_says_so(made: System) -> None:
    made.desk.type("agentguard uninstall\n")
    for _ in range(3):
        made.desk.until("Passphrase: ")
        made.desk.type("not the passphrase\n")
    assert "only a person may" in made.desk.until("desk> ")
    assert shims.present(made.root)
    made.desk.type("agentguard uninstall\n")
    made.desk.until("Passphrase: ")
    made.desk.type(PASSPHRASE + "\n")
    assert "The guard is gone" in made.desk.until("desk> ")
    assert not shims.present(made.root)
    rows = made.rows()
    assert [row["kind"] for row in rows][-2:] == ["attempt", "uninstalled"]
    assert rows[-1]["by"]["factor"].startswith("SHA256:")


def test_an_upgrade_keeps_factors_and_owners(made: System) -> None:
    pins = shims.pins(made.root)
    assert len(pins) == 1
    Path(made.root.shims, "rm").unlink()
    shown = made.desk.run("agentguard install --shell none")
    assert "Wrote" in shown
    assert shims.pins(made.root) == pins and "SHA256" in Path(made.root.shims, "rm").read_text()
    assert made.nobody("git", "--version").returncode == 0
    assert {path.lstat().st_uid for path in Path(made.root.data).rglob("*")} == {NOBODY.pw_uid}


def test_root_is_not_guarded_and_nobody_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    for named in ((), ("root",)):
        with pytest.raises(UsageError, match="root itself"):
            system.guarded_user(named)
    with pytest.raises(UsageError, match="no user"):
        system.guarded_user(("no such user",))
    with pytest.raises(UsageError, match="guards one person, and 2 are named"):
        system.guarded_user(("nobody", "daemon"))
    assert system.guarded_user(("nobody", "nobody")).pw_name == "nobody"
    monkeypatch.setenv("SUDO_UID", str(NOBODY.pw_uid))
    assert system.guarded_user(()).pw_name == "nobody"


@pytest.mark.parametrize("fault", ["owner", "mode", "above", "link", "secret"])
def test_an_interpreter_that_others_can_change_or_cannot_run_is_refused(
    lasting_tmp: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    lasting_tmp.chmod(0o755)
    python = lasting_tmp / "bin" / "python"
    python.parent.mkdir()
    shutil.copy("/bin/true", python)  # what runs is as good as an interpreter here
    monkeypatch.setattr(system.store, "interpreter", lambda: str(python))
    root = Root(str(lasting_tmp / "root"))
    system.refuse_changeable(root, NOBODY)
    if fault == "secret":
        python.parent.chmod(0o700)
    elif fault == "owner":
        os.chown(python, NOBODY.pw_uid, -1)
    elif fault == "mode":
        python.chmod(0o775)
    elif fault == "above":
        os.chown(python.parent, NOBODY.pw_uid, -1)
    else:
        python.rename(python.with_name("python3"))
        python.symlink_to("python3")
        os.lchown(python, NOBODY.pw_uid, -1)
    with pytest.raises(InstallError, match=r"others than root|does not run for nobody") as refused:
        system.refuse_changeable(root, NOBODY)
    assert "system's packages" in refused.value.hint


def test_packages_that_others_can_change_are_refused(lasting_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = lasting_tmp / "click.py"
    module.touch()
    monkeypatch.setattr(system.store, "interpreter", lambda: "/bin/true")
    monkeypatch.setattr(system.store, "contents", lambda: {"lib/click.py": str(module)})
    system.refuse_changeable(Root(str(lasting_tmp / "root")), NOBODY)
    module.chmod(0o666)
    with pytest.raises(InstallError, match=r"click\.py can be changed by others than root"):
        system.refuse_changeable(Root(str(lasting_tmp / "root")), NOBODY)


def test_it_is_the_default_for_whom_it_guards(lasting_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = lasting_tmp / "system"
    place.mkdir()
    monkeypatch.setattr(default_root, "SYSTEM", str(place))
    monkeypatch.setenv("XDG_DATA_HOME", str(lasting_tmp / "share"))
    own = str(lasting_tmp / "share" / "agentguard")
    assert default_root.default_root() == own
    (place / "manifest.json").touch()
    (place / "data").mkdir()
    assert default_root.default_root() == str(place)
    os.chown(place, NOBODY.pw_uid, -1)
    assert default_root.default_root() == own, "another user's is none of the system's"
    os.chown(place, 0, -1)
    os.makedirs(own)
    Path(own, "manifest.json").touch()
    assert default_root.default_root() == own, "root's own is root's to choose"
    monkeypatch.setattr(os, "getuid", lambda: NOBODY.pw_uid)
    assert default_root.default_root() == own, "another user is guarded"
    os.chown(place / "data", NOBODY.pw_uid, -1)
    assert default_root.default_root() == str(place), "what any program of a user's can make leads nobody away"
    os.chown(place / "data", DAEMON.pw_uid, -1)
    alone = Path(f"{place}-nobody")
    alone.mkdir()
    (alone / "manifest.json").touch()
    (alone / "data").mkdir()
    os.chown(alone / "data", NOBODY.pw_uid, -1)
    assert default_root.default_root() == str(alone), "one of several has a root of their own"
    os.chown(alone / "data", DAEMON.pw_uid, -1)
    assert default_root.default_root() == own, "a name alone is nobody's"
