"""The path of one call, with an invented world around it."""

import time

import pytest
from support.fakes import LAUNCHED, FakeAsker, FakeFacts, FakeLauncher, FakeLog, FakeRequests, FakeWorld
from support.questions import REMOVES_DATA

from agentguard.approval.outcome import call_key
from agentguard.approval.request import Asked, bound
from agentguard.core.call import Invocation
from agentguard.core.caller import Origin, Process, Session
from agentguard.core.effect import Effect, Environment, Reading, Reason, Target
from agentguard.core.word import Known, known
from agentguard.edge.records.loops import PAUSE
from agentguard.errors import REFUSED, InstallError, NoProgram, UsageError
from agentguard.lean.canonical import canonical
from agentguard.pipeline import guard
from agentguard.policy.settings import WORD, Policy

CALL = Invocation.of(("rm", "-rf", "data"), "/home/ada/work", {"PATH": "/shims:/bin"})


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


class Scene:
    """A call of claude's, and a person, all invented. `events` keeps the order of what happened."""

    def __init__(self, reading=DESTRUCTIVE, *, terminal="", typed=False, fails=()):
        self.events = []
        self.facts = FakeFacts(reading)
        self.log = FakeLog(self.events, fails)
        self.requests = FakeRequests(self.events, fails)
        self.asker = FakeAsker(self.events, typed)
        self.launcher = FakeLauncher(self.events)
        above = (Process(20, 5, "bash"), Process(10, 3, "claude"))
        self.origin = Origin(1000, Session("s1", "claude (pid 10)"), above, "claude", terminal, this=(30, 7))

    def call(self, call=CALL):
        return guard(call, self.origin, self.facts, self.log, self.requests, self.asker, self.launcher)

    def answered(self, approved=True):
        """A person answers what waits."""
        self.requests.answer(self.requests.pending(), approved, {})

    @property
    def told(self):
        return self.asker.told


def text(scene):
    return "\n".join(scene.told)


# What happens, in order


@pytest.mark.parametrize("rating", ["read", "reversible"])
def test_what_can_be_brought_back_runs_at_once_and_says_nothing(rating):
    scene = Scene(READINGS[rating])
    assert scene.call() == LAUNCHED
    assert scene.events == ["ran", "launch /bin/rm"]
    assert scene.launcher.launched is CALL and scene.told == []


SCENES = [
    # here: a terminal of the caller's own; typed: the word; answer: of a person elsewhere
    ("typed here", {"terminal": "/dev/pts/3", "typed": True}, "open", LAUNCHED,
     ["asked", "prompt /dev/pts/3 DELETE", "ran", "launch /bin/rm"]),
    ("not typed here", {"terminal": "/dev/pts/3"}, "open", REFUSED,
     ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
    ("approved elsewhere", {}, "approved", LAUNCHED,
     ["submit", "asked", "tell", "wait 100", "consume", "ran", "launch /bin/rm"]),
    ("denied elsewhere", {}, "denied", REFUSED, ["submit", "asked", "tell", "wait 100", "refused", "tell"]),
    ("withdrawn elsewhere", {}, "withdrawn", REFUSED, ["submit", "asked", "tell", "wait 100", "refused", "tell"]),
    ("nobody answers", {}, "open", REFUSED, ["submit", "asked", "tell", "wait 100", "refused", "tell"]),
    ("another call spends it first", {}, "spent", REFUSED, ["submit", "asked", "tell", "wait 100", "refused", "tell"]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "answer", "status", "log"), [s[1:] for s in SCENES], ids=[s[0] for s in SCENES])
def test_a_destructive_call_waits_for_a_person(options, answer, status, log):
    scene = Scene(**options)
    scene.requests.outcome = answer
    assert scene.call() == status
    assert scene.events == log


@pytest.mark.parametrize(
    ("guard", "alone", "doubt", "events"),
    [
        ("agents", True, "", ["ran", "launch /bin/rm"]),
        ("agents", False, "", ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
        ("agents", True, "helper", ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
        ("everyone", True, "", ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
    ],
)
def test_where_only_agents_are_guarded_a_persons_own_terminal_passes(guard, alone, doubt, events):
    scene = Scene(terminal="/dev/pts/3")
    scene.origin = scene.origin.replace(in_doubt=doubt)
    scene.asker.alone = alone
    scene.facts.policy = Policy(guard=guard)
    assert scene.call() == (LAUNCHED if events[0] == "ran" else REFUSED)
    assert scene.events == events


@pytest.mark.parametrize(
    ("alone", "doubt", "by", "agent_reads"),
    [
        (True, "", "you", False),
        (True, "helper", "helper, which may be an agent", True),
        (False, "", "", True),
    ],
)
def test_only_an_agent_is_told_what_a_refusal_means(alone, doubt, by, agent_reads):
    scene = Scene(terminal="/dev/pts/3")
    scene.origin = scene.origin.replace(in_doubt=doubt)
    scene.asker.alone = alone
    assert scene.call() == REFUSED
    assert scene.asker.shown_by == by
    assert ("seek no other way" in text(scene)) == agent_reads == (len(scene.told) > 1)
    assert scene.told[0] == "agentguard: rm was not run: DELETE was not typed"


def test_a_terminal_that_no_person_sits_at_is_not_asked_at():
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.asker.sits = False
    assert scene.call() == REFUSED
    assert scene.events == ["submit", "asked", "tell", "wait 100", "refused", "tell"]


@pytest.mark.parametrize(
    ("terminal", "doubt", "held", "why"),
    [
        ("/dev/pts/3", "", "its terminal is held by tmux", "(its terminal is held by tmux)"),
        ("/dev/pts/3", "helper", "", "(helper, which may be an agent)"),
        ("/dev/pts/3", "helper", "it is seen by nobody", "(helper, which may be an agent; it is seen by nobody)"),
        ("", "", "its terminal is held by tmux", ""),  # an agent's call has none: it is told no way to answer
    ],
)
def test_who_may_be_a_person_is_told_why_they_are_not_asked_here(terminal, doubt, held, why):
    scene = Scene(terminal=terminal)
    scene.origin = scene.origin.replace(in_doubt=doubt)
    scene.asker.sits, scene.asker.doubts = False, held
    scene.call()
    lines = [line for line in scene.told if "agentguard approve" in line]
    assert len(lines) == 2 * bool(why) and all(why in line for line in lines)


MORE = CALL.replace(argv=known(("rm", "-rf", "more")))


@pytest.mark.parametrize(("passed", "then"), [(40, ["tell", "wait 60", "refused", "tell"]), (100, ["refused", "tell"])])
def test_the_next_call_of_a_loop_joins_its_question_and_waits_no_longer_than_it(passed, then):
    scene, clock = Scene(), [1000.0]
    scene.requests.now = lambda: clock[0]
    scene.call()
    del scene.events[:]
    clock[0] += passed
    assert scene.call(MORE) == REFUSED
    assert scene.events == ["submit", "asked", *then]
    assert scene.log.rows[-2][1]["group"] == "r1"
    assert "as request r1" in scene.told[-2], "one question has one id"


def test_what_the_caller_comes_to_is_asked_about_at_once_and_then_passes_by_itself():
    scene = Scene()
    scene.facts.following = (MORE,)
    scene.call()
    assert "as request r1, with 1 more that follow it" in scene.told[0]
    assert [one.question.argv[-1] for one in scene.requests.pending()] == ["data", "more"]
    scene.answered()
    del scene.events[:]
    assert scene.call(MORE) == LAUNCHED and scene.call(CALL) == LAUNCHED
    assert scene.events == ["consume", "ran", "launch /bin/rm"] * 2
    assert scene.call(MORE) == REFUSED


def test_a_list_is_asked_about_at_once_at_the_callers_own_terminal():
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.facts.following = (MORE,)
    assert scene.call() == LAUNCHED
    assert scene.events == ["asked", "prompt /dev/pts/3 DELETE", "consume", "ran", "launch /bin/rm"]
    assert [one.argv[-1] for one in scene.asker.more] == ["more"]
    del scene.events[:]
    assert scene.call(MORE) == LAUNCHED
    assert scene.events == ["consume", "ran", "launch /bin/rm"]
    assert scene.requests.pending() == (), "none of it was on the list for another terminal"


def test_no_to_a_list_at_the_callers_own_terminal_is_no_to_what_follows():
    scene = Scene(terminal="/dev/pts/3")
    scene.facts.following = (MORE,)
    assert scene.call() == REFUSED and scene.call(MORE) == REFUSED
    assert [event for event in scene.events if event.startswith("prompt")] == ["prompt /dev/pts/3 DELETE"]
    assert scene.call(CALL.replace(argv=known(("rm", "-rf", "what was not shown")))) == REFUSED


@pytest.mark.parametrize("signs", [True, False])
def test_one_signature_is_for_the_whole_list(signs):
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.facts.following, scene.facts.has_factors, scene.asker.has_key = (MORE,), True, signs
    assert scene.call() == (LAUNCHED if signs else REFUSED)
    assert scene.asker.signs == [("/dev/pts/3", 2)]
    assert not any(one.state == "here" for one in scene.requests._all.values())


QUESTION = REMOVES_DATA.replace(
    argv=("rm", "-rf", "beside"), cwd="/home/ada/work", reasons=(Reason("rm-untracked", "rm", "git does not know it"),)
)
BESIDE = Asked(QUESTION, bound("d", QUESTION))


def test_what_is_called_meanwhile_stands_in_line_and_finds_its_answer():
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.asker.free = False
    scene.requests.ask_here(BESIDE, scene.origin)
    assert scene.call() == LAUNCHED
    assert [one.argv[-1] for one in scene.asker.more] == ["beside"]


def test_what_was_changed_in_line_is_not_asked_about():
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.asker.free = False
    harmless = BESIDE.question.replace(argv=("rm", "-rf", "node_modules"))
    scene.requests.ask_here(BESIDE.replace(question=harmless), scene.origin)
    with pytest.raises(UsageError):
        scene.call()
    assert scene.launcher.launched is None


@pytest.mark.parametrize("following", [(), (MORE,)])
def test_who_interrupts_the_question_ends_the_call(following):
    scene = Scene(terminal="/dev/pts/3")
    scene.facts.following, scene.asker.interrupts = following, True
    with pytest.raises(KeyboardInterrupt):
        scene.call()
    assert [event for event in scene.events if event != "withdraw"] == ["asked", "refused"]
    assert scene.log.rows[-1][1]["why"] == "interrupted while it was asked"
    assert not any(one.state == "here" for one in scene.requests._all.values())


def test_what_became_other_than_it_was_foreseen_is_not_approved():
    scene = Scene()
    scene.facts.following = (MORE,)
    scene.call()
    scene.answered()
    scene.facts.world.states[:] = ["tracked"]
    assert scene.call(MORE) == REFUSED


def test_what_is_not_of_the_same_kind_is_no_part_of_the_question():
    scene = Scene()
    scene.facts.following = (MORE.replace(cwd=Known("/elsewhere")),)
    scene.call()
    assert len(scene.requests.pending()) == 1


def test_with_no_patience_a_request_is_filed_and_the_call_refused_at_once():
    scene = Scene()
    scene.facts.policy = Policy(wait=0)
    assert scene.call() == REFUSED
    assert scene.events == ["submit", "asked", "wait 0", "refused", "tell"]


def test_what_cannot_be_shown_is_refused_without_asking():
    scene = Scene(DESTRUCTIVE + Reading(unconfirmable="its standard input never ends"), terminal="/dev/pts/3")
    assert scene.call() == REFUSED
    assert scene.events == ["refused", "tell"]
    assert "its standard input never ends" in text(scene)
    assert scene.requests.pending() == ()


# Approved later


def test_an_approval_given_later_lets_the_same_call_pass_once():
    scene = Scene()
    assert scene.call() == REFUSED
    scene.answered()
    del scene.events[:], scene.told[:]
    assert scene.call() == LAUNCHED
    assert scene.events == ["consume", "ran", "launch /bin/rm"]
    assert scene.told == []
    del scene.events[:]
    scene.requests.now = lambda: time.time() + PAUSE  # too late for the next call of a loop, which does not wait
    assert scene.call() == REFUSED  # the second time is a new request
    assert scene.events == ["submit", "asked", "tell", "wait 100", "refused", "tell"]


@pytest.mark.parametrize(
    "other",
    [
        CALL.replace(argv=known(("rm", "-rf", "data2"))),
        CALL.replace(argv=known(("rm", "-rf", "data", ""))),
        CALL.replace(cwd=Known("/home/ada")),
    ],
)
def test_an_approval_is_for_that_call_only(other):
    scene = Scene()
    scene.call()
    scene.answered()
    assert scene.call(other) == REFUSED


@pytest.mark.parametrize(
    "other",
    [
        {"uid": 1001},
        {"session": Session("s2", "claude (pid 10)")},
        {"session": Session("s1", "claude (pid 10)", below=(10, 4))},
    ],
)
def test_an_approval_is_for_that_caller_only(other):
    scene = Scene()
    scene.call()
    scene.answered()
    scene.origin = scene.origin.replace(**other)
    assert scene.call() == REFUSED


@pytest.mark.parametrize(("passed", "status"), [(29, LAUNCHED), (30, REFUSED)])
def test_an_approval_is_good_for_as_long_as_was_chosen(passed, status):
    scene = Scene()
    scene.facts.policy = Policy(approval=30)
    scene.requests.now = lambda: 1000.0
    scene.call()
    scene.answered()
    scene.requests.now = lambda: 1000.0 + passed
    assert scene.call() == status
    assert len(scene.requests.pending()) == (status == REFUSED), "once it has ended, a person is asked anew"


@pytest.mark.parametrize(
    "change",
    [
        lambda scene: setattr(scene.facts, "inode", ("8", "2")),  # another directory of that name
        lambda scene: setattr(scene.facts, "program", ("8", "10")),  # another program there
        lambda scene: setattr(scene.facts, "world", FakeWorld("modified")),  # the world answers otherwise
        lambda scene: setattr(scene.facts, "reading", Reading((effect(catastrophic="your home"),))),
    ],
)
def test_an_approval_is_not_for_what_has_changed_since(change):
    scene = Scene()
    scene.call()
    scene.answered()
    change(scene)
    assert scene.call() == REFUSED
    assert "launch /bin/rm" not in scene.events


def test_what_changes_while_a_person_elsewhere_is_asked_does_not_run():
    scene = Scene()
    scene.requests.outcome = "approved"
    scene.facts.world = FakeWorld("untracked", "modified")
    assert scene.call() == REFUSED
    assert scene.events[-2:] == ["refused", "tell"] and "consume" not in scene.events
    assert "changed" in text(scene)


def test_what_changes_while_a_person_is_asked_here_does_not_run():
    scene = Scene(terminal="/dev/pts/3", typed=True)
    scene.facts.world = FakeWorld("untracked", "modified")
    assert scene.call() == REFUSED
    assert scene.events == ["asked", f"prompt /dev/pts/3 {WORD}", "refused", "tell"]


# Looking that takes too long


def slow(*takes, **options):
    """A scene in which each look takes so many times what it may take."""
    scene = Scene(**options)
    scene.facts.world.takes = list(takes)
    return scene


SLOW = {
    "as slow again": (1.5, 1.5, 1.5),
    "fast when it is looked at again": (1.5, 0.1, 0.1),
    "somewhat slower when it is looked at again": (0.9, 1.9),
}


@pytest.mark.parametrize("takes", SLOW.values(), ids=SLOW)
def test_a_slow_call_that_was_approved_while_it_waits_runs(takes):
    scene = slow(*takes)
    scene.requests.outcome = "approved"
    assert scene.call() == LAUNCHED


@pytest.mark.parametrize("takes", SLOW.values(), ids=SLOW)
def test_a_slow_call_that_was_approved_here_runs(takes):
    assert slow(*takes, terminal="/dev/pts/3", typed=True).call() == LAUNCHED


def test_a_slow_call_that_was_approved_later_runs_though_it_gets_less_far():
    scene = slow(1.5)
    scene.facts.world.states = ["untracked", "modified", "missing"]
    assert scene.call() == REFUSED
    scene.answered()
    assert scene.call() == LAUNCHED


def test_what_is_seen_only_later_is_asked_again():
    scene = slow(1.5)
    scene.call()
    scene.answered()
    scene.facts.world.takes = [0.1]
    assert scene.call() == REFUSED and len(scene.requests.pending()) == 1
    scene.answered()
    assert scene.call() == LAUNCHED


def test_a_look_that_takes_too_long_is_no_look_for_what_was_approved():
    scene = slow(0.5)
    scene.call()
    scene.answered()
    scene.facts.world.takes = [2.5]
    assert scene.call() == REFUSED


@pytest.mark.parametrize("takes", [(1.5,), (1.5, 0.1)])
def test_what_was_seen_to_be_beyond_repair_stays_so(takes):
    scene = slow(*takes, terminal="/dev/pts/3", typed=True)
    grave = Reading((effect(catastrophic="your home"),))
    looks = scene.facts.read

    def read(call, world):
        looks(call, world)
        return grave if scene.facts.world.times else DESTRUCTIVE

    scene.facts.read = read
    assert scene.call() == LAUNCHED
    assert scene.asker.shown.catastrophic == "your home"


def test_an_approval_that_another_process_spends_first_is_not_spent_twice():
    scene = Scene()
    scene.requests.outcome = "approved"
    scene.requests.consume = lambda request, life: False
    assert scene.call() == REFUSED
    assert "launch /bin/rm" not in scene.events
    assert "has been used or has expired" in text(scene)


def test_two_calls_that_wait_for_the_same_thing_share_a_request_and_one_runs():
    scene = Scene()
    scene.call()
    scene.call()
    assert len(scene.requests.pending()) == 1
    scene.answered()
    assert [scene.call(), scene.call()] == [LAUNCHED, REFUSED]


def test_a_caller_that_goes_away_takes_its_request_along():
    scene = Scene()
    scene.requests.outcome = "interrupt"
    with pytest.raises(KeyboardInterrupt):
        scene.call()
    assert scene.events[-2:] == ["withdraw", "refused"]
    assert scene.log.rows[-1][1]["why"] == "interrupted while waiting"


# Proven


def proving(**options):
    """A scene in which everything that asks wants a factor."""
    scene = Scene(**options)
    scene.facts.policy, scene.facts.has_factors = Policy(factor=("destructive",)), True
    return scene


@pytest.mark.parametrize(
    ("has_key", "typed", "status", "events"),
    [
        (True, True, LAUNCHED, ["asked", "prompt /dev/pts/3 DELETE", "sign /dev/pts/3", "ran", "launch /bin/rm"]),
        (False, True, REFUSED, ["asked", "prompt /dev/pts/3 DELETE", "sign /dev/pts/3", "refused", "tell"]),
        (True, False, REFUSED, ["asked", "prompt /dev/pts/3 DELETE", "refused", "tell"]),
    ],
)
def test_a_person_here_signs_once_the_word_is_typed(has_key, typed, status, events):
    scene = proving(terminal="/dev/pts/3", typed=typed)
    scene.asker.has_key = has_key
    assert scene.call() == status
    assert scene.events == events
    assert has_key or "no passphrase was given" in text(scene)
    assert scene.log.rows[-1][1].get("proof", "").startswith("signed ") is (status == LAUNCHED)


def test_what_a_person_here_has_signed_must_hold():
    scene = proving(terminal="/dev/pts/3", typed=True)
    scene.asker.signed = lambda terminal, digest: scene.asker.signature("another call")
    assert scene.call() == REFUSED
    assert "its approval does not prove a person: what was signed is another call" in text(scene)


def test_without_a_factor_to_ask_for_the_word_is_enough():
    scene = proving(terminal="/dev/pts/3", typed=True)
    scene.facts.has_factors = False
    assert scene.call() == LAUNCHED
    assert "sign /dev/pts/3" not in scene.events


@pytest.mark.parametrize("signs", [True, False])
def test_an_approval_elsewhere_must_be_signed(signs):
    scene = proving()
    assert scene.call() == REFUSED
    (request,) = scene.requests.pending()
    proof = scene.asker.signature(request.digest) if signs else ""
    scene.requests.answer((request,), True, {}, proof=proof)
    assert scene.call() == (LAUNCHED if signs else REFUSED)
    assert signs or "its approval does not prove a person: it is not signed" in text(scene)
    assert scene.requests.wait(request, 0).state == "spent", "it is used up either way"


# Denied before


def test_what_aims_at_the_same_as_a_denied_call_is_asked_about_though_it_is_reversible():
    scene = Scene()
    scene.call()
    scene.answered(approved=False)
    scene.facts.reading = READINGS["reversible"]
    scene.facts.policy = Policy(wait=7)
    scene.requests.now = lambda: time.time() + PAUSE
    del scene.events[:]
    assert scene.call() == REFUSED
    assert scene.events == ["submit", "asked", "tell", "wait 7", "refused", "tell"]
    assert scene.log.rows[-1][1]["rating"] == "reversible" and "r1" in scene.log.rows[-1][1]["earlier"][0]


def test_what_was_denied_does_not_stop_what_only_looks():
    scene = Scene()
    scene.call()
    scene.answered(approved=False)
    scene.facts.reading = READINGS["read"]
    assert scene.call() == LAUNCHED


def test_in_continuous_integration_nobody_is_waited_for():
    scene = Scene()
    assert scene.call(CALL.replace(env={**CALL.env, "CI": Known("true")})) == REFUSED
    assert "wait 0" in scene.events


# The record


#: The rating, what cannot be written, and what happens.
UNWRITTEN = [
    ("read", ["ran"], LAUNCHED, ["note ran", "tell", "launch /bin/rm"]),
    ("reversible", ["ran"], LAUNCHED, ["note ran", "tell", "launch /bin/rm"]),
    ("read", ["ran", "note"], LAUNCHED, ["miss", "tell", "launch /bin/rm"]),
    ("reversible", ["ran", "note"], REFUSED, ["tell"]),
]


@pytest.mark.parametrize(("rating", "fails", "status", "events"), UNWRITTEN)
def test_without_a_record_a_row_is_kept_beside_it_or_only_what_changes_nothing_runs(rating, fails, status, events):
    scene = Scene(READINGS[rating], fails=fails)
    assert scene.call() == status
    assert scene.events == events
    assert "its disk is full (a person can look with `agentguard doctor`)" in text(scene)
    assert [row["rating"] for _, row in scene.log.noted] == ([rating] if "note" not in fails else [])


@pytest.mark.parametrize(
    ("terminal", "fails"),
    [("", fails) for fails in ("approved", "submit", "asked", "consume", "ran")]
    + [("/dev/pts/3", fails) for fails in ("approved", "asked", "ran")],
)
def test_without_a_record_nothing_destructive_runs(terminal, fails):
    scene = Scene(terminal=terminal, typed=True, fails=[fails])
    scene.requests.outcome = "approved"
    assert scene.call() == REFUSED
    assert "launch /bin/rm" not in scene.events
    assert "cannot be put on the record: its disk is full" in text(scene)
    ((kind, row),) = scene.log.noted
    assert kind == "refused" and "its disk is full" in row["why"]


def test_a_row_is_of_bounded_size():
    big, long = "y" * 1_000_000, "y" * 10_000
    one = effect().replace(verb="create", reason=long, instead=long, target=Target("file", long))
    many = (one.replace(rule=str(number)) for number in range(1000))
    scene = Scene(Reading((one.replace(reason=big, instead=big, target=Target("file", big)), *many)))
    scene.origin = scene.origin.replace(ancestry=scene.origin.ancestry * 1000)
    scene.call(CALL.replace(argv=known(("rm", big, *["x"] * 100_000, "--token", "hunter22", "last"))))
    ((_, row),) = scene.log.rows
    assert len(canonical(row)) < 100_000
    first, *_, masked, last = row["argv"]
    assert (first, masked, last) == ("rm", "***", "last")
    assert "100005 words, " in "".join(row["argv"]) and "hunter22" not in canonical(row)


def test_a_refusal_that_cannot_be_recorded_is_a_refusal():
    scene = Scene(fails=["refused"])
    assert scene.call() == REFUSED
    assert "cannot be put on the record" in text(scene)


def test_a_row_holds_who_what_where_and_why():
    scene = Scene()
    scene.requests.outcome = "approved"
    scene.call()
    assert [kind for kind, _ in scene.log.rows] == ["asked", "ran"]
    ((_, asked), (_, ran)) = scene.log.rows
    assert ran == {
        "program": "rm",
        "argv": ("rm", "-rf", "data"),
        "cwd": "/home/ada/work",
        "real": "/bin/rm",
        "uid": 1000,
        "session": "s1",
        "session_name": "claude (pid 10)",
        "below": (0, 0),
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
    assert asked == {**ran, "waits": {"pid": 30, "start": 7, "seconds": 100.0}}


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
    scene = Scene(**options)
    scene.requests.outcome = answer
    scene.call()
    last, row = scene.log.rows[-1]
    assert last == kind and facts.items() <= row.items()


def test_a_row_keeps_only_so_many_effects():
    many = Reading(tuple(effect(environment=e.environment) for e in DESTRUCTIVE.effects * 500))
    scene = Scene(many)
    scene.call()
    assert len(scene.log.rows[0][1]["effects"]) == 50


def test_secrets_are_masked_in_rows_and_in_what_is_told_and_shown():
    secret = "8f14e45fceea167a5a36dedd4bea2543"
    url = f"https://ada:{secret}@db.example/x"
    call = Invocation.of(("curl", "-H", f"Authorization: Bearer {secret}", url), "/", {})
    hit = Effect(
        "remove", Target("url", url), rule="r", program="curl", reason=f"deletes {url}", catastrophic=f"all of {url}",
        environment=Environment("production", f"PGPASSWORD={secret}"),
    )  # fmt: skip
    scene = Scene(Reading((hit,)), terminal="/dev/pts/3")
    scene.call(call)
    assert "db.example" in text(scene)
    assert secret not in repr(scene.log.rows) + text(scene) + repr(scene.asker.shown)


def test_the_record_comes_before_the_launch_and_a_missing_program_before_everything():
    def gone(call):
        raise NoProgram("rm: not found")

    scene = Scene()
    scene.facts.real = gone
    with pytest.raises(NoProgram):
        scene.call()
    assert scene.events == []


@pytest.mark.parametrize(("whole", "why"), [(0, "the guard itself is broken"), (1, "has changed since")])
def test_where_what_was_chosen_cannot_be_read_nothing_runs_and_that_is_on_the_record(monkeypatch, whole, why):
    looks = iter([Policy()] * whole)

    def chosen(facts):
        for policy in looks:
            return policy
        raise InstallError("/root/config.toml: wait must be a number", "mend it")

    scene = Scene()
    scene.requests.outcome = "approved"
    monkeypatch.setattr(FakeFacts, "policy", property(chosen, lambda facts, policy: None), raising=False)
    assert scene.call() == REFUSED
    kind, row = scene.log.rows[-1]
    assert kind == "refused" and why in row["why"] and why in text(scene)
    assert "config.toml" not in text(scene)


# What the agent reads


def test_a_refusal_names_reason_safer_way_request_and_aim():
    scene = Scene(Reading((effect(catastrophic="your home directory"),)))
    scene.facts.policy = Policy(wait=0)
    scene.call()
    assert scene.told == [
        "agentguard: rm was not run: no person has answered yet",
        "  rated   destructive, catastrophic: your home directory",
        "  because git does not know data [rm-untracked]",
        "  hits    file /home/ada/work/data",
        "  safer   move it away",
        "  person  asked, as request r1: once they approve it, the same call again passes once",
        "  This goes for its aim, not only for this command: take the safer way, or wait; seek no other.",
    ]


def test_a_wait_is_told_before_it_begins():
    scene = Scene()
    scene.requests.outcome = "approved"
    scene.call()
    assert scene.told == [
        "agentguard: rm waits up to 100 s for a person, as request r1",
        "  rated   destructive",
        "  because git does not know data [rm-untracked]",
    ]


def test_what_a_person_said_reaches_the_agent():
    scene = Scene()
    scene.requests.outcome, scene.requests.words = "denied", "that is the only copy"
    scene.call()
    assert "agentguard: rm was not run: a person said no: that is the only copy" in scene.told
    assert "once they approve" not in text(scene)
    assert "Not only this command is refused but its aim" in text(scene)


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
    scene = Scene(Reading(hits))
    scene.facts.policy = Policy(wait=0)
    scene.call()
    assert len(scene.told) == 9
    assert "and for 38 more reasons" in text(scene)
    assert "file f0, file f1 and 38 more" in text(scene)
    assert all(line.isprintable() for line in scene.told)
    ways_around = ("agentguard_", "--", "disable", "uninstall", "/bin/", "bypass", "approve r", "path", ".toml")
    assert not any(way in text(scene).lower() for way in ways_around)


@pytest.mark.parametrize(("slips", "status"), [(0, LAUNCHED), (2, LAUNCHED), (3, REFUSED)])
def test_a_mistyped_passphrase_may_be_typed_again_and_is_on_the_record(slips, status):
    scene = proving(terminal="/dev/pts/3", typed=True)
    scene.asker.slips = slips
    assert scene.call() == status
    kinds = [kind for kind, _ in scene.log.rows]
    assert kinds == ["asked", *["attempt"] * min(slips, 2), "ran" if status == LAUNCHED else "refused"]
    keys = {call_key({"kind": kind, **row}) for kind, row in scene.log.rows if kind != "attempt"}
    assert len(keys) == 1 and not keys & {call_key(row) for kind, row in scene.log.rows if kind == "attempt"}
