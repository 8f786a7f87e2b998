"""What railway's own file and variables say a directory is linked to."""

import json

import pytest

from agentguard.core.call import Call, Invocation
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown
from agentguard.edge.world import RealWorld

LINKS = {
    "/work/shop": {"project": "p1", "environment": "e1", "environmentName": "production", "service": "s1"},
    "/work/shop/api": {"project": "p1", "environment": "e2", "environmentName": "pr-7", "service": None},
}


@pytest.fixture
def look_up(tmp_path):
    (tmp_path / ".railway").mkdir()
    (tmp_path / ".railway" / "config.json").write_text(json.dumps({"projects": LINKS, "user": {"token": "x"}}))
    (tmp_path / ".railway" / "config-dev.json").write_text("{broken")

    def look(key="environment", cwd="/work/shop", **env):
        made = Invocation.of(("railway", "down"), "/", {"HOME": str(tmp_path), **env})
        made = made.replace(cwd=Known(cwd) if isinstance(cwd, str) else cwd)
        return RealWorld(made, "/nowhere").lookup("railway-link", key, Call("railway", ("down",), (), (), made))

    return look


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "production"),
        ({"cwd": "/work/shop/web/src"}, "production"),
        ({"cwd": "/work/shop/api/src"}, "pr-7"),
        ({"cwd": "/work/other"}, None),
        ({"cwd": "/"}, None),
        ({"key": "project"}, "p1"),
        ({"key": "service"}, "s1"),
        ({"key": "service", "cwd": "/work/shop/api"}, None),
        ({"RAILWAY_PROJECT_ID": "p1", "RAILWAY_ENVIRONMENT_ID": "e2"}, "pr-7"),
        ({"RAILWAY_PROJECT_ID": "p9", "RAILWAY_ENVIRONMENT_ID": "e9"}, "e9"),
    ],
)
def test_the_nearest_link_counts(look_up, asked, found):
    assert look_up(**asked) == found


@pytest.mark.parametrize(
    "asked",
    [{"RAILWAY_TOKEN": "t"}, {"RAILWAY_ENV": "dev"}, {"cwd": Unknown("/work/shop", "$D")}, {"HOME": "/gone"}],
)
def test_what_cannot_be_told_is_unseen(look_up, asked):
    with pytest.raises(Unseen):
        look_up(**asked)
