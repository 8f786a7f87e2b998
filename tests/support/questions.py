"""A question as it is put to a person, which tests change where they need another."""

from __future__ import annotations

from agentguard.approval.question import Question
from agentguard.core.effect import Reason

REMOVES_DATA = Question(
    program="rm",
    argv=("rm", "-rf", "data"),
    cwd="/srv/app",
    real="/bin/rm",
    rating="destructive",
    catastrophic="",
    reasons=(Reason("rm-removes", "rm", "removes data, which git does not know", "move it away"),),
    targets=("file /srv/app/data",),
    environment="",
    session="agent-one",
    agent="claude",
)
