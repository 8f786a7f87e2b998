"""The path of one call, with an invented world around it."""

import pytest

from agentguard.approval.request import Filed, Request
from agentguard.core.call import Invocation
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Effect, Environment, Reading, Target
from agentguard.core.word import Known, known
from agentguard.core.world import PathState, World
from agentguard.errors import REFUSED, NoProgram, RecordError
from agentguard.pipeline import Edges, Journal, guard
from agentguard.policy.settings import WORD, Policy

CALL = Invocation.of(("rm", "-rf", "data"), "/home/ada/work", {"PATH": "/shims:/bin"})
LAUNCHED = 77


def effect(verb="remove", recoverable_by="", **more):
    return Effect(
        verb,
        Target("file", "/home/ada/work/data", ("1", "2")),
        recoverable_by,
        rule="rm-untracked",
        program="rm",
        reason="git does not know data",
        instead="move it away",
        **more,
    )


DESTRUCTIVE = Reading((effect(),))
READINGS = {
    "read": Reading((effect("observe"),)),
    "reversible": Reading((effect(recoverable_by="reflog"),)),
    "destructive": DESTRUCTIVE,
}


class FakeJournal(Journal):
    """Keeps everything in lists. `answers` is what a person does while a call waits."""

    def __init__(self, log, *, fails=()):
        self.log = log
        self.rows = []
        self.requests = []
        self.answer = "open"
        self.words = ""
        self.fails = set(fails)
        self.spendable = True
        self.denied = ()

    def _may_fail(self, what):
        if what in self.fails:
            raise RecordError("record.db: its disk is full", "free some space")

    def append(self, kind, facts):
        self._may_fail(kind)
        self.rows.append((kind, facts))
        self.log.append(kind)

    def denials(self, session):
        return self.denied

    def file(self, asked, digest, caller, hits=()):
        self._may_fail("file")
        for request in self.requests:
            if request.digest == digest and request.state == "open":
                return Filed(request)
        self.requests.append(Request(f"r{len(self.requests) + 1}", digest, caller.session.id, 0.0, asked))
        self.log.append("file")
        return Filed(self.requests[-1])

    def _now(self, request):
        return next(r for r in self.requests if r.id == request.id)

    def settle(self, state, words=""):
        """A person answers the newest request."""
        self.requests[-1] = self.requests[-1].replace(state=state, answer=words)

    def approved(self, digest, life):
        self._may_fail("approved")
        return next((r for r in self.requests if r.digest == digest and r.state == "approved"), None)

    def settled(self, request, seconds):
        self.log.append(f"wait {seconds:g}")
        if self.answer == "interrupt":
            raise KeyboardInterrupt
        if seconds and self.answer != "open":
            self.settle(self.answer, self.words)
        return self._now(request)

    def spend(self, request, life):
        self._may_fail("spend")
        self.log.append("spend")
        if not self.spendable or self._now(request).state != "approved":
            return False
        self.settle("spent")
        return True

    def withdraw(self, request):
        self.log.append("withdraw")
        self.settle("withdrawn")


class FakeWorld(World):
    def __init__(self, state):
        self.state = state

    def paths(self, paths, cwd, follow):
        return tuple(PathState(path, self.state) for path in paths)


class FakeEdges(Edges):
    """A caller, a person and a place, all invented. `log` keeps the order of what happened."""

    journal = None
    patience = 100.0
    policy = Policy()
    factors = ()
    sits = True

    def is_persons(self, terminal):
        return self.sits

    def __init__(self, reading=DESTRUCTIVE, *, terminal="", typed=False, **journal):
        self.log = []
        self.told = []
        self.journal = FakeJournal(self.log, **journal)
        self.reading = reading
        self.terminal = terminal
        self.typed = typed
        self.states = ["untracked"]
        self.inode = ("8", "1")
        self.program = ("8", "9")

    def world(self, call):
        return FakeWorld(self.states.pop(0) if len(self.states) > 1 else self.states[0])

    def read(self, call, world):
        world.paths(call.argv[2:], call.cwd, False)
        return self.reading

    def origin(self):
        above = (Process(20, 5, "bash"), Process(10, 3, "claude"))
        return Origin(1000, Session("s1", "claude (pid 10)"), above, "claude", self.terminal)

    def real(self, call):
        return "/bin/rm", self.program

    def directory(self, call):
        return self.inode

    def located(self, path):
        return path, ()

    def prompt(self, terminal, asked, word):
        self.log.append(f"prompt {terminal} {word}")
        self.shown = asked
        return self.typed

    def tell(self, *lines):
        self.told += lines
        self.log.append("tell")

    def launch(self, program, call):
        self.log.append(f"launch {program}")
        self.launched = call
        return LAUNCHED


def text(edges):
    return "\n".join(edges.told)


# What happens, in order


@pytest.mark.parametrize("rating", ["read", "reversible"])
def test_what_can_be_brought_back_runs_at_once_and_says_nothing(rating):
    edges = FakeEdges(READINGS[rating])
    assert guard(CALL, edges) == LAUNCHED
    assert edges.log == ["ran", "launch /bin/rm"]
    assert edges.launched is CALL and edges.told == []


SCENES = [
    # here: a terminal of the caller's own; typed: the word; answer: of a person elsewhere
    ("typed here", {"terminal": "/dev/pts/3", "typed": True}, "open", LAUNCHED,
     ["asked", "prompt /dev/pts/3 DELETE", "ran", "launch /bin/rm"]),
    ("not typed here", {"terminal": "/dev/pts/3"}, "open", REFUSED,
     ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
    ("approved elsewhere", {}, "approved", LAUNCHED,
     ["file", "asked", "tell", "wait 100", "spend", "ran", "launch /bin/rm"]),
    ("denied elsewhere", {}, "denied", REFUSED, ["file", "asked", "tell", "wait 100", "refused", "tell"]),
    ("withdrawn elsewhere", {}, "withdrawn", REFUSED, ["file", "asked", "tell", "wait 100", "refused", "tell"]),
    ("nobody answers", {}, "open", REFUSED, ["file", "asked", "tell", "wait 100", "refused", "tell"]),
    ("another call spends it first", {}, "spent", REFUSED, ["file", "asked", "tell", "wait 100", "refused", "tell"]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "answer", "status", "log"), [s[1:] for s in SCENES], ids=[s[0] for s in SCENES])
def test_a_destructive_call_waits_for_a_person(options, answer, status, log):
    edges = FakeEdges(**options)
    edges.journal.answer = answer
    assert guard(CALL, edges) == status
    assert edges.log == log


def test_with_no_patience_a_request_is_filed_and_the_call_refused_at_once():
    edges = FakeEdges()
    edges.patience = 0
    assert guard(CALL, edges) == REFUSED
    assert edges.log == ["file", "asked", "wait 0", "refused", "tell"]


def test_what_cannot_be_shown_is_refused_without_asking():
    edges = FakeEdges(DESTRUCTIVE + Reading(unconfirmable="its standard input never ends"), terminal="/dev/pts/3")
    assert guard(CALL, edges) == REFUSED
    assert edges.log == ["refused", "tell"]
    assert "its standard input never ends" in text(edges)
    assert edges.journal.requests == []


# Approved later


def test_an_approval_given_later_lets_the_same_call_pass_once():
    edges = FakeEdges()
    assert guard(CALL, edges) == REFUSED
    edges.journal.settle("approved")
    del edges.log[:], edges.told[:]
    assert guard(CALL, edges) == LAUNCHED
    assert edges.log == ["spend", "ran", "launch /bin/rm"]
    assert edges.told == []
    del edges.log[:]
    assert guard(CALL, edges) == REFUSED  # the second time is a new request
    assert edges.log == ["file", "asked", "tell", "wait 100", "refused", "tell"]


@pytest.mark.parametrize(
    "other",
    [
        CALL.replace(argv=known(("rm", "-rf", "data2"))),
        CALL.replace(argv=known(("rm", "-rf", "data", ""))),
        CALL.replace(cwd=Known("/home/ada")),
    ],
)
def test_an_approval_is_for_that_call_only(other):
    edges = FakeEdges()
    guard(CALL, edges)
    edges.journal.settle("approved")
    assert guard(other, edges) == REFUSED


@pytest.mark.parametrize(
    "change",
    [
        lambda edges: setattr(edges, "inode", ("8", "2")),  # another directory of that name
        lambda edges: setattr(edges, "program", ("8", "10")),  # another program there
        lambda edges: setattr(edges, "states", ["modified"]),  # the world answers otherwise
        lambda edges: setattr(edges, "reading", Reading((effect(catastrophic="your home"),))),
    ],
)
def test_an_approval_is_not_for_what_has_changed_since(change):
    edges = FakeEdges()
    guard(CALL, edges)
    edges.journal.settle("approved")
    change(edges)
    assert guard(CALL, edges) == REFUSED
    assert "launch /bin/rm" not in edges.log


def test_what_changes_while_a_person_elsewhere_is_asked_does_not_run():
    edges = FakeEdges()
    edges.journal.answer = "approved"
    edges.states = ["untracked", "modified"]
    assert guard(CALL, edges) == REFUSED
    assert edges.log[-2:] == ["refused", "tell"] and "spend" not in edges.log
    assert "changed" in text(edges)


def test_what_changes_while_a_person_is_asked_here_does_not_run():
    edges = FakeEdges(terminal="/dev/pts/3", typed=True)
    edges.states = ["untracked", "modified"]
    assert guard(CALL, edges) == REFUSED
    assert edges.log == ["asked", f"prompt /dev/pts/3 {WORD}", "refused", "tell"]


def test_an_approval_that_another_process_spends_first_is_not_spent_twice():
    edges = FakeEdges()
    edges.journal.answer = "approved"
    edges.journal.spendable = False
    assert guard(CALL, edges) == REFUSED
    assert "launch /bin/rm" not in edges.log
    assert "has been used or has expired" in text(edges)


def test_two_calls_that_wait_for_the_same_thing_share_a_request_and_one_runs():
    edges = FakeEdges()
    guard(CALL, edges)
    guard(CALL, edges)
    assert len(edges.journal.requests) == 1
    edges.journal.settle("approved")
    assert [guard(CALL, edges), guard(CALL, edges)] == [LAUNCHED, REFUSED]


def test_a_caller_that_goes_away_takes_its_request_along():
    edges = FakeEdges()
    edges.journal.answer = "interrupt"
    with pytest.raises(KeyboardInterrupt):
        guard(CALL, edges)
    assert edges.log[-2:] == ["withdraw", "refused"]
    assert edges.journal.rows[-1][1]["why"] == "interrupted while waiting"


# The record


@pytest.mark.parametrize("rating", ["read", "reversible"])
def test_what_can_be_brought_back_runs_without_a_record_and_says_so(rating):
    edges = FakeEdges(READINGS[rating], fails=["ran"])
    assert guard(CALL, edges) == LAUNCHED
    assert edges.log == ["tell", "launch /bin/rm"]
    assert edges.told == [
        "agentguard: rm runs without a record: its disk is full (a person can look with `agentguard doctor`)"
    ]


@pytest.mark.parametrize(
    ("terminal", "fails"),
    [("", fails) for fails in ("approved", "file", "asked", "spend", "ran")]
    + [("/dev/pts/3", fails) for fails in ("approved", "asked", "ran")],
)
def test_without_a_record_nothing_destructive_runs(terminal, fails):
    edges = FakeEdges(terminal=terminal, typed=True, fails=[fails])
    edges.journal.answer = "approved"
    assert guard(CALL, edges) == REFUSED
    assert "launch /bin/rm" not in edges.log
    assert "cannot be put on the record: its disk is full" in text(edges)


def test_a_refusal_that_cannot_be_recorded_is_a_refusal():
    edges = FakeEdges(fails=["refused"])
    assert guard(CALL, edges) == REFUSED
    assert "cannot be put on the record" in text(edges)


def test_a_row_holds_who_what_where_and_why():
    edges = FakeEdges()
    edges.journal.answer = "approved"
    guard(CALL, edges)
    assert [kind for kind, _ in edges.journal.rows] == ["asked", "ran"]
    ((_, asked), (_, ran)) = edges.journal.rows
    assert ran == {
        "program": "rm",
        "argv": ("rm", "-rf", "data"),
        "cwd": "/home/ada/work",
        "real": "/bin/rm",
        "uid": 1000,
        "session": "s1",
        "session_name": "claude (pid 10)",
        "agent": "claude",
        "ancestry": [{"pid": 20, "start": 5, "name": "bash"}, {"pid": 10, "start": 3, "name": "claude"}],
        "rating": "destructive",
        "catastrophic": "",
        "reasons": [
            {"rule": "rm-untracked", "program": "rm", "text": "git does not know data", "instead": "move it away"}
        ],
        "effects": [
            {
                "verb": "remove",
                "kind": "file",
                "target": "/home/ada/work/data",
                "rule": "rm-untracked",
                "recoverable_by": "",
            }
        ],
        "decision": "ask",
        "request": "r1",
    }
    assert asked == ran


@pytest.mark.parametrize(
    ("options", "answer", "kind", "facts"),
    [
        ({"terminal": "/dev/pts/3", "typed": True}, "open", "ran", {"confirmed": "typed at /dev/pts/3"}),
        ({"terminal": "/dev/pts/3"}, "open", "refused", {"why": "DELETE was not typed"}),
        ({}, "open", "refused", {"why": "no person has answered yet", "request": "r1"}),
        ({}, "denied", "refused", {"why": "a person said no", "request": "r1"}),
        ({"reading": READINGS["read"]}, "open", "ran", {"rating": "read", "decision": "run"}),
    ],
)
def test_the_last_row_says_how_it_ended(options, answer, kind, facts):
    edges = FakeEdges(**options)
    edges.journal.answer = answer
    guard(CALL, edges)
    last, row = edges.journal.rows[-1]
    assert last == kind and facts.items() <= row.items()


def test_a_row_keeps_only_so_many_effects():
    many = Reading(tuple(effect(environment=e.environment) for e in DESTRUCTIVE.effects * 500))
    edges = FakeEdges(many)
    guard(CALL, edges)
    assert len(edges.journal.rows[0][1]["effects"]) == 50


def test_secrets_are_masked_in_rows_and_in_what_is_told_and_shown():
    secret = "8f14e45fceea167a5a36dedd4bea2543"
    url = f"https://ada:{secret}@db.example/x"
    call = Invocation.of(("curl", "-H", f"Authorization: Bearer {secret}", url), "/", {})
    hit = Effect(
        "remove", Target("url", url), rule="r", program="curl", reason=f"deletes {url}", catastrophic=f"all of {url}",
        environment=Environment("production", f"PGPASSWORD={secret}"),
    )  # fmt: skip
    edges = FakeEdges(Reading((hit,)), terminal="/dev/pts/3")
    guard(call, edges)
    assert "db.example" in text(edges)
    assert secret not in repr(edges.journal.rows) + text(edges) + repr(edges.shown)


def test_the_record_comes_before_the_launch_and_a_missing_program_before_everything():
    class Gone(FakeEdges):
        def real(self, call):
            raise NoProgram("rm: not found")

    edges = Gone()
    with pytest.raises(NoProgram):
        guard(CALL, edges)
    assert edges.log == []


# What the agent reads


def test_a_refusal_names_reason_safer_way_request_and_aim():
    edges = FakeEdges(Reading((effect(catastrophic="your home directory"),)))
    edges.patience = 0
    guard(CALL, edges)
    assert edges.told == [
        "agentguard: rm was not run: no person has answered yet",
        "  rated   destructive, catastrophic: your home directory",
        "  because git does not know data [rm-untracked]",
        "  safer   move it away",
        "  person  asked, as request r1: once they approve it, the same call again passes once",
        "  Not only this command is refused but its aim: seek no other way to it; say what you need, and why.",
    ]


def test_a_wait_is_told_before_it_begins():
    edges = FakeEdges()
    edges.journal.answer = "approved"
    guard(CALL, edges)
    assert edges.told == [
        "agentguard: rm waits up to 100 s for a person, as request r1",
        "  rated   destructive",
        "  because git does not know data [rm-untracked]",
    ]


def test_what_a_person_said_reaches_the_agent():
    edges = FakeEdges()
    edges.journal.answer, edges.journal.words = "denied", "that is the only copy"
    guard(CALL, edges)
    assert "agentguard: rm was not run: a person said no: that is the only copy" in edges.told
    assert "once they approve" not in text(edges)


def test_a_refusal_stays_short_and_harmless_to_a_terminal():
    hits = tuple(
        Effect(
            "remove",
            Target("file", f"f{n}"),
            rule=f"rule-{n}",
            program="rm",
            reason=f"\x1b[2Jreason\n{n}",
            instead=f"way {n}",
        )
        for n in range(40)
    )
    edges = FakeEdges(Reading(hits))
    edges.patience = 0
    guard(CALL, edges)
    assert len(edges.told) == 8
    assert "and for 38 more reasons" in text(edges)
    assert all(line.isprintable() for line in edges.told)
    ways_around = ("agentguard_", "--", "disable", "uninstall", "/bin/", "bypass", "approve r", "path", ".toml")
    assert not any(way in text(edges).lower() for way in ways_around)
