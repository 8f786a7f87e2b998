"""What is plain by small rulebooks: each has one thing that a careless derivation would overlook.

The vectors are given to a shell that runs the shim's own text, and to the classifier.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from support.fastway import Ground

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.policy.decide import decide
from agentguard.rulebook.build import build
from agentguard.rulebook.document import Document
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import StatedWorld

READS = """
[[rule]]
id = "reads"
effect = "observe"
reason = "looks"
"""
#: By what it is about: a rule file without its [program], calls that are plain, calls that are not.
CASES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "an option that asks": (
        """
[grammar]
options = ["-f, --force", "-q, --quiet", "-o, --output FILE"]
[[rule]]
id = "forces"
if = ["--force"]
effect = "remove"
reason = "gone"
"""
        + READS,
        ("", "-q", "--quiet", "-q x y", "-ox", "-o x", "--output=-f", "-o -f", "-- -f", "x -- --force"),
        ("-f", "--force", "-qf", "-q x -f", "-o", "--forc", "--output", "--unknown", "-x", "--quiet=1", "-q -o"),
    ),
    "abbreviations": (
        """
[program]
open = true
[grammar]
abbreviate = true
options = ["-f, --force", "-q, --quiet"]
[[rule]]
id = "forces"
if = ["--force"]
effect = "remove"
reason = "gone"
"""
        + READS,
        ("--quiet", "--other", "-x", "-xf", "--other=--force"),
        ("--for", "--f", "--force", "-f", "-qf", "--fo=x", "--force=x"),
    ),
    "opposites": (
        """
[grammar]
negate = true
options = ["--keep", "--no-check", "-q, --quiet"]
[[rule]]
id = "keeps-not"
if = ["--no-keep"]
effect = "remove"
reason = "gone"
"""
        + READS,
        (),
        ("-q", "--no-keep", "-q --no-keep"),
    ),
    "what is needed may be taken back": (
        """
[grammar]
negate = true
options = ["-n, --dry-run", "-q, --quiet"]
[[rule]]
id = "tells"
if = ["--dry-run"]
overrides = true
effect = "observe"
reason = "tells"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        ("-n", "--dry-run x", "-qn x", "x -n"),
        ("", "-q", "x", "-n --no-dry-run", "--no-dry-run", "-- -n", "x -- --dry-run"),
    ),
    "what is needed may be taken back by a value": (
        """
[grammar]
switches = "attached"
options = ["-n, --dry-run", "-q, --quiet"]
[[rule]]
id = "tells"
if = ["--dry-run"]
overrides = true
effect = "observe"
reason = "tells"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        (),
        ("-n", "-n=false", "-qn=false", "-n --dry-run=0", "--dry-run=$X"),
    ),
    "what is needed may be the value of an option that nobody knows": (
        """
[program]
open = true
[grammar]
options = ["-n, --dry-run", "-q, --quiet"]
[[rule]]
id = "tells"
if = ["--dry-run"]
overrides = true
effect = "observe"
reason = "tells"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        ("-n", "-qn x"),
        ("--other --dry-run", "-x -n", "-n --other", "--other=1 -n"),
    ),
    "a rule about another of the program's names": (
        """
[program]
names = ["rm", "rn"]
[grammar]
options = ["--list", "-q, --quiet"]
[[rule]]
id = "lists"
names = ["rn"]
if = ["--list"]
overrides = true
effect = "observe"
reason = "lists"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        (),
        ("--list", "--list x"),
    ),
    "a needed option that the rule excepts": (
        """
[grammar]
options = ["--list[=WHAT]", "-q, --quiet"]
[[rule]]
id = "lists"
if = ["--list"]
except = ["--list=all"]
overrides = true
effect = "observe"
reason = "lists"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        (),
        ("--list=all", "--list=all -q"),
    ),
    "a winner that a variable stops": (
        """
[grammar]
options = ["--list", "-q, --quiet"]
[[rule]]
id = "lists"
if = ["--list"]
unless = ["$LC_ALL"]
overrides = true
effect = "observe"
reason = "lists"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        (),
        ("--list", "--list x"),
    ),
    "a winner that an opposite stops": (
        """
[grammar]
negate = true
options = ["--list", "--safe", "-q, --quiet"]
[[rule]]
id = "lists"
if = ["--list"]
unless = ["--no-safe"]
overrides = true
effect = "observe"
reason = "lists"
[[rule]]
id = "removes"
effect = "remove"
reason = "gone"
""",
        (),
        ("--list --no-safe",),
    ),
    "a variable": (
        """
[grammar]
options = ["-q, --quiet"]
[[rule]]
id = "elsewhere"
if = ["$LC_ALL"]
effect = "remove"
reason = "gone"
"""
        + READS,
        (),
        ("", "-q"),
    ),
    "how many operands": (
        """
[[rule]]
id = "removes"
operands = ">=3"
effect = "remove"
reason = "gone"
"""
        + READS,
        ("", "x"),
        ("x y z", "x -- y z", "-- x y z"),
    ),
    "what operands are like": (
        """
[grammar]
options = ["-q, --quiet"]
[[rule]]
id = "removes"
operand = ["+*", "*:"]
effect = "remove"
reason = "gone"
"""
        + READS,
        ("", "x", "-q x+"),
        ("+x", "x y:", "-- +", "-q x +"),
    ),
    "an option above and one of that name below": (
        """
[grammar]
options = ["-f, --force", "-v, --verbose"]
[command.show]
options = ["-f, --file FILE", "-v, --void"]
[[rule]]
id = "voids"
command = "show"
if = ["--void"]
effect = "remove"
reason = "gone"
[[rule]]
id = "shows"
command = "show"
effect = "observe"
reason = "looks"
""",
        ("show", "show -f x", "-v show", "show -fv"),
        ("show -v", "-v show -v", "show -f"),
    ),
    "options of what is above that an open command takes": (
        """
[grammar]
inherit = true
options = ["-f, --force", "-q, --quiet"]
[command.show]
open = true
[[rule]]
id = "forces"
command = "show"
if = ["--force"]
effect = "remove"
reason = "gone"
[[rule]]
id = "shows"
command = "show"
effect = "observe"
reason = "looks"
""",
        ("show", "show --else"),
        ("show -f", "show --force", "show x -f", "show -qf"),
    ),
    "an option that everything has and one command has otherwise": (
        """
[grammar]
everywhere = ["-y, --yes", "-q, --quiet"]
[command.show]
options = ["--yes SHELL", "-n, --never"]
[[rule]]
id = "shows"
command = "show"
effect = "observe"
reason = "looks"
""",
        ("show", "show -q"),
        ("show --yes rm", "show -q --yes=rm", "-n show"),
    ),
    "operands that are joined to an option": (
        """
[grammar]
options = ["-c, --config CONFIG"]
[command.set]
operands = ["KEY", "VALUE"]
joined = { "--config" = ["KEY", "VALUE"] }
[[rule]]
id = "sets-pager"
if = ["--config=pager=*"]
also = true
effect = "remove"
reason = "gone"
[[rule]]
id = "sets"
command = "set"
effect = "observe"
reason = "looks"
""",
        ("set", "set pager"),
        ("set pager x", "set -- pager x"),
    ),
    "operands that are joined to an option, with one that need not be there": (
        """
[grammar]
options = ["-c, --config CONFIG"]
[command.set]
operands = ["KEY", "VALUE"]
joined = { "--config" = ["KEY", "VALUE"] }
absent = { VALUE = "rm" }
[[rule]]
id = "sets-pager"
if = ["--config=pager=*"]
also = true
effect = "remove"
reason = "gone"
[[rule]]
id = "sets"
command = "set"
effect = "observe"
reason = "looks"
""",
        ("set",),
        ("set pager", "set pager x"),
    ),
    "roles that depend on options": (
        """
[grammar]
options = ["-x, --exec", "-q, --quiet"]
operands = ["FILE..."]
when = { "--exec" = ["SHELL..."] }
"""
        + READS,
        (),
        ("-x rm", "-x -- rm -rf x"),
    ),
    "a number as an option": (
        """
[grammar]
digits = true
options = ["-q, --quiet"]
[[rule]]
id = "counts"
if = ["-NUM"]
effect = "remove"
reason = "gone"
"""
        + READS,
        (),
        ("-5", "-q -12"),
    ),
    "the order of options, which is not looked at": (
        """
[grammar]
options = ["-a", "-b", "-q"]
[[rule]]
id = "in-order"
if = ["-a", "-b"]
ordered = true
effect = "remove"
reason = "gone"
"""
        + READS,
        ("-q",),
        ("-a -b", "-ab", "-a -q -b"),
    ),
    "values behind a sign": (
        """
[grammar]
assign = true
options = ["-s, --set VALUE", "-f, --force", "-u, --until[=WHEN]"]
[[rule]]
id = "forces"
if = ["--force"]
effect = "remove"
reason = "gone"
"""
        + READS,
        ("-s=f", "-sf", "-s= -f", "-uf", "-u x", "--until=-f"),
        ("-s=x -f", "-u -f", "-s -f -f"),
    ),
    "rules that add": (
        """
[grammar]
options = ["-q, --quiet"]
[[rule]]
id = "adds"
also = true
effect = "remove"
reason = "gone"
"""
        + READS,
        (),
        ("", "-q"),
    ),
    "rules that add beside a harmless one with more to it": (
        """
[grammar]
options = ["-q, --quiet"]
[[rule]]
id = "add"
also = true
effect = "remove"
reason = "gone"
[[rule]]
id = "reads"
operands = ">=0"
effect = "observe"
reason = "looks"
""",
        (),
        ("", "-q", "x y"),
    ),
    "rules that win beside a harmless one with more to it": (
        """
[grammar]
options = ["-q, --quiet"]
[[rule]]
id = "win"
overrides = true
effect = "remove"
reason = "gone"
[[rule]]
id = "reads"
operands = ">=0"
effect = "observe"
reason = "looks"
""",
        (),
        ("", "-q", "x y"),
    ),
    "exactly so many operands": (
        """
[[rule]]
id = "removes"
operands = "3"
effect = "remove"
reason = "gone"
"""
        + READS,
        ("", "x"),
        ("x y z",),
    ),
    "an option that must not stand before a command": (
        """
[grammar]
options = ["-a, --all", "-q, --quiet"]
[command.show]
[[rule]]
id = "removes"
command = "show"
if = ["--all"]
effect = "remove"
reason = "gone"
[[rule]]
id = "shows"
command = "show"
effect = "observe"
reason = "looks"
[[rule]]
id = "nothing"
effect = "observe"
reason = "looks"
""",
        ("", "-a", "-q show", "show"),
        ("-a show", "-qa show", "--no-all show"),
    ),
    "a word that is neither a command nor an operand": (
        """
[command.show]
[[rule]]
id = "shows"
command = "show"
effect = "observe"
reason = "looks"
""",
        ("show", "show x", "show show"),
        ("drop", "", "x show", "-- show", "show/../show", "sho*"),
    ),
}


@pytest.mark.parametrize("about", CASES)
def test_what_is_plain(about: str, tmp_path: Path) -> None:
    dash = shutil.which("dash") or pytest.skip("dash is not installed")
    text, plain, slow = CASES[about]
    raw = tomllib.loads(text)
    raw["program"] = {"names": ["rm"], "guarded": True, **raw.get("program", {})}
    rulebook = Rulebook({"rm": build(Document("rm.toml", raw))})
    ground = Ground(tmp_path, rulebook)
    vectors = [tuple(line.split()) for line in (*plain, *slow)]
    if not (Path(ground.root.store) / "v1/lib/agentguard/rules/compiled/rm.plain").exists():
        assert not plain
        return
    run = ground.ask([dash], "rm", vectors, tmp_path).run
    assert [" ".join(words) for words, runs in zip(vectors, run, strict=True) if runs] == list(plain)
    for words in vectors[: len(plain)]:
        call = Invocation.of(("rm", *words), str(ground.tree), ground.env)
        assert decide(Classifier(rulebook, StatedWorld({})).command(call)).action == "run", words


@pytest.mark.parametrize("about", CASES)
def test_what_is_not_plain_asks_or_could(about: str) -> None:
    """So that a case proves something: some call in it is one that would not run."""
    text, _, slow = CASES[about]
    raw = tomllib.loads(text)
    raw["program"] = {"names": ["rm"], "guarded": True, **raw.get("program", {})}
    classifier = Classifier(Rulebook({"rm": build(Document("rm.toml", raw))}), StatedWorld({}))
    calls = [Invocation.of(("rm", *line.split()), "/", {"LC_ALL": "C"}) for line in slow]
    assert any(decide(classifier.command(call)).action != "run" for call in calls)
