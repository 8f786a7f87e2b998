"""What is around a call, and whether a shim still decides by itself: configuration, variables, directories, the guard.

Each row changes one thing. Where the classifier would not let a call run, the shim must not either;
and rows that say so take the slow way whatever the classifier says.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fastway import SHELLS, Blind, Ground
from support.repository import GIT

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.edge.records import spool
from agentguard.edge.world import RealWorld
from agentguard.policy.decide import decide
from agentguard.rulebook.load import Rulebook

pytestmark = pytest.mark.real

CALLS = {
    "git": (
        ("status",), ("log", "--oneline", "-5"), ("diff", "--stat"), ("add", "-A"), ("commit", "-qm", "x"), ("fetch",),
        ("-C", ".", "status"), ("rev-parse", "HEAD"),
    ),
    "curl": (("-s", "http://localhost:3000/"),),
    "psql": (("--version",),),
    "rm": (("--version",),),
    "railway": (("logs",),),
}  # fmt: skip
#: Calls that are nearly plain.
NOT_PLAIN = {
    "git": (
        ("push", "--force", "--dry-run", "--no-dry-run"),
        ("push", "--dry-run", "--no-dry"),
        ("push",),  # which may take a work tree of this machine along
        ("push", "-u", "origin", "HEAD"),
        ("push", "--force"),
        ("push", "--force-with-lease"),
        ("push", "origin", "+main"),
        ("push", "origin", ":main"),
        ("push", "-d", "origin", "main"),
        ("push", "--mirror"),
        ("push", "--prune", "origin"),
        ("push", "--receive-pack=x"),
        ("pull",),  # which writes over ignored files
        ("pull", "--rebase"),
        ("pull", "--autostash"),
        ("pull", "--no-autostash"),
        ("pull", "--force"),
        ("pull", "origin", "+main:main"),
        ("pull", "ext::sh -c x"),
        ("merge", "main"),
        ("rebase", "main"),
        ("commit", "--amend"),
        ("clean", "-n", "--no-dry-run", "-f"),
        ("log", "--outp=x"),
        ("log", "--output", "x"),
        ("log", "-1", "--", "--output=x", "\x1f"),
        ("diff", "--ext"),
        ("grep", "-nOrm", "x"),
        ("grep", "--open-files-in-pager=rm", "x"),
        ("-c", "core.pager=x", "log"),
        ("--git-dir=x", "status"),
        ("-C", ".", "-C", ".", "status"),
        ("-C", "", "status"),
        ("branch", "-D", "x"),
        ("branch", "-vD", "x"),
        ("branch", "-f", "x"),
        ("branch", "--forc", "x"),
        ("checkout", "x"),
        ("checkout", "-b", "x", "y"),
        ("checkout", "-qb"),
        ("checkout", "-B", "x"),
        ("checkout", "-b", "x", "-f"),
        ("fetch", "ext::sh -c x"),
        ("fetch", "--upload-pack=x"),
        ("fetch", "--prune", "origin", "x:refs/heads/x"),
        ("stash", "drop"),
        ("stash", "clear"),
        ("tag", "-d", "x"),
        ("status", "-s -b"),
        ("status", "--short --branch"),
        ("unheard-of",),
        ("config", "a.b", "c"),
        ("config", "core.pager", "x"),
        ("reset", "--hard"),
        ("commit", "-m"),
        ("commit", "-m", "my password is x"),
        ("difftool", "-x", "rm"),
        ("submodule", "foreach", "rm"),
        ("bisect", "run", "rm"),
        ("rebase", "--exec", "rm"),
        ("",),
        ("\n",),
    ),
    "curl": (
        ("-X", "DELETE", "http://localhost/"),
        ("-XDELETE", "http://localhost/"),
        ("-sXDELETE", "http://localhost/"),
        ("-so", "x", "http://localhost/"),
        ("-d", "x", "http://localhost/"),
        ("-O", "http://localhost/x"),
        ("-K", "x"),
        ("-H", "X-HTTP-Method-Override: DELETE", "http://localhost/"),
        ("-w", "%output{x}", "http://localhost/"),
        ("ftp://localhost/",),
        ("-u", "a:b", "http://localhost/"),
        ("https://slack.com/api/chat.delete",),
        ("https://a:b@localhost/",),
        ("-sL", "--next", "-XDELETE", "http://localhost/"),
        ("--reque", "DELETE", "http://localhost/"),
    ),
    "psql": (
        (),
        ("-c", "select 1"),
        ("-c", "drop table x"),
        ("--version", "-o", "x"),
        ("app",),
        ("-f", "x.sql"),
        ("-V", "-L", "x"),
    ),
    "rm": (("x",), ("-rf", "/"), ("--vers", "x"), ("--", "--version"), ("-rf", "--", "--help"), ()),
    "railway": (("volume", "delete"), ("run", "rm"), ("ssh",), ("delete",), ("unheard-of",), ("up", "--unheard-of")),
}
#: What git would run, and nobody must: rating it must not either.
EVIL = "rm -rf notes"


class Scene:
    """What a row may change: the home directory, the work tree, the environment, where it is called from."""

    def __init__(self, ground: Ground, place: Path) -> None:
        self.home, self.tree = place / "home", place / "tree"
        shutil.copytree(ground.home, self.home)
        shutil.copytree(ground.tree, self.tree)
        self.cwd = self.tree
        self.env = ground.env | {"HOME": str(self.home), "PWD": str(self.tree)}

    def repository(self, text: str | bytes) -> None:
        """Add to the configuration of the repository."""
        with open(self.tree / ".git" / "config", "ab") as config:
            config.write(text if isinstance(text, bytes) else text.encode())

    def person(self, text: str) -> None:
        """Add to the person's own configuration."""
        with open(self.home / ".gitconfig", "a") as config:
            config.write(text)


def setting(section: str, key: str, value: str = EVIL) -> Callable[[Scene], None]:
    return lambda scene: scene.repository(f"[{section}]\n\t{key} = {value}\n")


def variable(name: str, value: str) -> Callable[[Scene], None]:
    return lambda scene: scene.env.update({name: value})


def without(name: str) -> Callable[[Scene], None]:
    return lambda scene: scene.env.pop(name)  # type: ignore[arg-type, return-value]


def in_place_of_the_configuration(make: Callable[[Path], object]) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        config = scene.tree / ".git" / "config"
        config.unlink()
        make(config)

    return change


def a_second_repository_above(scene: Scene) -> None:
    """The nearest `.git` is none, so that git goes on to the one above."""
    shutil.move(scene.tree / ".git", scene.tree.parent / ".git")
    with open(scene.tree.parent / ".git" / "config", "a") as config:
        config.write(f"[core]\n\tfsmonitor = {EVIL}\n")
    (scene.tree / ".git").mkdir()


def a_bare_repository(scene: Scene) -> None:
    subprocess.run([GIT, "init", "-q", "--bare", str(scene.cwd / "bare")], env=scene.env, check=True)
    scene.cwd = scene.cwd / "bare"
    with open(scene.cwd / "config", "a") as config:
        config.write(f"[core]\n\tfsmonitor = {EVIL}\n")


def a_bare_repository_with_a_link(scene: Scene) -> None:
    """Its HEAD is a link to a branch that has no commit yet, as older versions of git made it."""
    a_bare_repository(scene)
    (scene.cwd / "HEAD").unlink()
    (scene.cwd / "HEAD").symlink_to("refs/heads/main")


def a_relative_place_of_configuration(scene: Scene) -> None:
    """git reads it from the top of the work tree, to which it has gone by then."""
    scene.env["XDG_CONFIG_HOME"] = "config"
    (scene.tree / "config" / "git").mkdir(parents=True)
    (scene.tree / "config" / "git" / "config").write_text(f"[core]\n\tfsmonitor = {EVIL}\n")
    scene.cwd = scene.tree / "below"
    scene.cwd.mkdir()


def a_git_file(scene: Scene) -> None:
    shutil.move(scene.tree / ".git", scene.tree.parent / "elsewhere")
    (scene.tree / ".git").write_text("gitdir: ../elsewhere\n")


def a_common_directory(scene: Scene) -> None:
    shutil.copytree(scene.tree / ".git", scene.tree.parent / "common")
    (scene.tree / ".git" / "commondir").write_text("../../common\n")
    with open(scene.tree.parent / "common" / "config", "a") as config:
        config.write(f"[core]\n\tfsmonitor = {EVIL}\n")


def a_staged_file_that_is_gone(scene: Scene) -> None:
    """The real git, which a shim asks whether there is any."""
    (scene.tree / "only").write_text("in the index alone\n")
    subprocess.run([GIT, "-C", str(scene.tree), "add", "only"], env=scene.env, check=True)
    (scene.tree / "only").unlink()
    scene.env["PATH"] = f"{scene.env['PATH'].partition(':')[0]}:/usr/bin:/bin"


#: A change, and whether every call of that program must take the slow way ("" for any).
ROWS: dict[str, tuple[str, Callable[[Scene], None]]] = {
    **{
        f"{name} in the environment": ("git", variable(name, value))
        for name, value in {
            "GIT_DIR": "/x",
            "GIT_WORK_TREE": "/x",
            "GIT_COMMON_DIR": "/x",
            "GIT_INDEX_FILE": "/x",
            "GIT_CONFIG_GLOBAL": "/x",
            "GIT_CONFIG_SYSTEM": "/x",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_PARAMETERS": "'core.pager=x'",
            "GIT_EXEC_PATH": "/x",
            "GIT_EXTERNAL_DIFF": EVIL,
            "GIT_CEILING_DIRECTORIES": "/",
            "POSIXLY_CORRECT": "1",
        }.items()
    },
    "CURL_HOME": ("curl", variable("CURL_HOME", "/x")),
    "a proxy": ("curl", variable("https_proxy", "http://localhost:1")),
    ".curlrc": ("curl", lambda scene: (scene.home / ".curlrc").write_text("request = DELETE\n") and None),
    ".config/curlrc": (
        "curl",
        lambda scene: (scene.home / ".config").mkdir() or (scene.home / ".config/curlrc").write_text("x"),
    ),
    "PGHOST": ("psql", variable("PGHOST", "db.prod")),
    "PSQLRC": ("psql", variable("PSQLRC", "/x")),
    "RAILWAY_TOKEN": ("railway", variable("RAILWAY_TOKEN", "x")),
    "a pager that is no pager": ("-", variable("GIT_PAGER", EVIL)),
    "an editor that is none": ("-", variable("GIT_EDITOR", EVIL)),
    "a transport program": ("-", variable("GIT_SSH_COMMAND", EVIL)),
    "core.fsmonitor": ("-", setting("core", "fsmonitor")),
    "core.FSMonitor": ("-", setting("core", "FSMonitor")),
    "[CORE] fsmonitor": ("-", lambda scene: scene.repository(f"[CORE]\n\tfsmonitor = {EVIL}\n")),
    "core.pager": ("-", setting("core", "pager")),
    "core.editor": ("-", setting("core", "editor")),
    "core.sshCommand": ("-", setting("core", "sshCommand")),
    "remote.origin.push": ("-", setting('remote "origin"', "push", "+refs/heads/*:refs/heads/*")),
    "remote.origin.Push": ("-", setting('remote "origin"', "Push", "+refs/heads/*:refs/heads/*")),
    "remote.origin.mirror": ("-", setting('remote "origin"', "mirror", "true")),
    "the person's remote.origin.push": ("-", lambda scene: scene.person('[remote "origin"]\n\tpush = :main\n')),
    "merge.autoStash": ("-", setting("merge", "autoStash", "true")),
    "rebase.autoStash": ("-", setting("rebase", "autoStash", "true")),
    "the person's rebase.autostash": ("-", lambda scene: scene.person("[rebase]\n\tautostash\n")),
    "core.worktree": ("-", setting("core", "worktree", "/x")),
    "filter.x.clean": ("-", setting('filter "x"', "clean")),
    "diff.external": ("-", setting("diff", "external")),
    "diff.x.textconv": ("-", setting('diff "x"', "textconv")),
    "gpg.program": ("-", setting("gpg", "program")),
    "include.path": ("-", setting("include", "path", "/x")),
    "includeIf": ("-", setting('includeIf "gitdir:/"', "path", "/x")),
    "extensions.worktreeConfig": ("-", setting("extensions", "worktreeConfig", "true")),
    "an alias that is named like a command": ("-", setting("alias", "status", f"!{EVIL}")),
    "the person's core.fsmonitor": ("-", lambda scene: scene.person(f"[core]\n\tfsmonitor = {EVIL}\n")),
    "the person's other configuration": (
        "-",
        lambda scene: (
            (scene.home / ".config/git").mkdir(parents=True)
            or (scene.home / ".config/git/config").write_text(f"[core]\n\tfsmonitor = {EVIL}\n")
        ),
    ),
    "a section that a continued line hides": (
        "-",
        lambda scene: scene.repository(f"[core]\n\tautocrlf = false\\\n[alias]\n\tfsmonitor = {EVIL}\n"),
    ),
    "a key behind its section": ("-", lambda scene: scene.repository(f"[core] fsmonitor = {EVIL}\n")),
    "a key behind a subsection": ("-", lambda scene: scene.repository(f'[diff "x"] textconv = {EVIL}\n')),
    "a bracket in a subsection": (
        "-",
        lambda scene: scene.repository(f'[branch "a] b"]\n\tremote = x\n[core]\n\tfsmonitor = {EVIL}\n'),
    ),
    "no final newline": ("-", lambda scene: scene.repository(f"[core]\n\tfsmonitor = {EVIL}".encode())),
    "no spaces": ("-", lambda scene: scene.repository(f"[core]\nfsmonitor={EVIL}\n")),
    "a comment behind the value": ("-", lambda scene: scene.repository("[core]\n\tpager = less # really\n")),
    "CRLF": ("-", lambda scene: scene.repository(f"[core]\r\n\tfsmonitor = {EVIL}\r\n".encode())),
    "a byte order mark": ("-", lambda scene: scene.repository(f"\ufeff[core]\n\tfsmonitor = {EVIL}\n")),
    "odd bytes": ("-", lambda scene: scene.repository(f"[co\0re]\n\tfsmonitor = {EVIL}\n[\xff]\n".encode("latin-1"))),
    "a continued line that ends in CRLF": (
        "git-looks",
        lambda scene: scene.repository(f"[core]\n\texcludesfile = a\\\r\n[alias]\n\tfsmonitor = {EVIL}\n"),
    ),
    "a section behind a carriage return": (
        "git-looks",
        lambda scene: scene.repository(f"[alias]\n\r[core]\n\tfsmonitor = {EVIL}\n"),
    ),
    "an alias that continues": ("git-looks", lambda scene: scene.repository("[alias]\n\tx=a\\\n[user]\n\tname = b\n")),
    "a configuration that is a directory": ("-", in_place_of_the_configuration(Path.mkdir)),
    "a configuration that is a pipe": ("git-looks", in_place_of_the_configuration(os.mkfifo)),
    "a configuration that leads nowhere": (
        "-",
        in_place_of_the_configuration(lambda path: path.symlink_to("/nowhere/x")),
    ),
    "a repository that is not the nearest": ("-", a_second_repository_above),
    "a bare repository": ("-", a_bare_repository),
    "a bare repository without a commit": ("git-looks", a_bare_repository_with_a_link),
    "a relative place of configuration, below the top": ("git-looks", a_relative_place_of_configuration),
    "a relative place of configuration": ("git-looks", variable("XDG_CONFIG_HOME", "config")),
    "an empty place of configuration": ("-", variable("XDG_CONFIG_HOME", "")),
    "a .git file": ("-", a_git_file),
    "a common directory": ("-", a_common_directory),
    "a staged file that is gone": ("-", a_staged_file_that_is_gone),
    "no HOME": ("-", without("HOME")),
    "a HOME that is relative": ("-", variable("HOME", "home")),
    "no PATH": ("", without("PATH")),
    "a PATH that is relative": ("", variable("PATH", "bin:/usr/bin")),
}
#: The commands that look at configuration files.
LOOKING = {"status", "log", "diff", "add", "commit", "fetch", "pull", "-C"}


@pytest.fixture
def scene(ground: Ground, tmp_path: Path) -> Scene:
    return Scene(ground, tmp_path)


def verdicts(
    ground: Ground, scene: Scene, program: str, place: Path, calls: tuple[tuple[str, ...], ...] = ()
) -> list[bool]:
    """What the shells say, which is the same in all of them."""
    place.mkdir()
    said = []
    for shell, command in SHELLS.items():
        (place / shell).mkdir()
        command = [shutil.which(command[0]) or pytest.skip(f"{command[0]} is not installed"), *command[1:]]
        said.append(
            ground.ask(command, program, list(calls or CALLS[program]), place / shell, scene.env, scene.cwd).run
        )
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize("program", CALLS)
def test_everyday_calls_are_plain(ground: Ground, scene: Scene, program: str, tmp_path: Path) -> None:
    run = verdicts(ground, scene, program, tmp_path / "plain")
    # What fetches is not where the machine's own configuration names a credential helper that nobody knows.
    assert all(run) or [call for call, runs in zip(CALLS[program], run, strict=True) if not runs] == [
        call for call in CALLS["git"] if call[0] == "fetch"
    ]


@pytest.mark.parametrize("program", NOT_PLAIN)
def test_what_is_nearly_plain_takes_the_slow_way(ground: Ground, scene: Scene, program: str, tmp_path: Path) -> None:
    calls = NOT_PLAIN[program]
    run = verdicts(ground, scene, program, tmp_path / "nearly", calls)
    assert [call for call, runs in zip(calls, run, strict=True) if runs] == []


@pytest.mark.parametrize("row", ROWS)
def test_what_is_around_a_call(ground: Ground, rulebook: Rulebook, scene: Scene, row: str, tmp_path: Path) -> None:
    slow, change = ROWS[row]
    change(scene)
    for program in CALLS if slow in ("", *CALLS) else ("git",):
        run = verdicts(ground, scene, program, tmp_path / program)
        for call, runs in zip(CALLS[program], run, strict=True):
            if not runs:
                continue
            assert slow not in ("", program), f"{call} took the fast way"
            assert slow != "git-looks" or call[0] not in LOOKING
            invocation = Invocation.of((program, *call), str(scene.cwd), scene.env)
            reading = Classifier(rulebook, Blind(RealWorld(invocation, ground.root.shims), {})).command(invocation)
            assert decide(reading).action == "run", (call, [effect.told for effect in reading.effects])


@pytest.mark.parametrize(
    "row",
    [row for row, (slow, _) in ROWS.items() if slow == "-" and ("fsmonitor" in row or "hides" in row or "key" in row)],
)
def test_what_git_would_run_takes_the_slow_way(ground: Ground, scene: Scene, row: str, tmp_path: Path) -> None:
    """Whatever the classifier comes to: a status there is none that a shim decides."""
    ROWS[row][1](scene)
    run = verdicts(ground, scene, "git", tmp_path / "git")
    assert not run[CALLS["git"].index(("status",))]


@pytest.mark.parametrize(
    "words", [("-C", "o"), ("-Co",), ("-C", ".", "-C", "o"), ("-C", "o", "-C", "."), ("-C", ""), ("-C", "x")]
)
def test_another_directory_is_looked_at_instead(
    ground: Ground, scene: Scene, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The repository in `o` has git run something, `x` is not there."""
    shutil.copytree(scene.tree, scene.tree / "o")
    with open(scene.tree / "o" / ".git" / "config", "a") as config:
        config.write(f"[core]\n\tfsmonitor = {EVIL}\n")
    dash = [shutil.which("dash") or pytest.skip("dash is not installed")]
    assert ground.ask(dash, "git", [(*words, "status")], tmp_path, scene.env, scene.cwd).run == [False]
    assert ground.ask(dash, "git", [("-C", ".git/..", "status")], tmp_path, scene.env, scene.cwd).run == [True]


@pytest.mark.parametrize(
    "url", ["telnet://localhost:1", "file:///etc/passwd", "example.org", "localhost", "http:/x", ""]
)
def test_what_is_no_web_page_is_left_to_the_classifier(ground: Ground, tmp_path: Path, url: str) -> None:
    dash = [shutil.which("dash") or pytest.skip("dash is not installed")]
    assert ground.ask(dash, "curl", [("-s", url), ("-s", "http://localhost:1/x")], tmp_path).run == [False, True]


# The guard itself


def shim(ground: Ground, scene: Scene, *argv: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """One call of the shim itself; the slow way is a program that says nothing and ends with 0."""
    usual: dict[str, object] = {"env": scene.env, "cwd": scene.cwd, "stdin": subprocess.DEVNULL, "timeout": 60}
    command = [f"{ground.root.shims}/{argv[0]}", *argv[1:]]
    return subprocess.run(command, capture_output=True, **(usual | options))  # type: ignore[call-overload]


def is_fast(done: subprocess.CompletedProcess[bytes]) -> bool:
    assert (done.returncode == 7) == done.stdout.startswith(b"/")
    return done.returncode == 7


def test_what_reaches_the_program(ground: Ground, scene: Scene) -> None:
    done = shim(ground, scene, "railway", "logs", "a b", "\udcff", "", "*")
    assert (done.returncode, done.stderr) == (7, b"")
    name, words = done.stdout.split(b"\n", 1)
    assert name.endswith(b"/bin/railway") and words == b"<logs><a b><\xff><><*>"


def test_the_environment_that_reaches_the_program(ground: Ground, scene: Scene) -> None:
    real = ground.root.path.replace("/root", "/bin/railway")
    kept = Path(real).read_text()
    try:
        Path(real).write_text("#!/bin/sh\nexec env -0\n")
        told = shim(ground, scene, "railway", "logs", env=scene.env | {"_ag_word": "theirs", "X": "a\nb"}).stdout
    finally:
        Path(real).write_text(kept)
    seen = dict(pair.split(b"=", 1) for pair in told.split(b"\0") if pair)
    assert seen[b"X"] == b"a\nb" and seen[b"PATH"].decode() == scene.env["PATH"]
    assert {name for name in seen if not name.startswith(b"_")} == {
        raw.encode() for raw in (*scene.env, "X", "AGENTGUARD_DEPTH")
    }


def put_in_force(root: str, version: str) -> None:
    os.unlink(f"{root}/current")
    os.symlink(version, f"{root}/current")


def in_place_of_the_spool(root: str, make: Callable[[Path], object]) -> None:
    Path(root, "data", "spool", "1").unlink()
    make(Path(root, "data", "spool", "1"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: os.rename(f"{root}/data", f"{root}/data.gone"),
        lambda root: os.rename(f"{root}/data/spool/current", f"{root}/data/spool/gone"),
        lambda root: os.rename(f"{root}/store/v1/python", f"{root}/store/v1/python.gone"),
        lambda root: os.rename(f"{root}/store/v1/enter.py", f"{root}/store/v1/enter.gone"),
        lambda root: put_in_force(root, shutil.copytree(f"{root}/store/v1", f"{root}/store/v2", symlinks=True)),
        lambda root: os.rename(f"{root}/store/v1/lib", f"{root}/store/v1/lib.gone"),
        lambda root: in_place_of_the_spool(root, os.mkfifo),
        lambda root: in_place_of_the_spool(root, Path.mkdir),
        lambda root: in_place_of_the_spool(root, lambda path: path.symlink_to("/dev/full")),
    ],
    ids=[
        *("no data", "no spool", "no interpreter", "no entry", "another version", "no rules"),
        *("a pipe as spool", "a directory as spool", "a full disk"),
    ],
)  # fmt: skip
def test_a_guard_that_is_not_as_it_was(
    rulebook: Rulebook, scene: Scene, tmp_path: Path, damage: Callable[[str], object]
) -> None:
    (tmp_path / "own").mkdir()
    ground = Ground(tmp_path / "own", rulebook)
    spool.prepare(ground.root.data)
    scene.env["PATH"] = ground.env["PATH"]
    assert is_fast(shim(ground, scene, "railway", "logs"))
    damage(ground.root.path)
    assert not is_fast(shim(ground, scene, "railway", "logs"))


@pytest.mark.parametrize(
    ("line", "fast"),
    [
        ("git status --short", True),
        ("git diff HEAD", True),
        ("git add -A", True),  # what only adds takes nothing away
        ("git commit -qm x", True),
        ("git fetch origin", True),
        ("git branch --list", False),  # of which some options replace a branch
        ("git branch --copy x", False),
        ("git config unset user.name", False),
        ("EDITOR='code --wait' git commit", False),  # a program that is told something
        ("EDITOR=vim git commit", True),
        ("PAGER='less -R' git commit", True),  # which it may start, and which cannot destroy
        ("railway logs", True),
        ("railway volume attach", False),
        ("curl https://example.org/", True),
    ],
)
def test_a_denial_leaves_what_cannot_share_its_aim(ground: Ground, scene: Scene, line: str, fast: bool) -> None:
    words = shlex.split(line)
    told = dict(word.split("=", 1) for word in words if word.partition("=")[0] in ("EDITOR", "PAGER"))
    program, *arguments = words[len(told) :]
    spool.prepare(ground.root.data)
    assert is_fast(shim(ground, scene, program, *arguments, env=scene.env | told))
    with ground.denied():
        assert is_fast(shim(ground, scene, program, *arguments, env=scene.env | told)) == fast


def test_a_copy_of_the_shim_behind_it_is_not_the_program(ground: Ground, scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    shutil.copy(f"{ground.root.shims}/railway", tmp_path / "copies" / "railway")
    first, rest = scene.env["PATH"].split(":", 1)
    scene.env["PATH"] = f"{first}:{tmp_path}/copies:{rest}"
    assert not is_fast(shim(ground, scene, "railway", "logs")), "it ends, by way of the copy, in the slow way"
    scene.env["PATH"] = f"{first}:{first}/:{first}:{rest}"
    assert is_fast(shim(ground, scene, "railway", "logs")), (
        "the shims' own directory is passed, however often it is named"
    )


#: Says what a program finds of its process: closed and open descriptors, mask, ignored signals, directory and input.
STATE = """#!/usr/bin/python3 -ISB
import os, re, sys
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")))
status = open("/proc/self/status").read()
print(re.findall("(?:Umask|SigIgn|SigBlk|SigCgt):.*", status), os.getcwd())
print(os.read(0, 9) if os.path.exists("/proc/self/fd/0") else "closed")
sys.stdout.flush()
os._exit(7)
"""


@pytest.mark.parametrize(
    "before", ["", "umask 077", "trap '' HUP PIPE", "exec 4</dev/null 8</dev/null", "exec <&-", "exec 2>&-"]
)
def test_the_process_that_reaches_the_program(ground: Ground, scene: Scene, tmp_path: Path, before: str) -> None:
    if not os.path.exists("/proc/self/status") or not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("no /proc, or no python3 where the program looks for it")
    (tmp_path / "bin").mkdir()
    real = tmp_path / "bin" / "railway"
    real.write_text(STATE)
    real.chmod(0o755)
    scene.env["PATH"] = f"{ground.root.shims}:{real.parent}"
    spool.prepare(ground.root.data)
    told = [
        subprocess.run(
            ["/bin/sh", "-c", f'{before}\nexec "$@"', "sh", program, "logs"],
            input=b"given", capture_output=True, env=scene.env, cwd=scene.cwd, timeout=60,
        )
        for program in (str(real), f"{ground.root.shims}/railway")
    ]  # fmt: skip
    assert told[0].returncode == told[1].returncode == 7
    assert told[0].stdout == told[1].stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_directory_that_was_removed(ground: Ground, scene: Scene, tmp_path: Path, shell: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    spool.prepare(ground.root.data)
    line = 'cd "$1"; rmdir "$1"; shift; exec "$@"'
    call = [shutil.which(SHELLS[shell][0]) or shell, *SHELLS[shell][1:], f"{ground.root.shims}/railway", "logs"]
    done = subprocess.run(["sh", "-c", line, "sh", str(gone), *call], env=scene.env, cwd=tmp_path, capture_output=True)
    assert not is_fast(done)
