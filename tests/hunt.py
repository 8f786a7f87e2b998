"""Hunt for what the guard has wrong, for as long as you like: `make hunt`, or `python tests/hunt.py --help`."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

import click
from support.hunting import VARIABLE

_TIMES = 10
_TRIED = re.compile(r"^(?P<test>\S+::\S+):|(?P<tried>\d+) passing, ", re.MULTILINE)


@click.command()
@click.option("--minutes", type=float, default=10, show_default=True, help="Begin no further round after these.")
@click.option("--seed", type=int, help="What the first round begins with; made up if not given.")
@click.option("--only", metavar="WORDS", default="", help="Hunts whose names have these words, as in `pytest -k`.")
@click.option("--workers", default=2, show_default=True, help="How many hunts run side by side.")
def main(minutes: float, seed: int | None, only: str, workers: int) -> None:
    """Make up calls, and hold what the guard says of each against what the real program does.

    In rounds, each with a seed of its own; a fault is shown as its smallest call, and ends the hunt with status 1.

    \b
    Example:  python tests/hunt.py --minutes 60 --seed 7 --only "curl or shell"
    """
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    end = time.monotonic() + 60 * minutes
    click.echo(f"seed {seed}: no further round begins after {minutes:g} minutes; one takes some minutes by itself")
    while True:
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-m", "hunt", "-k", only, "--numprocesses", str(workers)),
            *("--hypothesis-show-statistics", f"--hypothesis-seed={seed}", str(Path(__file__).parent)),
        ]
        done = subprocess.run(command, env={**os.environ, VARIABLE: str(_TIMES)}, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            click.echo(done.stdout)
            click.echo(f"A fault, with --seed {seed}.", err=True)
            raise SystemExit(1)
        for test, tried in _tried(done.stdout).items():
            click.echo(f"seed {seed}: {tried:,} calls in {test}")
        if time.monotonic() > end:
            return
        seed += 1


def _tried(report: str) -> dict[str, int]:
    """How many calls each hunt made, by pytest's report with hypothesis's statistics."""
    tried: dict[str, int] = {}
    test = ""
    for line in _TRIED.finditer(report):
        if line["test"]:
            test = line["test"]
        else:
            tried[test] = tried.get(test, 0) + int(line["tried"])
    return tried


if __name__ == "__main__":
    main()
