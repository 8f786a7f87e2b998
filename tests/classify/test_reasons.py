"""What people read of calls that are not understood: a reason is a predicate of its program."""

from __future__ import annotations

import pytest

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.word import Known
from agentguard.rulebook.load import Rulebook
from agentguard.rulecheck.examples import StatedWorld


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("git frobnicate", "git has no command frobnicate that agentguard knows"),
        ("git --frobnicate", "git has no option --frobnicate that agentguard knows"),
        ("git remote --frobnicate", "git remote has no option --frobnicate that agentguard knows"),
        ("rm -Q x", "rm has no option -Q that agentguard knows"),
        ("git ${CMD:-status}", "git is given a command that is not known before the line runs: ${CMD:-status}"),
        ('git clean -n"$X"', 'git clean is given an option that is not known before the line runs: -n"$X"'),
        ('git clean "-n$X"', 'git clean is given an option that is not known before the line runs: "-n$X"'),
        ("${P:-rm} x", "rm may be any program: what ${P:-rm} stands for is not known before the line runs"),
        ("find . -exec rm {} $X", "find is given -exec without its end"),
        ("git -C", "git is given -C without its value"),
        ("tar x!", "tar has no option -! in x! that agentguard knows"),
        ("sudo frob", "frob runs where PATH does not lead to the shims, so that nothing guards what it does"),
        ("ssh host frob", "frob runs on another host, where nothing guards it"),
    ],
)
def test_a_reason_names_its_program_once_and_says_what_is_not_known(
    rulebook: Rulebook, line: str, sentence: str
) -> None:
    call = Invocation.of(("sh", "-c", line), "/srv", {"PATH": "/bin"})
    reading = Classifier(rulebook, StatedWorld({})).text("shell", Known(line), call)
    assert sentence in [f"{one.program} {one.text}" for one in reading.reasons]
