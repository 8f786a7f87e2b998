"""`install` and `uninstall`: what they make, keep, refuse and give back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest
from support.desk import PROMPT, Desk
from support.records import Records
from support.stores import Stores

from agentguard.actions import installation
from agentguard.cli.uninstall import dismantle
from agentguard.edge.installation import config_file, distributions, shims, startup_files, store
from agentguard.edge.installation.config import policy
from agentguard.edge.layout import Root
from agentguard.errors import InstallError

pytestmark = pytest.mark.real

Apply = Callable[..., list[str]]
Agentguard = Callable[..., subprocess.CompletedProcess[str]]
BROKEN = "agentguard: cannot judge this call of git: "


def git(root: Root, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [f"{root.shims}/git", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def tree(folder: Path, below: str = "") -> dict[str, object]:
    """Every entry of a directory, or of one below it: kind, mode and content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode, os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
        )
        for path in (folder / below).rglob("*")
    }  # fmt: skip


def test_there_is_a_shim_for_each_guarded_program_that_is_here(root: Root, apply: Apply) -> None:
    apply()
    here = [name for name in installation.guarded_programs() if shutil.which(name)]
    assert shims.present(root) == here
    assert "git" in here
    for name in here:
        assert stat.S_IMODE(os.stat(f"{root.shims}/{name}").st_mode) == 0o755


def test_a_second_time_changes_nothing(root: Root, apply: Apply, home: Path) -> None:
    files = [f"{home}/.profile", f"{home}/.bashrc"]
    assert apply(*files, wait=7)
    before = tree(Path(root.path))
    assert apply(*files, wait=7) == []
    assert tree(Path(root.path)) == before


def test_each_step_that_takes_long_is_told_as_it_begins(
    root: Root, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(root: Root, derive: Callable[[str], None]) -> str:
        told.append("copied")
        derive("lib")
        raise InstallError("enough")

    told: list[str] = []
    monkeypatch.setattr(store, "build", build)
    monkeypatch.setattr(installation, "derive", lambda lib: told.append("derived"))
    with pytest.raises(InstallError, match="enough"):
        installation.apply(root, begin=lambda step: told.append(step.split()[0]))
    assert told == ["copying", "copied", "compiling", "derived", "compiling"]


def test_what_was_chosen_before_stays_chosen(root: Root, apply: Apply, home: Path) -> None:
    apply(f"{home}/.profile", wait=7)
    apply()
    assert policy(root).wait == 7
    assert installation.manifest(root)["startup"] == [f"{home}/.profile"]


def test_the_command_says_what_it_did_and_then_that_there_is_nothing_to_do(
    agentguard: Agentguard, apply: Apply, root: Root, home: Path
) -> None:
    (home / ".bashrc").write_text("# mine")
    said = agentguard("install", "--shell", "bash").stdout
    assert "Put version" in said and f"{home}/.bashrc" in said
    assert "Nothing to change" in agentguard("install", "--shell", "bash").stdout
    assert not (home / ".zshenv").exists(), "only the shells that were chosen"
    own = subprocess.run(
        [f"{root.path}/bin/agentguard", "install"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert own.returncode == 0, own.stderr
    assert "Put version" not in own.stdout, "out of the store, it finds itself in force"


def test_without_a_terminal_it_takes_every_shell_that_is_here(
    agentguard: Agentguard, root: Root, home: Path, stores: Stores
) -> None:
    stores.seed(root)
    agentguard("install")
    assert startup_files.has_block(f"{home}/.profile", Root(os.path.dirname(home) + "/it's a $root"))
    assert (home / ".zshenv").exists() == bool(shutil.which("zsh"))
    assert (home / ".config/fish").exists() == bool(shutil.which("fish"))


def test_at_a_terminal_it_asks_and_uninstall_gives_everything_back(desk: Desk, tmp_path: Path, stores: Stores) -> None:
    (tmp_path / ".bashrc").write_bytes(b"# mine, without an end")
    before = tree(tmp_path)
    stores.seed(Root(f"{tmp_path}/root"))
    command = "python -m agentguard --root root"
    desk.type(f"{command} install --factor none\n")
    asked = desk.until("Guard (agents, everyone) [agents]: ")
    assert "those below an AI agent" in asked
    desk.type("\n")
    shells = ", ".join(shell for shell in startup_files.SHELLS if shutil.which(shell, path="/usr/bin:/bin"))
    asked = desk.until(f"Turn the guard on in {shells}?")
    assert f"makes   {tmp_path}/.profile  (sh, bash)" in asked and f"changes {tmp_path}/.bashrc  (bash)" in asked
    assert tree(tmp_path).keys() - before.keys() == {"root", *tree(tmp_path, "root")}, "nothing is changed before"
    desk.type("y\n")
    shown = desk.until("doctor` proves", 120)
    assert f"Made {tmp_path}/.profile" in shown and f"Added lines to {tmp_path}/.bashrc" in shown
    desk.until(PROMPT)
    assert (tmp_path / "root/shims/rm").exists()
    assert policy(Root(f"{tmp_path}/root")).guard == "agents"
    said = desk.run(f"{command} uninstall")
    assert "The record is kept" in said and "`hash -r`" in said
    assert sorted(os.listdir(tmp_path / "root")) == ["config.toml", "data"]
    assert "The guard is gone" in desk.run(f"{command} uninstall --purge"), "what was kept can still be removed"
    assert tree(tmp_path) == before
    assert "nothing is installed" in desk.run(f"{command} uninstall --purge")


def test_a_second_time_it_asks_only_for_shells_that_are_not_set_up(desk: Desk, tmp_path: Path, stores: Stores) -> None:
    command = f"{sys.executable} -m agentguard --root root"
    desk.run("PATH=/usr/bin:/bin")
    stores.seed(Root(f"{tmp_path}/root"))
    assert f"`agentguard` is {tmp_path}/root/bin/agentguard" in desk.run(
        f"{command} install --shell bash --factor none --guard everyone"
    )
    desk.type(f"{command} install --wait 7\n")
    asked = desk.until("? [Y/n]: ")
    desk.type("n\n")
    said = asked + desk.until("doctor` proves", 120) + desk.until(PROMPT)
    assert "The guard is on in sh, bash;" in said and "Turn the guard on in zsh" in said and "Left as they are" in said
    assert not (tmp_path / ".zshenv").exists()
    assert "A call now waits 7 s" in said
    said = desk.run(f"{command} install --shell none --wait 8")
    assert f"The lines in {tmp_path}/.bashrc, {tmp_path}/.profile stay in force" in said
    rows = Records(Root(f"{tmp_path}/root")).log.rows(kinds=("installed",))
    assert [row.body["by"]["place"] for row in rows if "by" in row.body] == ["person", "person"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--shell", "none", "--shell", "bash"), "are both given"),
        (("--shell", "none", "--factor", "nope"), "'nope' is no kind of factor"),
        (("--shell", "none", "--factor", "passphrase"), "is there already"),
    ],
)
def test_what_makes_no_sense_is_named(agentguard: Agentguard, apply: Apply, words: tuple[str, ...], why: str) -> None:
    apply()
    assert why in agentguard("install", *words, status=2).stderr


@pytest.mark.parametrize(
    ("option", "now", "other", "deed"),
    [("wait", 7, "1", "change how long a call waits"), ("guard", "everyone", "agents", "change whose calls ask")],
)
def test_only_a_person_may_change_what_was_chosen(
    agentguard: Agentguard, apply: Apply, root: Root, option: str, now: object, other: str, deed: str
) -> None:
    apply(**{option: now})
    agentguard("install", "--shell", "none", f"--{option}", str(now))
    refused = agentguard("install", "--shell", "none", f"--{option}", other, status=126)
    assert f"only a person may {deed}" in refused.stderr
    assert getattr(policy(root), option) == now
    assert [row.body["deed"] for row in Records(root).log.rows(kinds=("attempt",))] == [deed]


def test_anybody_may_have_everyone_guarded(agentguard: Agentguard, apply: Apply, root: Root) -> None:
    apply(guard="agents")
    agentguard("install", "--shell", "none", "--guard", "everyone")
    assert policy(root).guard == "everyone"
    assert agentguard("install", "--shell", "none", "--guard", "agents", status=126)


def test_only_a_person_may_uninstall(agentguard: Agentguard, apply: Apply, root: Root) -> None:
    apply()
    before = shims.present(root)
    refused = agentguard("uninstall", "--purge", status=126)
    assert "only a person may take the guard away" in refused.stderr
    assert shims.present(root) == before


@pytest.mark.parametrize("content", [None, b"", b"x", b"x\r\n", b"\xff\n"])
def test_taking_it_away_restores_start_up_files_and_leaves_nothing(
    root: Root, apply: Apply, home: Path, content: bytes | None
) -> None:
    names = [".profile", ".bashrc", ".config/fish/conf.d/zz-agentguard.fish"]
    if content is not None:
        (home / ".profile").write_bytes(content)
    before = tree(home)
    apply(*(f"{home}/{name}" for name in names))
    assert tree(home) != before
    dismantle(root, purge=True)
    assert tree(home) == before
    assert not os.path.exists(root.path)


def test_the_record_stays_unless_it_is_told_to_go(root: Root, apply: Apply) -> None:
    apply(wait=3)
    git(root, "--version")
    dismantle(root, purge=False)
    assert sorted(os.listdir(root.path)) == ["config.toml", "data"]


def test_the_settings_are_explained_renewed_until_somebody_writes_there_and_taken_away_with_the_guard(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any("what can be chosen" in change for change in apply())
    assert Path(root.config).read_text() == config_file.commented()
    monkeypatch.setattr(config_file, "_HEAD", "# What a later version says.\n")
    assert any("what can be chosen" in change for change in apply()) and apply() == []
    assert Path(root.config).read_text().startswith("# What a later version says.")
    with open(root.config, "a") as config:
        config.write("# mine\n")
    monkeypatch.undo()
    os.unlink(f"{root.path}/activate.sh")
    assert apply() == [f"Wrote {root.path}/activate.sh"] and Path(root.config).read_text().endswith("# mine\n")
    dismantle(root, purge=False)
    assert sorted(os.listdir(root.path)) == ["config.toml", "data"], "what somebody wrote stays"
    dismantle(root, purge=True)
    apply()
    dismantle(root, purge=False)
    assert os.listdir(root.path) == ["data"]


def test_a_shim_whose_program_is_no_longer_guarded_goes_and_other_files_stay(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply()
    Path(root.shims, "mine").write_text("#!/bin/sh\n")
    monkeypatch.setattr(installation, "guarded_programs", lambda: ("git",))
    apply()
    assert sorted(os.listdir(root.shims)) == ["git", "mine"]


def test_a_shim_is_not_lost_because_somebody_hides_its_program(
    root: Root, apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply()
    before = shims.present(root)
    monkeypatch.setenv("PATH", "/nowhere")
    apply()
    assert shims.present(root) == before


def test_a_file_that_is_not_ours_is_never_overwritten(root: Root, apply: Apply) -> None:
    os.makedirs(root.shims)
    Path(root.shims, "git").write_text("#!/bin/sh\necho mine\n")
    with pytest.raises(InstallError, match=r"shims/git is there already"):
        apply()
    assert Path(root.shims, "git").read_text() == "#!/bin/sh\necho mine\n"


@pytest.mark.parametrize("where", ["root", "shims", "above"])
def test_a_root_that_others_can_write_to_is_refused(root: Root, where: str) -> None:
    os.makedirs(root.shims)
    folder = {"root": root.path, "shims": root.shims, "above": os.path.dirname(root.path)}[where]
    os.chmod(folder, 0o777)
    with pytest.raises(InstallError, match="can be written by others"):
        installation.apply(root)


def test_what_is_put_in_force_is_on_the_record(root: Root, apply: Apply) -> None:
    changes = apply()
    assert apply() == []
    assert [row.body["changes"] for row in Records(root).log.rows(kinds=("installed",))] == [changes]


@pytest.mark.parametrize("name", ["a:b", "a\nb"])
def test_a_root_that_path_cannot_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InstallError, match="PATH cannot hold"):
        installation.apply(Root(f"{tmp_path}/{name}"))


@pytest.mark.parametrize("kind", ["tagged", "cache", "temporary"])
def test_an_ephemeral_environment_is_refused(
    root: Root, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str, tmp_path: Path
) -> None:
    where = tmp_path / "uv" / "archive" / "x"
    where.mkdir(parents=True)
    if kind == "tagged":
        (tmp_path / "uv" / "CACHEDIR.TAG").touch()
    elif kind == "cache":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "uv"))
    else:
        root = Root(platformdirs.user_data_dir("agentguard"))
    monkeypatch.setattr(sys, "prefix", str(where))
    with pytest.raises(InstallError) as refused:
        installation.apply(root)
    assert "runs from" in refused.value.message and "pipx install" in refused.value.hint
    assert not os.path.exists(root.path)


@pytest.mark.parametrize("step", range(12))
def test_an_interruption_leaves_a_state_that_works(
    root: Root, apply: Apply, home: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    profile = home / ".profile"
    profile.write_bytes(b"# mine")
    left = [step]
    real = os.replace

    def replace(*arguments: str) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace)
        with contextlib.suppress(KeyboardInterrupt):
            apply(str(profile))
    if "git" in shims.present(root):
        assert git(root, "--version").returncode == 0
    assert subprocess.run(["sh", "-lc", "true"], capture_output=True).stderr == b""
    apply(str(profile))
    assert git(root, "--version").returncode == 0
    dismantle(root, purge=True)
    assert profile.read_bytes() == b"# mine"
    assert not os.path.exists(root.path)


@pytest.mark.parametrize("gone", ["store", "current", "interpreter", "enter.py", "lib"])
def test_a_broken_store_refuses_the_call_in_one_line(root: Root, apply: Apply, gone: str) -> None:
    apply()
    current = os.path.realpath(root.current)
    if gone == "store":
        shutil.rmtree(root.store)
    elif gone == "current":
        os.unlink(root.current)
    elif gone == "interpreter":
        os.unlink(f"{current}/python")
    elif gone == "enter.py":
        os.unlink(f"{current}/enter.py")
    else:
        shutil.rmtree(f"{current}/lib")
    ran = git(root, "--version")
    assert ran.returncode == 126
    assert ran.stdout == ""
    assert ran.stderr.startswith(BROKEN) and ran.stderr.count("\n") == 1
    assert "agentguard install" in ran.stderr


def test_the_shims_outlive_the_environment_they_were_installed_from(root: Root, home: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    installed = {}
    for distribution in distributions._closure("agentguard"):
        installed |= {str(file): str(file.locate()) for file in distribution.files or () if ".." not in file.parts}
    installed |= {path[len("lib/") :]: source for path, source in store.contents().items() if path.startswith("lib/")}
    for path, source in installed.items():
        if path.endswith(".pth"):
            continue  # how a checkout is installed
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, site / path)
    python = str(venv / "bin/python")
    subprocess.run(
        [python, "-m", "agentguard", "--root", root.path, "install", "--shell", "none", "--factor", "none"],
        check=True,
        cwd="/",
    )
    command = subprocess.run([f"{root.path}/bin/agentguard", "--version"], capture_output=True, text=True)
    assert command.returncode == 0, command.stderr
    shutil.rmtree(venv)
    ran = git(root, "--version")
    assert (ran.returncode, ran.stderr) == (0, "") and ran.stdout.startswith("git version")
    for verb in ("--version", "check rm", "audit", "install --shell none"):
        command = subprocess.run([f"{root.path}/bin/agentguard", *verb.split()], capture_output=True, text=True)
        assert command.returncode == 0, command.stderr
    assert "Nothing to change" in command.stdout, "it is what is in force"
    assert store.faults(root) == [], "and changes nothing of that"
    path = f"{root.shims}:/usr/bin:/bin:{root.path}/bin"
    doctor = [f"{root.path}/bin/agentguard", "doctor", "--json"]
    told = subprocess.run(doctor, env={"PATH": path, "HOME": str(home)}, capture_output=True, text=True).stdout
    (command_check,) = [check for check in json.loads(told) if check["subject"] == "agentguard"]
    assert command_check["detail"] == f"is {root.path}/bin/agentguard, which needs no installed package"
    damaged = Path(root.current, "lib/agentguard/errors.py")
    damaged.write_text(damaged.read_text() + "# by hand\n")
    command = subprocess.run([f"{root.path}/bin/agentguard", "install"], capture_output=True, text=True)
    assert command.returncode == 5 and "is not what was installed" in command.stderr, "no damage is made the rule"


def test_an_older_command_works_with_a_newer_store(root: Root, apply: Apply) -> None:
    """It names directories of packages."""
    apply()
    older = [f"{root.current}/python", "-I", "-S", "-B", f"{root.current}/command.py", "/nowhere", "--root", root.path]
    audit = subprocess.run([*older, "audit"], capture_output=True, text=True)
    assert audit.returncode == 0, audit.stderr


def test_an_older_shim_works_with_a_newer_store(root: Root, apply: Apply) -> None:
    apply()
    older = Path(root.shims, "git").read_bytes()
    newer = Path(root.store, "9.0-0123456789abcdef")
    shutil.copytree(os.path.realpath(root.current), newer, symlinks=True, copy_function=os.link)
    store.switch(root, newer.name)
    assert Path(root.shims, "git").read_bytes() == older
    assert git(root, "--version").stdout.startswith("git version")


@pytest.mark.parametrize("entry", ["{0}", "{0}/", "{0}:{0}", "{0}/../shims", "link", "link/:{0}", "{0}//"])
def test_a_shim_never_finds_itself(root: Root, apply: Apply, tmp_path: Path, entry: str) -> None:
    apply()
    (tmp_path / "link").symlink_to(root.shims)
    path = entry.replace("link", str(tmp_path / "link")).format(root.shims)
    ran = git(root, "--version", env={"PATH": f"{path}:/usr/bin:/bin", "HOME": str(tmp_path)}, timeout=60)
    assert ran.stdout.startswith("git version"), ran.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"BASH_ENV": "hostile", "ENV": "hostile"},
        {"BASH_FUNC_printf%%": "() { echo hostile; }", "BASH_FUNC_[%%": "() { return 1; }"},
        {"BASHOPTS": "nocasematch", "SHELLOPTS": "noexec"},
        {"PYTHONPATH": "hostile", "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "hostile"},
        {"IFS": "/", "PS4": "$(touch hostile-ran)", "CDPATH": "/"},
        {"_agentguard_missing": "x", "_agentguard_ignored": "ffffffff"},
    ],
)
@pytest.mark.parametrize("interpreter", ["dash", "bash -p"])
def test_nothing_in_the_environment_decides_what_a_shim_runs(
    root: Root, apply: Apply, tmp_path: Path, environment: dict[str, str], interpreter: str
) -> None:
    apply()
    shim = Path(root.shims, "git")
    shell = shutil.which(interpreter.split()[0])
    if shell is None:
        pytest.skip(f"{interpreter} is not installed")
    shim.write_bytes(b"#!" + shell.encode() + interpreter.removeprefix(interpreter.split()[0]).encode() + b"\n"
                     + shim.read_bytes().partition(b"\n")[2])  # fmt: skip
    (tmp_path / "hostile").write_text("touch hostile-ran\n")
    (tmp_path / "agentguard.py").write_text("open('hostile-ran', 'w')\n")
    ran = git(root, "--version", env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment}, cwd=tmp_path)
    assert ran.stdout.startswith("git version"), ran.stderr
    assert not (tmp_path / "hostile-ran").exists()


def test_a_broken_manifest_is_named(root: Root, apply: Apply) -> None:
    apply()
    Path(root.manifest).write_text("{")
    with pytest.raises(InstallError, match=r"manifest\.json"):
        apply()
