"""Whose terminal it is, by what holds its other end: judged on invented machines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.approval.terminal_trust import Facts, Holder, Trust, judge, lowest
from agentguard.core.caller import Process


def held(
    program: str, terminal: int | None = None, agent: str = "", replaceable: str = "", loading: str = "", exe: str = ""
) -> Holder:
    return Holder(Process(7, 1, program, (), exe), program, replaceable, agent, terminal, loading)


class Machine(Facts):
    """`of` are the holders of each terminal, `attached` the terminals that show a multiplexer; 1 is the console."""

    def __init__(
        self,
        of: dict[int, tuple[Holder, ...]],
        attached: tuple[int, ...] | None = (),
        peer: str = "elsewhere",
        starter: tuple[int, int] = (7, 1),
        hidden: Process | None = None,
    ) -> None:
        self._of, self._attached, self._peer = of, attached, peer
        self._starter, self._hidden = starter, hidden

    def holders(self, terminal: int) -> tuple[Holder, ...]:
        return self._of.get(terminal, ())

    def starter(self, terminal: int) -> tuple[int, int]:
        return self._starter

    def hidden(self) -> Process | None:
        return self._hidden

    def clients(self, server: Holder) -> tuple[int, ...] | None:
        return self._attached

    def is_console(self, terminal: int) -> bool:
        return terminal == 1

    def peer(self, holder: Holder, terminal: int) -> str:  # type: ignore[override]
        return self._peer


DRIVER = Process(3, 1, "driver")
XTERM, TMUX, PYTHON = held("xterm"), held("tmux"), held("python3.11")


@pytest.mark.parametrize(
    ("machine", "level"),
    [
        (Machine({9: (XTERM,)}), "person"),
        (Machine({9: (held("sshd-session"),)}), "person"),
        (Machine({9: (held("sshd"),)}, peer="here"), "doubtful"),
        (Machine({9: (held("sshd"),)}, peer="unknown"), "doubtful"),
        (Machine({}), "doubtful"),
        (Machine({9: (PYTHON,)}), "not"),
        (Machine({9: (held("script", 8),), 8: (XTERM,)}), "not"),
        (Machine({9: (held(""),)}), "not"),
        (Machine({9: (XTERM, PYTHON)}), "not"),  # whoever else holds it can type as well
        (Machine({9: (XTERM, held("xterm", replaceable="/home/me/xterm"))}), "doubtful"),
        (Machine({9: (held("xterm", agent="claude"),)}), "not"),
        (Machine({9: (held("mosh-server"),)}), "doubtful"),
        (Machine({9: (TMUX,)}), "not"),  # nobody is attached
        (Machine({9: (TMUX,)}, None), "doubtful"),
        (Machine({9: (TMUX,), 8: (XTERM,)}, (8,)), "person"),
        (Machine({9: (TMUX,)}, (1,)), "person"),  # at the console
        (Machine({9: (TMUX,), 8: (XTERM,), 7: (PYTHON,)}, (8, 7)), "not"),
        (Machine({9: (TMUX,), 8: (TMUX,)}, (9,)), "not"),  # it shows itself
        (Machine({9: (held("tmux", agent="codex"),), 8: (XTERM,)}, (8,)), "not"),
        (Machine({9: (held("sudo", 8),), 8: (XTERM,)}), "person"),
        (Machine({9: (held("sudo", 8),), 8: (PYTHON,)}), "not"),
        (Machine({9: (held("nvim"),)}), "doubtful"),
        (Machine({9: (TMUX,), 8: (XTERM,)}, (8, 9)), "person"),  # a tmux that is called inside itself
        (Machine({9: (held("xterm", 8),), 8: (XTERM,)}), "person"),  # a window that was opened from a terminal
        (Machine({9: (held("xterm", 8),), 8: (PYTHON,)}), "not"),
        (Machine({9: (held("xterm", 9),)}), "not"),
        (Machine({9: (held("kitty", loading="+runpy"),)}), "doubtful"),
        (Machine({9: (held("node", exe="/home/me/.vscode-server/bin/1/node"),)}), "doubtful"),
        (Machine({9: (held("node", exe="/usr/bin/node"),)}), "not"),
        (Machine({9: (XTERM,)}, starter=(3, 1)), "doubtful"),  # it was given a master that it did not make
        (Machine({9: (XTERM,)}, starter=(7, 2)), "doubtful"),  # that was an earlier process of its pid
        (Machine({9: (held("sshd"),)}, starter=(0, 0)), "doubtful"),
        (Machine({9: (PYTHON,)}, starter=(3, 1)), "not"),
        (Machine({9: (XTERM,)}, hidden=DRIVER), "doubtful"),
        (Machine({9: (TMUX,), 8: (XTERM,)}, (8,), hidden=DRIVER), "doubtful"),
        (Machine({9: (TMUX,)}, (1,), hidden=DRIVER), "doubtful"),  # the pane is no console
        (Machine({9: (TMUX,)}, hidden=DRIVER), "not"),
        (Machine({9: (held("sshd"),)}, hidden=DRIVER), "person"),  # nobody can take from it what it holds
        (Machine({}, hidden=DRIVER), "doubtful"),
    ],
)
def test_whose_it_is(machine: Machine, level: str) -> None:
    trust = judge(9, machine)
    assert trust.level == level
    assert bool(trust.why) is (level != "person")


#: Each thing that speaks against a person, in the words that a person reads.
WHY = [
    (Machine({9: (held("xterm", 9),)}), "its terminal is shown only in itself"),
    (Machine({}), "the program that holds its terminal cannot be seen from here"),
    (Machine({9: (held("xterm", agent="claude"),)}), "xterm (pid 7), which was started by claude"),
    (Machine({9: (PYTHON,)}), "python3.11 (pid 7), which is no terminal program"),
    (Machine({9: (held(""),)}), "a process (pid 7), which is no terminal program"),
    (Machine({9: (held("xterm", replaceable="/home/me/xterm"),)}), "any program of yours could replace /home/me/xterm"),
    (Machine({9: (held("mosh-server"),)}), "mosh-server (pid 7), and who sits there cannot be seen"),
    (Machine({9: (held("kitty", loading="+runpy"),)}), "and +runpy makes that run any code"),
    (Machine({9: (held("sshd"),)}, peer="here"), "its terminal is reached by SSH from this very machine"),
    (Machine({9: (held("sshd"),)}, peer="unknown"), "its terminal is reached by SSH, and where from cannot be told"),
    (Machine({9: (held("nvim"),)}), "nvim (pid 7), which types what a script of yours says"),
    (Machine({9: (held("sudo"),)}), "sudo (pid 7), which has none of its own"),
    (Machine({9: (XTERM,)}, starter=(3, 1)), "xterm (pid 7), which did not start what runs there"),
    (Machine({9: (XTERM,)}, starter=(0, 0)), "xterm (pid 7), and who started what runs there is not clear"),
    (Machine({9: (XTERM,)}, hidden=DRIVER), "driver (pid 3) hides what it holds"),
    (Machine({9: (TMUX,)}, None), "tmux (pid 7), which does not say who is attached"),
    (Machine({9: (TMUX,)}), "tmux (pid 7), and nobody is attached to it"),
]


@pytest.mark.parametrize(("machine", "why"), WHY)
def test_why_it_is_none(machine: Machine, why: str) -> None:
    assert why in judge(9, machine).why


@pytest.mark.parametrize(
    ("machine", "level"),
    [
        # what counts more comes first: an agent's own terminal is none, however it is held
        (Machine({9: (held("mosh-server", agent="claude"),)}), "not"),
        (Machine({9: (held("python3.11", replaceable="/home/me/python"),)}), "not"),
        (Machine({9: (held("mosh-server", 8),), 8: (XTERM,)}), "doubtful"),
        (Machine({9: (held("xterm", 8, replaceable="/home/me/xterm"),), 8: (XTERM,)}), "doubtful"),
        (Machine({9: (held("xterm", 8, loading="+runpy"),), 8: (XTERM,)}), "doubtful"),
        (Machine({9: (held("tmux", replaceable="/home/me/tmux"),), 8: (XTERM,)}, (8,)), "doubtful"),
        (Machine({9: (held("sshd", 8),), 8: (PYTHON,)}), "person"),  # where the server was started says nothing
        (Machine({9: (held("xterm"),)}, peer="here"), "person"),  # it is no SSH that shows this one
        (Machine({1: (PYTHON,)}), "doubtful"),
        (Machine({9: (held("sudo", 8),), 8: (held("sudo", 9),)}), "not"),
    ],
)
def test_what_counts_first(machine: Machine, level: str) -> None:
    assert judge(9, machine).level == level


@given(st.data())
def test_a_persons_place_has_nothing_against_it(data: st.DataObject) -> None:
    """On any machine with three terminals and few programs: each of these would let another program answer."""
    programs = st.sampled_from(("xterm", "tmux", "sudo", "sshd", "python3", "vim.basic", "code"))
    terminals, pids = st.sampled_from((7, 8, 9)), st.integers(1, 3)

    def holder() -> Holder:
        pid, program = data.draw(pids), data.draw(programs)
        return Holder(Process(pid, 1, program), program, terminal=data.draw(st.none() | terminals))

    of = {terminal: tuple(holder() for _ in range(data.draw(st.integers(0, 2)))) for terminal in (7, 8, 9)}
    attached = data.draw(st.lists(terminals, max_size=2, unique=True).map(tuple) | st.none())
    hidden = data.draw(st.sampled_from((None, DRIVER)))
    starter = (data.draw(pids), 1)
    if judge(9, Machine(of, attached, starter=starter, hidden=hidden)).level != "person":
        return
    held = of[9]
    assert held and starter[0] in {one.process.pid for one in held}
    assert {one.program for one in held} <= {"xterm", "tmux", "sudo", "sshd", "code"}
    assert hidden is None or {one.program for one in held} == {"sshd"}
    for one in held:
        outside = (attached or ()) if one.program == "tmux" else (one.terminal,) if one.program != "sshd" else (None,)
        assert outside and (one.program != "sudo" or one.terminal)
        assert all(place is None or place == 9 or of[place] for place in outside)


def test_the_machines_own_terminal_is_a_persons_whoever_holds_it() -> None:
    assert judge(1, Machine({1: (PYTHON,)})).level == "person"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("person",), "person"),
        (("person", "doubtful"), "doubtful"),
        (("not", "doubtful", "person"), "not"),
        (("doubtful", "not"), "not"),
    ],
)
def test_the_strictest_of_several_counts(levels: tuple[str, ...], expected: str) -> None:
    assert lowest(Trust(level) for level in levels).level == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("machine", "shared"),
    [
        (Machine({9: (XTERM,)}), ""),
        (Machine({9: (held("code"),)}), "code"),
        (Machine({9: (TMUX,), 8: (held("zed-editor"),)}, attached=(8,)), "zed-editor"),
        (Machine({9: (XTERM, held("code"))}), "code"),
        (Machine({9: (held("sudo", 8),), 8: (held("warp"),)}), "warp"),
    ],
)
def test_a_program_with_agents_of_its_own_is_named(machine: Machine, shared: str) -> None:
    trust = judge(9, machine)
    assert (trust.level, trust.shared) == ("person", shared)
