"""An effect on a file that is not known before the line runs (`/tmp/$X`) counts as one on any file."""

from __future__ import annotations

import pytest

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.effect import Reading
from agentguard.core.paths import could_touch
from agentguard.core.word import Known
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import StatedWorld


def read(rulebook: Rulebook, line: str) -> Reading:
    world = StatedWorld({"paths": {"/srv/b": "tracked", "/tmp/new": "missing"}})
    call = Invocation.of(("sh", "-c", line), "/srv", {"PATH": "/bin"})
    return Classifier(rulebook, world).text("shell", Known(line), call)


@pytest.mark.parametrize(
    "line",
    [
        "touch /tmp/$X",
        "rm /tmp/$X",
        "cp /srv/b /tmp/$X",
        "mv /tmp/$X /srv/c",
        "terraform fmt /tmp/$X",
        "echo x > /tmp/$X",
        "echo x >> /tmp/$X",
        ". /tmp/$X",
    ],
)
def test_what_is_not_known_may_be_any_file(rulebook: Rulebook, line: str) -> None:
    assert any(could_touch(effect, "/srv/b") for effect in read(rulebook, line).effects)


def test_a_later_part_does_not_rest_on_it(rulebook: Rulebook) -> None:
    apart, beside = read(rulebook, "touch /tmp/new; rm /srv/b"), read(rulebook, "touch /tmp/$X; rm /srv/b")
    assert (apart.rating, beside.rating) == ("reversible", "destructive")
    assert "an earlier part of the same line may change what is there" in beside.reasons[0].text


def test_the_path_of_one_that_is_known_is_not_in_doubt(rulebook: Rulebook) -> None:
    assert not any(could_touch(effect, "/srv/b") for effect in read(rulebook, "touch /tmp/new").effects)
