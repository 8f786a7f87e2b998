"""An ordinary week of an agent asks next to nothing: a guard that cries wolf is switched off."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

from support.guarded import lasting_directory
from support.repository import ENV
from test_cases import BLANK, there

from agentguard.rulebook.load import Rulebook

EVERYDAY = Path(__file__).parents[2] / "benchmarks/everyday.toml"
#: How many of a hundred may be asked about; the few that really destroy are among them.
PERCENT = 2


def test_few_questions_are_asked(rulebook: Rulebook) -> None:
    week = tomllib.loads(EVERYDAY.read_text())
    with lasting_directory() as ground:
        project = ground / "shop"
        for directory in (project, ground / "home"):
            directory.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(ground / "home"), **BLANK}
        subprocess.run(["sh", "-ec", week["place"]], cwd=project, env=ENV | env, check=True, capture_output=True)
        asked = {
            str(row.get("line") or " ".join(row["call"])): (row["n"], reading)
            for row in week["calls"]
            if (reading := there(rulebook, row.get("line") or row["call"], project, env)).rating == "destructive"
        }
    share = 100 * sum(n for n, _ in asked.values()) / sum(row["n"] for row in week["calls"])
    told = "\n".join(
        f"{n} {line!r}: {'; '.join(effect.told for effect in reading.effects if effect.rating == 'destructive')}"
        for line, (n, reading) in sorted(asked.items(), key=lambda one: -one[1][0])
    )
    print(f"{share:.1f} % of the week\n{told}")
    assert share <= PERCENT, told
