"""What tests of several parts share."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support.desk import Desk
from support.fastway import Ground
from support.guarded import clear_away, lasting_directory
from support.rules import shipped
from support.stores import Stores

from agentguard.edge.system.deadline import Deadline
from agentguard.rulebook.load import Rulebook

#: Whoever started the tests may ignore these, as a shell does for what it puts into the background: so would all below.
SIGNALS = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler, signal.SIGQUIT: signal.SIG_DFL}

for number, usual in SIGNALS.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# Nothing of the tester's is touched, and nothing that is in their home decides. Workers have it from who starts them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["HOME"] = tempfile.mkdtemp(prefix="agentguard-home-")
    atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)
    atexit.register(clear_away)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        os.environ.pop(name, None)

# Build servers set this. Programs that tests start by the hundred would read and compile every rule anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Beside other workers, an example takes as long as it takes, and so does a look at the world.
Deadline.usual = 60.0
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for real programs begins first, and what needs the processor alone fills the gaps."""
    items.sort(key=lambda item: item.get_closest_marker("real") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each worker takes whole modules, in their order: see tests/support/workers.py."""
    from support.workers import Shares

    config.option.loadscopereorder = False
    return Shares(config, log)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A person's own terminal, in `tmp_path`."""
    person = Desk(tmp_path)
    yield person
    person.close()


@pytest.fixture
def lasting_tmp() -> Iterator[Path]:
    """A scratch directory that is no temporary one to the guard, and lies in no git work tree."""
    with lasting_directory() as made:
        yield made


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Finished stores, which all workers share: see tests/support/stores.py."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    shared = Stores(place / "stores")
    yield shared
    shared.check()


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    """The rules of this checkout, which no test changes."""
    return shipped()


@pytest.fixture(scope="module")
def ground(rulebook: Rulebook, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A root with shims that are asked what they decide."""
    return Ground(tmp_path_factory.mktemp("ground"), rulebook)
