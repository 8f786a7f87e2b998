"""Files that a call of git writes by their names: those of a patch, patches that it makes, configurations, patterns."""

from __future__ import annotations

import os
import re

from ...core.context import stdin
from ...core.paths import could_touch
from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...core.word import text_of
from ...lean.typing import TYPE_CHECKING
from . import settings
from .arguments import unquoted
from .refs import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from ...core.world import World
    from .git import Git

#: Options of `apply` that say which files a patch is about; `am` has some of them.
_FLAGS = ("-R", "--reverse", "--unidiff-zero", "--recount", "--inaccurate-eof", "--unsafe-paths")
_REVERSED = ("-R", "--reverse")
_RENAMES = re.compile(rb"^rename from (.+)\nrename to (.+)$", re.MULTILINE)
_VALUES = ("-p", "--directory", "--include", "--exclude")
#: How many of the commits that `format-patch` takes are looked at.
_MOST_PATCHES = 1000
_MADE = re.compile(r"(?:v[^/]+-)?[0-9]+(?:-(.*))?", re.DOTALL)
#: A pattern as git writes it for directories that are named (git-sparse-checkout(1), cone mode).
_OF_A_CONE = re.compile(r"!?/(?:[^*?\[#]+/)?(?:\*/?)?")
_FROM = re.compile(rb"From ([0-9a-f]{40,64}) Mon Sep 17 00:00:00 2001\n")


def patched(call: Call, git: Git, world: World, overwritten: bool) -> Iterator[str]:
    """The files that the patches of a call are about, or only those of which it may leave nothing that has them.

    A patch of text has what it takes away, so that it can be applied in reverse: if it is kept in a file. One that
    takes changes back is not, where nothing is.
    """
    words = [flag for flag in _FLAGS if call.has(flag)]
    words += [word for name in _VALUES for value in call.texts(name) for word in _given(name, value)]
    for name in call.operand_texts or ("-",):
        kept = name != "-" and not (call.has(*_REVERSED) and _is_disposable(name, git, world))
        if name != "-" and not os.path.exists(encode(place := os.path.join(git.cwd, name))):
            if not kept and any(could_touch(one, os.path.normpath(place)) for one in call.invocation.ahead):
                raise Unseen(f"{name}: an earlier part of the same line may make it")
            continue  # git refuses
        with _Patch(name, call, git, world) as place:
            listing = git.run("apply", "--numstat", "-z", *words, place).out
            yield from _moved_away(place, call, git, world) if overwritten else ()
        for line in filter(None, decode(listing).split("\0")):
            _, removed, path = line.split("\t", 2)
            if not overwritten or removed == "-" or (not kept and removed != "0"):
                yield path


def _moved_away(patch: str, call: Call, git: Git, world: World) -> Iterator[str]:
    """The files that a patch renames to where nothing is kept."""
    with open(encode(patch), "rb") as file:
        pairs = _RENAMES.findall(file.read())
    if not pairs:
        return
    top, below = git.cwd if git.refuses else git.top, call.text("--directory") or ""
    for names in pairs:
        old, new = (os.path.join(below, unquoted(decode(name))) for name in names[:: -1 if call.has(*_REVERSED) else 1])
        if world.destination((old,), new, top, inside=False).disposable:
            yield old


def _is_disposable(name: str, git: Git, world: World) -> bool:
    return world.paths((name,), git.cwd, True)[0].state in ("temporary", "regenerable", "born", "missing")


def _given(name: str, value: str) -> tuple[str, ...]:
    return (f"{name}{value}",) if name == "-p" else (f"{name}={value}",)


class _Patch:
    """A file with a patch: the one that is named, or one that is made of standard input."""

    def __init__(self, name: str, call: Call, git: Git, world: World) -> None:
        self.place = os.path.join(git.cwd, name)
        self.content = stdin(call.invocation.stdin, world) if name == "-" else None
        if name != "-" and not os.path.isfile(encode(self.place)):
            raise Unseen(f"{name}: not a regular file")  # what is read of a pipe the program would miss

    def __enter__(self) -> str:
        if self.content is not None:
            from tempfile import mkstemp

            descriptor, self.place = mkstemp(prefix="agentguard-")
            with open(descriptor, "wb") as file:
                file.write(self.content)
        return self.place

    def __exit__(self, *exception: object) -> None:
        if self.content is not None:
            os.unlink(self.place)


def patches_made(call: Call, git: Git) -> Iterator[str]:
    """The existing files that `format-patch` would write over, but for those that it would make again."""
    if call.has("--stdout", "--output"):
        return
    given = call.text("-o", "--output-directory") or settings.value(git, "format.outputDirectory")
    directory = os.path.join(git.cwd, given or ".")
    there = [decode(name) for name in os.listdir(encode(directory))] if os.path.isdir(encode(directory)) else []
    suffix = call.text("--suffix") or settings.value(git, "format.suffix") or ".patch"
    suffix = "" if call.has("--numbered-files") else suffix
    made = [(name, _MADE.fullmatch(name.removesuffix(suffix))) for name in there if name.endswith(suffix)]
    found = [(name, match[1]) for name, match in made if match]
    if not found:
        return
    range_ = call.operand_texts or ("@{upstream}",)
    is_counted = call.has("--root") or any(re.fullmatch(r"-n?[0-9]+", word) for word in call.invocation.texts)
    if len(range_) == 1 and not is_counted and not _is_range(range_[0]):
        range_ = (f"{range_[0]}..HEAD",)
    told = git.run("log", "--format=%f", f"--max-count={_MOST_PATCHES}", *range_, "--", fine=(0, 128))
    # A number of commits, or what git cannot tell the range of: any that HEAD has.
    if told.status:
        told = git.run("log", "--format=%f", f"--max-count={_MOST_PATCHES}", "HEAD", "--", fine=(0, 128))
    subjects = set(decode(told.out).splitlines()) if not told.status else set()
    for name, subject in found:
        is_made = subject is None or subject == "cover-letter" or any(one.startswith(subject) for one in subjects)
        if is_made and not _made_again(git, os.path.join(directory, name)):
            yield os.path.join(directory, name)


def _is_range(word: str) -> bool:
    return ".." in word or word.startswith("^")


def _made_again(git: Git, place: str) -> bool:
    """Whether a file is what `format-patch` made of a commit that is still here, but for its subject's number."""
    try:
        with open(encode(place), "rb") as file:
            content = file.read(8 << 20)
    except OSError:
        return False
    told = _FROM.match(content)
    commit = resolved(git, f"{decode(told[1])}^{{commit}}") if told else ""
    if not commit:
        return False
    again = git.run("format-patch", "--stdout", "-1", commit).out
    return _unnumbered(again) == _unnumbered(content)


def _unnumbered(patch: bytes) -> bytes:
    return re.sub(rb"(?m)^(Subject: \[PATCH)[^]\n]*\]", rb"\1]", patch, count=1)


def diagnostics(call: Call, git: Git) -> Iterator[str]:
    """The existing archives that `diagnose` and `bugreport --diagnose` may write: the suffix is one of strftime(3)."""
    suffix = call.text("-s", "--suffix")
    if suffix is None or (call.command == ("bugreport",) and not call.has("--diagnose")):
        return  # the minute
    directory = os.path.join(git.cwd, call.text("-o", "--output-directory") or ".")
    pattern = re.escape(f"git-diagnostics-{suffix.partition('%')[0]}") + ".*" * ("%" in suffix)
    for name in os.listdir(encode(directory)) if os.path.isdir(encode(directory)) else ():
        if re.fullmatch(f"{pattern}\\.zip", decode(name), re.DOTALL):
            yield os.path.join(directory, decode(name))


def config_file(call: Call, git: Git) -> Iterator[str]:
    """The file that `config` is told to change, where that takes a value away; one of git's own has it back by hand."""
    file = _named_configuration(call)
    asked = _values_taken_away(call)
    if not file or file == "-" or asked is None:
        return
    place = os.path.realpath(os.path.join(git.cwd, file))
    if not os.path.isfile(encode(place)):
        yield from [place] * (
            os.path.exists(encode(place)) and not os.path.isdir(encode(place))
        )  # a new file replaces it
    elif not _is_gits_own(place) and not git.run("config", "-f", place, *asked, fine=(0, 1)).status:
        yield place


def _values_taken_away(call: Call) -> tuple[str, ...] | None:
    """What asks `git config` for the values that a call takes away; None where it only reads or adds."""
    words, command = call.operand_texts, call.command[1:]
    if call.has("--remove-section") or command == ("remove-section",):
        return ("--get-regexp", f"^{re.escape(words[0])}\\." if words else ".")
    if call.has("--add", "--append", "--rename-section", "--get", "--get-all", "--get-regexp", "--get-urlmatch"):
        return None
    if call.has("--unset", "--unset-all", "--replace-all") or command in (("set",), ("unset",)) or len(words) > 1:
        return ("--get-all", *words[:1])
    return None


def sparse_patterns(call: Call, git: Git) -> Iterator[str]:
    """The file with the patterns that `sparse-checkout set` replaces, if somebody wrote some of them by hand."""
    place = git.value("rev-parse", "--path-format=absolute", "--git-path", "info/sparse-checkout")
    if call.command[-1] != "set" or not os.path.isfile(encode(place)):
        return
    with open(encode(place), "rb") as file:
        patterns = decode(file.read()).splitlines()
    if not set(patterns).difference(("", *call.operand_texts)) <= set(filter(_OF_A_CONE.fullmatch, patterns)):
        yield place


def _named_configuration(call: Call) -> str | None:
    """The file that the line or the environment puts in the place of git's own (git-config(1), FILES)."""
    if call.has("-f", "--file"):
        return call.text("-f", "--file")
    variables = {"--global": "GIT_CONFIG_GLOBAL", "--system": "GIT_CONFIG_SYSTEM"}
    name = next((name for scope, name in variables.items() if call.has(scope)), "GIT_CONFIG")
    word = call.invocation.env.get(name) if not call.has("--local", "--worktree") else None
    return text_of(word) if word is not None else None


def _is_gits_own(place: str) -> bool:
    """Whether a file is a configuration of git, which `git config` changes without a question too."""
    directory, name = os.path.split(place)
    if name == "config":
        return os.path.basename(directory) == "git" or os.path.exists(os.path.join(directory, "HEAD"))
    return "gitconfig" in name
