"""Whatever lies in the way of what git writes: every command with every obstacle, rated and then really made.

A template is built once for each base, with branches that put something at `spot/data`; each call is made in a copy
of it, with an obstacle at that path, at its leading part or below it. What the obstacle held is lost where no file
has it any more, and no ref, reflog or index of the repository reaches it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.guarded import lasting_directory
from support.hunting import hunt
from support.repository import ENV, GIT

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.word import Known
from agentguard.edge.world import RealWorld
from agentguard.rulebook.load import Rulebook

pytestmark = pytest.mark.real

MEMORY = "/dev/shm"
PATIENCE = 20

#: What `main` has at spot/data; every base has the branches below, and a commit before that has a file there.
BASES = {
    "free": "git rm -q spot/data",
    "file": ":",
    "directory": "git rm -q spot/data; mkdir -p spot/data; echo in > spot/data/in; git add spot",
    "submodule": "git rm -q spot/data; git submodule --quiet add $PWD/../inner spot/data",
}
#: What each branch puts there.
TARGETS = {
    "to-file": "echo file > spot/data",
    "to-directory": "mkdir -p spot/data; echo deep > spot/data/deep",
    "to-link": "ln -s nowhere spot/data",
    "to-submodule": "git -c protocol.file.allow=always submodule --quiet add $PWD/../inner spot/data",
    "to-nothing": ":",
    "to-leading-file": "rm -rf spot; echo lead > spot",
}
BUILD = """
mkdir inner; cd inner; git init -q; echo inner > inner.txt; git add .; git commit -q -m inner; echo two > inner.txt
git commit -q -a -m 2; cd ..; mkdir work; cd work; git init -q; mkdir spot other; echo top > top
echo 'kept dat 1' > spot/keep; echo o > other/o; git add .; git commit -q -m one; echo 'old data 1' > spot/data
git add .; git commit -q -m two
{base}; git commit -q --allow-empty -m three; git tag three
{targets}
git checkout -q -f main; git clean -qffdx; git submodule --quiet update --init --force
"""
TARGET = """
git checkout -q -B {name} main; git rm -rqf --ignore-unmatch spot/data; rm -rf spot/data .git/modules/spot
git config --remove-section submodule.spot/data || true; mkdir -p spot
{script}; git add -A; git commit -q --allow-empty -m {name}
git format-patch -q -1 --binary --no-renames --stdout > ../{name}.patch; git diff --binary main {name} > ../{name}.diff
git checkout -q -f main; git clean -qffdx; git submodule --quiet update --init --force
git merge -q --no-commit --no-ff {name} || true; git stash -q || true
git update-ref refs/stashes/{name} refs/stash || true
git update-ref -d refs/stash || true; rm -rf .git/logs/refs/stash; git reset -q --hard; git clean -qffdx
"""

CALLS = [
    "checkout {t}", "checkout -f {t}", "checkout -m {t}", "checkout -b new {t}", "checkout -B new {t}",
    "checkout --detach {t}", "checkout --no-overwrite-ignore {t}", "checkout {t} -- .", "checkout {t} -- spot",
    "checkout {t} spot/data", "checkout -- .", "checkout .", "checkout -- spot/data", "checkout HEAD -- .",
    "checkout -f", "checkout HEAD~1", "checkout --recurse-submodules {t}", "checkout -f --recurse-submodules {t}",
    "switch {t}", "switch -f {t}", "switch --detach {t}", "switch -c new {t}", "switch --recurse-submodules {t}",
    "switch --orphan fresh", "restore .", "restore spot/data", "restore -s {t} .", "restore -s {t} -SW .",
    "restore -SW .", "restore -s {t} --overlay .", "reset --hard", "reset --hard {t}", "reset --hard HEAD~1",
    "reset --keep {t}", "reset --merge {t}", "reset --merge", "reset --hard --recurse-submodules {t}", "reset {t}",
    "reset -q", "read-tree -m -u {t}", "read-tree --reset -u {t}", "read-tree -m -u HEAD {t}",
    "read-tree -u --reset HEAD", "read-tree --prefix=spot/data/ -u {t}", "checkout-index -a -f",
    "checkout-index -f spot/data", "checkout-index -a", "checkout-index -a -f --prefix=spot/data/", "merge {t}",
    "merge --squash {t}", "merge --no-ff -m x {t}", "merge", "merge --no-overwrite-ignore {t}",
    "merge --no-overwrite-ignore --no-ff -m x {t}", "pull -q . {t}", "pull -q ../work {t}",
    "pull -q --rebase ../work {t}", "pull -q --ff-only . {t}", "rebase {t}", "rebase", "rebase --onto {t} HEAD~1",
    "rebase {t} main", "rebase -f HEAD~2", "cherry-pick {t}", "cherry-pick -n {t}", "cherry-pick main..{t}",
    "revert --no-edit HEAD", "revert -n HEAD", "revert --no-edit HEAD~1", "stash", "stash -u", "stash -a",
    "stash push -- spot", "stash -k", "stash -S", "stash apply {s}", "stash apply --index {s}",
    "bisect start HEAD HEAD~2", "bisect start {t} HEAD~2", "am ../{t}.patch", "am -3 ../{t}.patch",
    "apply ../{t}.diff", "apply --index ../{t}.diff", "apply -3 ../{t}.diff", "apply -R ../{t}.diff", "rm -r spot",
    "rm -rf spot", "rm spot/data", "rm -f spot/data", "rm -f spot/keep", "rm -rf .", "rm -r --cached spot",
    "mv top spot/data", "mv -f top spot/data", "mv spot moved", "mv -f top spot", "clean -fd", "clean -ffdx",
    "clean -fdX", "sparse-checkout set other", "sparse-checkout set --no-cone other", "sparse-checkout init",
    "submodule update", "submodule update --init", "submodule update --force", "submodule deinit spot/data",
    "submodule deinit -f --all", "submodule update --remote", "filter-branch --subdirectory-filter spot HEAD",
    "worktree add spot/data {t}", "worktree add -f spot/data", "submodule add ../inner spot/data",
    "submodule add -f ../inner spot/data", "init spot/data", "clone -q ../inner spot/data",
    "format-patch -q -1 -o spot/data", "format-patch -q -1 -o spot", "archive -o spot/data HEAD",
    "diff --output=spot/data HEAD~1", "bundle create spot/data --all", "config -f spot/data a.b c",
    "commit -q -a -m x", "add -A", "gc -q", "subtree merge --prefix=spot/data {t}", "rebase -q --autostash {t}",
    "merge -q --autostash {t}", "merge --abort", "rebase --abort", "cherry-pick --abort", "merge --continue",
    "cherry-pick --skip", "stash pop", "stash branch fresh",
]  # fmt: skip

#: What is put in the way, by shell lines; $P is the place, $N numbers what is precious.
OBSTACLES = {
    "nothing": ":",
    "file": 'rm -rf "$P"; echo "precious 1" > "$P"',
    "directory": 'rm -rf "$P"; mkdir -p "$P/d"; echo "precious 1" > "$P/d/u.db"; echo "precious 2" > "$P/v"',
    "empty directory": 'rm -rf "$P"; mkdir -p "$P/d"',
    "repository": """
        rm -rf "$P"; mkdir -p "$P"; cd "$P"; git init -q; echo "precious 1" > u; git add u; git commit -q -m u; cd "$W"
    """,
    "link": 'rm -rf "$P"; ln -s "$W/../outside" "$P"',
    "added": 'mkdir -p "$(dirname "$P")"; mkdir -p "$P" 2>/dev/null; echo "precious 1" > "$P/u.db" || :',
    "edited": 'test -f "$P" && echo "precious 1" > "$P" || :',
    # Of the same size and at the same time, so that git takes it for unchanged …
    "edited unseen": """
        git update-index -q --refresh; git config core.trustctime false; git config core.checkStat minimal
        test -f "$P" && touch -r "$P" "$W/../time" && echo "precious 1" > "$P" && touch -r "$W/../time" "$P" || :
    """,
    # … or told to do so.
    "assumed unchanged": 'test -f "$P" && git update-index --assume-unchanged "$P" && echo "precious 1" > "$P" || :',
    "left out": 'test -f "$P" && git update-index --skip-worktree "$P" && echo "precious 1" > "$P" || :',
    "edited inside": 'test -d "$P" && for f in "$P"/*; do echo "precious 1" > "$f"; done || :',
}
#: What is under way before anything is put in the way: {t} is the target.
STATES = ("", "git merge -q --no-commit --no-ff {t}", "git cherry-pick -n {t}", "git stash store refs/stashes/{t}")
PLACES = ("spot/data", "spot/data/deep", "spot", "spot/keep", "keep", "spot/data/inner.txt")
IGNORED = {"": "", "it": "/{place}\n", "what is in it": "/{place}/*\n", "some of it": "*.db\n"}


class Templates:
    """The bases, each built when it is first asked for, and copied for every call."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.live = top / "live"
        self.work = self.live / "work"
        (top / "home").mkdir()
        (top / "home" / ".gitconfig").write_text(
            "[user]\n\tname = Dev\n\temail = dev@example.org\n[init]\n\tdefaultBranch = main\n"
            '[protocol "file"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n[gc]\n\tauto = 0\n'
        )
        self.env = {
            **{"PATH": os.confstr("CS_PATH") or "", "HOME": str(top / "home"), "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC"},
            **{"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true"},
        }

    def go(self, base: str, target: str, lines: str) -> None:
        built = self.top / base
        if not built.exists():
            built.mkdir()
            targets = "\n".join(TARGET.format(name=name, script=script) for name, script in TARGETS.items())
            self._sh("set -e\n" + BUILD.format(base=BASES[base], targets=targets), built)
        shutil.rmtree(self.live, ignore_errors=True)
        subprocess.run(["cp", "-a", str(built), str(self.live)], check=True)
        (self.live / "outside").mkdir()
        (self.live / "outside" / "data").write_text("precious 8\n")
        (self.live / "outside" / "keep").write_text("precious 9\n")
        upstream = f"git config branch.main.remote .; git config branch.main.merge refs/heads/{target}"
        self._sh(f"{upstream}\n{lines}", self.work)

    def _sh(self, script: str, at: Path) -> None:
        env = ENV | self.env | {"GIT_CONFIG_GLOBAL": f"{self.top}/home/.gitconfig", "W": str(self.work)}
        env["PATH"] = f"{os.confstr('CS_PATH')}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-c", script], cwd=at, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def held(self) -> set[bytes]:
        """The precious contents that files have."""
        return {content for content in _contents(self.live) if content.startswith(b"precious")}

    def reached(self, content: bytes) -> bool:
        """Whether a repository here keeps a content that no file has."""
        name = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
        words = ["rev-list", "--objects", "--no-object-names", "--all", "--reflog", "--indexed-objects"]
        for directory, inner, files in os.walk(self.live):
            if "HEAD" in files and "objects" in inner:
                argv = [GIT, f"--git-dir={directory}", *words]
                if name in subprocess.run(argv, env=self.env, capture_output=True, text=True).stdout:
                    return True
        return False


def _contents(top: Path) -> Iterator[bytes]:
    for directory, inner, files in os.walk(top):
        inner[:] = [name for name in inner if name != ".git"]
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    yield file.read()


@pytest.fixture(scope="module")
def templates() -> Iterator[Templates]:
    with contextlib.ExitStack() as stack:
        if os.access(MEMORY, os.W_OK):
            top = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        else:
            top = stack.enter_context(lasting_directory())
        yield Templates(top.resolve())


@hunt(150)
@given(
    call=st.sampled_from(CALLS),
    base=st.sampled_from(list(BASES)),
    target=st.sampled_from(list(TARGETS)),
    obstacle=st.sampled_from(list(OBSTACLES)),
    place=st.sampled_from(PLACES),
    ignored=st.sampled_from(list(IGNORED)),
    state=st.sampled_from(STATES),
)
def test_what_lies_in_the_way_is_seen(
    rulebook: Rulebook,
    templates: Templates,
    call: str,
    base: str,
    target: str,
    obstacle: str,
    place: str,
    ignored: str,
    state: str,
) -> None:
    templates.go(base, target, _lines(target, obstacle, place, ignored, state))
    line = "git " + call.format(t=target, s=f"refs/stashes/{target}")
    rating, told, lost, done = _made(rulebook, templates, line)
    if lost:
        assert rating == "destructive", f"{line}: {sorted(lost)} is lost: {told}"
    elif obstacle == "nothing" and not state and done.returncode == 0:
        assert rating != "destructive", f"{line}: nothing is lost: {told}"


#: What a line does first; git's own, but for what writes a file with what git ignores.
EARLIER = [
    "git reset -q", "git reset -q HEAD~1", "git reset -q --soft HEAD~1", "git rm -rq --cached spot",
    "git read-tree HEAD~1",
    "git rm -q --cached spot/data", "git restore --staged .", "git update-index --force-remove spot/data", "git add -A",
    "git add -A && git commit -q -m x", "git commit -q --allow-empty -m x", "git stash -q", "git fetch -q . {t}",
    "git config core.excludesFile /dev/null", "git config clean.requireForce false",
    "git config submodule.recurse true",
    "git config user.name x", "git mv spot/keep kept", "echo '*' >> .gitignore", "echo spot >> .git/info/exclude",
    "printf '' > .git/info/exclude", "git branch -f aside", "git switch -q -c aside", "git bisect start",
    "git checkout -q {t}", "git switch -q to-nothing", "git checkout -q HEAD~1", "git checkout -q {t} -- spot",
    "git merge -q {t}", "git cherry-pick {t}", "git reset -q --keep HEAD~1", "rm spot/keep", "rm -f spot/data",
]  # fmt: skip


@hunt(60)
@given(
    first=st.sampled_from(EARLIER),
    call=st.sampled_from(CALLS),
    base=st.sampled_from(list(BASES)),
    target=st.sampled_from(list(TARGETS)),
    obstacle=st.sampled_from(list(OBSTACLES)),
    place=st.sampled_from(PLACES),
    ignored=st.sampled_from(list(IGNORED)),
    state=st.sampled_from((*STATES, "git add -A")),
)
def test_what_a_line_changes_first_is_seen(
    rulebook: Rulebook,
    templates: Templates,
    first: str,
    call: str,
    base: str,
    target: str,
    obstacle: str,
    place: str,
    ignored: str,
    state: str,
) -> None:
    # A repository that the line adds becomes a submodule, which nobody has looked into.
    assume(not ("add -A" in f"{first} {state}" and obstacle == "repository"))
    staged = "\ngit add -A" * (state == "git add -A")
    templates.go(base, target, _lines(target, obstacle, place, ignored, "" if staged else state) + staged)
    line = f"{first.format(t=target)} && git {call.format(t=target, s=f'refs/stashes/{target}')}"
    rating, told, lost, _ = _made(rulebook, templates, line)
    assert not lost or rating == "destructive", f"{line}: {sorted(lost)} is lost: {told}"


def _lines(target: str, obstacle: str, place: str, ignored: str, state: str) -> str:
    """The shell lines that put something in the way."""
    exclude = IGNORED[ignored].format(place=place)
    put = f"P={place}; {{ {OBSTACLES[obstacle].strip()}; }} 2>/dev/null || :"
    return f"{{ {state.format(t=target) or ':'}; }} 2>/dev/null || :; printf '{exclude}' >> .git/info/exclude; {put}"


def _made(
    rulebook: Rulebook, templates: Templates, line: str
) -> tuple[str, str, set[bytes], subprocess.CompletedProcess[bytes]]:
    """The rating of a call or a line, with its reasons; what of the precious it lost when it was made; how it ended."""
    before = templates.held()
    env = templates.env | {"PWD": str(templates.work)}
    is_line = "&&" in line
    argv = ("sh", "-c", line) if is_line else tuple(shlex.split(line))
    made = Invocation.of(argv, str(templates.work), env, Stream("known"))
    classifier = Classifier(rulebook, RealWorld(made, "/nowhere", running=not is_line))
    reading = classifier.text("shell", Known(line), made) if is_line else classifier.command(made)
    real = ("/bin/sh", "-c", line) if is_line else (GIT, *argv[1:])
    done = subprocess.run(
        real, cwd=templates.work, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
    )
    lost = {content for content in before - templates.held() if not templates.reached(content)}
    return reading.rating, "; ".join(f"{one.rule}: {one.told}" for one in reading.effects), lost, done
