"""Whose a program is: the system's only where nobody but root can put another file in its place."""

import os
import shutil

import pytest

from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown
from agentguard.edge.system.owners import system_program

LS = os.path.realpath(shutil.which("ls", path="/usr/bin:/bin") or "")


def test_a_systems_program_is_found_by_every_name():
    assert system_program(LS, Known("/")) == LS
    assert system_program(LS[1:], Known("/")) == LS
    assert system_program(LS, Unknown("/", "somewhere")) == LS


def test_a_copy_or_a_link_elsewhere_is_none(tmp_path):
    shutil.copy(LS, tmp_path / "ls")
    (tmp_path / "link").symlink_to(LS)
    os.chmod(tmp_path, 0o777)  # as a directory of anybody's
    assert system_program("./ls", Known(str(tmp_path))) is None
    assert system_program(str(tmp_path / "link"), Known("/")) is None


def test_what_is_not_there_is_unseen():
    with pytest.raises(Unseen):
        system_program("/usr/bin/no-such-program", Known("/"))
    with pytest.raises(Unseen):
        system_program("./ls", Unknown("/", "somewhere"))
