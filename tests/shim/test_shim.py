"""A whole call through a real shim: rated, asked for, recorded, and then the real program or a refusal."""

import contextlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.records import Records

from agentguard.core.text.shorten import shortened_words
from agentguard.edge.layout import Root
from agentguard.edge.records.callers import callers
from agentguard.rulebook import compiled
from agentguard.rulebook.load import load

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).parents[2]

RULES = """
[program]
names = ["tool"]
guarded = true
variables = ["TOOL_MODE"]

[command.look]
operands = ["WORD..."]
[command.drop]
operands = ["WORD..."]
[command.feed]
stdin = "SHELL"

[[rule]]
id = "tool-look"
command = "look"
effect = "observe"
reason = "only looks"
examples = [{ run = "tool look", rating = "read" }]
misses = [{ run = "tool drop", rating = "destructive" }]

[[rule]]
id = "tool-drop"
command = "drop"
effect = "remove"
target = "thing"
reason = "drops it"
instead = "tool look first"
examples = [{ run = "tool drop", rating = "destructive" }]
misses = [{ run = "tool look", rating = "read" }]

[[rule]]
id = "tool-feed"
command = "feed"
effect = "run"
reason = "runs what it is fed"
examples = [{ run = "tool feed", given = { stdin = "echo" }, rating = "reversible" }]
misses = [{ run = "tool look", rating = "read" }]
"""

#: The real program: says what it was called with and what it reads, ends with a status of its own.
TOOL = """#!/bin/sh
printf '<%s>' "$@"
[ "$1" = feed ] && cat
exit 7
"""


class Installation:
    """A root as `install` makes it, out of this checkout, with the one program above."""

    def __init__(self, place: Path, rules: Path) -> None:
        self.place = place
        self.root = Root(str(place / "root"))
        self.real = place / "bin" / "tool"
        self.store = place / "root" / "store" / "v1"
        for directory in (self.store / "lib", self.real.parent, place / "root" / "shims", place / "home"):
            directory.mkdir(parents=True)
        for package in ("agentguard", "bashlex"):
            found = importlib.util.find_spec(package)
            (self.store / "lib" / package).symlink_to(Path(found.origin).parent)
        shutil.copytree(rules, self.store / "lib" / "rules")
        shutil.copy(REPOSITORY / "shims" / "enter.py", self.store)
        (self.store / "python").symlink_to(sys._base_executable)
        (place / "root" / "current").symlink_to("store/v1")
        self.behind(TOOL)
        self.add_shim("tool")
        self.env = {
            "PATH": f"{self.root.shims}:{self.real.parent}:/usr/bin:/bin",
            "HOME": str(place / "home"),
            "PWD": str(place / "home"),
        }

    def behind(self, program: str) -> None:
        """What the shim of `tool` stands for."""
        self.real.write_text(program)
        self.real.chmod(0o755)

    def add_shim(self, name: str, pins: str = "") -> None:
        text = (REPOSITORY / "shims" / "shim.sh").read_text()
        filled = {"SHELL": "/bin/sh", "PLAIN": "", "ROOT": shlex.quote(self.root.path), "NAME": name, "FACTORS": pins}
        for key, value in filled.items():
            text = text.replace(f"@{key}@", value)
        shim = Path(self.root.shims, name)
        shim.write_text(text)
        shim.chmod(0o755)

    def wait(self, seconds: float) -> None:
        Path(self.root.config).write_text(f"wait = {seconds}\n")

    def start(self, *arguments, name="tool", **options):
        options = {"stdin": subprocess.DEVNULL, "env": self.env, "cwd": self.place / "home"} | options
        return subprocess.Popen(
            [f"{self.root.shims}/{name}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def call(self, *arguments, input=None, **options):
        """Exit status, standard output and standard error of one call."""
        if input is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        out, err = process.communicate(input, timeout=60)
        return process.returncode, out, err.decode()

    @contextlib.contextmanager
    def records(self):
        records = Records(self.root)
        yield records
        records.close()

    def rows(self):
        with self.records() as records:
            return [row.body for row in records.log.rows(newest=False)]

    def pending(self):
        """The request that waits, once there is one."""
        for _ in range(600):
            with self.records() as records:
                if records.requests.pending():
                    return records.requests.pending()[0]
            time.sleep(0.05)
        raise AssertionError("no request was filed")

    def answer(self, approved, words=""):
        with self.records() as records:
            records.requests.answer(records.requests.pending()[:1], approved, {"uid": os.getuid()}, words)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "tool.toml").write_text(RULES)
    compiled.write(load(str(folder)), str(folder))
    return folder


@pytest.fixture
def guarded(tmp_path, rules):
    """With little patience: a test that nobody answers ends soon."""
    installation = Installation(tmp_path, rules)
    installation.wait(0)
    return installation


def one_line(text):
    assert text.endswith("\n") and text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


# What runs


def test_a_read_runs_at_once_and_says_nothing(guarded):
    assert guarded.call("look", "x") == (7, b"<look><x>", "")
    (row,) = guarded.rows()
    assert (row["kind"], row["rating"], row["argv"]) == ("ran", "read", ["tool", "look", "x"])
    assert row["real"] == str(guarded.real) and row["cwd"] == str(guarded.place / "home")
    assert row["ancestry"][0]["pid"] == os.getpid()


@pytest.mark.parametrize(
    "words",
    [
        [""],
        [b"\xff\xfe", b"\xed\xb3\xbf"],
        ["a\nb", "\n", "'", "$HOME"],
        ["x"] * 100_000,
        ["x" * 120 * 1024],
    ],
    ids=["empty", "no UTF-8", "newlines", "100,000", "120 KiB"],
)
def test_any_arguments_pass(guarded, words):
    status, out, err = guarded.call("look", *words)
    assert (status, err) == (7, "")
    assert out == b"<look>" + b"".join(b"<" + os.fsencode(word) + b">" for word in words)
    called = ("tool", "look", *(os.fsencode(word).decode("utf-8", "surrogateescape") for word in words))
    assert guarded.rows()[0]["argv"] == list(shortened_words(called))


def test_a_broken_pipe_ends_the_program_and_not_the_guard(guarded):
    guarded.behind("#!/bin/sh\nwhile :; do echo y || exit; done\n")
    line = 'tool look | head -n 1; echo "${PIPESTATUS[0]}"'
    ran = subprocess.run(["bash", "-c", line], env=guarded.env, capture_output=True, text=True)
    assert ran.stdout == "y\n141\n"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("redirection", ["", "<&-", "2>&-", "<&- 2>&-", "<&- >&2"])
def test_nothing_is_left_open_and_what_was_closed_stays_closed(guarded, redirection):
    guarded.behind(f"#!/bin/sh\nls /proc/$$/fd >{guarded.place}/fds\n")

    def fds(program):
        line = f"exec {program} look {redirection}"
        with open(os.devnull) as nothing:
            subprocess.run(["/bin/sh", "-c", line], env=guarded.env, stdin=nothing, check=True, capture_output=True)
        return (guarded.place / "fds").read_text()

    assert fds(f"{guarded.root.shims}/tool") == fds(guarded.real)


def test_standard_input_that_was_read_reaches_the_program(guarded):
    assert guarded.call("feed", input=b"echo hi\n") == (7, b"<feed>echo hi\n", "")
    assert guarded.rows()[0]["rating"] == "reversible"


def test_standard_input_that_was_not_read_is_left_alone(guarded):
    guarded.behind('#!/bin/sh\nread -r line\necho "$line"\n')
    line = '{ tool look; read -r rest; echo "$rest"; }'
    ran = subprocess.run(["bash", "-c", line], env=guarded.env, input="one\ntwo\n", capture_output=True, text=True)
    assert ran.stdout == "one\ntwo\n"


# What waits


def test_a_shim_of_before_there_were_factors_still_works(guarded):
    shim = Path(guarded.root.shims, "tool")
    former = shim.read_text().replace('"$_ag_ignored:"', '"$_ag_ignored"')
    assert former != shim.read_text()
    shim.write_text(former)
    assert guarded.call("look", "x")[0] == 7
    assert guarded.call("drop")[0] == 126


def test_a_factor_that_a_shim_holds_and_nobody_has_lets_nothing_run(guarded):
    """Fail closed: factors.toml is gone, or was never there."""
    Path(guarded.root.config).write_text('wait = 0\nfactor = ["destructive"]\n')
    guarded.add_shim("tool", "SHA256:gone")
    assert guarded.call("look", "x")[0] == 7
    assert guarded.call("drop")[0] == 126
    with guarded.records() as records:
        records.requests.answer(records.requests.pending(), True, {})
    status, _, err = guarded.call("drop")
    assert status == 126 and "does not prove a person" in err


def test_a_destructive_call_does_not_run_by_itself(guarded):
    status, out, err = guarded.call("drop", "x")
    assert (status, out) == (126, b"")
    assert "drops it [tool-drop]" in err and "tool look first" in err and "Traceback" not in err
    assert [row["kind"] for row in guarded.rows()] == ["asked", "refused"]


@pytest.mark.parametrize(("value", "waits"), [("true", False), ("1", False), ("", True), ("false", True)])
def test_in_continuous_integration_nobody_is_waited_for(guarded, value, waits):
    guarded.wait(60)
    process = guarded.start("drop", env={**guarded.env, "CI": value})
    guarded.pending()
    if waits:
        guarded.answer(False)
    assert (
        process.communicate(timeout=30)[1]
        .decode()
        .startswith("agentguard: tool waits up to 60 s" if waits else "agentguard: tool was not run")
    )
    assert process.returncode == 126


def test_a_call_that_waits_runs_once_a_person_has_approved_it(guarded):
    guarded.wait(60)
    process = guarded.start("drop", "x")
    guarded.pending()
    assert process.poll() is None
    guarded.answer(True)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (7, b"<drop><x>")
    assert b"waits up to 60 s" in err
    assert [row["kind"] for row in guarded.rows()] == ["asked", "approved", "ran"]


def test_what_a_person_says_reaches_the_caller(guarded):
    guarded.wait(60)
    process = guarded.start("drop", "x")
    guarded.pending()
    guarded.answer(False, "not that one")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 126 and b"a person said no: not that one" in err


def test_approved_later_the_same_call_passes_once(guarded):
    assert guarded.call("drop", "x")[0] == 126
    guarded.answer(True)
    assert guarded.call("drop", "y")[0] == 126
    assert guarded.call("drop", "x", cwd=guarded.place)[0] == 126
    assert guarded.call("drop", "x", env={**guarded.env, "TOOL_MODE": "wild"})[0] == 126
    assert guarded.call("drop", "x") == (7, b"<drop><x>", "")
    assert guarded.call("drop", "x")[0] == 126


def test_an_approval_is_not_for_another_program_of_that_name(guarded):
    guarded.call("drop")
    guarded.answer(True)
    guarded.behind(TOOL + "# changed\n")
    assert guarded.call("drop")[0] == 126


def test_an_approval_covers_what_was_fed(guarded):
    assert guarded.call("feed", input=b"tool drop x\n")[0] == 126
    guarded.answer(True)
    assert guarded.call("feed", input=b"tool drop y\n")[0] == 126
    assert guarded.call("feed", input=b"tool drop x\n") == (7, b"<feed>tool drop x\n", "")


def test_of_many_calls_that_wait_for_one_approval_one_runs(guarded):
    guarded.wait(60)
    calls = [guarded.start("drop", "x") for _ in range(3)]
    guarded.pending()
    for _ in range(600):
        if [row["kind"] for row in guarded.rows()].count("asked") == 3:
            break
        time.sleep(0.05)
    else:
        pytest.fail("they have not all asked")
    guarded.answer(True)
    for process in calls:
        process.communicate(timeout=60)
    assert sorted(process.returncode for process in calls) == [7, 126, 126]


def test_a_caller_that_interrupts_sees_a_death_by_signal_and_leaves_no_request(guarded):
    guarded.wait(60)
    process = guarded.start("drop")
    guarded.pending()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert b"Traceback" not in err
    with guarded.records() as records:
        assert records.requests.pending() == ()


def test_a_caller_that_is_killed_is_seen_to_be_gone(guarded):
    """The row that a call leaves names the process that waits, until the end that its own patience sets."""
    guarded.wait(60)
    process = guarded.start("drop")
    guarded.pending()
    for _ in range(600):  # the request is there a moment before the row
        with guarded.records() as records:
            (caller,) = callers(records.database, records.requests.pending()).values()
        if caller.left is not None:
            break
        time.sleep(0.05)
    assert caller.presence == "waiting" and 0 < caller.left <= 60
    assert "python" in caller.who or "pytest" in caller.who
    process.kill()
    process.communicate(timeout=30)
    with guarded.records() as records:
        (caller,) = callers(records.database, records.requests.pending()).values()
    assert caller.presence == "given up"  # whoever started it, this test, may start it again


def test_a_person_at_the_terminal_is_asked_there(guarded, desk):
    desk.run(f"export PATH={guarded.env['PATH']} HOME={guarded.env['HOME']}; cd")
    desk.type("tool drop x\n")
    assert "asked by  you\n" in desk.until("Type DELETE to run it, anything else to refuse: ")
    desk.type("DELETE\n")
    assert "<drop><x>" in desk.until("desk> ")
    assert desk.status() == 7
    desk.type("tool drop x\n")
    desk.until("Type DELETE to run it, anything else to refuse: ")
    desk.type("yes\n")
    shown = desk.until("desk> ")
    assert "tool was not run: DELETE was not typed" in shown and "seek no other" not in shown
    assert desk.status() == 126
    assert [row["kind"] for row in guarded.rows()] == ["asked", "ran", "asked", "refused"]


# What cannot be judged or recorded


@pytest.mark.parametrize("source", ["yes", "head -c 9000000 /dev/zero"])
def test_input_that_cannot_be_shown_is_refused_and_nothing_is_asked(guarded, source):
    line = f"{source} | tool feed"
    ran = subprocess.run(["/bin/sh", "-c", line], env=guarded.env, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (126, "")
    assert "cannot be shown" in ran.stderr
    assert [row["kind"] for row in guarded.rows()] == ["refused"]


def test_without_a_record_a_read_runs_and_says_so(guarded):
    Path(guarded.root.data).write_text("in the way")
    status, out, err = guarded.call("look")
    assert (status, out) == (7, b"<look>")
    assert "runs without a record" in one_line(err)


def test_without_a_record_a_destructive_call_is_refused(guarded):
    Path(guarded.root.data).write_text("in the way")
    status, out, err = guarded.call("drop")
    assert (status, out) == (126, b"")
    assert "cannot be put on the record" in err and "Traceback" not in err


def test_a_program_that_is_not_there(guarded):
    guarded.real.unlink()
    status, _, err = guarded.call("look")
    assert status == 127 and "tool: not found" in one_line(err)


def test_a_program_that_may_not_be_executed(guarded):
    guarded.real.chmod(0o644)
    status, _, err = guarded.call("look")
    assert status == 126 and "is not executable" in one_line(err)


#: A person's own wrapper that looks for the next program of its name, and takes the shim for it.
WRAPPER = """#!/bin/sh
IFS=:
for directory in $PATH; do
    [ -x "$directory/tool" ] && [ ! "$directory/tool" -ef "$0" ] || continue
    {start} "$directory/tool" "$@"
    exit
done
"""


@pytest.mark.parametrize("start", ["exec", ""], ids=["exec", "a child"])
def test_a_wrapper_that_starts_its_own_shim_comes_to_an_end(guarded, start):
    guarded.behind(WRAPPER.replace("{start}", start))
    status, out, err = guarded.call("look")
    assert (status, out) == (126, b"")
    assert "below 32 guarded calls" in one_line(err)
    assert len(guarded.rows()) == 32


def test_who_sets_the_depth_is_only_refused_the_sooner(guarded):
    for depth, status in (("", 7), ("x" * 31, 7), ("x" * 32, 126), ("$(touch made)", 7), ("y" * 100, 126)):
        assert guarded.call("look", env=guarded.env | {"AGENTGUARD_DEPTH": depth})[0] == status
    assert guarded.call("drop", env=guarded.env | {"AGENTGUARD_DEPTH": "-1"})[0] == 126


def test_a_program_that_does_not_start(guarded):
    guarded.behind("#!/nonexistent/interpreter\n")
    status, _, err = guarded.call("look")
    assert status == 127 and "interpreter" in one_line(err)


def test_a_working_directory_that_is_gone(guarded):
    gone = guarded.place / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && tool look"
    ran = subprocess.run(["/bin/sh", "-c", line], env=guarded.env, capture_output=True, text=True)
    assert ran.returncode == 7 and ran.stdout
    assert "agentguard" not in ran.stderr


def damage_rules(installation):
    (installation.store / "lib" / "rules" / "compiled" / "tool.rules").write_bytes(b"\xe9")


def take_rules_away(installation):
    shutil.rmtree(installation.store / "lib" / "rules" / "compiled")


def take_one_programs_rules_away(installation):
    (installation.store / "lib" / "rules" / "compiled" / "tool.rules").unlink()


def take_the_package_away(installation):
    (installation.store / "lib" / "agentguard").unlink()


def take_a_reader_away(installation):
    (installation.store / "lib" / "bashlex").unlink()


def take_the_store_away(installation):
    shutil.rmtree(installation.store)


def take_the_interpreter_away(installation):
    (installation.store / "python").unlink()


@pytest.mark.parametrize(
    ("break_it", "arguments"),
    [
        (damage_rules, ["look"]),
        (take_rules_away, ["look"]),
        (take_one_programs_rules_away, ["look"]),
        (take_the_package_away, ["look"]),
        (take_the_store_away, ["look"]),
        (take_the_interpreter_away, ["look"]),
    ],
)
def test_a_broken_guard_refuses_with_one_line_that_helps(guarded, break_it, arguments):
    break_it(guarded)
    status, out, err = guarded.call(*arguments)
    assert (status, out) == (126, b"")
    assert re.search("agentguard (install|doctor --mend)", one_line(err))


def test_a_broken_configuration_refuses_and_the_record_has_it(guarded):
    Path(guarded.root.config).write_text("wait = ]")
    status, out, err = guarded.call("drop")
    assert (status, out) == (126, b"")
    assert "agentguard doctor --mend" in err.splitlines()[0] and "config.toml" not in err
    assert [row["kind"] for row in guarded.rows()][-1] == "refused"


def test_a_reader_that_cannot_be_loaded_refuses(guarded):
    take_a_reader_away(guarded)
    status, out, err = guarded.call("feed", input=b"if id; then echo; fi")
    assert (status, out) == (126, b"")
    assert "Traceback" not in err


def test_a_shim_of_a_program_that_nobody_teaches_refuses(guarded):
    guarded.add_shim("stranger")
    guarded.real.with_name("stranger").write_text(TOOL)
    guarded.real.with_name("stranger").chmod(0o755)
    status, _, err = guarded.call("look", name="stranger")
    assert status == 126 and "no rules are taught for stranger" in one_line(err)


def test_nobody_listening_on_standard_error_changes_nothing(guarded):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as broken:
        process = subprocess.run([f"{guarded.root.shims}/tool", "drop"], env=guarded.env, stderr=broken)
    assert process.returncode == 126


# What a shim does not load


def test_a_read_loads_nothing_heavy(guarded):
    heavy = {
        "argparse", "bashlex", "click", "collections", "dataclasses", "datetime", "enum", "functools", "graphql",
        "hashlib", "inspect", "json", "pathlib", "pglast", "platformdirs", "re", "rich", "subprocess", "tomllib",
        "typing",
    }  # fmt: skip
    enter = guarded.store / "enter.py"
    spy = f"import os, sys\nos.execve = lambda *_: (open({str(guarded.place / 'loaded')!r}, 'w').write("
    enter.write_text(f"{spy}' '.join(sys.modules)), os._exit(0))\n{enter.read_text()}")
    assert guarded.call("look") == (0, b"", "")
    loaded = set((guarded.place / "loaded").read_text().split())
    assert "agentguard.pipeline" in loaded
    assert sorted(loaded & heavy) == []
