"""What operands are: every state, and what makes a loss grave."""

from __future__ import annotations

import os
import socket
import time

import pytest
from support.repository import Repository

from agentguard.core.world import PATH_STATES
from agentguard.edge.files import disposable
from agentguard.edge.files import states as paths_module
from agentguard.edge.files.birth_time import born
from agentguard.edge.files.path_summary import ORDER
from agentguard.edge.files.protected import Places
from agentguard.edge.files.states import states
from agentguard.edge.system.child import Tool
from agentguard.edge.system.deadline import Deadline
from agentguard.edge.system.programs import installed_git


class Fixed(Places):
    """Places without the homes and mounts of the machine that tests run on."""

    def __init__(self, home="", mounts=()):
        super().__init__({"HOME": home})
        self.homes = frozenset([home.encode()] if home else [])
        self.mounts = frozenset(os.fsencode(mount) for mount in mounts)


def look(cwd, *given, follow=False, started=None, places=None, deadline=None):
    git = Tool(installed_git(), deadline or Deadline())
    return states(tuple(map(str, given)), str(cwd), follow, places or Fixed(), git, started)


def state(cwd, *given, **options):
    return [found.state for found in look(cwd, *given, **options)]


@pytest.fixture
def repo(lasting_tmp):
    made = Repository(lasting_tmp / "project")
    made.write(".gitignore", "node_modules/\nbuild/*\n*.o\n.env\n.cache/\n")
    made.git("add", ".gitignore")
    made.commit("src/a.py")
    made.commit("src/b.py")
    return made


def test_every_state_has_its_place_in_the_order():
    assert sorted(ORDER) == sorted(PATH_STATES)


def test_a_home_is_one_wherever_it_lies(tmp_path):
    """Also below a temporary directory, as in containers: nothing in it, nor what holds it, is temporary."""
    home, beside = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    (home / "notes").write_text("x")
    beside.write_text("x")
    places = Places({"HOME": str(home)})
    if not places.temporary(os.fsencode(beside.resolve())):
        pytest.skip("what tests write is not below a temporary directory")
    assert state(tmp_path, "home", "home/notes", "scratch", places=places) == [
        "unversioned",
        "unversioned",
        "temporary",
    ]


# In a work tree


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        ("src/a.py", "tracked"),
        ("src", "tracked"),
        ("./src/../src/a.py", "tracked"),
        ("gone", "missing"),
        ("", "missing"),
        ("src/a.py/", "missing"),
        ("empty", "empty"),
        ("link", "empty"),
        ("dangling", "empty"),
        ("src-link/", "tracked"),
        ("src-link/a.py", "tracked"),
        ("edited.py", "modified"),
        ("staged.py", "modified"),
        ("hidden.py", "modified"),
        ("new.txt", "untracked"),
        (".env", "ignored"),
        ("node_modules", "regenerable"),
        ("node_modules/x/index.js", "regenerable"),
        ("build/out.bin", "regenerable"),
        ("build", "regenerable"),
        ("main.o", "regenerable"),
        ("dist", "untracked"),  # disposable by its name, but git does not ignore it
        ("mixed", "untracked"),
        ("pipe", "untracked"),
        (".git", "unversioned"),
        (".git/config", "unversioned"),
        (".", "unversioned"),
        (b"\xff".decode("utf-8", "surrogateescape"), "untracked"),
    ],
)
def test_in_a_work_tree(repo, operand, expected):
    top = repo.path
    (top / "empty" / "deeper").mkdir(parents=True)
    (top / "link").symlink_to("new.txt")
    (top / "dangling").symlink_to("nowhere")
    (top / "src-link").symlink_to("src")
    repo.commit("edited.py")
    repo.write("edited.py", "two\n")
    repo.commit("hidden.py")
    repo.git("update-index", "--assume-unchanged", "hidden.py")
    repo.write("hidden.py", "two\n")
    for name in ("new.txt", ".env", "node_modules/x/index.js", "build/out.bin", "main.o", "dist/out.js", "mixed/new"):
        repo.write(name)
    repo.commit("mixed/old")
    repo.write("staged.py")
    repo.git("add", "staged.py")
    os.mkfifo(top / "pipe")
    (top / os.fsdecode(b"\xff")).write_text("x")
    assert state(top, operand) == [expected]


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("secret", b"\x7fELF\x02\x01", "regenerable"),
        ("secret", b"\xcf\xfa\xed\xfe\x0c", "regenerable"),
        ("secret", b"!<arch>\n", "regenerable"),
        ("secret", b"!<arch> is how archives begin", "ignored"),
        ("secret", b"\x7fEL", "ignored"),
        ("secret", b"", "ignored"),
        ("new", b"\x7fELF\x02\x01", "untracked"),  # git does not ignore it
        ("secret.d", b"\x7fELF\x02\x01", "ignored"),  # … nor is all that is beside it built
    ],
)
def test_what_git_ignores_and_a_linker_has_made(repo, name, start, expected):
    repo.write(".gitignore", "secret*\n")
    if name.endswith(".d"):
        repo.write(f"{name}/notes")
        name_of_file = f"{name}/tool"
    else:
        name_of_file = name
    repo.write(name_of_file).write_bytes(start)
    assert state(repo.path, name) == [expected]


def test_what_a_linker_has_made_is_not_told_by_a_link_a_pipe_or_outside_a_work_tree(repo, lasting_tmp):
    repo.write(".gitignore", "secret*\n")
    (lasting_tmp / "tool").write_bytes(b"\x7fELF\x02\x01")
    os.mkfifo(repo.path / "secret")
    assert state(repo.path, "../tool") == ["unversioned"]
    assert not disposable.built(os.fsencode(repo.path / "secret"))
    (repo.path / "secret-link").symlink_to(lasting_tmp / "tool")
    assert not disposable.built(os.fsencode(repo.path / "secret-link"))


def test_a_directory_names_what_would_be_lost(repo):
    repo.write("src/a.py", "changed\n")
    for name in ("src/new1", "src/new2", "src/new3", "src/new4"):
        repo.write(name)
    (found,) = look(repo.path, "src")
    assert found.state == "modified"
    assert "1 file changed since the last commit: a.py" in found.detail
    assert "4 files not known to git: new" in found.detail and ", …" in found.detail


def test_a_touched_file_is_still_tracked(repo):
    os.utime(repo.path / "src/a.py", (1, 1))
    assert state(repo.path, "src/a.py") == ["tracked"]


def test_a_tracked_file_in_a_disposable_directory_is_no_build_output(repo):
    repo.commit("node_modules/kept.js")
    assert state(repo.path, "node_modules") == ["tracked"]
    repo.write("node_modules/kept.js", "changed")
    assert state(repo.path, "node_modules") == ["modified"]


def test_git_is_asked_once_for_each_repository(repo, lasting_tmp, monkeypatch):
    asked = []
    real = paths_module.WorkTree
    monkeypatch.setattr(paths_module, "WorkTree", lambda *words: asked.append(words[1]) or real(*words))
    other = Repository(lasting_tmp / "other")
    other.commit("x")
    names = [f"src/f{number}" for number in range(300)]
    for name in names:
        repo.write(name)
    repo.git("add", "src")
    repo.git("commit", "-q", "-m", "many")
    assert set(state(repo.path, *names, "../other/x")) == {"tracked"}
    assert len(asked) == 2


def test_no_commit_yet(lasting_tmp):
    repo = Repository(lasting_tmp / "fresh")
    repo.write("a")
    repo.git("add", "a")
    assert state(repo.path, "a") == ["modified"]


def test_a_broken_repository_is_unseen(lasting_tmp):
    (lasting_tmp / "p/.git").mkdir(parents=True)
    (lasting_tmp / "p/a").write_text("x")
    (found,) = look(lasting_tmp / "p", "a")
    assert found.state == "unseen" and "git" in found.detail


def test_the_environment_of_the_call_does_not_say_what_git_knows(repo, lasting_tmp, monkeypatch):
    excludes = lasting_tmp / "excludes"
    excludes.write_text("*\n")
    repo.write("dist/precious")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.excludesFile")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(excludes))
    monkeypatch.setenv("GIT_DIR", str(lasting_tmp))
    assert state(repo.path, "dist") == ["untracked"]


# Repositories among what is lost


def test_a_repository_is_grave(repo, lasting_tmp):
    (found,) = look(lasting_tmp, "project")
    assert found.state == "unversioned" and found.grave == f"the git repository {repo.path}"
    (found,) = look("/", lasting_tmp)
    assert found.grave == f"the git repository {repo.path}"
    (found,) = look(repo.path, ".git/index")
    assert found.grave == "git's own files"


def test_a_bare_repository_is_grave(lasting_tmp):
    Repository(lasting_tmp / "bare.git", "--bare")
    (found,) = look(lasting_tmp, "bare.git")
    assert found.state == "unversioned" and found.grave


def test_a_linked_work_tree_is_as_bad_as_what_it_holds(repo, lasting_tmp):
    repo.git("worktree", "add", "-q", "../linked")
    assert state(lasting_tmp, "linked") == ["tracked"]
    (lasting_tmp / "linked/new").write_text("x")
    (found,) = look(lasting_tmp, "linked")
    assert (found.state, found.grave) == ("untracked", "")


@pytest.mark.parametrize("where", ["node_modules/dependency", "/tmp"])
def test_a_clone_is_disposable_only_while_all_its_work_is_on_a_remote(repo, where, tmp_path):
    origin = Repository(repo.path.parent / "origin")
    origin.commit("a")
    place = tmp_path / "clone" if where == "/tmp" else repo.path / where
    if where == "/tmp" and not Fixed().temporary(os.fsencode(place)):
        pytest.skip("the tests' own directory is not below a temporary one")
    origin.git("clone", "-q", str(origin.path), str(place))
    top = place if where == "/tmp" else repo.path / "node_modules"
    assert state("/", top) == ["temporary" if where == "/tmp" else "regenerable"]
    (place / "new").write_text("x")
    (found,) = look("/", top)
    assert found.state == "unversioned" and "uncommitted" in found.detail and found.grave


# Outside git


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        ("notes.txt", "unversioned"),
        ("node_modules", "regenerable"),
        ("node_modules/x", "regenerable"),
        ("a.pyc", "regenerable"),
        ("thing.egg-info", "regenerable"),
        ("socket", "unversioned"),
        (".", "unversioned"),
    ],
)
def test_outside_git(lasting_tmp, operand, expected):
    top = lasting_tmp / "plain"
    for name in ("notes.txt", "node_modules/x", "a.pyc", "thing.egg-info/PKG-INFO"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(top / "socket"))
        assert state(top, operand) == [expected]


def test_a_place_is_not_disposable_by_its_name(lasting_tmp):
    home = lasting_tmp / "build"
    (home / "build").mkdir(parents=True)
    (home / "thesis.txt").write_text("x")
    (home / "build/out").write_text("x")
    places = Fixed(home=str(home))
    assert state(home, "thesis.txt", "build/out", places=places) == ["unversioned", "regenerable"]


def test_a_link_is_followed_only_when_asked(lasting_tmp):
    (lasting_tmp / "file").write_text("x")
    (lasting_tmp / "link").symlink_to("file")
    assert state(lasting_tmp, "link") == ["empty"]
    (found,) = look(lasting_tmp, "link", follow=True)
    assert (found.state, found.path) == ("unversioned", str(lasting_tmp / "file"))
    facts = os.stat(lasting_tmp / "file")
    assert found.identity == (str(facts.st_dev), str(facts.st_ino))


def test_a_link_that_may_not_be_read_is_unseen(lasting_tmp, monkeypatch):  # /proc/PID/root of others
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.path.realpath", lambda path: refuse(path) if b"denied" in path else path)
    (found,) = look(lasting_tmp, "denied/")
    assert (found.state, found.detail) == ("unseen", "it cannot be looked at: Permission denied")
    assert state(lasting_tmp, "denied/etc") == ["unseen"]


def test_writing_into_a_sink_replaces_nothing(lasting_tmp):
    os.mkfifo(lasting_tmp / "pipe")
    assert state("/", "/dev/null", lasting_tmp / "pipe", follow=True) == ["empty", "empty"]
    assert state("/", "/dev/null") == ["special"]


# Temporary directories


@pytest.fixture
def temporary(tmp_path):
    if not Fixed().temporary(os.fsencode(os.path.realpath(tmp_path))):
        pytest.skip("the tests' own directory is not below a temporary one")
    return tmp_path


def test_below_a_temporary_directory(temporary):
    (temporary / "x").write_text("x")
    (temporary / "d").mkdir()
    (temporary / "d/y").write_text("x")
    assert state(temporary, "x", "d", temporary) == ["temporary"] * 3
    Repository(temporary / "r").write("new")
    assert state(temporary, "r/new") == ["untracked"]


def test_the_temporary_directory_itself_and_everything_in_it_are_not(lasting_tmp, monkeypatch):
    monkeypatch.setattr("agentguard.edge.files.protected._TEMPORARY", (os.fsencode(lasting_tmp),))
    for name in ("a", "b", ".hidden"):
        (lasting_tmp / name).write_text("x")
    assert state(lasting_tmp, "a") == ["temporary"]
    assert state(lasting_tmp, "a", "a") == ["temporary"] * 2
    assert state(lasting_tmp, "a", "b") == ["unversioned"] * 2
    assert state(lasting_tmp, lasting_tmp) == ["unversioned"]


def test_tmpdir_makes_nothing_temporary(lasting_tmp, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(lasting_tmp))
    (lasting_tmp / "a").write_text("x")
    assert state(lasting_tmp, "a") == ["unversioned"]


# Born in this call


def after(path):
    """Wait until the clock of the file system has moved on from when `path` was born."""
    if born(os.fsencode(path)) is None:
        pytest.skip("this file system does not tell when a file was born")
    started = time.time()
    probe = path.parent / "clock"
    while True:
        probe.write_text("x")
        if born(os.fsencode(probe)) > started:
            probe.unlink()
            return started
        probe.unlink()


def test_what_the_call_made_it_can_make_again(lasting_tmp):
    old = lasting_tmp / "old"
    old.write_text("x")
    started = after(old)
    (lasting_tmp / "new").write_text("x")
    (lasting_tmp / "d").mkdir()
    (lasting_tmp / "d/new").write_text("x")
    assert state(lasting_tmp, "old", "new", "d") == ["unversioned"] * 3
    assert state(lasting_tmp, "old", "new", "d", started=started) == ["unversioned", "born", "born"]
    old.rename(lasting_tmp / "d/moved")
    assert state(lasting_tmp, "d", started=started) == ["unversioned"]


def test_what_git_tracks_was_not_born_here(repo):
    started = after(repo.path / "src/a.py")
    repo.write("src/new")
    (repo.path / "src/a.py").unlink()
    repo.write("src/a.py", "changed\n")
    assert state(repo.path, "src/new", "src/a.py", started=started) == ["born", "modified"]


def test_a_repository_of_this_call_is_like_any_other_directory(lasting_tmp):
    (lasting_tmp / "old").write_text("x")
    started = after(lasting_tmp / "old")
    made = Repository(lasting_tmp / "r")
    made.commit()
    (found,) = look(lasting_tmp, "r", started=started)
    assert (found.state, found.grave) == ("born", "")
    assert state(lasting_tmp, "r/a.py", "r/.git", started=started) == ["born", "born"]


# What is grave


def test_places_of_the_machine():
    for place in ("/", "/etc", "/usr", "/home", "/var/lib", "/root", "//etc//", "/etc/../usr"):
        (found,) = look("/", place, places=Places({}))
        assert found.state in ("special", "missing") and (found.grave or found.state == "missing"), place


def test_homes_and_what_holds_them(lasting_tmp):
    home = lasting_tmp / "homes/dev"
    home.mkdir(parents=True)
    for name in ("a", "b"):
        (home / name).write_text("x")
    places = Fixed(home=str(home))
    assert [found.grave for found in look("/", home, home.parent, places=places)] == [
        "a home directory",
        "a directory that holds a home directory",
    ]
    assert [found.grave for found in look(home, "a", places=places)] == [""]
    assert all("everything in" in found.grave for found in look(home, "a", "b", places=places))


def test_home_of_the_environment_adds_a_grave_place(lasting_tmp):
    (lasting_tmp / "a").write_text("x")
    (found,) = look("/", lasting_tmp, places=Places({"HOME": str(lasting_tmp)}))
    assert found.grave == "a home directory"


def test_the_current_directory_and_what_is_above_it(lasting_tmp):
    (lasting_tmp / "d/e").mkdir(parents=True)
    (lasting_tmp / "d/e/f").write_text("x")
    for operand in (".", "..", lasting_tmp / "d", "../e"):
        (found,) = look(lasting_tmp / "d/e", operand)
        assert found.grave == "the current directory or one above it"
    assert look(lasting_tmp / "d/e", "f")[0].grave == ""


def test_a_mount_point_is_grave_also_below(lasting_tmp):
    (lasting_tmp / "d/m").mkdir(parents=True)
    places = Fixed(mounts=[lasting_tmp / "d/m"])
    for operand in ("d", "d/m"):
        (found,) = look(lasting_tmp, operand, places=places)
        assert (found.state, found.grave) == ("special", "a mount point")


def test_mount_points_of_this_machine_are_known():
    assert Places({}).mounted(b"/proc")


# Bounds


def test_too_much_to_look_at_is_unseen(lasting_tmp, monkeypatch):
    monkeypatch.setattr(paths_module, "MOST_ENTRIES", 5)
    for number in range(10):
        (lasting_tmp / f"{number}").write_text("x")
    (found,) = look("/", lasting_tmp)
    assert found.state == "unseen" and "5 files" in found.detail
    monkeypatch.setattr(paths_module, "MOST_ENTRIES", 500)
    assert state("/", lasting_tmp) == ["unversioned"]


def test_what_takes_too_long_to_look_through_is_unseen(lasting_tmp):
    (lasting_tmp / "x").write_text("x")
    over = Deadline(4.0, iter([0.0, *range(5, 100)]).__next__)
    there, missing = look("/", lasting_tmp, lasting_tmp / "gone", deadline=over)
    assert (there.state, there.detail) == ("unseen", "looking took longer than 4 s") and over.cut
    assert missing.state == "missing"


def test_a_hundred_thousand_operands(lasting_tmp):
    (lasting_tmp / "a").write_text("x")
    names = [f"gone{number}" for number in range(100_000)] + ["a"]
    found = state(lasting_tmp, *names, deadline=Deadline(60))
    assert found.count("missing") == 100_000 and found[-1] == "unversioned"


def test_a_directory_that_cannot_be_read_is_unseen(lasting_tmp, monkeypatch):
    (lasting_tmp / "shut/in").mkdir(parents=True)

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)  # root would be let in
    (found,) = look(lasting_tmp, "shut")
    assert found.state == "unseen" and "Permission denied" in found.detail


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda place: None, True),
        (lambda place: (place / "sub/9").write_text("grown in place"), True),
        (lambda place: (place.parent / "other").rename(place / "sub/9"), False),
        (lambda place: (place / "sub/9").rename(place / "sub/nine"), False),
        (lambda place: (place / "sub").rename(place / "bus"), False),
    ],
)
def test_a_directory_is_told_from_one_that_holds_something_else(lasting_tmp, change, same):
    place = lasting_tmp / "place"
    (place / "sub").mkdir(parents=True)
    for name in range(10):
        (place / "sub" / str(name)).write_text("x")
    (lasting_tmp / "other").write_text("x")
    before = look(lasting_tmp, "place")
    assert before[0].within
    change(place)
    assert (look(lasting_tmp, "place") == before) is same


def test_a_repository_within_is_told_from_what_it_was(lasting_tmp):
    inner = Repository(lasting_tmp / "place" / "inner")
    inner.commit("a")
    before = look(lasting_tmp, "place")
    assert look(lasting_tmp, "place") == before
    inner.commit("b")
    assert look(lasting_tmp, "place") != before
