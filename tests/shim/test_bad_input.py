"""What may come in broken, through an installed guard: one clear line, the right status, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guarded import Guarded, Ran, lasting_directory
from support.stores import Stores

from agentguard.core.text.encoding import decode
from agentguard.core.text.shorten import shortened_words

pytestmark = pytest.mark.real

PROJECT = Path(__file__).parents[2]
#: A read that the classifier looks at: a shim would let a plainer one through by itself.
LOOKED_AT = ("git", "-c", "advice.detachedHead=false", "--version")

#: Stands for `git` where a test must see what reaches a real program.
RECORDER = """#!/bin/sh
printf '<%s>' "$@"
"""


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Guarded(place, stores)


@pytest.fixture
def work(guarded: Guarded, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory with a file that must outlive whatever is called there."""
    where = guarded.place / "work"
    where.mkdir()
    (where / "precious").write_text("the only copy\n")
    yield where
    assert (where / "precious").read_text() == "the only copy\n"
    shutil.rmtree(where)


@pytest.fixture
def recorded(guarded: Guarded) -> dict[str, str]:
    """An environment in which `git` says what it was called with."""
    recorder = guarded.place / "recorder" / "git"
    recorder.parent.mkdir(exist_ok=True)
    recorder.write_text(RECORDER)
    recorder.chmod(0o755)
    return {**guarded.env, "PATH": f"{guarded.root.shims}:{recorder.parent}:{guarded.env['PATH']}"}


def one_line(text: str) -> str:
    """`text`, which is one line of the guard's that a person can read."""
    assert text.startswith("agentguard: "), text
    assert text.endswith("\n") and text[:-1].isprintable(), text
    assert "Traceback" not in text
    return text


def refused(ran: Ran) -> str:
    """What the caller was told of a call that was not run: some short lines, nothing that a terminal obeys."""
    assert (ran.status, ran.out) == (126, ""), ran
    *lines, end = ran.err.split("\n")
    assert lines[0].startswith("agentguard: ") and "was not run" in lines[0] and end == "", ran.err
    assert all(line.isprintable() for line in lines)
    assert len(lines) <= 12 and max(map(len, lines)) <= 1000
    assert "Traceback" not in ran.err
    return ran.err


@contextlib.contextmanager
def moved_away(path: str) -> Iterator[None]:
    """What is at `path` is gone for a while."""
    os.rename(path, f"{path}.away")
    try:
        yield
    finally:
        if os.path.islink(path) or os.path.isfile(path):
            os.unlink(path)
        elif os.path.isdir(path):
            shutil.rmtree(path)
        os.rename(f"{path}.away", path)


# Where the real program is looked for


@pytest.mark.parametrize(
    "path",
    [
        "{shims}:{shims}:{rest}",
        "{shims}/:{rest}",
        "{link}:{rest}",
        "{link}/:{shims}:{shims}//:{rest}",
        "{rest}:{shims}",
    ],
    ids=["twice", "slash", "link", "all", "last"],
)
def test_the_shims_are_never_taken_for_the_program(guarded, work, path):
    link = guarded.place / "link"
    if not link.is_symlink():
        link.symlink_to(guarded.root.shims)
    env = {**guarded.env, "PATH": path.format(shims=guarded.root.shims, link=link, rest="/usr/bin:/bin")}
    assert guarded.call("git", "--version", env=env).out.startswith("git version")
    refused(guarded.call("rm", "precious", env=env, cwd=work))


def test_a_program_that_is_not_there(guarded):
    ran = guarded.call("git", "status", env={**guarded.env, "PATH": guarded.root.shims})
    assert (ran.status, ran.out) == (127, "")
    assert "git: not found" in one_line(ran.err)


# Arguments


ARGUMENTS = {
    "no UTF-8": [b"\xff\xfe", b"\xed\xb3\xbf", b"caf\xe9"],
    "newlines": [b"a\nb", b"\n", b"\r\x1b[2J\x1b]0;x\x07"],
    "many": [b"x"] * 100_000,
    "long": [b"x" * 120 * 1024],
}


def recorded_words(*words: str | bytes) -> list[str]:
    """What a row keeps of the words of a call."""
    return list(shortened_words(tuple(map(decode, map(os.fsencode, words)))))


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_of_a_read_reach_the_program(guarded, recorded, arguments):
    ran = guarded.call("git", "log", "--", *arguments, env=recorded)
    assert (ran.status, ran.err) == (0, "")
    assert os.fsencode(ran.out) == b"<log><-->" + b"".join(b"<%b>" % word for word in arguments)
    row = guarded.rows()[-1]
    assert (row["rating"], row["argv"]) == ("read", recorded_words("git", "log", "--", *arguments))


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_of_a_destructive_call_are_shown_safely(guarded, work, arguments):
    made = [os.path.join(os.fsencode(work), word) for word in dict.fromkeys(arguments) if len(word) < 256]
    for path in made:
        Path(os.fsdecode(path)).write_text("x")
    refused(guarded.call("rm", "-rf", "precious", *arguments, cwd=work))
    assert all(map(os.path.exists, made))
    asked, last = guarded.rows()[-2:]
    assert (asked["kind"], last["kind"]) == ("asked", "refused")
    assert asked["argv"] == recorded_words("rm", "-rf", "precious", *arguments)
    table = guarded.agentguard("audit", "--limit", "1")
    assert "\x1b" not in table and "precious" in table
    assert json.loads(guarded.agentguard("audit", "--json", "--limit", "1"))["request"] == asked["request"]


# What is read in order to rate


needs_psql = pytest.mark.skipif(not shutil.which("psql"), reason="psql: not installed")


@needs_psql
def test_input_that_never_ends_is_refused(guarded):
    """Nobody can be shown what is still to come."""
    shim = f"{guarded.root.shims}/psql"
    readers, writers = zip(*(os.pipe() for _ in range(3)), strict=True)
    os.write(writers[1], b"select 1;\n")
    calls = [
        subprocess.Popen(
            [shim, "-h", "127.0.0.1", *more], stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=guarded.shimmed, cwd=guarded.home, start_new_session=True, text=True,
        )
        for reader, more in zip(readers, ([], [], ["-f", "-"]), strict=True)
    ]  # fmt: skip
    try:
        for call in calls:
            out, err = call.communicate(timeout=60)
            assert "standard input has not ended" in refused(Ran(call.returncode, out, err))
    finally:
        for end in (*readers, *writers):
            os.close(end)


@needs_psql
def test_input_without_end_and_limit_is_refused(guarded):
    with subprocess.Popen(["yes", "select 1;"], stdout=subprocess.PIPE) as endless:
        ran = guarded.call("psql", "-h", "127.0.0.1", stdin=endless.stdout)
        assert endless.stdout
        endless.stdout.close()
    assert "standard input has more than 8 MiB" in refused(ran)


def missing(work: Path) -> str:
    return "No such file"


def directory(work: Path) -> str:
    (work / "x.sql").mkdir()
    return "not a regular file"


def pipe(work: Path) -> str:
    os.mkfifo(work / "x.sql")
    return "not a regular file"


def circle(work: Path) -> str:
    (work / "x.sql").symlink_to("x.sql")
    return "symbolic links"


def binary(work: Path) -> str:
    with (work / "x.sql").open("wb") as file:
        file.truncate(9 << 20)
    return "holds a NUL byte"


@needs_psql
@pytest.mark.parametrize("make", [missing, directory, pipe, circle, binary])
def test_a_script_that_cannot_be_read_is_refused(guarded, work, make):
    why = make(work)
    told = refused(guarded.call("psql", "-h", "127.0.0.1", "-f", "x.sql", cwd=work))
    assert "x.sql" in told and why in told


@needs_psql
def test_a_script_that_may_not_be_read_is_refused(guarded, work):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (work / "x.sql").touch(0o000)
    assert "Permission denied" in refused(guarded.call("psql", "-h", "127.0.0.1", "-f", "x.sql", cwd=work))


# The record


@contextlib.contextmanager
def unwritable(*paths: str) -> Iterator[None]:
    """Nobody can write to these, whoever runs the tests: modes do not hold root back."""
    if os.geteuid() == 0:
        if subprocess.run(["chattr", "+i", *paths], capture_output=True).returncode:
            pytest.skip("chattr cannot make a file immutable here")
        try:
            yield
        finally:
            subprocess.run(["chattr", "-i", *paths], check=True)
        return
    modes = {path: stat.S_IMODE(os.stat(path).st_mode) for path in paths}
    for path, mode in modes.items():
        os.chmod(path, mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            os.chmod(path, mode)


@contextlib.contextmanager
def read_only(guarded: Guarded) -> Iterator[None]:
    files = [f"{guarded.root.record}{end}" for end in ("", "-wal", "-shm")]
    try:
        with unwritable(*filter(os.path.exists, files)):
            yield
    finally:
        for file in filter(os.path.exists, files):  # SQLite gives what it makes meanwhile the mode of the database
            os.chmod(file, 0o600)


@contextlib.contextmanager
def locked(guarded: Guarded) -> Iterator[None]:
    other = sqlite3.connect(guarded.root.record)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@contextlib.contextmanager
def garbage(guarded: Guarded) -> Iterator[None]:
    with moved_away(guarded.root.data):
        os.mkdir(guarded.root.data, 0o700)
        Path(guarded.root.record).write_bytes(b"\xff\x00garbage\n" * 1000)
        yield


@contextlib.contextmanager
def a_link(guarded: Guarded) -> Iterator[None]:
    """To a place that somebody else may have chosen."""
    with moved_away(guarded.root.data):
        os.mkdir(guarded.root.data, 0o700)
        os.symlink(f"{guarded.root.data}.away/record.db", guarded.root.record)
        yield


@contextlib.contextmanager
def a_directory(guarded: Guarded) -> Iterator[None]:
    with moved_away(guarded.root.data):
        os.makedirs(guarded.root.record, 0o700)
        yield


@contextlib.contextmanager
def open_to_others(guarded: Guarded) -> Iterator[None]:
    os.chmod(guarded.root.data, 0o777)
    try:
        yield
    finally:
        os.chmod(guarded.root.data, 0o700)


@contextlib.contextmanager
def wholly_read_only(guarded: Guarded) -> Iterator[None]:
    """Nothing can be written to, neither the record nor beside it."""
    with read_only(guarded):
        folder = f"{guarded.root.data}/spool"
        files = [f"{folder}/{name}" for name in os.listdir(folder)]
        with unwritable(guarded.root.data, folder, *(one for one in files if not os.path.islink(one))):
            yield


#: Why the record cannot be written, and the kinds of the rows that it holds afterwards, where it is there again.
FAULTS = {
    read_only: ("it is read-only", ["ran", "ran", "refused"]),
    locked: ("it is locked by another program", ["ran", "ran", "refused"]),
    garbage: ("it is not a database", []),
    a_link: ("not a regular file", []),
    a_directory: ("not a regular file", []),
    open_to_others: ("others can write there", ["unrecorded"]),
    wholly_read_only: (
        "it is read-only" if os.geteuid() else "its permissions or those of its directory do not let it",
        ["unrecorded"],
    ),
}


@pytest.mark.parametrize(
    ("fault", "why", "later"), [(one, *told) for one, told in FAULTS.items()], ids=[one.__name__ for one in FAULTS]
)
def test_without_a_record_calls_are_noted_beside_it_and_nothing_is_destroyed(guarded, work, fault, why, later):
    guarded.call("git", "--version")  # so that there is a record
    before = len(guarded.rows())
    with fault(guarded):
        read = guarded.call(*LOOKED_AT)
        reversible = guarded.call("git", "-c", "advice.detachedHead=false", "init", "-q", "made", cwd=work)
        destructive = guarded.call("rm", "precious", cwd=work)
    assert read.status == 0 and read.out.startswith("git version")
    assert why in one_line(read.err)
    if "unrecorded" in later:
        assert "git runs without a record" in read.err
        assert "it cannot be put on the record" in refused(reversible)
    else:
        assert "git is noted beside the record" in read.err and "git is noted beside" in reversible.err
    assert (work / "made").exists() is (reversible.status == 0) is ("unrecorded" not in later)
    assert "it cannot be put on the record" in refused(destructive) and why in destructive.err
    assert guarded.root.data not in read.err + reversible.err + destructive.err
    rows = guarded.rows()[before:]
    assert [row["kind"] for row in rows] == later
    assert [row["calls"] for row in rows if row["kind"] == "unrecorded"] == [1] * later.count("unrecorded")
    assert guarded.agentguard("audit", "verify").startswith("The record is whole")


@pytest.mark.parametrize("already", [True, False], ids=["a record", "none yet"])
def test_a_full_disk(guarded, work, already):
    script = (
        'mount -t tmpfs -o size=400k,mode=700 none "$1" || exit 99\n'
        f"{'git --version >/dev/null' if already else ':'}\n"
        'head -c 1000000 /dev/zero >"$1/filled" 2>/dev/null\n'
        'shift; exec "$@"'
    )

    def full(*argv: str) -> Ran:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", guarded.root.data, *argv], stdin=subprocess.DEVNULL,
            env=guarded.shimmed, cwd=work, capture_output=True, text=True, timeout=60, start_new_session=True,
        )  # fmt: skip
        if done.returncode == 99 or "unshare:" in done.stderr:
            pytest.skip("a small disk cannot be mounted here")
        return Ran(done.returncode, done.stdout, done.stderr)

    read = full("git", "--version")
    assert read.status == 0 and read.out.startswith("git version")
    assert "git runs without a record" in one_line(read.err) and "its disk" in read.err
    assert "its disk" in refused(full("rm", "precious"))


# The guard's own environment


def no_store(guarded: Guarded) -> str:
    return guarded.root.store


def no_version_in_force(guarded: Guarded) -> str:
    return guarded.root.current


def no_packages(guarded: Guarded) -> str:
    return f"{os.path.realpath(guarded.root.current)}/lib"


def no_interpreter(guarded: Guarded) -> str:
    return f"{os.path.realpath(guarded.root.current)}/python"


def no_entry(guarded: Guarded) -> str:
    return f"{os.path.realpath(guarded.root.current)}/enter.py"


def no_rules(guarded: Guarded) -> str:
    return f"{os.path.realpath(guarded.root.current)}/lib/agentguard/rules"


@pytest.mark.parametrize("gone", [no_store, no_version_in_force, no_packages, no_interpreter, no_entry, no_rules])
def test_a_guard_that_has_lost_a_part_refuses(guarded, work, gone):
    with moved_away(gone(guarded)):
        for argv in (["git", "--version"], ["rm", "precious"]):
            ran = guarded.call(*argv, cwd=work)
            assert (ran.status, ran.out) == (126, "")
            assert re.search("agentguard (install|doctor --mend)", one_line(ran.err))
    assert guarded.call("git", "--version").status == 0


def test_an_interpreter_that_leads_nowhere_refuses(guarded):
    python = f"{os.path.realpath(guarded.root.current)}/python"
    with moved_away(python):
        os.symlink("/nonexistent/python", python)
        ran = guarded.call("git", "--version")
    assert (ran.status, ran.out) == (126, "")
    assert re.search("agentguard (install|doctor --mend)", one_line(ran.err))


@pytest.mark.parametrize("content", [b"", b"\xe9", b"\x00" * 4096], ids=["empty", "short", "zeros"])
def test_damaged_rules_refuse(guarded, content):
    rules = f"{os.path.realpath(guarded.root.current)}/lib/agentguard/rules/compiled/git.rules"
    with moved_away(rules):
        Path(rules).write_bytes(content)
        ran = guarded.call(*LOOKED_AT)
    assert (ran.status, ran.out) == (126, "")
    assert re.search("agentguard (install|doctor --mend)", one_line(ran.err))


def test_half_a_module_refuses(guarded):
    lib = f"{os.path.realpath(guarded.root.current)}/lib"
    package = f"{lib}/agentguard"
    with (
        moved_away(f"{lib}/modules"),
        moved_away(f"{package}/__pycache__"),
        moved_away(f"{package}/pipeline.py"),
    ):
        Path(f"{package}/pipeline.py").write_text("def guard(\n")
        ran = guarded.call(*LOOKED_AT)
    assert (ran.status, ran.out) == (126, "")
    assert re.search("agentguard (install|doctor --mend)", one_line(ran.err))


@pytest.mark.parametrize("left", [0, 3, 4, 100, 20_000, 0.5], ids=str)
def test_half_of_all_modules_refuses(guarded, left):
    modules = f"{os.path.realpath(guarded.root.current)}/lib/modules"
    whole = Path(modules).read_bytes()
    with moved_away(modules):
        Path(modules).write_bytes(whole[: left if isinstance(left, int) else int(left * len(whole))])
        ran = guarded.call(*LOOKED_AT)
    assert (ran.status, ran.out) == (126, "")
    assert re.search("agentguard (install|doctor --mend)", one_line(ran.err))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text.replace("[program]", "[program", 1), "rm.toml"),
        (lambda text: text.replace('rating = "destructive"', 'rating = "read"', 1), "rm-removes"),
        (lambda text: text.replace('id = "rm-removes"\n', "", 1), "rm.toml"),
    ],
    ids=["syntax", "example", "no id"],
)
def test_bad_rules_are_not_installed(tmp_path, damage, told):
    source = tmp_path / "source"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("agentguard", "rules", "shims"):
        shutil.copytree(PROJECT / name, source / name, ignore=ignore)
    rules = source / "rules" / "rm.toml"
    rules.write_text(damage(rules.read_text()))
    ran = subprocess.run(
        [sys.executable, "-m", "agentguard", "--root", str(tmp_path / "root"), "install", "--shell", "none"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(source)},
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert told in ran.stderr.splitlines()[0] and "Traceback" not in ran.stderr
    assert not (tmp_path / "root" / "shims").exists()


# The caller's surroundings


def test_a_working_directory_that_is_gone(guarded, work):
    """What a program says of it, it says itself; a path that starts there is one that nobody knows."""
    (work / "node_modules").mkdir()
    lines = {
        "git --version": (0, ""),
        "git status": (128, "Unable to read current working directory"),
        f"rm -r {work}/node_modules": (0, ""),
        f"rm {work}/precious": (126, "no person has answered yet"),
        "rm x": (126, "is not known"),
        "rm ../precious": (126, "is not known"),
        "git clean -fd ..": (126, "is not known"),
        "git checkout -- ../precious": (126, "is not known"),
    }
    gone = f"mkdir gone; cd gone; rmdir {work}/gone"
    session = guarded.agent(work, *(f"{gone}; {line}" for line in lines))
    for line, (status, told), call in zip(lines, lines.values(), session.calls, strict=True):
        assert call.status == status, (line, call)
        assert told in call.err and "failed:" not in call.err.replace("getcwd() failed:", ""), (line, call)


@pytest.mark.parametrize("argv", [("git", "status"), LOOKED_AT], ids=["a shim by itself", "Python"])
def test_a_wrapper_that_starts_its_own_shim_comes_to_an_end(guarded, argv):
    wrappers = guarded.place / "wrappers"
    wrappers.mkdir(exist_ok=True)
    (wrappers / "git").write_text('#!/bin/sh\nexec git "$@"\n')
    (wrappers / "git").chmod(0o755)
    path = f"{guarded.root.shims}:{wrappers}:{guarded.env['PATH']}"
    ran = guarded.call(*argv, env={**guarded.env, "PATH": path})
    assert "below 32 guarded calls" in one_line(ran.err) and (ran.status, ran.out) == (126, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(guarded, work, closed):
    def run(env: dict[str, str], line: str) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            ["sh", "-c", f"{line} {closed}"], env=env, cwd=work, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=60, start_new_session=True,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    line = "git rev-parse --is-inside-work-tree"
    assert run(guarded.shimmed, line) == run(guarded.env, line)
    status, out, err = run(guarded.shimmed, "rm precious")
    assert (status, out) == (126, b"")
    assert b"Traceback" not in err and (b"was not run" in err) == ("2>&-" not in closed)
