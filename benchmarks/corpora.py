"""Rate every line of a directory of command lines, and say how that went.

    python benchmarks/corpora.py [--record] [--answers FILE] DIRECTORY

Each `*.txt` in DIRECTORY holds a command line a line. They go through one `agentguard check
--batch` process a file, one after the other, in an empty git work tree of its own: nothing is
run. Exit status 1 if the process crashes, hangs, or has no rating for a line. With --record, the
tables are also written to `RESULTS.md` beside this file; with --answers, every answer to FILE.

A line that takes longer than 50 ms is asked again at the end: what counts is a warm process,
in which every parser is loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: What a line may take in a warm process, and what it may take at all, in seconds.
SLOW = 0.050
HANGS = 30.0
#: Programs with at least as many lines have a row of their own.
MANY = 40
#: Rules that speak where the text itself could not be followed.
NOT_UNDERSTOOD = ("sh-not-understood", "sh-syntax-error", "sql-unparsed", "graphql-unreadable", "agentguard-too-deep")
#: Rules that speak where the text was read, and a program's grammar or rules lack something.
NOT_TAUGHT = ("agentguard-no-rule", "agentguard-unknown-option", "agentguard-unknown-command")
RATINGS = ("read", "reversible", "destructive")
#: What stands in front of the program that a line is about.
CARRIERS = ("sudo", "doas", "env", "time", "nohup", "command", "exec")


class Stuck(Exception):
    """The process has ended, or has not answered."""


class Batch:
    """One `check --batch` process, asked a line at a time."""

    def __init__(self, place: Path) -> None:
        home = place / "home"
        home.mkdir()
        tree = place / "tree"
        subprocess.run(["git", "init", "-q", str(tree)], check=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "agentguard", "--root", str(place / "root"), "check", "--batch"]
        self._process = subprocess.Popen(
            command, cwd=tree, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin and self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    def ask(self, line: str) -> tuple[dict[str, Any], float]:
        """The answer to a line, and the seconds that it took; raises Stuck."""
        begun = time.perf_counter()
        self._in.write(json.dumps({"command": line}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            if not self._selector.select(HANGS):
                self._process.kill()
                raise Stuck(f"no answer in {HANGS:.0f} s: {line}")
            part = os.read(self._out.fileno(), 1 << 20)
            if not part:
                raise Stuck(f"the process ended with {self._process.wait()}: {line}")
            answer += part
        return json.loads(answer), time.perf_counter() - begun

    def close(self) -> None:
        """End of input, and of the process."""
        self._in.close()
        self._process.wait(HANGS)


def measured(corpus: Path) -> list[dict[str, Any]]:
    """Every line of a corpus with its answer and its seconds."""
    lines = corpus.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory(prefix="agentguard-bench-") as place:
        batch = Batch(Path(place))
        rows = []
        for line in lines:
            answer, seconds = batch.ask(line)
            rows.append({"line": line, "seconds": seconds, **answer})
        for row in rows:
            if row["seconds"] > SLOW:
                row["seconds"] = min(row["seconds"], batch.ask(row["line"])[1])
        batch.close()
    return rows


def report(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What came out, as Markdown."""
    seconds = [row["seconds"] for row in rows]
    yield "| | |\n|---|---|"
    yield f"| lines | {len(rows):,} |"
    yield f"| without a rating (a bug) | {sum('error' in row for row in rows)} |"
    yield f"| median | {statistics.median(seconds) * 1000:.1f} ms |"
    yield f"| 99 of 100 below | {statistics.quantiles(seconds, n=100)[98] * 1000:.1f} ms |"
    yield f"| longest, warm | {max(seconds) * 1000:.0f} ms |"
    yield f"| above {SLOW * 1000:.0f} ms, warm | {sum(one > SLOW for one in seconds)} |"
    unread = [row for row in rows if _spoke(row, NOT_UNDERSTOOD)]
    taken = [row for row in unread if bash_takes(row["line"])]
    rejected = [row for row in unread if row not in taken]
    yield f"| text not understood, and bash rejects the line too | {_share(rejected, rows)} |"
    carried = [row for row in taken if _spoke(row, ("sh-syntax-error",))]
    yield f"| … and a text that the line carries is no command to bash | {_share(carried, rows)} |"
    yield f"| text not understood | {_share([row for row in taken if row not in carried], rows)} |"
    yield f"| option, command or call not taught | {_share([row for row in rows if _spoke(row, NOT_TAUGHT)], rows)} |"
    for rating in RATINGS:
        yield f"| {rating} | {sum(row.get('rating') == rating for row in rows):,} |"
    yield "\n| program | lines | read | reversible | destructive |\n|---|---|---|---|---|"
    yield from _by_program(rows)


def bash_takes(line: str) -> bool:
    """Whether bash finds commands in a line. It only reads it."""
    command = ["bash", "--norc", "-O", "extglob", "-n", "-c", line]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _spoke(row: dict[str, Any], rules: tuple[str, ...]) -> bool:
    return any(reason["rule"] in rules for reason in row.get("reasons", ()))


def _share(some: list[dict[str, Any]], rows: list[dict[str, Any]]) -> str:
    return f"{len(some)} ({100 * len(some) / len(rows):.2f} %)"


def _by_program(rows: list[dict[str, Any]]) -> Iterator[str]:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        table[_program(row["line"])][row.get("rating", "")] += 1
    others: Counter[str] = Counter()
    for program, ratings in sorted(table.items(), key=lambda item: -item[1].total()):
        if ratings.total() < MANY:
            others += ratings
        else:
            yield _row(f"`{program}`", ratings)
    yield _row("others", others)


def _row(name: str, ratings: Counter[str]) -> str:
    return f"| {name} | {ratings.total():,} | " + " | ".join(f"{ratings[rating]:,}" for rating in RATINGS) + " |"


def _program(line: str) -> str:
    """The first word that names a program."""
    words = (word for word in line.split() if "=" not in word and word not in CARRIERS and not word.startswith("-"))
    return next(words, "").replace("|", "\\|")


def machine() -> str:
    """What this ran on."""
    models = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    chip = models[0] if models else platform.machine()
    return f"{chip}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("directory", type=Path, help="a directory of *.txt with a command line a line")
    parser.add_argument("--record", action="store_true", help="write RESULTS.md")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="write every answer to FILE, as JSON Lines")
    arguments = parser.parse_args()
    corpora = sorted(arguments.directory.glob("*.txt"))
    if not corpora:
        parser.error(f"there is no *.txt in {arguments.directory}")
    told = ["# Command lines that nobody here wrote, rated\n", f"{machine()}. `make bench` prints this.\n"]
    everything = []
    for corpus in corpora:
        try:
            rows = measured(corpus)
        except Stuck as fault:
            print(f"{corpus.name}: {fault}", file=sys.stderr)
            return 1
        for row in sorted(rows, key=lambda row: -row["seconds"])[:10]:
            if row["seconds"] > SLOW:
                print(f"{row['seconds'] * 1000:.0f} ms: {row['line'][:120]}", file=sys.stderr)
        told += [f"## {corpus.stem}\n", *report(rows), ""]
        everything += [{"corpus": corpus.stem, **row} for row in rows]
    text = "\n".join(told)
    print(text)
    if arguments.record:
        (Path(__file__).parent / "RESULTS.md").write_text(text)
    if arguments.answers:
        arguments.answers.write_text("".join(json.dumps(row) + "\n" for row in everything))
    return 1 if any("error" in row for row in everything) else 0


if __name__ == "__main__":
    sys.exit(main())
