"""Where remotes are, and what goes with their refs, here and there: each line is made for real, and compared."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from support.repository import ENV, Repository
from support.rules import shipped

from agentguard.core.call import Call, Invocation
from agentguard.core.unseen import Unseen
from agentguard.edge.git import remotes
from agentguard.edge.git.git import Git
from agentguard.edge.system.child import Tool
from agentguard.edge.system.deadline import Deadline
from agentguard.edge.system.programs import installed_git
from agentguard.edge.world import RealWorld
from agentguard.rulebook.argv import parse

pytestmark = pytest.mark.real

PROGRAM = shipped().program("git")


@pytest.fixture
def repo(lasting_tmp: Path) -> Repository:
    made = Repository(lasting_tmp / "here")
    made.commit("a")
    return made


def git_in(repo: Repository) -> Git:
    return Git(Tool(installed_git() or "", Deadline()), ENV, ("-C", str(repo.path)))


def parsed(repo: Repository, line: str) -> Call:
    call = parse(PROGRAM, Invocation.of(tuple(shlex.split(line)), str(repo.path), ENV))
    assert not call.unknown
    return call


def made(line: str, cwd: Path) -> str:
    """What is printed where a line is made; git may refuse."""
    return subprocess.run(shlex.split(line), cwd=cwd, env=ENV, capture_output=True, text=True).stdout


def has(*repositories: Path) -> set[str]:
    """The commits that refs and reflogs of these reach, and annotations."""
    found = set[str]()
    for one in filter(Path.exists, repositories):
        found |= set(made("git rev-list --all --reflog", one).split())
        found |= set(made("git for-each-ref --format=%(objectname)", one).split())
    return found


# Where a remote is


@pytest.mark.parametrize("push", [False, True], ids=["fetch", "push"])
@pytest.mark.parametrize(
    "settings",
    [
        "remote.r.url=/a",
        "remote.r.url=/a remote.r.pushurl=/b",
        "remote.r.url=/a remote.r.url=/b",
        "remote.r.url=/a remote.r.pushurl=/b remote.r.pushurl=/c",
        "remote.r.url=x:a url./there/.insteadOf=x:",
        "remote.r.url=x:a url./there/.insteadOf=x: url./longer/.insteadOf=x:a",
        "remote.r.url=x:a url./there/.pushInsteadOf=x:",
        "remote.r.url=x:a url./there/.insteadOf=x: url./pushed/.pushInsteadOf=x",
        "remote.r.url=x:a remote.r.pushurl=x:b url./pushed/.pushInsteadOf=x: url./t.u/.insteadOf=x",
    ],
)
def test_the_urls_are_those_that_git_tells(repo: Repository, settings: str, push: bool) -> None:
    for setting in settings.split(" "):
        repo.git("config", "--add", *setting.split("=", 1))
    told = repo.git("remote", "get-url", *["--push", "--all"] * push, "r").split("\n")
    assert remotes.urls(git_in(repo), "r", push) == told


@pytest.mark.parametrize("key", ["remote.r.url", "remote.r.pushurl"])
def test_an_empty_url_means_something_else_by_the_version_of_git(repo: Repository, key: str) -> None:
    repo.git("config", key, "")
    with pytest.raises(Unseen, match="empty"):
        remotes.urls(git_in(repo), "r", push=True)


@pytest.mark.parametrize("there", [["/.git"], [""], ["", ".git"], ["", ".git/.git"], ["/.git", ".git"]])
def test_a_directory_is_found_as_git_finds_it(repo: Repository, there: list[str]) -> None:
    """Each of the repositories that there are has a branch of its own, which says where git went to."""
    top = repo.path.parent
    for number, suffix in enumerate(there):
        made(f"git init -q --bare {top}/there{suffix}", top)
        made(f"git --git-dir={top}/there{suffix} fetch -q {repo.path} main:{number}", top)
    for url in ("../there", "../there/", f"file://{top}/there", "../there.git", "../there/.git"):
        (place,) = remotes.places(git_in(repo), url, push=False)
        listed = [line.split("\t")[1] for line in made(f"git ls-remote --heads {url}", repo.path).splitlines()]
        assert sorted(remotes.refs(place) if place else ()) == listed, url


# What goes with remote-tracking refs

#: What became of a branch that somebody else had pushed, and that was fetched here.
FATES = {
    "stays": "true",
    "deleted": "git push -q origin :theirs",
    "merged": "git push -q origin theirs:main; git push -q origin :theirs",
    "forced": "git push -q -f origin main:theirs",
    "forced and fetched, then deleted": """
        git push -q -f origin main:theirs; git -C ../here fetch -q; git push -q origin :theirs
    """,
    "away": "mv ../origin.git ../moved.git",
}
PRUNES = (
    "git fetch", "git fetch -p", "git -c fetch.prune=true fetch origin", "git remote prune origin",
    "git remote update -p", "git pull -p", "git fetch -p --multiple --all", "git fetch -p origin main",
    "git fetch -p origin '+refs/heads/*:refs/remotes/origin/*'", "git remote rm origin",
    "git remote rename origin other",
)  # fmt: skip


@pytest.mark.parametrize("fate", FATES)
def test_what_goes_with_remote_tracking_refs_is_known_before(repo: Repository, fate: str) -> None:
    """What neither a ref or reflog here nor a ref of the remote has any longer was named, and nothing else."""
    origin, copy = repo.path.parent / "origin.git", repo.path.parent / "copy"
    made(f"git clone -q --bare . {origin}", repo.path)
    repo.git("remote", "add", "origin", str(origin))
    theirs = Repository(repo.path.parent / "theirs")
    theirs.git("remote", "add", "origin", str(origin))
    theirs.git("pull", "-q", "origin", "main")
    theirs.git("switch", "-q", "-c", "theirs")
    theirs.commit("foreign")
    theirs.git("push", "-q", "origin", "theirs")
    repo.git("fetch", "-q", "origin")
    subprocess.run(FATES[fate], shell=True, cwd=theirs.path, env=ENV, check=True)
    known = has(repo.path, origin)
    for line in PRUNES:
        call = parsed(repo, line)
        world = RealWorld(call.invocation, "/nowhere", None)
        seen = world.lookup("git-prunes", "", call)
        shutil.copytree(repo.path, copy)
        made(line, copy)
        assert bool(seen) == bool(known - has(copy, origin)), (line, seen)
        shutil.rmtree(copy)


# What a push drops on this machine

PUSHES = (
    "{place} :side", "{place} :words", "{place} :light", "-d {place} words", "-f {place} main:side",
    "-f {place} main:words", "{place} +main:words", "--mirror {place}", "{place} main:side",
    "--prune {place} 'refs/heads/*:refs/heads/*'", "{place} :refs/heads/side :words", "{place} main:fresh",
    "-f --tags {place}",
)  # fmt: skip
HARMLESS = ("{place} main:fresh", "{place} main:side", "{place} :light")


@pytest.mark.parametrize("place", [".", ".git", "../tree", "../there", "../there.git", "both"])
def test_what_a_push_drops_on_this_machine_is_known_before(repo: Repository, place: str) -> None:
    """What no ref or reflog of any repository has any longer was named."""
    there, kept = repo.path.parent / "there.git", repo.path.parent / "kept"
    repo.git("worktree", "add", "-q", "../tree", "-b", "tree")
    made(f"git clone -q --bare . {there}", repo.path)
    for url in ("../tree", "../there"):
        repo.git("config", "--add", "remote.both.pushurl", url)
    one = repo.path if place in (".", ".git", "../tree") else there
    commit = made("git -c user.name=x -c user.email=x@y commit-tree -m side main^{tree}", one).strip()
    made(f"git update-ref refs/heads/side {commit}", one)
    made("git -c user.name=x -c user.email=x@y tag -a -m words words main", one)
    made("git tag light main", one)
    known, places = has(repo.path, there), (repo.path, there)
    for pattern in PUSHES:
        call = parsed(repo, f"git push {pattern.format(place=place)}")
        answer = RealWorld(call.invocation, "/nowhere", None).ask("push-loses", call)
        for one in places:
            shutil.copytree(one, kept / one.name, symlinks=True)
        made(shlex.join(call.invocation.texts), repo.path)
        lost = known - has(*places)
        assert bool(answer.lost or answer.unseen) >= bool(lost), (call.invocation.texts, lost)
        assert not (pattern in HARMLESS and answer.lost)
        for one in places:
            shutil.rmtree(one)
            shutil.move(kept / one.name, one)
