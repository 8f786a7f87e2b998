"""Reading files, standard input, patterns and ambient inputs, as one call sees them."""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from agentguard.core.call import Call, Invocation
from agentguard.core.unseen import Unseen
from agentguard.core.world import PATH_STATES
from agentguard.edge import world as world_module
from agentguard.edge.world import RealWorld
from agentguard.lean.canonical import digest, fingerprint

PACKAGE = Path(__file__).parents[2]


def world(cwd=Path("/"), **env: str) -> RealWorld:
    return RealWorld(Invocation.of(("psql",), str(cwd), env), "/nowhere")


# Files


def test_every_byte_of_a_file(tmp_path):
    data = bytes(range(256)) * 1000
    (tmp_path / "f").write_bytes(data)
    (tmp_path / "link").symlink_to("f")
    assert world().read("f", str(tmp_path)) == world().read("link", str(tmp_path)) == data
    assert world().read(str(tmp_path / "f"), "/nowhere") == data


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "No such file"),
        ("directory", "not a regular file"),
        ("pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("big", "more than 8 MiB"),
        ("loop", "symbolic links"),
        ("nul\0", "null"),
    ],
)
def test_what_cannot_be_read_is_unseen(tmp_path, name, why):
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with open(tmp_path / "big", "wb") as file:
        file.truncate(world_module.MOST_BYTES + 1)
    with pytest.raises(Unseen, match=why):
        world().read(name, str(tmp_path))


# Standard input, of a process of its own

PROBE = f"""
import sys
sys.path.insert(0, {str(PACKAGE)!r})
from agentguard.core.call import Invocation
from agentguard.core.unseen import Unseen
from agentguard.edge import world
world.STDIN_SECONDS = 0.5
seen = world.RealWorld(Invocation.of(("psql",), "/", {{}}), "/nowhere")
for _ in range(2):
    try:
        print(len(seen.stdin()), seen.read("/dev/stdin", "/")[:9])
    except Unseen as why:
        print("unseen:", why)
print(seen.stdin_read and len(seen.stdin_read), seen.stdin_unusable)
"""


def probe(**options) -> list[str]:
    done = subprocess.run([sys.executable, "-I", "-S", "-c", PROBE], capture_output=True, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_stdin_is_read_once_and_kept():
    assert probe(input=b"drop table x") == ["12 b'drop tabl'"] * 2 + ["12 "]
    data = b"x" * (5 << 20)
    assert probe(input=data)[-1] == f"{5 << 20} "


def test_stdin_that_is_empty_or_closed():
    assert probe(stdin=subprocess.DEVNULL)[0] == "0 b''"
    assert probe(preexec_fn=lambda: os.close(0)) == ["0 b''", "0 b''", "None "]


def test_stdin_of_a_file_starts_where_the_caller_left_it(tmp_path):
    (tmp_path / "f").write_bytes(b"first second")
    with open(tmp_path / "f", "rb", buffering=0) as file:
        file.read(6)
        assert probe(stdin=file)[0] == "6 b'second'"


def test_stdin_that_is_too_big_is_unusable():
    lines = probe(input=b"x" * ((8 << 20) + 1))
    assert lines[0] == lines[1] == "unseen: standard input has more than 8 MiB, so it cannot be shown"
    assert lines[2].startswith("None standard input has more than")


def test_stdin_that_never_ends_is_unusable():
    reader, writer = os.pipe()
    os.write(writer, b"begin")
    lines = probe(stdin=reader, pass_fds=(writer,))
    os.close(reader)
    os.close(writer)
    assert lines[0] == lines[1] and "has not ended after" in lines[0]
    assert "has not ended after" in lines[2]


def test_stdin_that_is_a_terminal_is_unseen_but_not_used_up():
    ours, theirs = pty.openpty()
    lines = probe(stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert lines == ["unseen: standard input is a terminal: what will be typed is not known"] * 2 + ["None "]


def test_where_a_line_is_only_checked_stdin_is_not_the_calls():
    other = RealWorld(Invocation.of(("psql",), "/", {}), "/nowhere", running=False)
    with pytest.raises(Unseen, match="not known"):
        other.stdin()


# Patterns: bash is of the same opinion


@pytest.mark.parametrize(
    "pattern",
    [
        "*", "?", "*.py", "a*", "[ab]*", "[!a]*", "[^a]*", "[a-b].py", "[[:digit:]]", "[[:upper:]]*", "[]]", "[a", "a[",
        ".*y", ".h*", "d/*", "*/", "*/*", "d/.*", "*/f", "./*", "d/../*.py", "x*", r"\*", r"*\**", r"[\]]", "[a-]*",
        "sp ace*", "d/e/*", "**/f", "link/*", "*\xff", "[!.]*", "dangling*",
    ],
)  # fmt: skip
def test_patterns_as_bash_expands_them(tmp_path, pattern):
    for name in (
        "a.py",
        "b.py",
        "C.py",
        "1",
        "]",
        "-",
        "*",
        "x*y",
        "sp ace",
        ".hidden",
        ".why",
        "d/f",
        "d/.g",
        "d/e/f",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "dangling").symlink_to("nowhere")
    quoted = pattern.replace(" ", "\\ ")
    script = f"shopt -s nullglob globskipdots 2>/dev/null; for f in {quoted}; do printf '%s\\0' \"$f\"; done"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env={"LC_ALL": "C.UTF-8"}, capture_output=True)
    expected = sorted(name for name in done.stdout.decode().split("\0") if name and not name.endswith(("/.", "/..")))
    expected = [name for name in expected if name not in (".", "..")]
    assert list(world().expand(pattern, str(tmp_path))) == [n for n in expected if os.path.lexists(tmp_path / n)]


def test_patterns_of_any_bytes_and_absolute_ones(tmp_path):
    odd = os.fsdecode(b"\xff\n")
    (tmp_path / odd).write_text("")
    assert world().expand("*", str(tmp_path)) == (odd,)
    assert world().expand(f"{tmp_path}/?*", "/nowhere") == (f"{tmp_path}/{odd}",)
    assert world().expand(f"{tmp_path}/missing/*", "/") == ()


def test_a_pattern_for_too_much_is_unseen(tmp_path, monkeypatch):
    monkeypatch.setattr(world_module, "MOST_MATCHES", 1)
    for name in "ab":
        (tmp_path / name).write_text("")
    with pytest.raises(Unseen):
        world().expand("*", str(tmp_path))


# Ambient inputs


def test_ambient_inputs(tmp_path):
    (tmp_path / ".curlrc").write_bytes(b"request = DELETE")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/rc").write_bytes(b"x")
    (tmp_path / "other/d").mkdir()
    env = {"HOME": str(tmp_path), "PGHOST": "db", "PGUSER": "u", "OTHER": str(tmp_path / "other"), "PATH": "/bin"}
    made = Call("curl", (), (), (), Invocation.of(("curl",), str(tmp_path), env))
    found = world(**env).ambient(
        ("PG*", "OTHER", "UNSET"),
        ("~/.curlrc", "~/.missing", "$OTHER/rc", "$OTHER/d", "$UNSET/rc", "other/rc", "/nowhere/rc"),
        made,
    )
    assert dict(found) == {
        "$PGHOST": digest("db"),
        "$PGUSER": digest("u"),
        "$OTHER": digest(env["OTHER"]),
        f"{tmp_path}/.curlrc": fingerprint(b"request = DELETE"),
        f"{tmp_path}/other/rc": fingerprint(b"x"),
        f"{tmp_path}/other/d": f"unseen: {tmp_path}/other/d: not a regular file",
        "other/rc": fingerprint(b"x"),
    }


def test_only_git_aliases_can_be_looked_up():
    made = Call("npm", (), (), (), Invocation.of(("npm",), "/", {}))
    with pytest.raises(Unseen):
        world().lookup("npm-script", "x", made)


@pytest.mark.parametrize(
    ("path", "ahead", "now"),
    [("gone", "missing", "missing"), ("no/such", "missing", "missing"), ("D:\\work", "unseen", "missing")],
)
def test_a_path_of_another_system_is_unseen_ahead_of_running(lasting_tmp, path, ahead, now):
    call = Invocation.of(("rm", path), str(lasting_tmp), {})
    for running, state in ((False, ahead), (True, now)):
        found = RealWorld(call, "/nowhere", running=running).paths((path,), str(lasting_tmp), False)
        assert [one.state for one in found] == [state]


# What the system refuses to show

#: Errors that a look can meet besides "there is nothing": none of them says that nothing is there.
ERRORS = ("EACCES", "ELOOP", "ENAMETOOLONG", "ESTALE", "EIO", "EPERM", "ETIMEDOUT", "ENOMEM")
CALLS = ("lstat", "stat", "readlink", "scandir", "listdir", "open")
QUESTIONS = {
    "removed": lambda seen, here: seen.paths(("sick/a", "sick"), here, False),
    "replaced": lambda seen, here: seen.paths(("sick/a",), here, True),
    "copied over": lambda seen, here: seen.destination(("well",), "sick/a", here, True),
    "copied from": lambda seen, here: seen.destination(("sick/a",), "dest", here, True),
    "unpacked": lambda seen, here: seen.unpacking("sick/a.tar", "dest", here, 0),
    "looked through": lambda seen, here: seen.below((".",), ("a",), here),
    "read": lambda seen, here: seen.read("sick/a", here),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("call", CALLS)
def test_what_the_system_does_not_show_is_unseen_and_never_milder(lasting_tmp, monkeypatch, question, call):
    for name in ("sick", "dest"):
        (lasting_tmp / name).mkdir()
        (lasting_tmp / name / "a").write_text("x")
    (lasting_tmp / "sick" / "link").symlink_to("a")
    (lasting_tmp / "well").write_text("x")
    here = str(lasting_tmp)
    healthy = _losses(question, here)
    real = getattr(os, call)
    for name in ERRORS:

        def refuses(path, *args, name=name, **kwargs):
            if b"sick" in os.fsencode(path) if isinstance(path, (str, bytes, os.PathLike)) else False:
                raise OSError(getattr(errno, name), name, path)
            return real(path, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, refuses)
            found = _losses(question, here)
        assert found is None or (healthy is not None and found >= healthy), name


def _losses(question, here):
    """What is not surely harmless, by an answer of the world; None: it was unseen."""
    try:
        found = question(world(Path(here)), here)
    except Unseen:
        return None
    if isinstance(found, tuple) and found and not isinstance(found[0], str):
        return sum(not PATH_STATES[one.state] for one in found)
    return len(getattr(found, "over", found))


@pytest.mark.parametrize(
    "path", ["/proc/1/root/x", "x" * 300, "/".join(["d" * 200] * 30), "a\0b", "./" * 2040 + "a", "\udcff" * 300]
)
def test_odd_paths_are_unseen_or_missing_but_no_bug(lasting_tmp, path):
    seen, here = world(lasting_tmp), str(lasting_tmp)
    (lasting_tmp / "a").write_text("x")
    for state in (*seen.paths((path,), here, False), *seen.paths((path,), here, True)):
        assert state.state in ("missing", "unseen", "unversioned")
    for look in (
        lambda: seen.destination((path,), "there", here, True),
        lambda: seen.destination(("a",), path, here, True),
        lambda: seen.unpacking(path, ".", here, 0),
        lambda: seen.below((path,), ("*",), here),
        lambda: seen.expand(f"{path}*", here),
        lambda: seen.read(path, here),
    ):
        with contextlib.suppress(Unseen):
            look()


def test_a_path_that_is_too_long_in_full_is_not_taken_for_missing(lasting_tmp):
    (lasting_tmp / "a").write_text("x")
    path = "./" * 2047 + "a"  # short enough for the system, from where it is
    assert len(path) <= 4095 < len(f"{lasting_tmp}/{path}")
    with pytest.raises(Unseen):
        world(lasting_tmp).destination(("a",), path, str(lasting_tmp), False)
    (found,) = world(lasting_tmp).paths((path,), str(lasting_tmp), True)
    assert found.state == "unseen"
