"""Queries to the real git, so made that they run no other program and change nothing.

No hooks, no fsmonitor, no filters, no external diff or pager, no locks, no prompts, no network: what
a repository's configuration would have git start is switched off by options that come after it.
"""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import OutOfSight, Unseen
from ...core.word import Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ...core.call import Invocation
    from ...core.word import Word
    from ..system.child import Finished, Tool

#: What of a call's environment says which repository it means, and how it is read. Everything
#: else of git's (GIT_EXEC_PATH, GIT_EXTERNAL_DIFF, GIT_SSH, GIT_TRACE …) starts or writes something.
_MEANT = frozenset(
    (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_REPLACE_REF_BASE",
        "GIT_ATTR_NOSYSTEM",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
        "GIT_DEFAULT_HASH",
        "HOME",
        "XDG_CONFIG_HOME",
    )
)
#: What of these a program of git's that works in another repository is told as well.
_OF_THE_USER = frozenset(
    (b"HOME", b"XDG_CONFIG_HOME", b"GIT_CONFIG_GLOBAL", b"GIT_CONFIG_SYSTEM", b"GIT_CONFIG_NOSYSTEM")
)
_ALTERNATES = b"GIT_ALTERNATE_OBJECT_DIRECTORIES"
#: Those of them, and of git's options, that say where a repository is: another one has its own.
_LOCAL = (
    b"GIT_DIR",
    b"GIT_WORK_TREE",
    b"GIT_INDEX_FILE",
    b"GIT_OBJECT_DIRECTORY",
    b"GIT_ALTERNATE_OBJECT_DIRECTORIES",
    b"GIT_COMMON_DIR",
    b"GIT_NAMESPACE",
    b"GIT_SHALLOW_FILE",
    b"GIT_GRAFT_FILE",
)
_SETTING = ("-c", "--config-env")
#: What every command is told, in the environment …
_QUIET = {
    b"PATH": b"/usr/bin:/bin",
    b"LC_ALL": b"C",
    b"GIT_OPTIONAL_LOCKS": b"0",
    b"GIT_TERMINAL_PROMPT": b"0",
    b"GIT_ASKPASS": b"/bin/false",
    b"GIT_EDITOR": b"/bin/false",
    b"GIT_PAGER": b"cat",
    b"GIT_ALLOW_PROTOCOL": b"none",
    b"GIT_NO_LAZY_FETCH": b"1",
    b"GIT_TRACE2": b"0",
    b"GIT_TRACE2_EVENT": b"0",
    b"GIT_TRACE2_PERF": b"0",
}
#: … and as configuration, after the call's own; …
_CONFIGURED = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "log.showSignature=false",
    "log.mailmap=false",
    "core.pager=cat",
    "diff.external=",
    "diff.relative=false",
    "status.showStash=false",
    "submodule.recurse=false",
)
#: … with this, so that no change is overlooked.
_CAREFUL = ("core.trustctime=true", "core.checkStat=default", "core.ignoreStat=false")
#: git's own options before the subcommand that say which repository is meant and how it is read,
#: and take a value.
_GLOBAL_VALUES = ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--attr-source")
_GLOBAL_FLAGS = (
    "--bare",
    "--no-replace-objects",
    "--literal-pathspecs",
    "--glob-pathspecs",
    "--noglob-pathspecs",
    "--icase-pathspecs",
)
#: Letters of `Change` for content that is in no commit (its `index`) or not even in the index (its `tree`).
STAGED, EDITED = "MTARCU", "MTAU"
#: The mode that trees and the index have for a submodule (git-ls-files(1), --stage).
SUBMODULE = "160000"


def above(path: str) -> Iterator[str]:
    """The directories that a path lies in, nearest first, without the top."""
    while path := path.rpartition("/")[0]:
        yield path


class Change(Value):
    """A changed path, as a line of `git status` has it (git-status(1), porcelain v2).

    `index` and `tree` are the letters X and Y ("." unchanged; "U" both when it is in conflict;
    "?" untracked, "!" ignored). `path` is relative to the top of the work tree; a directory
    ends in "/". `object` is what the index holds.
    """

    index: str
    tree: str
    path: str
    object: str = ""


class Git:
    """One way to call git: the program, the environment, and the options before the subcommand.

    `cwd` is the directory that it works in, after all `-C`. What git has answered once is not asked
    again: make a new one for each look. Without `careful` it takes for unchanged what the call would take so.
    """

    def __init__(self, program: Tool, env: Mapping[str, str], options: Sequence[str], careful: bool = True) -> None:
        self.program = program
        self.options = tuple(options)
        self.careful = careful
        self.env = {encode(name): encode(value) for name, value in env.items()} | _QUIET
        given = zip(self.options, self.options[1:], strict=False)
        self.cwd = os.path.join("/", *(value for name, value in given if name == "-C"))
        self._done: dict[tuple[str, ...], Finished] = {}
        self._calm: Git | None = None

    def run(self, *words: str, fine: tuple[int, ...] = (0,)) -> Finished:
        """Run one command; raises Unseen if it ends with a status that is not fine."""
        settings = (*_CONFIGURED, *(_CAREFUL if self.careful else ()))
        configured = [word for one in settings for word in ("-c", one)]
        done = self._answer("--no-pager", *self.options, *configured, *words)
        if done.status not in fine:
            lines = decode(done.err).strip().splitlines()
            raise Unseen(f"git {words[0]}: {lines[0] if lines else f'ended with {done.status}'}")
        return done

    def plain(self, *words: str) -> str:
        """The one line that a command prints, as it is without what this class sets: where the hooks lie."""
        done = self._answer(*self.options, *words)
        if done.status:
            raise Unseen(f"git {words[0]} ended with {done.status}")
        return decode(done.out).removesuffix("\n")

    def like(self, *options: str, careful: bool = True) -> Git:
        """The same with more options."""
        other = Git(self.program, {}, (*self.options, *options), careful)
        other.env = self.env
        return other

    def inside(self, root: str) -> Git:
        """Git for another repository, whose `.git` is in the directory `root`, as the call has it configured."""
        pairs = zip(self.options, (*self.options[1:], ""), strict=True)
        settings = [word for option, value in pairs if option in _SETTING for word in (option, value)]
        settings += [word for word in self.options if word.startswith("--config-env=")]
        other = Git(self.program, {}, ("-C", root, *settings))
        other.env = {name: value for name, value in self.env.items() if name not in _LOCAL}
        other.env[b"GIT_CEILING_DIRECTORIES"] = encode(os.path.dirname(root))
        return other

    def _answer(self, *words: str) -> Finished:
        if words not in self._done:
            self._done[words] = self.program.run(words, self.env)
        return self._done[words]

    def lines(self, *words: str, fine: tuple[int, ...] = (0,)) -> list[str]:
        """What a command prints, line by line."""
        return decode(self.run(*words, fine=fine).out).splitlines()

    def value(self, *words: str) -> str:
        """The one line that a command prints; "" if it fails quietly, with status 1."""
        return decode(self.run(*words, fine=(0, 1)).out).removesuffix("\n")

    def reading(self, *words: str, fine: tuple[int, ...] = (0,)) -> Finished:
        """Run a command that compares files of the work tree: no filter of the configuration runs.

        A file whose filter would have to run counts as changed, since its bytes differ from what git keeps.
        """
        if self._calm is None:
            self._calm = self.like(*self._without_filters(), careful=self.careful)
        return self._calm.run(*words, fine=fine)

    def _without_filters(self) -> Iterator[str]:
        for key in dict.fromkeys(key for key, _ in self.settings()):
            driver = key.rpartition(".")[0]
            if not driver.startswith("filter."):
                continue
            if "=" in driver:
                name = driver.removeprefix("filter.")
                raise Unseen(f"the filter {name} of git's configuration cannot be switched off")
            yield from ("-c", f"{driver}.clean=", "-c", f"{driver}.smudge=")
            yield from ("-c", f"{driver}.process=", "-c", f"{driver}.required=false")

    def settings(self) -> Iterator[tuple[str, str | None]]:
        """The whole configuration as it is without what this class sets: keys, and values (None: it stands alone)."""
        for setting in self.plain("config", "-z", "--list").split("\0"):
            key, equals, value = setting.partition("\n")
            yield key, value if equals else None

    # Other repositories

    def at_remote(self, root: str) -> Git:
        """Git as this one starts it at a remote that is a directory here: there, but for the same user (connect.c)."""
        kept = {name: value for name, value in self.env.items() if name in _OF_THE_USER}
        other = Git(self.program, {"GIT_CEILING_DIRECTORIES": os.path.dirname(root)}, ("-C", root))
        other.env |= kept
        return other

    def seeing(self, other: Git) -> Git:
        """The same repository, but with the objects of the other in sight: commits of both can be compared."""
        place = other.value("rev-parse", "--path-format=absolute", "--git-path", "objects")
        quoted = encode('"{}"'.format(place.replace("\\", "\\\\").replace('"', '\\"')))
        both = self.like()
        more = self.env.get(_ALTERNATES)
        both.env = self.env | {_ALTERNATES: b":".join([more, quoted] if more else [quoted])}
        return both

    # Where

    @property
    def refuses(self) -> bool:
        """Whether there is no repository, nor even the directory, so that most commands refuse; raises Unseen."""
        if not os.path.isdir(encode(self.cwd)):
            return True
        done = self.run("rev-parse", "--git-dir", fine=(0, 128))
        return done.status == 128 and b"not a git repository" in done.err

    @property
    def top(self) -> str:
        """The top of the work tree; raises Unseen if there is none."""
        return self._place(1)

    @property
    def directory(self) -> str:
        """The repository's own directory."""
        return self._place(0)

    @property
    def head(self) -> str:
        """The full name of the ref that HEAD stands for; "" if it is detached."""
        found = self._found()
        if len(found) == 5 and not found[2].endswith("/HEAD"):  # a branch of that name, where there is no commit yet
            return found[2] if found[2] != "HEAD" else ""
        return self.value("symbolic-ref", "--quiet", "HEAD")

    def _place(self, which: int) -> str:
        found = self._found()
        if len(found) == 5:
            return found[which]
        # There is no work tree, or no commit yet, or a name holds a newline.
        return self.value("rev-parse", ("--absolute-git-dir", "--show-toplevel")[which])

    def _found(self) -> list[str]:
        """Its directory, the top of its work tree, the ref of HEAD, `--` and "", if there are all of them."""
        asked = ("--absolute-git-dir", "--show-toplevel", "--symbolic-full-name", "HEAD", "--")
        done = self.run("rev-parse", *asked, fine=(0, 128))
        return [] if done.status else decode(done.out).split("\n")

    def held(self, pathspecs: Sequence[str] = ()) -> Iterator[tuple[str, str, str, bytes]]:
        """What the index holds at and below the pathspecs, all of it without one.

        Each is a mark (git-ls-files(1), -v), a mode, an object and a path from the top.
        """
        listed = self.run("ls-files", "-z", "-v", "-s", "--full-name", "--", *(pathspecs or self.everything)).out
        for entry in listed.split(b"\0"):
            if entry:
                facts, _, path = entry.partition(b"\t")
                mark, mode, held, _stage = decode(facts).split(" ")
                yield mark, mode, held, path

    @property
    def takes_magic(self) -> bool:
        """Whether pathspecs may begin with what says how they are meant (gitglossary(7))."""
        return b"GIT_LITERAL_PATHSPECS" not in self.env and "--literal-pathspecs" not in self.options

    @property
    def everything(self) -> tuple[str, ...]:
        """The pathspec of the whole work tree."""
        if not self.takes_magic:
            return (self.value("rev-parse", "--show-cdup") or ".",)
        return (":/",)

    def status(self, untracked: bool, pathspecs: Iterable[str] = (), ignored: bool = False) -> tuple[Change, ...]:
        """All that differs from the last commit, at and below the given pathspecs."""
        words = ["status", "--porcelain=v2", "-z", "--no-renames", "--ignore-submodules=dirty"]
        words += ["--untracked-files=all" if untracked else "--untracked-files=no"]
        words += ["--ignored=matching"] if ignored else []
        return tuple(_changes(decode(self.reading(*words, "--", *pathspecs).out)))


def _changes(listing: str) -> Iterator[Change]:
    records = iter(listing.split("\0"))
    for record in records:
        kind = record[:1]
        if kind == "1":
            _, letters, submodule, _, _, _, _, held, path = record.split(" ", 8)
            # What a submodule holds is its own affair, but not that it is gone, or has taken a file's place.
            if letters[0] != "." or letters[1] in "DT" or submodule == "N...":
                yield Change(letters[0], letters[1], path, held)
        elif kind == "2":
            raise Unseen("git status told of a renamed file, which it was not asked for")
        elif kind == "u":
            fields = record.split(" ", 10)
            yield Change("U", "U", fields[10], fields[8])
        elif kind in ("?", "!"):
            yield Change(kind, kind, record[2:])


def of_call(program: Tool, call: Invocation) -> Git:
    """Git as this call of git would see its repository: by its options before the subcommand and its environment."""
    if isinstance(call.cwd, Unknown):
        raise OutOfSight(f"the directory {call.cwd.written} is not known before the line runs")
    pairs = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
    given = {name: word for name, word in call.env.items() if name in _MEANT or name.startswith(pairs)}
    try:
        meant = {name: text_of(word) for name, word in given.items()}
        return Git(program, meant, ("-C", call.cwd.text, *_global_options(call.argv)))
    except Unseen as why:
        raise OutOfSight(str(why)) from why


def of_work_tree(program: Tool, root: str) -> Git:
    """Git for the repository whose `.git` is in the directory `root`, whatever the environment says."""
    return Git(program, _own() | {"GIT_CEILING_DIRECTORIES": os.path.dirname(root)}, ("-C", root))


def of_git_directory(program: Tool, git_directory: str) -> Git:
    """Git for the repository kept in that directory, whatever the environment says."""
    return Git(program, _own(), (f"--git-dir={git_directory}",))


def _own() -> dict[str, str]:
    """The environment that makes git read this user's own configuration."""
    from pwd import getpwuid

    try:
        return {"HOME": getpwuid(os.getuid()).pw_dir}
    except KeyError:  # a user without an entry has none
        return {"GIT_CONFIG_GLOBAL": "/dev/null"}


def _global_options(argv: Sequence[Word]) -> Iterator[str]:
    words = iter(argv[1:])
    for one in words:
        word = text_of(one)
        name, equals, _value = word.partition("=")
        if word in _GLOBAL_FLAGS or (equals and name in _GLOBAL_VALUES):
            yield word
        elif word in _GLOBAL_VALUES:
            value = next(words, None)
            if value is None:
                raise Unseen(f"{word} is given without its value")
            yield from (word, text_of(value))
        elif not word.startswith("-"):
            return
