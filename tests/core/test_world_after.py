"""The world as a later part of a line finds it: what an earlier part may change is not taken for what is there now."""

from __future__ import annotations

from typing import Any

import pytest

from agentguard.core.call import Call, Invocation
from agentguard.core.effect import Effect, Target
from agentguard.core.unseen import Unseen
from agentguard.core.world import Answer, Destination, PathState, World
from agentguard.core.world_after import AfterEffects

CALL = Call("tool", (), (), (), Invocation.of(("tool",), "/srv", {"HOME": "/home/ada", "DIR": "/etc/tool"}))
THERE = (("/home/ada/.toolrc", "digest"),)


class Now(World):
    """Every question is answered, and `asked` keeps them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.matches: tuple[str, ...] = ("a.txt",)
        self.there = THERE

    def read(self, path: str, cwd: str) -> bytes:
        return b"content"

    def stdin(self) -> bytes:
        return b"input"

    def paths(self, paths: tuple[str, ...], cwd: str, follow: bool) -> tuple[PathState, ...]:
        return tuple(PathState(path, "tracked") for path in paths)

    def expand(self, pattern: str, cwd: str) -> tuple[str, ...]:
        return self.matches

    def destination(self, sources: tuple[str, ...], target: str, cwd: str, inside: bool) -> Destination:
        return Destination((target,))

    def unpacking(self, archive: str, target: str, cwd: str, strip: int) -> Destination:
        return Destination((target,))

    def below(self, starts: tuple[str, ...], names: tuple[str, ...], cwd: str) -> tuple[str, ...]:
        return ("found",)

    def ask(self, probe: str, call: Call) -> Answer:
        return Answer((Target("ref", probe),))

    def lookup(self, source: str, key: str, call: Call) -> str | None:
        return f"{source} {key}"

    def ambient(self, variables: tuple[str, ...], files: tuple[str, ...], call: Call) -> tuple[tuple[str, str], ...]:
        return self.there


def on(verb: Any, name: str, kind: str = "file", known: bool = True) -> Effect:
    return Effect(verb, Target(kind, name), target_known=known)


def later(*ahead: Effect, now: Now | None = None) -> AfterEffects:
    return AfterEffects(now or Now(), ahead)


WRITES = on("replace", "/srv/file")
#: What comes first, and whether /srv/file is then still what it is now.
AHEAD = [
    ((), True),
    ((on("observe", "/srv/file"),), True),
    ((on("replace", "/srv/other"),), True),
    ((on("replace", "/srv/file.old"),), True),
    ((on("create", "/srv/file", "directory"),), True),
    ((WRITES,), False),
    ((on("remove", "/srv/file"),), False),
    ((on("create", "/srv/file"),), False),
    ((on("replace", "/srv"),), False),
    ((on("replace", "/srv/file/below"),), False),
    ((on("replace", "somewhere"),), False),  # of which nobody knows where it is
    ((on("replace", "/tmp/$X", known=False),), False),  # X may be ../srv/file
    ((on("observe", "/tmp/$X", known=False),), True),
    ((on("run", "make", "program"),), False),
    ((on("observe", "/"), WRITES), False),
]


@pytest.mark.parametrize(("ahead", "known"), AHEAD)
@pytest.mark.parametrize("path", ["/srv/file", "file", "./sub/../file"])
def test_a_file_that_may_have_changed_is_not_read(ahead: tuple[Effect, ...], known: bool, path: str) -> None:
    world = later(*ahead)
    for ask, answer in (
        (lambda: world.read(path, "/srv"), b"content"),
        (lambda: world.unpacking(path, "to", "/srv", 0), Destination(("to",))),
        (lambda: world.below((path,), ("*",), "/srv"), ("found",)),
    ):
        if known:
            assert ask() == answer
        else:
            with pytest.raises(Unseen, match=f"{path}: an earlier part of the same line may change"):
                ask()


def test_each_start_of_a_search_counts() -> None:
    with pytest.raises(Unseen, match=r"^file: "):
        later(WRITES).below(("other", "file"), ("*",), "/srv")


@pytest.mark.parametrize(
    ("matches", "ahead", "found"),
    [
        (("a.txt",), (on("create", "/srv/*.txt"),), ("a.txt",)),
        ((), (), ()),
        ((), (on("create", "/srv/*.txt"),), ("*.txt",)),
        ((), (on("create", "/srv"),), ("*.txt",)),
        ((), (on("remove", "/srv/*.txt"),), ()),
        ((), (on("create", "/etc/x"),), ()),
        ((), (on("create", "x.txt"),), ()),
        ((), (on("create", "/tmp/$X", known=False),), ("*.txt",)),
        ((), (on("create", "$X", known=False),), ("*.txt",)),
        ((), (on("run", "make", "program"),), ()),
        ((), (on("replace", "/srv/x", "table"),), ()),  # which is no path
    ],
)
def test_a_pattern_may_stand_for_what_is_made_first(
    matches: tuple[str, ...], ahead: tuple[Effect, ...], found: tuple[str, ...]
) -> None:
    now = Now()
    now.matches = matches
    assert later(*ahead, now=now).expand("*.txt", "/srv") == found


@pytest.mark.parametrize(
    ("ahead", "known"),
    [
        ((), True),
        ((on("replace", "/srv/file"),), True),
        ((on("replace", "alias.st", "configuration"),), False),
        ((on("replace", "/home/ada/.gitconfig"),), False),
        ((on("replace", "/srv/.git/config"),), False),
        ((on("replace", "/home/ada/.gitconfig", "directory"),), True),
        ((on("replace", "/tmp/$X", known=False),), False),
        ((WRITES, on("replace", "alias.st", "configuration")), False),
    ],
)
def test_an_alias_or_a_setting_may_be_another_once_changed(ahead: tuple[Effect, ...], known: bool) -> None:
    world = later(*ahead)
    assert world.lookup("git-hook", "pre-push", CALL) == "git-hook pre-push"
    for source in ("git-alias", "git-config", "git-set"):
        if known:
            assert world.lookup(source, "st", CALL) == f"{source} st"
        else:
            with pytest.raises(Unseen, match="an earlier part of the same line may change it"):
                world.lookup(source, "st", CALL)


@pytest.mark.parametrize(
    ("ahead", "doubts"),
    [
        ((), ""),
        ((on("create", "a.py", "index"),), ""),
        ((on("replace", "a.py", "index"),), "index"),
        ((on("remove", "a.py", "index"),), "index"),
        ((on("replace", "core.excludesFile x", "configuration"),), "ignores"),
        ((on("create", "origin", "configuration"),), ""),
        ((on("replace", "/srv/.gitignore"),), "ignores"),
        ((on("create", "/srv/.git/info/exclude"),), "ignores"),
        ((on("observe", "/srv/.gitignore"),), ""),
        ((on("create", "/srv/a.py"),), ""),
        ((on("create", "$X", known=False),), "ignores"),
        ((on("run", "make", "program"),), ""),
        ((on("replace", "", "index"), on("replace", "/srv/.gitignore")), "index ignores"),
    ],
)
def test_what_is_written_over_is_looked_at_with_what_may_have_changed(ahead: tuple[Effect, ...], doubts: str) -> None:
    assert later(*ahead).lookup("git-writes-over", "", CALL) == f"git-writes-over {doubts}"


@pytest.mark.parametrize(
    ("file", "ahead", "made"),
    [
        ("~/.other", (on("create", "/home/ada/.other"),), "/home/ada/.other"),
        ("$DIR/rc", (on("replace", "/etc/tool"),), "/etc/tool/rc"),
        ("/etc/rc", (on("create", "/etc/rc"),), "/etc/rc"),
        ("$NOWHERE/rc", (on("create", "/rc"),), ""),
        ("/etc/rc", (on("create", "/tmp/$X", known=False),), "/etc/rc"),
        ("~/.other", (on("remove", "/home/ada/.other"),), ""),
        ("~/.other", (on("create", "/home/ada/.another"),), ""),
        ("~/.other", (), ""),
    ],
)
def test_what_a_program_reads_may_be_made_first(file: str, ahead: tuple[Effect, ...], made: str) -> None:
    found = dict(later(*ahead).ambient((), (file,), CALL))
    assert dict(THERE).items() <= found.items()
    assert set(found) - dict(THERE).keys() == ({made} if made else set())
    assert not made or found[made]


def test_what_is_there_keeps_its_digest() -> None:
    assert later(on("create", "/home/ada/.toolrc")).ambient((), ("~/.toolrc",), CALL) == THERE


def test_the_rest_is_as_it_is_now() -> None:
    world, now = later(on("run", "make", "program")), Now()
    assert world.stdin() == now.stdin()
    assert world.paths(("a", "b"), "/", True) == now.paths(("a", "b"), "/", True)
    assert world.destination(("a",), "b", "/", True) == now.destination(("a",), "b", "/", True)
    assert world.ask("probe", CALL) == now.ask("probe", CALL)
