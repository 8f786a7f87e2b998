"""What tests of several parts share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import Desk
from support.fastway import Ground
from support.guarded import lasting_directory

from agentguard import resources
from agentguard.rulebook.load import Rulebook, load

#: Whoever started the tests may ignore these, as a shell does for what it puts into the background: so would all below.
SIGNALS = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler, signal.SIGQUIT: signal.SIG_DFL}

for number, usual in SIGNALS.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


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
def rulebook() -> Rulebook:
    """The rules of this checkout, which no test changes."""
    return load(resources.rules())


@pytest.fixture(scope="module")
def ground(rulebook: Rulebook, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A root with shims that are asked what they decide."""
    return Ground(tmp_path_factory.mktemp("ground"), rulebook)
