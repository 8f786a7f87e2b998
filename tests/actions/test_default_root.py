"""Where an installation lies: the same place, whoever says it."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from agentguard.actions.default_root import default_root


@pytest.mark.parametrize("given", [None, "", " ", "{home}/share", "{home}/share/", " {home}/share "])
def test_the_default_root_is_that_of_platformdirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_DATA_HOME", given.format(home=tmp_path))
    own = Path(platformdirs.user_data_dir("agentguard"))
    own.mkdir(parents=True)
    (own / "manifest.json").touch()  # so that no other is preferred
    assert Path(default_root()) == own
