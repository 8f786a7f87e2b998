"""What aims at the same as a denied call: by identity, by path, by name, by id; and what does not."""

from __future__ import annotations

import posixpath

import pytest

from agentguard.core.effect import Effect, Environment, Reading, Target
from agentguard.policy.denials import REMEMBERED, Denial, earlier, hits, may_share

CWD = "/srv/app"
#: What is there, by where it really is.
INODES = {"/srv/app": "70", "/srv/app/data": "77", "/srv/app/data/a": "78", "/mnt/same": "77", "/srv/app/my data": "80"}
#: Links, and where they lead.
LINKS = {"/srv/app/link": "/srv/app/data", "/home/me/app": "/srv/app"}


def located(path: str) -> tuple[str, tuple[str, ...]]:
    """A small file system."""
    path = posixpath.normpath(path)
    for link, place in LINKS.items():
        if path.startswith(link + "/"):
            path = place + path.removeprefix(link)
    return path, ("1", INODES[path]) if path in INODES else ()


def effect(verb: str, kind: str, name: str, *identity: str, by: str = "reflog") -> Effect:
    return Effect(verb, Target(kind, name, identity), by, Environment(), "a-rule", "a-program")  # type: ignore[arg-type]


def lost(kind: str, name: str, *identity: str) -> Effect:
    return effect("remove", kind, name, *identity, by="")


DATA = lost("file", "/srv/app/data", "1", "77")
SPACED = lost("file", "/srv/app/my data", "1", "80")
STAGED = lost("file", "data/a", "/srv/app/data/a", "4b825dc")
TABLE = lost("table", "users", "db:5432", "app", "public", "users")
DATABASE = lost("database", "app", "dropdb", "database", "app")
VOLUME = lost("volume", "3d2c42fb-6f2e", "railway", "volume", "3d2c42fb-6f2e")
REPOSITORY = lost("repository", "https://api.github.com/repos/a/b", "api.github.com:", "/repos/a/b")
ROOT_URL = lost("url", "https://one.example/", "one.example:", "/")
BRANCH = effect("replace", "remote branch", "origin main", by="")
ANY_BRANCH = effect("replace", "remote branch", "", by="")
COMMIT = lost("commit", "1a2b3c work (ann)", "/srv/app/.git", "origin", "refs/heads/main", "1a2b3c")
STASH = lost("stash", "stash@{0}: work", "/srv/app/.git", "refs/stash", "9f8e")


@pytest.mark.parametrize(
    ("denied", "later", "asks"),
    [
        # a file: by what it is, by where it is, by what it lies in, by what lies in it
        (DATA, effect("remove", "file", "/srv/app/data", "1", "77", by="git-objects"), True),
        (DATA, effect("remove", "file", "/mnt/same", "1", "77"), True),
        (DATA, effect("remove", "file", "data/"), True),
        (DATA, effect("remove", "file", "./data"), True),
        (DATA, effect("remove", "file", "src/../data"), True),
        (DATA, effect("remove", "file", "link/a"), True),
        (DATA, effect("remove", "file", "/home/me/app/data"), True),
        (DATA, effect("remove", "file", "/srv/app/data/a/b", "1", "79"), True),
        (DATA, effect("remove", "directory", "/srv/app", "1", "70"), True),
        (DATA, effect("replace", "worktree", "."), True),
        (DATA, effect("remove", "worktree", "data other", "/srv/app/data", "/srv/app/other"), True),
        (DATA, effect("remove", "worktree", "data", "/srv/app/sub/data"), False),  # given in another directory
        (DATA, effect("replace", "call", "000 data", "/srv/app/000", "/srv/app/data"), True),
        (DATA, effect("replace", "file", "/srv/app/data"), True),
        (DATA, effect("unknown", "file", "/srv/app/data"), True),
        (SPACED, effect("remove", "worktree", "my data", "/srv/app/my data"), True),
        (STAGED, effect("remove", "file", "/srv/app/data/a", "1", "78"), True),
        (DATA, effect("observe", "file", "/srv/app/data", "1", "77"), False),
        (DATA, effect("create", "file", "/srv/app/data/new"), False),
        (DATA, effect("run", "program", "/srv/app/data"), False),
        (DATA, effect("remove", "file", "/srv/app/data2", "1", "79"), False),
        (DATA, effect("remove", "file", "/srv/other", "2", "77"), False),
        (DATA, effect("remove", "worktree", ""), False),
        (DATA, effect("remove", "table", "data", "db:5432", "app", "", "data"), False),
        # a table, a schema, a database
        (TABLE, effect("replace", "table", "users", "db:5432", "app", "", "users", by="counterpart"), True),
        (TABLE, effect("remove", "table", "users", "10.0.0.7:5432", "app", "", "users", by="transaction"), True),
        (TABLE, effect("remove", "schema", "public", "db:5432", "app", "", "public", by="transaction"), True),
        (TABLE, effect("remove", "database", "app", "db:5432", "", "", "app"), True),
        (TABLE, effect("remove", "table", "orders", "db:5432", "app", "", "orders"), False),
        (TABLE, effect("create", "table", "users", "db:5432", "app", "", "users"), False),
        (DATABASE, effect("replace", "table", "users", "db:5432", "app", "", "users"), True),
        (DATABASE, effect("replace", "table", "users", "db:5432", "test", "", "users"), False),
        # an object of an API
        (VOLUME, effect("replace", "api-object", "3d2c42fb-6f2e", "railway", "api-object", "3d2c42fb-6f2e"), True),
        (VOLUME, effect("replace", "volume", "3d2c42fb-6f2e", "10.0.0.1", "volume", "3d2c42fb-6f2e"), True),
        (VOLUME, effect("replace", "volume", "another", "railway", "volume", "another"), False),
        (REPOSITORY, effect("replace", "url", "https://mirror/repos/a/b", "mirror:", "/repos/a/b"), True),
        (REPOSITORY, effect("remove", "url", "https://x/repos/a/b/keys/1", "x:", "/repos/a/b/keys/1"), True),
        (REPOSITORY, effect("replace", "url", "https://mirror/repos/a/bc", "mirror:", "/repos/a/bc"), False),
        (ROOT_URL, effect("replace", "url", "https://two.example/", "two.example:", "/"), False),
        # a ref
        (BRANCH, effect("remove", "remote branch", "origin :main"), True),
        (BRANCH, effect("publish", "remote branch", "backup HEAD:refs/heads/main", by="git-remote"), True),
        (BRANCH, effect("publish", "remote branch", "origin a +main"), True),
        (BRANCH, effect("publish", "remote branch", ""), True),  # any branch
        (BRANCH, effect("remove", "branch", "refs/heads/main"), True),
        (BRANCH, effect("remove", "remote branch", "origin feature"), False),
        (BRANCH, effect("remove", "branch", "origin"), False),
        (BRANCH, effect("replace", "HEAD", "main"), False),
        (ANY_BRANCH, effect("publish", "remote branch", "origin main"), True),
        (COMMIT, effect("publish", "remote branch", "origin HEAD:main"), True),
        (STASH, effect("remove", "stash", ""), True),
    ],
)
def test_what_aims_at_the_same(denied: Effect, later: Effect, asks: bool) -> None:
    aim = hits(Reading((denied,)), ("a-program",), CWD, located)
    denial = Denial("q7m2xk", "14:03", "rm -rf data", "It is the only copy.", aim)
    told = earlier(Reading((later,)), CWD, (denial,), located)
    assert told == (("rm -rf data was denied at 14:03 as request q7m2xk: It is the only copy.",) if asks else ())


@pytest.mark.parametrize(
    ("denied", "where", "text", "asks"),
    [
        (DATA, CWD, "-c\nimport shutil; shutil.rmtree('data')", True),
        (DATA, CWD, '-e\nunlink "data/a"', True),
        (DATA, "/", "-c\nimport os; os.remove('/srv/app/data/a')", True),
        (DATA, "/srv", "app/link/../data", True),
        (DATA, f"{CWD}/data", "-c\nshutil.rmtree('../data')", True),
        (DATA, f"{CWD}/data", "-m\npytest", False),  # works there, and names nothing
        (DATA, CWD, "-c\nprint('database')", False),
        (DATA, "/elsewhere", "-c\nshutil.rmtree('data')", False),
        (TABLE, CWD, "-c\ndb.execute('drop table users')", True),
        (TABLE, CWD, "manage.py\nmigrate", False),
        (VOLUME, CWD, "-e\nfetch(url, {id: '3d2c42fb-6f2e'})", True),
    ],
)
def test_a_program_that_nobody_knows_is_asked_about_where_it_is_told_the_name(
    denied: Effect, where: str, text: str, asks: bool
) -> None:
    denial = Denial("q7m2xk", "14:03", "rm", "", hits(Reading((denied,)), ("rm",), CWD, located))
    reading = Reading((effect("run", "program", "python3"),), ("python3",), handed=((where, text),))
    assert bool(earlier(reading, CWD, (denial,), located)) is asks


@pytest.mark.parametrize(
    ("reading", "may"),
    [
        (Reading((effect("observe", "file", "data"),)), False),
        (Reading((effect("create", "file", "data"),)), False),
        (Reading((effect("remove", "file", "data"),)), True),
        (Reading(handed=((CWD, "x"),)), True),
        (Reading(handed=((CWD, ""),)), False),  # told nothing
    ],
)
def test_nothing_is_looked_up_for_what_can_share_no_aim(reading: Reading, may: bool) -> None:
    assert may_share(reading) is may


@pytest.mark.parametrize(
    ("target", "argv", "names"),
    [
        (("call", "{}"), ("find", "data", "-exec", "rm", "{}", "+"), {"/srv/app/{}", "/srv/app/data"}),
        (("call", "data"), ("rm", "--odd", "data"), {"/srv/app/data"}),
        (("file", "/srv/app/data"), ("sh", "-c", "rm -rf data", "my data"), {"/srv/app/data"}),
        (("table", "users"), ("psql", "data"), {"users"}),
    ],
)
def test_where_it_cannot_be_told_what_is_hit_it_is_all_that_is_named(
    target: tuple[str, str], argv: tuple[str, ...], names: set[str]
) -> None:
    assert {hit.name for hit in hits(Reading((lost(*target),)), argv, CWD, located)} == names


def test_what_is_remembered_of_one_call_has_an_end() -> None:
    reading = Reading(tuple(lost("file", f"/many/{number}") for number in range(REMEMBERED + 9)))
    assert len(hits(reading, ("rm",), CWD, located)) == REMEMBERED


def test_what_would_not_be_lost_is_not_remembered() -> None:
    assert hits(Reading((effect("remove", "file", "/srv/app/data"),)), ("rm",), CWD, located) == ()
