"""What tests of several parts share."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A person's own terminal, in `tmp_path`."""
    person = Desk(tmp_path)
    yield person
    person.close()


@pytest.fixture
def lasting_tmp() -> Iterator[Path]:
    """A scratch directory that is no temporary one to the guard, and lies in no git work tree."""
    for place in ("/srv", "/opt", "/mnt", "/Users/Shared", f"/run/user/{os.getuid()}", "/var/lib"):
        inside = subprocess.run(["git", "-C", place, "rev-parse", "--git-dir"], capture_output=True)
        if os.access(place, os.W_OK | os.X_OK) and inside.returncode:
            break
    else:
        pytest.skip("no writable directory outside temporary ones and git work trees")
    made = Path(os.path.realpath(tempfile.mkdtemp(prefix="agentguard-test-", dir=place)))
    yield made
    shutil.rmtree(made)
