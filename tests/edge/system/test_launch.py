"""A real program, run once directly and once behind a real shim: it must not be able to tell."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentguard.edge.system.launch import environment

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the recorder reads /proc")

#: Writes down what it was started with. A shell, because that leaves signals as it finds them.
RECORDER = """#!/bin/sh
cat /proc/$$/environ >"${0%/*}/environ"
cat /proc/$$/cmdline >"${0%/*}/cmdline"
cat /proc/$$/status >"${0%/*}/status"
ls /proc/$$/fd >"${0%/*}/fds"
umask >"${0%/*}/umask"
/bin/pwd >"${0%/*}/cwd"
echo $$ >"${0%/*}/pid"
"""

#: What a shim starts here: launch and nothing else. STDIN is the file with the bytes to hand on, or "".
ENTER = """
import sys
sys.path.insert(0, {repository!r})
from agentguard.edge.system.launch import environment, launch
from agentguard.errors import NoProgram
here, made, name, *arguments = sys.argv
ignored = made.partition(":")[0]
data = open({stdin!r}, "rb").read() if {stdin!r} else None
try:
    launch({real!r}, [name, *arguments], environment(), ignored, data)
except NoProgram as fault:
    sys.stderr.write(f"{{fault}}\\n")
    sys.exit(fault.status)
"""


class Shim:
    """One program with a shim in front of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real = root / "real" / "tool"
        self.shim = root / "shims" / "tool"
        for directory in ("real", "shims", "current"):
            (root / directory).mkdir(parents=True)
        text = (REPOSITORY / "shims" / "shim.sh").read_text()
        filled = {"SHELL": "/bin/sh", "PLAIN": "", "ROOT": shlex.quote(str(root)), "NAME": "tool", "FACTORS": ""}
        for name, value in filled.items():
            text = text.replace(f"@{name}@", value)
        self.shim.write_text(text)
        self.shim.chmod(0o755)
        (root / "current" / "python").symlink_to(sys._base_executable)
        self.before(RECORDER)

    def before(self, program: str | Path, stdin: bytes | None = None) -> None:
        """Put a program (its text, or an executable) behind the shim, and bytes that launch hands on."""
        if isinstance(program, Path):
            self.real.unlink(missing_ok=True)
            self.real.write_bytes(program.read_bytes())
        else:
            self.real.write_text(program)
        self.real.chmod(0o755)
        if stdin is not None:
            (self.root / "stdin").write_bytes(stdin)
        enter = ENTER.format(
            repository=str(REPOSITORY), real=str(self.real), stdin=str(self.root / "stdin") if stdin is not None else ""
        )
        (self.root / "current" / "enter.py").write_text(enter)

    def run(self, *arguments, direct=False, **options):
        options.setdefault("env", {"PATH": f"{self.root}/shims:/usr/bin:/bin", "PWD": os.getcwd()})
        return subprocess.run(
            ["tool", *arguments], executable=self.real if direct else self.shim, capture_output=True, **options
        )

    def recorded(self, *arguments, direct=False, **options):
        """What the recorder saw, but for the depth that the shim adds."""
        ran = self.run(*arguments, direct=direct, **options)
        assert (ran.returncode, ran.stderr) == (0, b"")
        names = ("environ", "cmdline", "fds", "umask", "cwd")
        seen = {name: (self.root / "real" / name).read_bytes() for name in names}
        before, depth, after = seen["environ"].partition(b"AGENTGUARD_DEPTH=x\0")
        assert depth or direct
        seen["environ"] = before + after
        status = dict(line.split(b":", 1) for line in (self.root / "real" / "status").read_bytes().splitlines())
        seen |= {name: status[name].strip() for name in (b"SigIgn", b"Umask")}
        return seen


@pytest.fixture
def tool(tmp_path):
    return Shim(tmp_path / "a root with spaces")


ARGUMENTS = {
    "none": [],
    "empty strings": ["", "", "x", ""],
    "no UTF-8": [b"\xff\xfe", b"a\x80b", b"\xed\xb3\xbf"],
    "newlines": ["a\nb", "\n", "\r\n", "a\n\n"],
    "what a shell would read": ["$HOME", "`id`", "*", "'", '"', "\\", "; exit 3", "--", "-c", "~"],
    "what an interpreter would read": ["-I", "-c", "import this", "-X", "utf8"],
    "text in other scripts": ["é", "日本", "\u202e"],
    "100,000 of them": [str(number) for number in range(100_000)],
    "one of 120 KiB": ["x" * 120 * 1024],
    "every byte": [bytes(range(1, 256))],
}


@LINUX
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_arguments_reach_the_program_byte_for_byte(tool, arguments):
    direct = tool.recorded(*arguments, direct=True)
    assert tool.recorded(*arguments) == direct
    assert direct["cmdline"].split(b"\0")[2:-1] == [os.fsencode(word) for word in arguments]


@LINUX
def test_the_program_sees_the_name_it_was_called_by(tool):
    tool.before(Path("/bin/cat"))
    assert tool.run("/proc/self/cmdline").stdout == b"tool\0/proc/self/cmdline\0"


def ignoring(*signals):
    def prepare():
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number in signals else signal.SIG_DFL)

    return prepare


@LINUX
@pytest.mark.parametrize(
    "ignored",
    [
        (),
        (signal.SIGPIPE,),
        (signal.SIGXFSZ,),
        (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGHUP),
        (signal.SIGINT,),
    ],
)
def test_signal_dispositions_are_the_callers(tool, ignored):
    options = {"preexec_fn": ignoring(*ignored), "restore_signals": False}
    direct = tool.recorded(direct=True, **options)
    assert tool.recorded(**options) == direct
    # Signal 32 is glibc's own: a child of its posix_spawn, as make starts one, has it ignored.
    assert int(direct[b"SigIgn"], 16) & 0x7FFFFFFF == sum(1 << number - 1 for number in ignored)


@LINUX
def test_the_signal_mask_is_the_callers(tool):
    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})

    tool.before(Path("/bin/grep"))
    blocked = tool.run("SigBlk", "/proc/self/status", preexec_fn=block).stdout.split()[1]
    assert int(blocked, 16) == 1 << signal.SIGUSR1 - 1 | 1 << signal.SIGTERM - 1


@pytest.mark.parametrize(("trap", "expected"), [("", "141"), ("trap '' PIPE;", "1")])
def test_a_broken_pipe_ends_the_program_as_the_caller_wants_it(tool, trap, expected):
    tool.before(Path("/usr/bin/yes"))
    line = f"{trap} {shlex.quote(str(tool.shim))} | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert ran.stdout == f"y\n{expected}\n"


@LINUX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o777])
def test_the_umask_is_the_callers(tool, umask):
    for recorded in ("environ", "cmdline", "fds", "umask", "cwd", "status", "pid"):
        (tool.real.parent / recorded).touch()
    seen = tool.recorded(umask=umask)
    assert int(seen["umask"], 8) == umask


@LINUX
def test_the_working_directory_is_the_callers(tool, tmp_path):
    odd = os.fsencode(tmp_path) + b"/\xff\n dir"
    os.mkdir(odd)
    assert tool.recorded(cwd=odd)["cwd"] == odd + b"\n"


@LINUX
def test_no_open_file_is_added_and_none_is_lost(tool):
    reading, writing = os.pipe()
    try:
        direct = tool.recorded(direct=True, pass_fds=(reading, writing))
        assert tool.recorded(pass_fds=(reading, writing)) == direct
        assert {str(reading).encode(), str(writing).encode()} <= set(direct["fds"].split())
    finally:
        os.close(reading)
        os.close(writing)


@LINUX
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stays_closed(tool, closed):
    def fds(program):
        line = f"exec {shlex.quote(str(program))} {closed}"
        assert subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL).returncode == 0
        return (tool.real.parent / "fds").read_text()

    assert fds(tool.shim) == fds(tool.real)


def test_it_is_the_same_process(tool):
    started = subprocess.Popen([tool.shim])
    assert started.wait() == 0
    assert int((tool.real.parent / "pid").read_text()) == started.pid


# The environment


def variables(block):
    return dict(string.split(b"=", 1) for string in block.split(b"\0") if string)


ENVIRONMENTS = {
    "nothing that Python would add": {},
    "the C locale": {"LC_ALL": "C", "LANG": "C"},
    "a locale of its own": {"LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"},
    "Python's own variables": {"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "x"},
    "values": {"EMPTY": "", "EQUALS": "a=b=c", "LINES_": "a\nb\n", "BYTES": b"\xff\xfe", "LONG": "x" * 100_000},
    "names of a shim's kind": {"name": "x", "root": "/y", "ignored": "1", "field": "z", "REPLY": "r"},
    "what bash would obey": {"BASH_ENV": "/nowhere", "ENV": "/nowhere", "SHELLOPTS": "noexec", "BASHOPTS": "x"},
    "what dash would read": {"PS1": "a", "PS4": "b", "OLDPWD": "/gone", "LINENO": "7", "MAIL": "m", "_": "/bin/tool"},
    "PATH twice over": {"PATH": "/usr/bin:/bin"},
}


@LINUX
@pytest.mark.parametrize("given", ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_the_environment_is_the_callers(tool, given):
    env = {"PATH": "/usr/bin:/bin", "PWD": os.getcwd(), **given}
    direct = tool.recorded(direct=True, env=env)
    assert variables(tool.recorded(env=env)["environ"]) == variables(direct["environ"])


@LINUX
def test_what_the_shell_in_front_changes_is_what_launch_says_it_does(tool):
    given = {b"PATH": b"/usr/bin:/bin", b"a.b": b"1", b"BASH_FUNC_f%%": b"() { :; }", b"IFS": b"x", b"PPID": b"1"}
    seen = variables(tool.recorded(env=given)["environ"])
    assert seen.pop(b"PPID") != b"1"
    assert seen == {b"PATH": b"/usr/bin:/bin", b"PWD": os.fsencode(os.getcwd()), b"IFS": b" \t\n"}


#: execve(2) itself takes a variable twice and strings that are no variables; no shell and no library does.
EXECVE = """
import ctypes, sys
def strings(*given): return (ctypes.c_char_p * (len(given) + 1))(*given, None)
python, script = sys.executable.encode(), sys.argv[1].encode()
given = strings(b"A=first", b"none", b"=odd", b"B=2", b"A=second")
ctypes.CDLL(None).execve(python, strings(python, b"-ISB", b"-c", script), given)
"""
SHOWN = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from agentguard.edge.system.launch import environment
print(environment())
"""


@LINUX
def test_a_variable_given_twice_counts_once():
    ran = subprocess.run([sys.executable, "-c", EXECVE, SHOWN], capture_output=True, text=True)
    assert ran.stdout == "{'A': 'first', 'B': '2'}\n"


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({b"LC_CTYPE": b"C.UTF-8"}, {}),
        ({b"LC_CTYPE": b"UTF-8", b"LANG": b"C"}, {"LANG": "C"}),
        ({b"LC_CTYPE": b"UTF-8", b"LANG": b"de_DE.UTF-8"}, {"LC_CTYPE": "UTF-8", "LANG": "de_DE.UTF-8"}),
        ({b"LC_CTYPE": b"de_DE.UTF-8"}, {"LC_CTYPE": "de_DE.UTF-8"}),
        ({b"X": b"\xff"}, {"X": "\udcff"}),
    ],
)
def test_without_proc_what_python_added_is_taken_away(monkeypatch, present, expected):
    def missing(*_):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    monkeypatch.setattr(os, "environb", present)
    assert environment() == expected


# Standard input


@pytest.mark.parametrize("data", [b"", b"select 1;\n", b"\x00\xff" * 1000, b"x" * 3_000_000])
def test_bytes_are_handed_on_as_standard_input(tool, data):
    tool.before(Path("/bin/cat"), stdin=data)
    assert tool.run(input=b"something else").stdout == data


def test_bytes_are_handed_on_where_standard_input_was_closed(tool):
    tool.before(Path("/bin/cat"), stdin=b"given")
    ran = subprocess.run(["/bin/sh", "-c", f"exec {shlex.quote(str(tool.shim))} <&-"], capture_output=True)
    assert ran.stdout == b"given"


@LINUX
def test_nobody_can_change_what_is_handed_on(tool):
    change = "{ printf more >>/proc/$$/fd/0; } 2>/dev/null && echo changed"
    tool.before(f"#!/bin/sh\n{change}\ncat\n{change}\n", b"data\n")
    assert tool.run().stdout == b"data\n"


@LINUX
def test_where_there_is_no_memfd_an_unlinked_file_is_handed_on(tool):
    tool.before("#!/bin/sh\nreadlink /proc/$$/fd/0\ncat\n", b"data\n")
    enter = tool.root / "current" / "enter.py"
    enter.write_text("import os\ndel os.memfd_create\n" + enter.read_text())
    place, data = tool.run().stdout.decode().splitlines()
    assert place.endswith("(deleted)") and data == "data"


# How it ends


@pytest.mark.parametrize("status", [0, 1, 2, 77, 126, 127, 255])
def test_the_exit_status_is_the_programs(tool, status):
    tool.before(f"#!/bin/sh\nexit {status}\n")
    assert tool.run().returncode == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGABRT])
def test_death_by_a_signal_is_the_programs(tool, number):
    tool.before(f"#!/bin/sh\nulimit -c 0\nkill -{number:d} $$\n")
    assert tool.run().returncode == -number


FAILURES = {
    "no interpreter": ("#!/nonexistent/sh\n", 127, "its interpreter does not exist"),
    "no program of this machine": ("plainly no program\n", 126, "neither a program for this machine"),
    "empty": ("", 126, "neither a program for this machine"),
    "a directory as interpreter": ("#!/\n", 126, "Permission denied"),
}


@pytest.mark.parametrize(("text", "status", "line"), FAILURES.values(), ids=FAILURES.keys())
def test_what_cannot_be_started_gives_one_line_and_a_shells_status(tool, text, status, line):
    tool.before(text)
    ran = tool.run()
    assert ran.returncode == status
    assert line in ran.stderr.decode() and ran.stderr.count(b"\n") == 1


def test_a_program_that_has_gone(tool):
    tool.real.unlink()
    ran = tool.run()
    assert (ran.returncode, ran.stderr.count(b"\n")) == (127, 1)
    assert b"no longer there" in ran.stderr


@LINUX
def test_too_many_arguments_for_the_system(tool):
    """What fits for the shim and no more for the program: a stack limit lowered in between stands for it."""
    enter = tool.root / "current" / "enter.py"
    enter.write_text("import resource\nresource.setrlimit(resource.RLIMIT_STACK, (600_000, -1))\n" + enter.read_text())
    ran = tool.run(*["x" * 1000] * 1000)
    assert ran.returncode == 126
    assert b"too long" in ran.stderr and ran.stderr.count(b"\n") == 1


def test_a_wrong_mask_of_ignored_signals_is_no_reason_to_fail(tool):
    ran = subprocess.run(
        [tool.root / "current" / "python", "-I", "-S", "-B", tool.root / "current" / "enter.py", "no mask", "tool"]
    )
    assert ran.returncode == 0
