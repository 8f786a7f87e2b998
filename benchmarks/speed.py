"""What the guard costs: whole processes, alternating with what they are held against, as ratios.

    python benchmarks/speed.py [--runs N] [--rows N] [--corpora DIRECTORY] [--record]

Everything happens in an installation and a repository of its own, in a directory that is taken away
again. `--rows` is how many rows the record has when appending to it is timed; the default takes some
minutes to make. With --record, the tables are also written to `SPEED.md` beside this file.
"""

from __future__ import annotations

import argparse
import http.server
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from corpora import Batch, machine

from agentguard.edge.layout import Root
from agentguard.edge.records.audit_log import AuditLog, append_row, row_body
from agentguard.edge.records.database import Database
from agentguard.rulebook import compiled
from agentguard.rulebook.load import Rulebook, load

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))
from support.desk import PROMPT, Desk  # noqa: E402 - a person's desk is the tests'

STAND_IN = "#!/bin/sh\nexit 0\n"
#: How long so many shims at once append to the record, in seconds.
AT_ONCE, SECONDS = 64, 60


class Trial:
    """An installed guard in `place`, with a repository, and stand-ins for programs that are not here."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.peak = 0  # the most memory that a process took, in KiB
        self.root = Root(str(place / "root"))
        self.home, self.tree, self.bin = place / "home", place / "tree", place / "bin"
        for directory in (self.home, self.bin):
            directory.mkdir()
        (self.home / ".gitconfig").write_text("[user]\n\tname = Dev\n\temail = dev@example.org\n")
        for name in ("railway", "psql", "curl", "git", "rm"):
            if name == "railway" or not shutil.which(name):
                (self.bin / name).write_text(STAND_IN)
                (self.bin / name).chmod(0o755)
        path = f"{self.bin}:/usr/local/bin:/usr/bin:/bin"
        self.plain = {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "CI": "true", "PWD": str(self.tree)}
        subprocess.run(
            [sys.executable, "-m", "agentguard", "--root", self.root.path, "install", "--shell", "none"],
            env=self.plain | {"PYTHONPATH": str(PROJECT)}, cwd=place, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.guarded = self.plain | {"PATH": f"{self.root.shims}:{path}"}
        subprocess.run(["git", "init", "-q", str(self.tree)], env=self.plain, check=True)
        (self.tree / "app.py").write_text("print()\n")
        for words in (["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run(["git", *words], cwd=self.tree, env=self.plain, check=True)
        with open(self.tree / ".git" / "config", "a") as config:
            config.write('[remote "origin"]\n\turl = ../up.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')

    def once(self, argv: list[str], guarded: bool) -> float:
        """The milliseconds that a process takes, from its start to its end."""
        env = self.guarded if guarded else self.plain
        program = shutil.which(argv[0], path=env["PATH"])
        assert program, argv
        devnull = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in (0, 1, 2)]
        begun = time.perf_counter()
        pid = os.posix_spawn(program, argv, env, file_actions=devnull)
        _, _, used = os.wait4(pid, 0)
        self.peak = max(self.peak, used.ru_maxrss)
        return (time.perf_counter() - begun) * 1000

    def paired(self, runs: int, *ways: tuple[list[str], bool]) -> list[float]:
        """The median of each way, all taken in turn."""
        os.chdir(self.tree)
        times = [[self.once(*way) for way in ways] for _ in range(runs + 3)][3:]
        return [statistics.median(column) for column in zip(*times, strict=True)]

    def python(self) -> list[str]:
        """The interpreter that shims run in, doing nothing."""
        return [os.path.realpath(f"{self.root.current}/python"), "-I", "-S", "-c", "pass"]


def floor(trial: Trial, runs: int) -> Iterator[str]:
    """What nothing can be faster than."""
    python, dash, true = trial.paired(
        runs, (trial.python(), False), (["dash", "-c", "exec true"], False), (["true"], False)
    )
    yield "| process | ms |\n|---|---|"
    yield f"| `python3 -I -S -c pass` | {python:.1f} |"
    yield f"| `dash -c 'exec true'` | {dash:.2f} |"
    yield f"| `true` | {true:.2f} |"


def fast(trial: Trial, runs: int, url: str) -> Iterator[str]:
    """The fast way: what it adds to the real program."""
    calls = [
        ["git", "status"], ["git", "diff", "--stat"], ["git", "log", "--oneline", "-5"], ["git", "branch"],
        ["git", "rev-parse", "HEAD"], ["git", "-C", ".", "status"], ["git", "commit", "--dry-run", "-m", "x"],
        ["git", "--version"], ["curl", "-s", url], ["rm", "--version"], ["psql", "--version"], ["railway", "logs"],
    ]  # fmt: skip
    yield "| call | direct, ms | added, ms | added ÷ `dash -c 'exec true'` |\n|---|---|---|---|"
    added = []
    for call in calls:
        guarded, direct, dash = trial.paired(runs, (call, True), (call, False), (["dash", "-c", "exec true"], False))
        added.append(guarded - direct)
        yield f"| `{' '.join(call)}` | {direct:.2f} | {added[-1]:.2f} | {added[-1] / dash:.2f} |"
    yield f"| median | | {statistics.median(added):.2f} | |"


def full(trial: Trial, runs: int) -> Iterator[str]:
    """The slow way: what it adds, in starts of the interpreter."""
    (trial.tree / "app.py").write_text("print('changed')\n")
    agentguard = [f"{trial.root.path}/bin/agentguard", "check"]
    psql = ["psql", "-h", "/nowhere", "-c", "select 1"]
    nested = "sudo bash -c 'git status; ls'"
    inserts = "".join(f"INSERT INTO users (id, name) VALUES ({n}, 'name {n}');\n" for n in range(20_000))
    (trial.tree / "inserts.sql").write_text(inserts)
    row = "7\tit's a line; of a dump\t2024-01-01 00:00:00+00\t\\N\n"
    rows_of_32_mib = row * ((32 << 20) // len(row))
    (trial.tree / "dump.sql").write_text(f"COPY public.users FROM stdin;\n{rows_of_32_mib}\\.\n")
    scripts = [["psql", "-X", "-h", "/nowhere", "-f", name] for name in ("inserts.sql", "dump.sql")]
    rows: list[tuple[str, list[str], list[str], float]] = [
        ("`rm -f` of a file that is not there, added", ["rm", "-f", "gone"], ["rm", "-f", "gone"], 2.5),
        ("`git reset --hard` up to its refusal", ["git", "reset", "--hard"], [], 2.5),
        ("`git merge nowhere`, added", ["git", "merge", "nowhere"], ["git", "merge", "nowhere"], 2.5),
        ("`agentguard check 'a && b'`, whole", [*agentguard, "a && b"], [], 5),
        (f'`agentguard check "{nested}"`, whole', [*agentguard, nested], [], 5),
        ("`psql -c 'select 1'`, added", psql, psql, 8),
        ("`psql -f` of 20,000 INSERTs, added", scripts[0], scripts[0], 40),
        ("`psql -f` of a dump of 32 MiB, added", scripts[1], scripts[1], 150),
    ]
    trial.peak = 0
    yield "| what | ms | × `python3 -I -S -c pass` | to reach |\n|---|---|---|---|"
    for name, call, direct, goal in rows:
        found = trial.paired(runs, (call, True), (trial.python(), False), (direct or ["true"], False))
        cost = found[0] - (found[2] if direct else 0)
        yield f"| {name} | {cost:.1f} | {cost / found[1]:.1f} | {goal} |"
    yield f"| peak memory of any of these | {trial.peak / 1024:.0f} MiB | | 40 MiB |"


def start_up(trial: Trial, runs: int) -> Iterator[str]:
    """What a person waits for, in starts of an interpreter that does nothing: processor time; `watch` on the screen."""
    agentguard, python = f"{trial.root.path}/bin/agentguard", os.path.realpath(f"{trial.root.current}/python")
    lines = [
        (f"{python} -I -S -c pass", "", 1),
        (f"{agentguard} --help", "", 6),
        (f"{agentguard} check ls", "", 3),
        (f"{agentguard} status", "", 3),
        (f"{agentguard} audit", "", 8),
        (f"{agentguard} watch", "q", 25),
        (f"{agentguard} doctor", "", 60),
    ]
    desk = Desk(trial.tree, trial.guarded | {"TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"})
    desk.run("TIMEFORMAT='took %U %S'; stty rows 24 cols 80")
    times: list[list[float]] = [[] for _ in lines]
    for _ in range(runs):
        for took, (line, keys, _) in zip(times, lines, strict=True):
            desk.type(f"time {line}{'' if keys else ' > shown'}\n")
            if keys:
                desk.until("othing waits")
                desk.type(keys)
            desk.until("took ")
            took.append(sum(map(float, desk.until(PROMPT).split()[:2])) * 1000)
    desk.close()
    bare, *others = map(statistics.median, times)
    yield "| what | ms | × `python3 -I -S -c pass` | to reach |\n|---|---|---|---|"
    for (line, _, goal), took in zip(lines[1:], others, strict=True):
        yield f"| `agentguard{line.removeprefix(agentguard)}` | {took:.0f} | {took / bare:.1f} | {goal} |"


def ten_times(trial: Trial, runs: int) -> Iterator[str]:
    """The same calls with ten times the rules and programs: the others are about other commands."""
    calls = [["rm", "-f", "gone"], ["git", "merge", "nowhere"], ["git", "status"]]
    before = [trial.paired(runs, (call, True))[0] for call in calls]
    rules = load(f"{PROJECT}/rules")
    many = {}
    for program in rules:
        others = tuple(
            rule.replace(id=f"{rule.id}-{n}", commands=((f"other-{n}",),)) for n in range(9) for rule in program.rules
        )
        for name in (*program.names, *program.packages):
            many[name] = program.replace(rules=program.rules + others)
            many |= {f"{name}-{n}": program.replace(names=(f"{name}-{n}",), packages=()) for n in range(9)}
    folder = f"{trial.root.current}/lib/agentguard/rules/{compiled.FOLDER}"
    for name, frozen in compiled.compiled(Rulebook(many, rules.apis())).items():
        with open(f"{folder}/{name}", "wb") as file:
            file.write(frozen)
    after = [trial.paired(runs, (call, True))[0] for call in calls]
    yield "| call, whole | with the rules, ms | with ten times, ms | ratio (to reach: 1.1) |\n|---|---|---|---|"
    for call, one, ten in zip(calls, before, after, strict=True):
        yield f"| `{' '.join(call)}` | {one:.2f} | {ten:.2f} | {ten / one:.2f} |"


def everyday(trial: Trial) -> Iterator[str]:
    """Which of the calls that agents make all day take the fast way, by what the shims note down."""
    with open(Path(__file__).with_name("everyday.toml"), "rb") as file:
        calls = [row for row in tomllib.load(file)["calls"] if "call" in row]
    stand_ins = trial.place / "stand-ins"
    stand_ins.mkdir()
    for name in ("git", "rm", "curl", "psql", "railway"):
        (stand_ins / name).write_text(STAND_IN)
        (stand_ins / name).chmod(0o755)
    env = trial.guarded | {"PATH": f"{trial.root.shims}:{stand_ins}:/usr/bin:/bin"}
    spool = Path(trial.root.data, "spool")
    weight, slow = 0, []
    for row in calls:
        before = sum(file.stat().st_size for file in spool.glob("[0-9]*"))
        command = [f"{trial.root.shims}/{row['call'][0]}", *row["call"][1:]]
        subprocess.run(command, cwd=trial.tree, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if sum(file.stat().st_size for file in spool.glob("[0-9]*")) > before:
            weight += row["n"]
        else:
            slow.append(row)
    total = sum(row["n"] for row in calls)
    share = 100 * weight / total
    yield f"{len(calls)} calls, weighted as agents make them: **{share:.1f} %** take the fast way (to reach: 90 %)."
    yield "The others, by weight: " + ", ".join(
        f"`{' '.join(row['call'][:3])}`" for row in sorted(slow, key=lambda row: -row["n"])[:12]
    )


def batch(trial: Trial, corpora: Path) -> Iterator[str]:
    """How many lines a second one `check --batch` rates."""
    place = trial.place / "batch"
    place.mkdir()
    lines = (corpora / "nl2bash.txt").read_text().splitlines()
    process = Batch(place)
    process.ask("ls")
    begun = time.perf_counter()
    for line in lines:
        process.ask(line)
    rate = len(lines) / (time.perf_counter() - begun)
    yield f"`check --batch` on {len(lines):,} lines: {rate:,.0f} a second (to reach: 1,000)."
    process.close()


def large_record(trial: Trial, runs: int, rows: int) -> Iterator[str]:
    """Appending to a record that is large, and looking at its end."""
    root = Root(str(trial.place / "large"))
    os.makedirs(root.data, 0o700)
    database = Database(root)
    body = {
        "program": "git",
        "argv": ["git", "status"],
        "cwd": "/srv/app",
        "rating": "read",
        "session": "abc",
        "decision": "run",
    }
    made = 0
    while made < rows:
        with database.writing() as connection:
            for _ in range(min(100_000, rows - made)):
                append_row(connection, row_body("ran", body, time.time()))
                made += 1
    times = []
    for _ in range(max(runs, 40)):
        begun = time.perf_counter()
        AuditLog(database).append("ran", body)
        times.append((time.perf_counter() - begun) * 1000)
    database.close()
    os.symlink(f"{trial.root.path}/store", f"{root.path}/store")
    os.symlink(os.readlink(trial.root.current), root.current)
    command = [f"{trial.root.path}/bin/agentguard", "--root", root.path, "audit", "--all"]
    looked = statistics.median(trial.once(command, False) for _ in range(10))
    size = os.path.getsize(root.record) >> 20
    yield f"| append, {rows:,} rows present ({size:,} MiB) | {statistics.median(times):.2f} ms | 1 ms |"
    yield f"| `audit --all`, the last 50 of them, whole process | {looked:.0f} ms | 150 ms |"


def at_once(trial: Trial) -> Iterator[str]:
    """Many shims at once: is every call on the record, and does the chain hold?"""
    with log_of(trial.root) as log:
        log.catch_up()
        before = log.extent().rows
    script = (
        'i=0; end=$(($(date +%s) + $1)); while [ "$(date +%s)" -lt "$end" ]; do '
        'git status >/dev/null 2>>"$2"; rm -f gone 2>>"$2"; i=$((i + 2)); done; echo $i'
    )
    errors = trial.place / "errors"
    command = ["sh", "-c", script, "sh", str(SECONDS), str(errors)]
    many = [
        subprocess.Popen(command, cwd=trial.tree, env=trial.guarded, stdout=subprocess.PIPE) for _ in range(AT_ONCE)
    ]
    calls = sum(int(process.communicate()[0]) for process in many)
    with log_of(trial.root) as log:
        log.catch_up()
        after, broken = log.extent().rows, log.verify()
    lost = calls - (after - before)
    said = errors.read_text().splitlines()
    verdict = "whole" if broken is None else f"broken at {broken.seq}"
    yield f"| {AT_ONCE} shims at once for {SECONDS} s: calls | {calls:,} | |"
    yield f"| rows that are lost, lines of errors, the chain | {lost}, {len(said)}, {verdict} | 0, 0, whole |"


@contextmanager
def log_of(root: Root) -> Iterator[AuditLog]:
    """The audit log of an installation."""
    database = Database(root)
    yield AuditLog(database)
    database.close()


@contextmanager
def web() -> Iterator[str]:
    """A server on loopback that answers every GET."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--runs", type=int, default=41, help="how often each process is started")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the record that is appended to")
    parser.add_argument("--corpora", type=Path, help="a directory with nl2bash.txt")
    parser.add_argument("--record", action="store_true", help="write SPEED.md")
    arguments = parser.parse_args()
    corpora: Path | None = arguments.corpora and arguments.corpora.resolve()
    place = tempfile.mkdtemp(prefix="agentguard-speed-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    told = [
        "# What the guard costs\n",
        f"{machine()}. Medians of {arguments.runs} runs, taken in turn. `make bench` prints this.\n",
    ]
    try:
        trial = Trial(Path(place))
        with web() as url:
            parts: list[tuple[str, Callable[[], Iterator[str]]]] = [
                ("The floor", lambda: floor(trial, arguments.runs)),
                ("The fast way, added to the real program", lambda: fast(trial, arguments.runs, url)),
                ("The slow way", lambda: full(trial, arguments.runs)),
                ("Start-up", lambda: start_up(trial, max(3, arguments.runs // 4))),
                ("Everyday calls", lambda: everyday(trial)),
                ("Ten times the rules", lambda: ten_times(trial, arguments.runs)),
            ]
            if corpora:
                parts.append(("Many lines", lambda: batch(trial, corpora)))
            for title, part in parts:
                told += [f"## {title}\n", *part(), ""]
                print("\n".join(told[-3:]), flush=True)
            told += ["## The record\n", "| what | | to reach |\n|---|---|---|", *at_once(trial)]
            told += [*large_record(trial, arguments.runs, arguments.rows), ""]
    finally:
        shutil.rmtree(place)
    text = "\n".join(told)
    print(text)
    if arguments.record:
        Path(__file__).with_name("SPEED.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
