"""What calls of git would lose, asked of real repositories, with nothing run on the way."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest
from support.repository import ENV, Repository
from support.rules import shipped

from agentguard.core.call import Call, Invocation, Stream
from agentguard.core.unseen import Unseen
from agentguard.core.word import Unknown, known
from agentguard.edge.git import hidden_changes, refs
from agentguard.edge.git.probes import PROBES
from agentguard.edge.system.deadline import Deadline
from agentguard.edge.world import RealWorld
from agentguard.rulebook.argv import parse

pytestmark = pytest.mark.real

PROGRAM = shipped().program("git")


def call(where: Path, line: str, **env: str) -> Call:
    return parse(PROGRAM, Invocation.of(tuple(shlex.split(line)), str(where), ENV | env))


def ask(probe: str, where: Path, line: str, started: float | None = None, **env: str):
    made = call(where, line, **env)
    assert not made.unknown
    return RealWorld(made.invocation, "/nowhere", started).ask(probe, made)


def names(answer) -> list[str]:
    assert not answer.unseen
    return sorted(target.name for target in answer.lost)


@pytest.fixture
def repo(lasting_tmp) -> Repository:
    """Two commits on main, and a branch "other" that also has `theirs` and `secret`."""
    made = Repository(lasting_tmp / "project")
    made.write(".gitignore", "node_modules/\n*.log\nsecret\n")
    made.git("add", ".gitignore")
    made.commit("a.py", "one\n")
    made.commit("src/b.py", "one\n")
    made.git("checkout", "-q", "-b", "other")
    made.commit("theirs")
    made.commit("secret")
    made.git("checkout", "-q", "main")
    return made


def change(repo: Repository) -> None:
    """One of each: edited, staged, both, staged as new, deleted, untracked, ignored, disposable."""
    repo.write("a.py", "edited\n")
    repo.write("src/b.py", "staged\n")
    repo.git("add", "src/b.py")
    repo.write("src/both.py", "staged\n")
    repo.git("add", "src/both.py")
    repo.write("src/both.py", "edited\n")
    repo.write("new.txt")
    repo.write("x.log")
    repo.write("node_modules/m/index.js")


# Every probe on the same changes

EDITED, STAGED, BOTH = "a.py", "src/b.py", "src/both.py"


@pytest.mark.parametrize(
    ("probe", "line", "lost"),
    [
        ("worktree-dirty", "git reset --hard", [EDITED, STAGED, BOTH]),
        ("worktree-dirty", "git reset --hard main", [EDITED, STAGED, BOTH]),
        ("worktree-dirty", "git -C src reset --hard", [EDITED, STAGED, BOTH]),
        ("worktree-dirty", "git --git-dir=.git --work-tree . reset --hard", [EDITED, STAGED, BOTH]),
        ("checkout-switch-dirty", "git checkout -f", [EDITED, STAGED, BOTH]),
        ("checkout-switch-dirty", "git switch --discard-changes other", [EDITED, STAGED, BOTH]),
        ("checkout-switch-dirty", "git switch -C third", []),
        ("checkout-switch-dirty", "git checkout -f -- a.py", [EDITED]),
        ("paths-dirty", "git checkout .", [EDITED, BOTH]),
        ("paths-dirty", "git checkout -- a.py", [EDITED]),
        ("paths-dirty", "git checkout a.py src", [EDITED, BOTH]),
        ("paths-dirty", "git checkout HEAD -- .", [EDITED, STAGED, BOTH]),
        ("paths-dirty", "git checkout HEAD src", [STAGED, BOTH]),
        ("paths-dirty", "git checkout main", []),
        ("paths-dirty", "git checkout -b topic", []),
        ("paths-dirty", "git checkout -- src/b.py", []),
        ("paths-dirty", "git checkout -- ':(glob)*.py'", [EDITED]),
        ("paths-dirty", "git -C src checkout -- .", [BOTH]),
        ("paths-dirty", "git restore .", [EDITED, BOTH]),
        ("paths-dirty", "git restore --staged .", [BOTH]),
        ("paths-dirty", "git restore -SW .", [EDITED, STAGED, BOTH]),
        ("paths-dirty", "git restore --source HEAD --staged --worktree src", [STAGED, BOTH]),
        ("paths-index-only", "git rm --cached -r src", [BOTH]),
        ("rm-paths", "git rm -rf .", [EDITED, STAGED, BOTH]),
        ("rm-paths", "git rm -r .", []),
        ("rm-paths", "git rm -r --cached -f src", [BOTH]),
        ("untracked-files", "git clean -f", ["new.txt"]),
        ("untracked-files", "git clean -fx", ["new.txt", "x.log"]),
        ("untracked-files", "git clean -fX", ["x.log"]),
        ("untracked-files", "git clean -fdX", ["x.log"]),
        ("untracked-files", "git clean -fdx", ["new.txt", "x.log"]),
        ("untracked-files", "git clean -fdx -e x.log", ["new.txt"]),
        ("untracked-files", "git clean -fx -- x.log", ["x.log"]),
        ("untracked-files", "git clean -dx", []),  # without force it refuses
        ("untracked-files", "git -c clean.requireForce=false clean", ["new.txt"]),
        ("untracked-files", "git clean -f src", []),
    ],
)
def test_work_tree(repo, probe, line, lost):
    change(repo)
    assert names(ask(probe, repo.path, line)) == sorted(lost)


@pytest.mark.parametrize(
    ("probe", "line"),
    [
        ("worktree-dirty", "git reset --hard other"),
        ("checkout-switch-dirty", "git checkout -f other"),
        ("paths-dirty", "git checkout other -- ."),
        ("paths-dirty", "git restore --source other ."),
    ],
)
def test_untracked_files_in_the_way_of_a_commit(repo, probe, line):
    repo.write("theirs", "mine\n")
    repo.write("secret", "mine\n")
    assert names(ask(probe, repo.path, line)) == ["secret", "theirs"]


def test_a_file_in_the_way_of_a_directory(repo):
    repo.git("checkout", "-q", "other")
    repo.commit("deep/down/file")
    repo.git("checkout", "-q", "main")
    repo.write("deep", "mine\n")
    assert names(ask("worktree-dirty", repo.path, "git reset --hard other")) == ["deep"]


def test_switching_overwrites_only_ignored_files(repo):
    repo.write("theirs", "mine\n")
    repo.write("secret", "mine\n")
    assert names(ask("paths-dirty", repo.path, "git checkout other")) == ["secret"]
    repo.git("clean", "-fq")
    repo.git("checkout", "-q", "other")  # git itself is of the same opinion
    assert (repo.path / "secret").read_text() == "one\n"


def test_a_clean_work_tree_loses_nothing(repo):
    os.utime(repo.path / "a.py", (1, 1))
    (repo.path / "src/b.py").unlink()
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == []


def test_a_resolution_is_uncommitted_and_a_conflict_as_git_wrote_it_is_not(repo):
    repo.git("checkout", "-q", "-b", "left")
    repo.commit("a.py", "left\n")
    repo.git("checkout", "-q", "main")
    repo.commit("a.py", "right\n")
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "left")
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == []
    assert names(ask("merge-undone", repo.path, "git merge --abort")) == []
    repo.write("a.py", "both\n")
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == ["a.py"]
    repo.git("add", "a.py")
    assert names(ask("merge-undone", repo.path, "git merge --abort")) == ["a.py"]


def test_names_of_any_bytes(repo):
    odd = os.fsdecode(b'q"\\\n\t\xff\xc3\xa9')
    (repo.path / odd).write_text("x")
    assert names(ask("untracked-files", repo.path, "git clean -f")) == [odd]
    repo.git("add", "-A")
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == [odd]


SAME_REPOSITORY = [
    ("..", "git -C project reset --hard", {}),
    ("..", "git -C project -C src reset --hard", {}),
    ("src", "git -C .. reset --hard", {}),
    ("src", "git --git-dir=../.git --work-tree=.. reset --hard", {}),
    ("..", "git --git-dir project/.git --work-tree project reset --hard", {}),
    ("..", "git -C project --git-dir=.git reset --hard", {}),
    ("..", "git reset --hard", {"GIT_DIR": "{}/.git", "GIT_WORK_TREE": "{}"}),
    ("..", "git reset --hard", {"GIT_DIR": "project/.git", "GIT_WORK_TREE": "project"}),
    (".", "git reset --hard", {"GIT_INDEX_FILE": ".git/index", "GIT_OBJECT_DIRECTORY": ".git/objects"}),
    ("src", "git reset --hard", {"GIT_CEILING_DIRECTORIES": "{}/.."}),
    (".", "git -c core.trustctime=false -c core.checkStat=minimal -c core.fsmonitor=true reset --hard", {}),
    (".", "git --no-pager -p --no-optional-locks --exec-path=/nowhere reset --hard", {}),
]


@pytest.mark.parametrize(("below", "line", "env"), SAME_REPOSITORY)
def test_the_call_says_which_repository(repo, below, line, env):
    change(repo)
    there = {name: value.format(repo.path) for name, value in env.items()}
    assert names(ask("worktree-dirty", repo.path / below, line, **there)) == [EDITED, STAGED, BOTH]


def test_a_git_file_leads_to_the_repository(repo, lasting_tmp):
    change(repo)
    repo.git("init", "-q", "--separate-git-dir", str(lasting_tmp / "elsewhere"))
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == [EDITED, STAGED, BOTH]


def test_another_index_is_another_state(repo):
    repo.write("a.py", "two\n")
    repo.git("add", "a.py", GIT_INDEX_FILE=".git/other")
    assert names(ask("paths-dirty", repo.path, "git checkout -- a.py", GIT_INDEX_FILE=".git/other")) == []
    assert names(ask("paths-dirty", repo.path, "git checkout -- a.py")) == [EDITED]


UNSEEN = [
    ("src", "git reset --hard", {"GIT_CEILING_DIRECTORIES": "{}"}),
    (".", "git reset --hard", {"GIT_DIR": "/nowhere"}),
    (".", "git --git-dir=/nowhere reset --hard", {}),
    (".", "git -C nowhere reset --hard", {}),
    (".git", "git reset --hard", {}),
    (".", "git --bare reset --hard", {}),
    (".", "git reset --hard", {"GIT_OBJECT_DIRECTORY": "/nowhere"}),
]


@pytest.mark.parametrize(("below", "line", "env"), UNSEEN)
def test_a_repository_that_cannot_be_seen_is_unseen(repo, below, line, env):
    change(repo)
    there = {name: value.format(repo.path) for name, value in env.items()}
    assert ask("worktree-dirty", repo.path / below, line, **there).unseen


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory to another user")
def test_a_repository_of_another_user_is_unseen(repo):
    change(repo)
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, 12345, 12345)
    assert "dubious ownership" in ask("worktree-dirty", repo.path, "git reset --hard").unseen


def test_literal_pathspecs_are_the_calls_own(repo):
    repo.write("theirs", "mine\n")
    answer = ask("worktree-dirty", repo.path, "git --literal-pathspecs reset --hard other")
    assert names(answer) == ["theirs"]


def test_not_a_repository_is_unseen(lasting_tmp):
    answer = ask("worktree-dirty", lasting_tmp, "git reset --hard")
    assert "not a git repository" in answer.unseen


@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_word_that_is_not_known_yet_is_unseen(repo, at):
    words = list(known(("git", "-C", str(repo.path), "reset", "--hard")))
    words[at] = Unknown("", "$WORD")
    made = parse(PROGRAM, Invocation.of((), str(repo.path), ENV).replace(argv=tuple(words)))
    seen = RealWorld(made.invocation, "/nowhere")
    assert "$WORD" in seen.ask("worktree-dirty", made).unseen
    if at < 3:
        with pytest.raises(Unseen):
            seen.lookup("git-alias", "x", made)


def test_no_such_probe_is_unseen(repo):
    assert ask("worktree-dirtier", repo.path, "git reset --hard").unseen


def test_reading_a_call_again_looks_again(repo):
    made = call(repo.path, "git reset --hard")
    seen = RealWorld(made.invocation, "/nowhere")
    repo.write("a.py", "edited\n")
    assert names(seen.ask("worktree-dirty", made)) == ["a.py"]
    assert seen.lookup("git-alias", "x", made) is None
    repo.git("checkout", "-q", "a.py")
    repo.git("config", "alias.x", "status")
    again = call(repo.path, "git reset --hard")
    assert again == made
    assert names(seen.ask("worktree-dirty", again)) == []
    assert seen.lookup("git-alias", "x", again) == "status"


@pytest.mark.parametrize("literal", ["1", ""])
def test_marked_files_are_found_from_below_the_top(repo, literal):
    repo.git("update-index", "--assume-unchanged", "a.py")
    repo.write("a.py", "edited\n")
    env = {"GIT_LITERAL_PATHSPECS": literal} if literal else {}
    assert names(ask("worktree-dirty", repo.path / "src", "git reset --hard", **env)) == ["a.py"]


def test_more_than_can_be_named_are_counted(repo, monkeypatch):
    monkeypatch.setattr(refs, "MOST_NAMED", 3)
    for number in range(10):
        repo.write(f"n{number}")
    answer = ask("untracked-files", repo.path, "git clean -f")
    assert [target.name for target in answer.lost] == ["n0", "n1", "n2", "… and 7 more"]


def test_worktree_remove(repo, lasting_tmp):
    repo.git("worktree", "add", "-q", "../linked")
    for name in ("../linked", "linked"):
        assert names(ask("worktree-unclean", repo.path, f"git worktree remove {name}")) == []
    (lasting_tmp / "linked/x.log").write_text("x")
    (found,) = ask("worktree-unclean", repo.path, "git worktree remove linked").lost
    assert found.kind == "worktree" and "x.log" in found.name
    (lasting_tmp / "linked/x.log").unlink()
    repo.git("-C", "../linked", "checkout", "-q", "--detach")
    repo.git("-C", "../linked", "commit", "-q", "--allow-empty", "-m", "only here")
    (found,) = ask("worktree-unclean", repo.path, "git worktree remove linked").lost
    assert found.kind == "commit"
    assert names(ask("worktree-unclean", repo.path, "git worktree remove nowhere")) == []


# What git was told not to look at


@pytest.mark.parametrize(
    ("bit", "probe", "line", "lost"),
    [
        ("--assume-unchanged", "worktree-dirty", "git reset --hard", [EDITED, STAGED]),
        ("--assume-unchanged", "worktree-dirty", "git -C src reset --hard", [EDITED, STAGED]),
        ("--assume-unchanged", "worktree-dirty", "git --literal-pathspecs -C src reset --hard", [EDITED, STAGED]),
        ("--assume-unchanged", "checkout-switch-dirty", "git checkout -f", [EDITED, STAGED]),
        ("--assume-unchanged", "paths-dirty", "git checkout -- a.py", [EDITED]),
        ("--assume-unchanged", "paths-dirty", "git -C src restore .", [STAGED]),
        ("--assume-unchanged", "paths-dirty", "git restore --staged .", [STAGED]),
        ("--assume-unchanged", "index-written-out", "git checkout-index -fa", [EDITED, STAGED]),
        ("--assume-unchanged", "index-written-out", "git checkout-index -f a.py", [EDITED]),
        ("--assume-unchanged", "rm-paths", "git rm a.py", [EDITED]),
        ("--assume-unchanged", "rm-paths", "git rm -f a.py", [EDITED]),
        ("--skip-worktree", "paths-dirty", "git restore --source=HEAD --ignore-skip-worktree-bits a.py", [EDITED]),
        ("--skip-worktree", "paths-dirty", "git checkout --ignore-skip-worktree-bits -- .", [EDITED, STAGED]),
        ("--skip-worktree", "paths-dirty", "git checkout main~1 -- a.py", [EDITED]),
        ("--skip-worktree", "index-written-out", "git checkout-index -f --ignore-skip-worktree-bits a.py", [EDITED]),
        ("--skip-worktree", "paths-dirty", "git checkout -- a.py", []),  # these git refuses, or leaves the file alone
        ("--skip-worktree", "rm-paths", "git rm a.py", []),
    ],
)
def test_changes_that_git_was_told_not_to_look_at(repo, bit, probe, line, lost):
    repo.write("src/b.py", "staged\n")
    repo.git("add", "src/b.py")
    repo.git("update-index", bit, "a.py", "src/b.py", ".gitignore")
    repo.write("a.py", "hidden\n")
    repo.write("src/b.py", "hidden\n")
    assert names(ask(probe, repo.path, line)) == lost


@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
def test_what_is_as_the_index_has_it_is_not_lost_though_git_does_not_look(repo, bit):
    (repo.path / "link").symlink_to("a.py")
    repo.write("gone")
    repo.git("config", "core.autocrlf", "input")
    repo.git("add", "link", "gone")
    repo.git("commit", "-qm", "more")
    repo.git("update-index", bit, "a.py", "src/b.py", "link", "gone")
    repo.write("a.py", "one\r\n")
    (repo.path / "gone").unlink()
    line = "git restore --ignore-skip-worktree-bits --source HEAD ."
    assert names(ask("paths-dirty", repo.path, line)) == []
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("only here")
    assert names(ask("paths-dirty", repo.path, line)) == ["link"]


def test_a_linked_worktree_is_removed_although_it_has_changes_that_git_does_not_look_at(repo, lasting_tmp):
    repo.git("worktree", "add", "-q", "../linked")
    repo.git("-C", "../linked", "update-index", "--assume-unchanged", "a.py")
    (lasting_tmp / "linked/a.py").write_text("hidden\n")
    (found,) = ask("worktree-unclean", repo.path, "git worktree remove linked").lost
    assert "a.py" in found.name


def test_more_hidden_files_than_are_compared_count_as_changed(repo, monkeypatch):
    monkeypatch.setattr(hidden_changes, "MOST_COMPARED", 1)
    repo.git("update-index", "--assume-unchanged", "a.py", "src/b.py")
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == ["src/b.py"]


# Refs


def test_branch_delete(repo):
    assert len(names(ask("branch-unmerged", repo.path, "git branch -D other"))) == 2
    (first, _second) = ask("branch-unmerged", repo.path, "git branch -D other").lost
    assert first.kind == "commit" and first.name.endswith("change secret")
    repo.git("branch", "kept", "other~1")
    assert len(names(ask("branch-unmerged", repo.path, "git branch -D other"))) == 1
    repo.git("branch", "second", "other")
    assert names(ask("branch-unmerged", repo.path, "git branch -D other")) == []
    assert len(names(ask("branch-unmerged", repo.path, "git branch -D other second"))) == 1
    assert names(ask("branch-unmerged", repo.path, "git branch -d nowhere")) == []
    repo.git("merge", "-q", "other")
    assert names(ask("branch-unmerged", repo.path, "git branch -D other second kept")) == []


def test_a_detached_head_keeps_commits(repo):
    repo.git("checkout", "-q", "--detach", "other")
    assert names(ask("branch-unmerged", repo.path, "git branch -D other")) == []


def test_remote_branch_delete(repo):
    repo.git("update-ref", "refs/remotes/origin/x", "other")
    repo.git("branch", "-D", "other")
    assert len(names(ask("branch-unmerged", repo.path, "git branch -dr origin/x"))) == 2


def test_update_ref(repo):
    assert len(names(ask("ref-updates", repo.path, "git update-ref -d refs/heads/other"))) == 2
    assert names(ask("ref-updates", repo.path, "git update-ref -d refs/heads/nowhere")) == []
    assert len(names(ask("ref-updates", repo.path, "git update-ref -d HEAD"))) == 0


def keep_no_reflogs(repo: Repository) -> None:
    """No ref gets a reflog, and none has one: git keeps up those that are there."""
    repo.git("config", "core.logAllRefUpdates", "false")
    shutil.rmtree(repo.path / ".git/logs")


MOVES = [
    ("git branch -f other main", 2),
    ("git branch -f other", 2),
    ("git checkout -B other main", 2),
    ("git switch -C other main", 2),
    ("git branch -f other other", 0),
    ("git branch -f fresh main", 0),
]


@pytest.mark.parametrize(("line", "dropped"), MOVES)
def test_moving_a_ref_is_in_the_reflog(repo, line, dropped):
    assert names(ask("commits-unreachable", repo.path, line)) == []
    keep_no_reflogs(repo)
    assert len(names(ask("commits-unreachable", repo.path, line))) == dropped


@pytest.mark.parametrize("line", ["git branch -M main other", "git branch -C main other"])
def test_a_branch_renamed_over_another_takes_its_reflog_along(repo, line):
    assert len(names(ask("commits-unreachable", repo.path, line))) == 2
    assert names(ask("commits-unreachable", repo.path, line.replace("other", "fresh"))) == []


def test_reset_without_a_reflog(repo):
    keep_no_reflogs(repo)
    assert len(names(ask("commits-unreachable", repo.path, "git reset --soft HEAD~1"))) == 0  # "other" has it too
    repo.commit("c")
    assert len(names(ask("commits-unreachable", repo.path, "git reset --soft HEAD~1"))) == 1


def test_a_ref_that_has_no_reflog(repo):
    repo.git("update-ref", "refs/custom/x", "other")
    repo.git("branch", "-D", "other")
    assert len(names(ask("ref-updates", repo.path, "git update-ref refs/custom/x main"))) == 2


UPDATES = [
    ("", b"delete refs/heads/other\n", 2),
    ("", b"delete refs/heads/other", 2),
    ("", b'delete "refs/heads/\\157ther" main\n', 2),
    ("", b"update refs/heads/other main\n", 0),  # its reflog keeps what it had
    ("", b"update refs/custom/x main\n", 1),
    ("", b"update refs/custom/x main\ncreate refs/custom/y refs/custom/x\n", 0),
    ("", b"update refs/heads/other " + b"0" * 40 + b"\n", 2),
    ("", b"verify refs/heads/other other\n", 0),
    ("", b"start\ndelete refs/heads/other\nprepare\ncommit\n", 2),
    ("", b"start\ndelete refs/heads/other\nprepare\nabort\n", 0),
    ("", b"start\ndelete refs/heads/other\n", 0),  # never committed
    ("", b"start\ndelete refs/heads/other\nabort\nstart\ndelete refs/custom/x\ncommit\n", 1),
    ("", b"delete refs/heads/sym\n", 2),
    ("", b"option no-deref\ndelete refs/heads/sym\n", 0),
    ("", b"option no-deref\ndelete refs/heads/sym\ndelete refs/heads/sym\n", 2),
    ("", b"delete refs/heads/nowhere\n", 0),
    ("", b"", 0),
    ("-z", b"delete refs/heads/other\0\0", 2),
    ("-z", b"update refs/custom/x\0main\0\0delete refs/heads/other\0\0", 3),
    ("-z", b"option no-deref\0delete refs/heads/sym\0\0", 0),
]


@pytest.mark.parametrize(("options", "given", "dropped"), UPDATES)
def test_refs_on_standard_input(repo, options, given, dropped):
    repo.git("symbolic-ref", "refs/heads/sym", "refs/heads/other")
    repo.git("update-ref", "refs/custom/x", repo.git("commit-tree", "-m", "kept by no other", "main^{tree}"))
    made = call(repo.path, f"git update-ref --stdin {options}")
    made = made.replace(invocation=made.invocation.replace(stdin=Stream("known", given)))
    assert len(names(RealWorld(made.invocation, "/nowhere").ask("ref-updates", made))) == dropped


@pytest.mark.parametrize(
    "given", [Stream("unseen", why="nobody knows"), Stream("known", b"symref-delete refs/heads/x\n")]
)
def test_refs_on_a_standard_input_that_is_not_understood_are_unseen(repo, given):
    made = call(repo.path, "git update-ref --stdin")
    made = made.replace(invocation=made.invocation.replace(stdin=given))
    assert RealWorld(made.invocation, "/nowhere").ask("ref-updates", made).unseen


def test_tag_delete(repo):
    repo.git("tag", "plain")
    repo.git("tag", "-a", "-m", "words", "annotated")
    repo.git("tag", "only", "other")
    repo.git("branch", "-D", "other")
    assert names(ask("tag-delete", repo.path, "git tag -d plain")) == []
    assert names(ask("tag-delete", repo.path, "git tag -d annotated")) == ["annotated"]
    assert names(ask("tag-delete", repo.path, "git tag -f annotated main")) == ["annotated"]
    assert len(names(ask("tag-delete", repo.path, "git tag -d only"))) == 2
    assert names(ask("tag-delete", repo.path, "git tag -d nowhere")) == []


def test_stash(repo):
    assert names(ask("stash-drop", repo.path, "git stash drop")) == []
    assert names(ask("stash-clear", repo.path, "git stash clear")) == []
    for text in ("first", "second"):
        repo.write("a.py", text)
        repo.git("stash", "push", "-q", "-m", text)
    assert names(ask("stash-drop", repo.path, "git stash drop")) == ["stash@{0}: On main: second"]
    for name in ("1", "stash@{1}"):
        assert names(ask("stash-drop", repo.path, f"git stash drop {name}")) == ["stash@{1}: On main: first"]
    assert names(ask("stash-drop", repo.path, "git stash drop 7")) == []
    assert len(names(ask("stash-drop", repo.path, "git stash drop 'stash@{now}'"))) == 2
    (found, _) = ask("stash-clear", repo.path, "git stash clear").lost
    assert found.identity[1:] == ("refs/stash", repo.git("rev-parse", "stash@{0}"))


# Pushing


@pytest.fixture
def pushed(repo, lasting_tmp) -> Repository:
    """`repo` with a remote "origin" that has main and other."""
    Repository(lasting_tmp / "origin.git", "--bare")
    repo.git("remote", "add", "origin", str(lasting_tmp / "origin.git"))
    repo.git("push", "-q", "-u", "origin", "main", "other")
    return repo


STRANGER = {"GIT_AUTHOR_EMAIL": "stranger@example.org"}


def colleague_pushes(repo: Repository, branch: str = "main") -> None:
    """Somebody else, in a clone of their own, adds a commit to a branch of the remote; it is fetched."""
    origin = repo.git("config", "remote.origin.url")
    theirs = Repository(repo.path.parent / "theirs")
    theirs.git("pull", "-q", origin, branch)
    theirs.commit("foreign", **STRANGER)
    theirs.git("push", "-q", origin, f"HEAD:{branch}")
    repo.git("fetch", "-q")


@pytest.mark.parametrize(
    "line",
    [
        "git push --force-with-lease",
        "git push --force-with-lease origin main",
        "git push --force-with-lease origin HEAD",
        "git push --force-with-lease=main origin main",
        "git push --force-with-lease=main:origin/main origin main",
        "git push --force-with-lease origin main:main",
        "git push --force-with-lease origin HEAD:refs/heads/main",
        "git push --force-with-lease --force-if-includes",
    ],
)
def test_a_lease_drops_exactly_what_was_last_seen(pushed, line):
    pushed.commit("own")
    pushed.git("push", "-q")
    pushed.git("reset", "-q", "--hard", "HEAD~1")
    assert names(ask("push-loses", pushed.path, line)) == []
    pushed.git("push", "-q", "--force")
    colleague_pushes(pushed)
    (found,) = ask("push-loses", pushed.path, line).lost
    assert found.kind == "commit" and "stranger@example.org" in found.name
    # Nobody's name says whose it is, and neither does it that the commit was checked out here.
    pushed.git("config", "user.email", "stranger@example.org")
    pushed.git("merge", "-q", "origin/main", GIT_REFLOG_ACTION="commit")
    pushed.git("reset", "-q", "--hard", "HEAD~1")
    assert names(ask("push-loses", pushed.path, line, GIT_AUTHOR_EMAIL="stranger@example.org")) == [found.name]


def test_what_was_made_here_is_own_by_whichever_way(pushed):
    pushed.commit("one")
    pushed.git("commit", "-q", "--amend", "-m", "two")
    pushed.git("cherry-pick", "other~1")
    pushed.git("revert", "--no-edit", "HEAD")
    pushed.git("switch", "-q", "-c", "topic", "other")
    pushed.git("rebase", "-q", "main")
    pushed.git("switch", "-q", "main")
    pushed.git("merge", "-q", "--no-ff", "topic")
    pushed.git("push", "-q", "--force")
    pushed.git("reset", "-q", "--hard", "HEAD~3")
    assert names(ask("push-loses", pushed.path, "git push --force-with-lease")) == []


@pytest.mark.parametrize(
    "line",
    [
        "git push --force",
        "git push -f origin main",
        "git push origin +main",
        "git push --force-with-lease origin +main",
        "git push --force --force-with-lease",
        "git push --mirror",
        "git push --prune origin",
        "git push origin --delete other",
        "git push origin :other",
        "git push --force-with-lease=main origin main :other",
        "git push --force-with-lease --all",
        "git push --force-with-lease origin 'refs/heads/*'",
        "git push --force-with-lease origin main:fresh",
        "git push --force-with-lease https://example.org/x.git main",
    ],
)
def test_what_the_remote_holds_is_not_seen(pushed, line):
    pushed.git("config", "remote.origin.pushurl", "ssh://example.org/x.git")
    assert ask("push-loses", pushed.path, line).unseen


@pytest.mark.parametrize("line", ["git push", "git push origin main", "git push origin main:fresh", "git push --tags"])
def test_a_plain_push_drops_nothing(pushed, line):
    assert names(ask("push-loses", pushed.path, line)) == []


@pytest.mark.parametrize(
    "line", ["git push --force-with-lease -f origin main", "git push --force-with-lease origin +main"]
)
def test_a_force_overrides_the_lease(pushed, lasting_tmp, line):
    colleague = Repository(lasting_tmp / "colleague")
    colleague.git("fetch", "-q", str(lasting_tmp / "origin.git"), "main")
    colleague.git("reset", "-q", "--hard", "FETCH_HEAD")
    colleague.commit("theirs")
    colleague.git("push", "-q", str(lasting_tmp / "origin.git"), "main")
    assert len(names(ask("push-loses", pushed.path, line))) == 1
    assert names(ask("push-loses", pushed.path, "git push --force-with-lease origin main")) == []


@pytest.mark.parametrize(("key", "value"), [("remote.origin.mirror", "true"), ("remote.origin.push", "+main:main")])
def test_configuration_can_force_a_plain_push(pushed, key, value):
    pushed.git("config", key, value)
    pushed.git("config", "remote.origin.pushurl", "ssh://example.org/x.git")
    assert ask("push-loses", pushed.path, "git push").unseen
    made = call(pushed.path, "git push")
    said = RealWorld(made.invocation, "/nowhere").lookup("git-push-forced", "", made)
    assert said == f"{key} = {value}"


@pytest.mark.parametrize(
    "line",
    [
        "git push --force", "git push -f origin main", "git push origin +main", "git push --mirror",
        "git push origin '+refs/heads/*:refs/heads/*'", "git push --all -f",
    ],
)  # fmt: skip
def test_a_remote_on_this_machine_is_looked_at(pushed, line, lasting_tmp):
    assert names(ask("push-loses", pushed.path, line)) == []
    pushed.git("commit", "-q", "--amend", "-m", "anew")
    dropped = names(ask("push-loses", pushed.path, line))
    assert len(dropped) == 1 and "change src/b.py" in dropped[0]
    pushed.git("reset", "-q", "--hard", "HEAD@{1}")
    pushed.git("clone", "-q", str(lasting_tmp / "origin.git"), str(lasting_tmp / "second"))
    theirs = Repository(lasting_tmp / "second")
    theirs.commit("colleague", **STRANGER)
    theirs.git("push", "-q", "origin", "main")
    assert "unknown here" in names(ask("push-loses", pushed.path, line))[0]


@pytest.mark.parametrize(
    "line", ["git push origin --delete other", "git push origin :other", "git push -d origin other"]
)
def test_deleting_on_a_remote_of_this_machine(pushed, line):
    assert len(names(ask("push-loses", pushed.path, line))) == 2
    pushed.git("push", "-q", "origin", "other:copy")
    assert names(ask("push-loses", pushed.path, line)) == []


def test_deleting_under_a_lease(pushed):
    line = "git push --force-with-lease origin --delete other"
    assert names(ask("push-loses", pushed.path, line)) == []
    colleague_pushes(pushed, "other")
    assert len(names(ask("push-loses", pushed.path, line))) == 1


# Nothing runs


def test_nothing_that_a_repository_configures_is_run(repo, lasting_tmp):
    inner = Repository(lasting_tmp / "inner")
    inner.commit("s.py")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    repo.git("commit", "-q", "-m", "submodule")
    mark, evil = lasting_tmp / "ran", lasting_tmp / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    evil.chmod(0o755)
    repo.write(".gitattributes", "*.py filter=evil diff=evil merge=evil\n*.txt filter=evil2\n")
    repo.git("add", ".gitattributes")
    repo.git("commit", "-q", "-m", "attributes")
    repo.write("b.txt", "x")
    repo.git("add", "b.txt")
    hooks = lasting_tmp / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "pre-push", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(evil)
        (repo.path / ".git/hooks" / hook).unlink(missing_ok=True)
        (repo.path / ".git/hooks" / hook).symlink_to(evil)
    for key in (
        "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.evil2.clean",
        "diff.evil.textconv", "diff.evil.command", "diff.external", "core.pager", "core.sshCommand", "core.editor",
        "core.askPass", "credential.helper", "gpg.program", "interactive.diffFilter", "core.alternateRefsCommand",
        "pager.status", "pager.rev-list", "pager.config", "core.gitProxy", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        repo.git("config", key, str(evil))
    repo.git("config", "filter.evil.required", "true")
    repo.git("config", "core.hooksPath", str(hooks))
    repo.git("config", "log.showSignature", "true")
    repo.git("remote", "add", "origin", f"ext::{evil}")
    repo.git("-C", "sub", "config", "core.fsmonitor", str(evil))
    repo.write("sub/s.py", "two\n")
    traced = "".join(f"\t{kind}Target = {mark}\n" for kind in ("normal", "event", "perf"))
    (lasting_tmp / "gitconfig").write_text(f"[trace2]\n{traced}")
    for name in ("a.py", "src/b.py", "b.txt"):
        os.utime(repo.path / name, (1, 1))  # git has to look at what they hold
    repo.write("a.py", "two\n")
    mark.unlink(missing_ok=True)
    before = {path: path.stat().st_mtime_ns for path in (repo.path / ".git").rglob("*")}
    env = {
        "GIT_EXTERNAL_DIFF": str(evil), "GIT_PAGER": str(evil), "PAGER": str(evil), "GIT_SSH": str(evil),
        "GIT_ASKPASS": str(evil), "GIT_EDITOR": str(evil), "GIT_EXEC_PATH": str(hooks), "PATH": str(hooks),
        "GIT_TRACE": str(mark), "GIT_TRACE2": str(mark), "GIT_TRACE2_EVENT": str(mark), "GIT_CONFIG": "/dev/null",
        "GIT_CONFIG_GLOBAL": str(lasting_tmp / "gitconfig"),
    }  # fmt: skip
    lines = [
        "git reset --hard", "git reset --hard other", "git checkout -f other", "git checkout -- .", "git clean -ffdx",
        "git rm -rf .", "git rm -r --cached .", "git branch -D other", "git tag -d x", "git stash drop",
        "git stash clear", "git push --force-with-lease", "git update-ref -d refs/heads/other", "git worktree remove x",
        "git -c filter.evil.clean=cat -c core.fsmonitor=true reset --hard",
    ]  # fmt: skip
    for line in lines:
        for probe in PROBES:
            ask(probe, repo.path, line, **env)
    made = call(repo.path, "git status")
    RealWorld(made.invocation, "/nowhere").paths(("a.py", "src", "b.txt", "sub", "."), str(repo.path), False)
    assert not mark.exists(), mark.read_text()
    assert {path: path.stat().st_mtime_ns for path in (repo.path / ".git").rglob("*")} == before
    assert "a.py" in names(ask("worktree-dirty", repo.path, "git reset --hard"))


def test_a_filter_that_cannot_be_switched_off_is_unseen(repo):
    with open(repo.path / ".git/config", "a") as config:
        config.write('[filter "a=b"]\n\tclean = false\n')
    answer = ask("worktree-dirty", repo.path, "git reset --hard")
    assert "a=b" in answer.unseen


def test_a_git_that_hangs_is_unseen(repo, lasting_tmp, monkeypatch):
    slow = lasting_tmp / "git"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("agentguard.edge.system.programs._INSTALLED", (os.fsencode(slow),))
    monkeypatch.setattr("agentguard.edge.world.Deadline", lambda: Deadline(0.2))
    assert ask("worktree-dirty", repo.path, "git reset --hard").unseen == "looking took longer than 0.2 s"


def test_without_a_system_git_the_next_on_path_is_asked_and_never_a_shim(repo, lasting_tmp, monkeypatch):
    shims = lasting_tmp / "shims"
    shims.mkdir()
    (shims / "git").write_text(f"#!/bin/sh\ntouch {lasting_tmp}/ran\n")
    (shims / "git").chmod(0o755)
    monkeypatch.setattr("agentguard.edge.system.programs._INSTALLED", ())
    repo.write("a.py", "two\n")
    made = call(repo.path, "git reset --hard", PATH=f"{shims}/:{shims}:{os.environ['PATH']}")
    assert names(RealWorld(made.invocation, str(shims)).ask("worktree-dirty", made)) == ["a.py"]
    made = call(repo.path, "git reset --hard", PATH=str(shims))
    assert RealWorld(made.invocation, str(shims)).ask("worktree-dirty", made).unseen
    assert not (lasting_tmp / "ran").exists()


# Aliases


def test_aliases(repo, lasting_tmp):
    repo.git("config", "alias.st", "status -sb")
    repo.git("config", "alias.boom", "!git reset --hard\n# two lines")

    def look(line, name, where=repo.path, **env):
        made = call(where, line, **env)
        return RealWorld(made.invocation, "/nowhere").lookup("git-alias", name, made)

    assert look("git status", "st") == "status -sb"
    assert look("git status", "boom") == "!git reset --hard\n# two lines"
    assert look("git status", "none") is None
    assert look("git status", "bad name") is None
    assert look(f"git -C {repo.path} status", "st", lasting_tmp) == "status -sb"
    assert look("git -c alias.x=log status", "x") == "log"
    config = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "alias.y", "GIT_CONFIG_VALUE_0": "gc"}
    assert look("git status", "y", **config) == "gc"


def test_a_change_within_the_second_of_the_last_look_is_seen(repo):
    """Git compares times by the second, and knows of this one only by the time of its index."""
    path = repo.path / "a.py"
    for _ in range(20):
        path.write_text("one\n")
        repo.git("update-index", "-q", "--refresh")
        path.write_text("two\n")
        noted = int(repo.git("ls-files", "--debug", "a.py").split("mtime: ")[1].split(":")[0])
        if noted == int(path.stat().st_mtime):
            break
    os.utime(repo.path / ".git" / "index", (2**31, 2**31))
    assert repo.git("status", "--porcelain", "--untracked-files=no") == ""
    assert names(ask("worktree-dirty", repo.path, "git reset --hard")) == ["a.py"]
