"""What remotes have and what their configuration does: proven refs, prunes, refspecs in files of the old kind."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.repository import ENV, GIT, Repository
from support.rules import shipped

from agentguard.core.call import Invocation
from agentguard.core.unseen import Unseen
from agentguard.edge.git.file_states import unpushed
from agentguard.edge.system.child import Tool
from agentguard.edge.system.deadline import Deadline
from agentguard.edge.system.programs import installed_git
from agentguard.edge.world import RealWorld
from agentguard.rulebook.argv import parse

pytestmark = pytest.mark.real

PROGRAM = shipped().program("git")


@pytest.fixture
def origin(lasting_tmp: Path) -> Path:
    """A bare repository with main and other."""
    seed = Repository(lasting_tmp / "seed")
    seed.commit("a")
    seed.git("branch", "other")
    seed.git("clone", "-q", "--bare", ".", "../origin.git")
    return lasting_tmp / "origin.git"


@pytest.fixture
def clone(origin: Path) -> Repository:
    subprocess.run([GIT, "clone", "-q", str(origin), "checkout"], cwd=origin.parent, env=ENV, check=True)
    return Repository(origin.parent / "checkout")


# What proves that a remote has it


def pushes(repo: Repository) -> None:
    repo.commit("b")
    repo.git("push", "-q", "origin", "main")


def fetches(repo: Repository) -> None:
    other = Repository(repo.path.parent / "theirs")
    other.git("pull", "-q", "../origin.git", "main")
    other.commit("c")
    other.git("push", "-q", "../origin.git", "main")
    repo.git("fetch", "-q")
    repo.git("merge", "-q", "--ff-only", "origin/main")


def pulls(repo: Repository) -> None:
    fetches(repo)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("update-ref", "-d", "refs/remotes/origin/main")
    repo.git("pull", "-q")


def renames(repo: Repository) -> None:
    pushes(repo)
    repo.git("remote", "rename", "origin", "upstream")


@pytest.mark.parametrize("happens", [lambda repo: None, pushes, fetches, pulls, renames])
def test_a_clone_a_fetch_a_pull_and_a_push_prove_what_a_remote_has(
    clone: Repository, happens: Callable[[Repository], None]
) -> None:
    happens(clone)
    clone.git("update-ref", "-d", "refs/remotes/origin/other") if happens is renames else None
    assert unpushed(Tool(installed_git(), Deadline()), bytes(clone.path)) == ""


@pytest.mark.parametrize(
    "lines",
    [
        "update-ref refs/remotes/origin/main HEAD",
        "-c core.logAllRefUpdates=false update-ref refs/remotes/origin/new HEAD",
        "branch -f --no-track old; update-ref refs/remotes/origin/main HEAD; pack-refs --all",
        "fetch -q . HEAD:refs/remotes/origin/main",
        "fetch -q ../checkout +HEAD:refs/remotes/origin/main",
        "remote add copy .; fetch -q copy",
        "remote add copy ../checkout/.git; fetch -q copy",
        "remote add none https://nowhere.invalid/x; update-ref refs/remotes/none/main HEAD",
    ],
)
def test_a_ref_that_was_only_set_proves_nothing(clone: Repository, lines: str) -> None:
    clone.commit("precious")
    for line in lines.split("; "):
        clone.git(*shlex.split(line))
    assert unpushed(Tool(installed_git(), Deadline()), bytes(clone.path)) == "commits that are on no remote"


def test_a_repository_that_was_never_cloned_has_no_remote_by_a_packed_ref(repo_alone: Repository) -> None:
    repo_alone.git("-c", "core.logAllRefUpdates=false", "update-ref", "refs/remotes/origin/main", "HEAD")
    repo_alone.git("remote", "add", "origin", "https://nowhere.invalid/x")
    repo_alone.git("pack-refs", "--all")
    assert unpushed(Tool(installed_git(), Deadline()), bytes(repo_alone.path)) == "commits that are on no remote"


@pytest.fixture
def repo_alone(lasting_tmp: Path) -> Repository:
    made = Repository(lasting_tmp / "alone")
    made.commit("a")
    return made


# What the configuration has a fetch remove

EVERYTHING = "+refs/*:refs/*"
BRANCHES = "+refs/heads/*:refs/heads/*"


def drops(repo: Repository, line: str, **env: str) -> str:
    call = parse(PROGRAM, Invocation.of(tuple(shlex.split(line)), str(repo.path), ENV | env))
    assert not call.unknown
    return RealWorld(call.invocation, "/nowhere", None).lookup("git-fetch-drops", "", call) or ""


@pytest.fixture
def mine(clone: Repository) -> Repository:
    """A clone with what only it has: a branch, a tag, a stash."""
    clone.git("switch", "-q", "-c", "mine")
    clone.commit("only-here")
    clone.git("switch", "-q", "--detach")
    clone.commit("tagged")
    clone.git("tag", "keep")
    clone.git("switch", "-q", "main")
    clone.write("a", "stashed\n")
    clone.git("stash", "-q")
    return clone


SETTINGS: dict[str, dict[str, str]] = {
    "branches": {"remote.origin.fetch": BRANCHES},
    "everything": {"remote.origin.fetch": EVERYTHING},
    "prune": {"remote.origin.fetch": BRANCHES, "fetch.prune": "true"},
    "of the remote": {"remote.origin.fetch": BRANCHES, "remote.origin.prune": "true"},
    "tags": {"fetch.pruneTags": "true"},
    "tags of the remote": {"remote.origin.pruneTags": "true", "fetch.prune": "true"},
    "group": {"remotes.all": "origin", "remote.origin.fetch": BRANCHES},
    "nothing": {"fetch.prune": "true"},
    "tracking": {"remote.origin.fetch": "+refs/heads/*:refs/remotes/elsewhere/*", "fetch.prune": "true"},
}
LINES = (
    "git fetch", "git fetch -p", "git fetch --all", "git fetch --no-prune", "git fetch -p origin main",
    "git remote prune origin", "git remote update", "git remote update -p", "git pull -p", "git fetch -p all",
    "git remote update all", "git fetch -p --multiple --all", "git fetch -p origin 'refs/heads/*:refs/heads/*'",
)  # fmt: skip
#: There is no such remote, but where "all" is a group.
TOLD_ALL_THE_SAME = ("git fetch -p all", "git remote update all")
#: git does not fetch into the branch that is checked out.
REFUSED = {"everything": ("git fetch -p", "git fetch -p --multiple --all", "git remote update -p")}


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_fetch_removes_is_known_before(mine: Repository, setting: str) -> None:
    """Each line for real, in a copy: where commits are gone afterwards, it was said, and nowhere else."""
    for key, value in SETTINGS[setting].items():
        mine.git("config", key, value)
    before = set(mine.git("rev-list", "--all").split())
    seen = {line: drops(mine, line) for line in LINES}
    lost = {}
    for line in LINES:
        copy = mine.path.parent / "copy"
        shutil.copytree(mine.path, copy)
        subprocess.run([GIT, *shlex.split(line)[1:]], cwd=copy, env=ENV, capture_output=True)
        left = subprocess.run([GIT, "rev-list", "--all"], cwd=copy, env=ENV, capture_output=True, text=True).stdout
        lost[line] = bool(before - set(left.split()))
        shutil.rmtree(copy)
    assert not [line for line in LINES if lost[line] and not seen[line]]
    assert {line for line in LINES if seen[line] and not lost[line]} <= {*TOLD_ALL_THE_SAME, *REFUSED.get(setting, ())}
    mine.git("config", "remote.origin.url", "https://nowhere.invalid/x")
    assert not [line for line in LINES if lost[line] and not drops(mine, line)]
    if setting in ("nothing", "tracking"):
        assert not any(drops(mine, line) for line in LINES[:-1])


def test_a_remote_in_a_file_of_the_old_kind_is_not_seen(mine: Repository) -> None:
    (mine.path / ".git" / "remotes").mkdir()
    (mine.path / ".git" / "remotes" / "old").write_text(f"URL: ../origin.git\nPull: {BRANCHES}\nPush: +main:main\n")
    with pytest.raises(Unseen, match=r"\.git/remotes"):
        drops(mine, "git fetch -p old")
    assert drops(mine, "git fetch -p") == ""
    call = parse(PROGRAM, Invocation.of(("git", "push", "old"), str(mine.path), ENV))
    assert ".git/remotes" in (RealWorld(call.invocation, "/nowhere", None).lookup("git-push-forced", "", call) or "")
