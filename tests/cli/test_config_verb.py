"""`config`: what is chosen is shown to people and programs, and a person alone makes the guard weaker by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from support.desk import Desk
from support.records import Records
from support.stores import Stores

from agentguard.edge.installation.config import policy
from agentguard.edge.installation.config_file import commented
from agentguard.edge.layout import Root
from agentguard.policy.configuration import BY_NAME
from agentguard.policy.settings import Policy

pytestmark = pytest.mark.real

Apply = Callable[..., list[str]]
Agentguard = Callable[..., subprocess.CompletedProcess[str]]


def test_what_is_chosen_is_shown(agentguard: Agentguard, apply: Apply, root: Root) -> None:
    assert agentguard("config", "--path").stdout == f"{root.config}\n"
    assert "wait\t100\tdefault\n" in agentguard("config").stdout, "also before there is a guard"
    apply(wait=7)
    lines = [line.split("\t") for line in agentguard("config").stdout.splitlines()]
    assert [line[0] for line in lines] == list(BY_NAME) and {len(line) for line in lines} == {3}
    assert lines[0] == ["wait", "7", "chosen"] and lines[1][2] == "default"
    told = {setting["key"]: setting for setting in json.loads(agentguard("config", "--json").stdout)}
    assert list(told) == list(BY_NAME)
    assert (told["wait"]["value"], told["wait"]["default"], told["wait"]["chosen"]) == (7, 100, True)
    assert told["factor"]["value"] == ["destructive"] and told["factor"]["who"]
    assert agentguard("config", "get", "wait").stdout == "7\n"
    assert agentguard("config", "get", "factor").stdout == '["destructive"]\n'
    assert "'factor'" in agentguard("config", "get", "factr", status=2).stderr


def test_whoever_calls_may_make_it_stricter_and_nobody_else_than_a_person_weaker(
    agentguard: Agentguard, apply: Apply, root: Root
) -> None:
    apply()
    assert agentguard("config", "set", "approval", "60").stdout == "approval is now 60.\n"
    assert Path(root.config).read_text() == commented().replace("# approval = 600", "approval = 60")
    for key, value in (("approval", "61"), ("wait", "0"), ("factor", "[]"), ("words", '{ "rm-*" = "y" }')):
        refused = agentguard("config", "set", key, value, status=126).stderr
        assert f"only a person may change {key} in config.toml" in refused
    assert "must be a number of seconds" in agentguard("config", "set", "wait", "7\nfactor = []", status=2).stderr
    assert "such as: wait = 60" in agentguard("config", "set", "wait", "long", status=2).stderr
    assert policy(root) == Policy(approval=60)
    rows = list(Records(root).log.rows(kinds=("configured", "attempt"), newest=False))
    assert rows[0].body["settings"] == {"approval": [600.0, 60]} and "by" not in rows[0].body
    assert "\tapproval is now 60" in agentguard("audit", "--all").stdout
    assert [row.body["deed"].split()[1] for row in rows[1:]] == ["approval", "wait", "factor", "words"]


def test_nothing_is_chosen_where_nothing_is_installed(agentguard: Agentguard, root: Root) -> None:
    for words in (("set", "approval", "60"), ("edit",)):
        assert "nothing is installed" in agentguard("config", *words, status=5).stderr
    assert not os.path.exists(root.path)


def test_a_file_that_is_not_understood_is_told_with_its_line(agentguard: Agentguard, apply: Apply, root: Root) -> None:
    apply()
    Path(root.config).write_text("# mine\nwiat = 7\n")
    for words in ((), ("get", "wait"), ("set", "approval", "60")):
        told = agentguard("config", *words, status=5).stderr
        assert f"{root.config}:2: wiat is no setting: did you mean wait?" in told and "config edit" in told


def test_a_person_chooses_and_edits_a_copy_that_is_looked_at_first(desk: Desk, tmp_path: Path, stores: Stores) -> None:
    root = Root(f"{tmp_path}/root")
    stores.seed(root)
    command = f"{sys.executable} -m agentguard --root root"
    desk.run(f"{command} install --shell none --factor none --guard everyone")
    assert "wait is now 7." in desk.run(f"{command} config set wait 7")
    assert "100" not in desk.run(f"{command} config get wait")
    editor = tmp_path / "editor"
    editor.write_text(
        "#!/bin/sh\n"
        "if [ -e edited ]; then sed -i 's/waits = .*/wait = 8/' \"$1\"\n"
        "else sed -i 's/^wait = .*/waits = 8/' \"$1\"; fi\n"
        ": >edited\n"
    )
    editor.chmod(0o755)
    desk.type(f"EDITOR={editor} {command} config edit\n")
    told = desk.until("Edit it again?")
    assert "Not taken" in told and "waits is no setting: did you mean wait?" in told
    assert policy(root).wait == 7, "nothing comes into force before it is understood"
    desk.type("y\n")
    desk.until("wait is now 8.")
    desk.until("desk> ")
    assert "Nothing was changed" in desk.run(f"EDITOR=true {command} config edit")
    assert tomllib.loads(Path(root.config).read_text()) == {"guard": "everyone", "wait": 8}
    rows = list(Records(root).log.rows(kinds=("configured",), newest=False))
    assert [row.body["settings"]["wait"] for row in rows] == [[100.0, 7], [7, 8]]
    assert {row.body["by"]["place"] for row in rows} == {"person"}
