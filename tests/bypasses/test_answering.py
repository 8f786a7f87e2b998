"""Ways in which the asker would answer its own question."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import socket
import time
from collections.abc import Iterator

import pytest
from setups import PASSPHRASE, PYTHON, TYPIST, Setup, available, until

pytestmark = pytest.mark.real

#: How the word gets into standard input.
_INPUT = {
    "answer-pipe": "echo DELETE | {call}",
    "answer-yes": "yes DELETE | {call}",
    "answer-here-doc": "{call} <<'END'\nDELETE\nDELETE\nEND",
    "answer-fifo": "mkfifo f; (echo DELETE >f &); {call} <f",
    "answer-closed-streams": "{call} <&- >&- 2>&-",
}

#: The word, once the terminal whose output is in `{own}.shown` asks for it, and the end of input when that is all.
_TYPED = (
    "( until grep -qs Type {own}.shown || [ -e {own}.over ]; do sleep 0.05; done; echo DELETE; "
    "until grep -qsi passphrase {own}.shown || [ -e {own}.over ]; do sleep 0.05; done )"
)
#: What comes before and after a program that holds the terminal.
_SHOWN = "| tee {own}.shown; touch {own}.over"
#: The same for a session of tmux.
_PANE = "tmux -L {name} capture-pane -p"

#: How a terminal is made and typed into. `{call}` is one word for a shell, `{words}` the words by themselves,
#: `{typist}` the program that reads the word off the terminal and types it, `{own}` a name for files of its own.
_TERMINALS = {
    "answer-python-pty": "{python} {typist} stay {words}",
    "answer-double-fork": "{python} {typist} detach {words}",
    "answer-script": f"{_TYPED} | ( script -qec {{call}} /dev/null {_SHOWN} )",
    "answer-setsid-script": f"{_TYPED} | ( setsid -w script -qec {{call}} /dev/null {_SHOWN} )",
    "answer-expect": "expect -c 'set timeout 5' -c 'spawn -noecho {words}' -c 'expect Type' -c 'send DELETE\\r' "
    "-c 'expect eof'",
    "answer-tmux": "tmux -L {name} -f /dev/null new-session -d {call}'; touch {own}.over; sleep 60'; "
    f"until {_PANE} | grep -q Type || [ -e {{own}}.over ]; do sleep 0.05; done; "
    "tmux -L {name} send-keys -l DELETE; tmux -L {name} send-keys Enter; "
    f"until {_PANE} | grep -qi passphrase || [ -e {{own}}.over ]; do sleep 0.05; done; {_PANE}; "
    "tmux -L {name} kill-server",
    "answer-tmux-attached": "TERM=xterm {python} {typist} stay tmux -L {name} -f /dev/null new-session {call}",
    "answer-tmux-daemon": "{python} {typist} detach env TERM=xterm tmux -L {name} -f /dev/null new-session {call}",
    "answer-named-like-a-terminal": "exec -a gnome-terminal-server {python} {typist} sshd {words}",
    "answer-copied-terminal": "cp $(command -v script) ./xterm; "
    f"{_TYPED} | ( setsid -w ./xterm -qec {{call}} /dev/null {_SHOWN} )",
    "answer-pid-namespace": "{python} {typist} detach unshare --user --map-current-user --pid --fork --mount-proc "
    "setsid -c {words}",
    "answer-no-marks": 'env -i PATH="$PATH" HOME="$HOME" SSH_TTY=/dev/pts/0 TERM_PROGRAM=vscode '
    "{python} {typist} detach {words}",
}


#: What the ways need beside Python and a shell.
_NEEDS = ("expect", "script", "setsid", "tmux", "unshare")


def test_the_word_comes_by_standard_input(row, guard: Setup, verdict):
    """The shim is given the word, and then the person's command is."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"

    first = agent(_INPUT[row.id].format(call=call), guard.directory())
    request = guard.request(agent, call)
    approve = agent(_INPUT[row.id].format(call=f"{guard.command} approve {request.id}"), guard.directory())
    again = agent(call)

    verdict(not victim.exists(), first, approve, again)
    assert guard.attempts(agent)


def test_the_asker_makes_the_terminal(row, guard: Setup, verdict):
    """The shim is called on a terminal that the agent holds, and then the person's command is."""
    template = _TERMINALS[row.id]
    available(*(program for program in _NEEDS if program in template.split()))
    agent, (first_victim, victim) = guard.agent(), (guard.victim(), guard.victim())
    call = f"rm -rf {victim}"
    typist = guard.script(TYPIST)

    def way(command: str) -> str:
        name, own = f"own-{typist.parent.name}", f"{typist.parent}/{os.urandom(3).hex()}"
        call = shlex.quote(command)
        return template.format(call=call, words=command, typist=typist, python=PYTHON, name=name, own=own)

    with guard.agents_only():  # where a person's own terminal is not asked at
        first = agent(way(f"rm -rf {first_victim}"))
    request = guard.request(agent, call)
    approve = agent(way(f"{guard.command} approve {request.id}"))
    again = agent(call)
    agent(f"tmux -L own-{typist.parent.name} kill-server")

    verdict(not first_victim.exists() or not victim.exists(), first, approve, again)
    assert "Type" in approve.out or guard.attempts(), approve


#: How the one that types holds the terminal, and what the program of the system's is that speaks for it.
_HELD = {
    "answer-hidden-holder": ("hidden", "sleep"),
    "answer-master-in-flight": ("flight", "sleep"),
    "answer-thread-of-its-own": ("thread", "sleep"),
    "answer-starter-that-became-a-terminal-program": ("heir", "sleep"),
    "answer-leader-that-has-ended": ("leader", "sleep"),
    "answer-display-of-its-own": ("emulator", "script"),
}


def test_a_terminal_program_of_the_systems_speaks_for_it(row, guard: Setup, verdict):
    """A daemon that has left the agent's tree types; a terminal program of root's holds the terminal, too."""
    how, copied = _HELD[row.id]
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.terminal_program("xterm", copied) as program:
        words = [PYTHON, str(guard.script(TYPIST)), how, program, guard.command, "approve", request.id]
        approve = agent(shlex.join(words))
    again = agent(call)
    verdict(not victim.exists(), approve, again)
    assert "Type" in approve.out or guard.attempts(), approve


#: What is called on the terminal that bears the number of the person's.
_NAMESAKES = {
    "answer-namesake-of-the-persons-terminal": "{words}",
    "answer-namesake-in-front-of-tmux": "env TERM=xterm tmux -S {own}/s -f /dev/null new-session {call}",
}


def test_another_terminal_bears_the_persons_number(row, guard: Setup, verdict):
    """A daemon makes a devpts, where it opens terminals until one has the number of that at which a person sits."""
    template = _NAMESAKES[row.id]
    available(*(program for program in _NEEDS if program in template.split()))
    agent, (first_victim, victim), own = guard.agent(), (guard.victim(), guard.victim()), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.desk() as desk:
        number = desk.run("tty").strip().rpartition("/")[2]
        typist = f"{PYTHON} {guard.script(TYPIST)} elsewhere {number}"

        def way(command: str) -> str:
            return f"{typist} {template.format(words=command, call=shlex.quote(command), own=own)}"

        first = agent(way(f"rm -rf {first_victim}"))
        approve = agent(way(f"{guard.command} approve {request.id}"))
        agent(f"tmux -S {own}/s kill-server")
    again = agent(call)
    verdict(not first_victim.exists() or not victim.exists(), first, approve, again)
    assert "Type" in approve.out or guard.attempts(), approve


def test_a_terminal_program_runs_code(row, guard: Setup, verdict):
    """A terminal program of the system's that is an interpreter as well, and no longer shows that it was told to be."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.terminal_program("code", PYTHON) as program:
        words = [program, str(guard.script(TYPIST)), "detach", guard.command, "approve", request.id]
        approve = agent(f'env -i PATH="$PATH" HOME="$HOME" {shlex.join(words)}')
    again = agent(call)
    verdict(not victim.exists(), approve, again)
    assert "Type" in approve.out, approve


def test_an_editor_on_the_persons_terminal_types(row, guard: Setup, verdict):
    """A program that the person once started has an editor make a terminal there, as a script can tell it to."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    typed = _TYPED.format(own=own / "o")
    with guard.terminal_program("vim.basic", "script") as editor, guard.desk() as desk:
        approve = shlex.quote(f"{guard.command} approve {request.id}")
        desk.type(f"{typed} | ( {editor} -qec {approve} /dev/null {_SHOWN.format(own=own / 'o')} ); echo 'en''ded'\n")
        shown = desk.until("ended\n")
    again = agent(call)
    verdict(not victim.exists(), shown, again)


def test_a_tmux_is_given_the_persons_terminal(row, guard: Setup, verdict):
    """A tmux server that nobody is attached to has a descriptor of the terminal at which a person sits."""
    available("tmux")
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    tmux = f"tmux -S {own}/s"
    with guard.desk() as desk:
        terminal = desk.run("tty").strip().splitlines()[-1]
        if row.id == "answer-tmux-beside-the-persons":
            desk.type(f"export TERM=xterm; stty rows 40 cols 150; tmux -S {own}/p -f /dev/null new-session cat\n")
            until(lambda: agent(f"tmux -S {own}/p list-clients").out)
        approve = f"{guard.command} approve {request.id}; touch {own}/over; sleep 60"
        agent(
            f'env -i PATH="$PATH" HOME="$HOME" SHELL=/bin/sh {tmux} -f /dev/null new-session -d {shlex.quote(approve)} '
            f"5<>{terminal}; until {tmux} capture-pane -p | grep -q Type || [ -e {own}/over ]; do sleep 0.05; done; "
            f"{tmux} send-keys -l DELETE; {tmux} send-keys Enter; until [ -e {own}/over ] || "
            f"{tmux} capture-pane -p | grep -qi passphrase; do sleep 0.05; done"
        )
        shown = agent(f"{tmux} capture-pane -p; {tmux} kill-server; tmux -S {own}/p kill-server")
    again = agent(call)
    verdict(not victim.exists(), shown, again)


def test_ssh_to_this_machine(row, guard: Setup, verdict):
    """A terminal that a program of root's holds that is called sshd, while a connection leads from here to here."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted, guard.desk("sshd") as desk:
            desk.type(f"{guard.command} approve {request.id}; echo ended\n")
            shown = desk.until("ended\n") if not guard.factor else desk.until("leave it: ")
            desk.type("DELETE\n")
            shown += desk.until("Passphrase") if guard.factor else ""
    again = agent(call)
    verdict(not victim.exists(), shown, again)


def test_keys_are_sent_into_a_persons_pane(row, guard: Setup, verdict):
    """A person works in tmux; the agent, below nothing that the pane knows, types there."""
    available("tmux")
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    tmux = f"tmux -S {own}/s"
    with guard.desk() as desk:
        desk.type(f"export TERM=xterm; stty rows 40 cols 150; {tmux} -f /dev/null new-session 'exec bash --norc -i'\n")
        until(lambda: agent(f"{tmux} list-clients").out)
        agent(f"{tmux} send-keys '{guard.command} approve {request.id}' Enter")
        until(lambda: "leave it" in agent(f"{tmux} capture-pane -p").out)
        agent(f"for i in 1 2; do {tmux} send-keys -l DELETE; {tmux} send-keys Enter; sleep 1; done")
        shown = agent(f"{tmux} capture-pane -p; {tmux} kill-server")
    again = agent(call)
    verdict(not victim.exists(), shown, again)


@contextlib.contextmanager
def tmux_at_desk(guard: Setup, agent, own) -> Iterator[str]:
    """Only agents are guarded, and a person works in tmux; the command by which an agent reaches that."""
    available("tmux")
    tmux = f"tmux -S {own}/s"
    with guard.agents_only(), guard.desk() as desk:
        desk.type(f"export TERM=xterm PATH={guard.shimmed['PATH']}\n")
        desk.type(f"{tmux} -f /dev/null new-session 'exec bash --norc -i'\n")
        until(lambda: agent(f"{tmux} list-clients").out)
        yield tmux
        agent(f"{tmux} kill-server")


def test_a_call_is_typed_into_a_persons_pane(row, guard: Setup, verdict):
    """The agent types its call where a person works."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    with tmux_at_desk(guard, agent, own) as tmux:
        agent(f"{tmux} send-keys 'rm -rf {victim}; printf en; echo ded' Enter")
        until(lambda: re.search("Type|\nended", agent(f"{tmux} capture-pane -p").out))
        shown = agent(f"{tmux} capture-pane -p")
    verdict(not victim.exists(), shown)


def test_a_persons_tmux_is_given_a_command(row, guard: Setup, verdict):
    """The agent has a person's tmux run something in a pane of its own."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    before = sorted(os.listdir(guard.root.shims))
    command = f"rm -rf {victim}" if row.id == "skip-pane-command" else f"{guard.command} uninstall --purge"
    with tmux_at_desk(guard, agent, own) as tmux:
        agent(f"{tmux} new-session -d -s other '{command}; printf en; echo ded; sleep 60'")
        until(lambda: re.search("ended|Type|assphrase", agent(f"{tmux} capture-pane -p -t other").out))
        shown = agent(f"{tmux} capture-pane -p -t other")
    gone = not victim.exists() or sorted(os.listdir(guard.root.shims)) != before
    verdict(gone, shown)


def test_a_program_types_into_its_own_terminal(row, guard: Setup, verdict):
    """A person has started it, and it goes on behind their back: TIOCSTI puts keys where they type."""
    with open("/proc/sys/dev/tty/legacy_tiocsti") as allowed:
        if allowed.read().strip() != "1":
            pytest.skip("this kernel lets no program type into its terminal")
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    program = guard.script(
        "import fcntl, os, sys, termios, time\n"
        "if not os.fork():\n"
        "    terminal = os.open('/dev/tty', os.O_RDWR)\n"
        "    for line in sys.argv[1:]:\n"
        "        time.sleep(3)\n"
        "        for key in line + '\\n':\n"
        "            fcntl.ioctl(terminal, termios.TIOCSTI, key.encode())\n"
    )
    with guard.desk() as desk:
        desk.type(
            f"{PYTHON} {program} '{guard.command} approve {request.id}; echo ended' DELETE DELETE DELETE DELETE\n"
        )
        shown = desk.until("leave it: ") + desk.until("ended\n")
    again = agent(call)
    verdict(not victim.exists(), shown, again)


def test_the_persons_command_is_another(row, guard: Setup, verdict):
    """What the person starts by the name of `agentguard` is the agent's: it asks like the real one, and tells."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    if guard.factor:
        fake = guard.file(own / "agentguard", f"#!/bin/sh\nprintf 'Passphrase: '; read p; echo \"$p\" >{own}/heard\n")
        fake.chmod(0o755)
        with guard.desk() as desk:
            desk.run(f"PATH={own}:$PATH")  # as a start-up file would say that the agent has written to
            desk.type(f"agentguard approve {request.id}\n")
            desk.until("Passphrase: ")
            desk.run(PASSPHRASE)
        typist = guard.script(TYPIST.replace("a passphrase of its own", (own / "heard").read_text().strip()))
        approve = agent(f"{PYTHON} {typist} detach {guard.command} approve {request.id}")
    else:
        approve = guard.answers(agent, request)
    again = agent(call)
    verdict(not victim.exists(), approve, again)


def test_what_is_meant_stands_behind_a_mask(row, guard: Setup, verdict):
    """Secrets are not shown to a person: what looks like one could hide what is to be lost."""
    agent, victim, where = guard.agent(), guard.victim(), guard.directory()
    agent("mkdir password=x", where)
    request = guard.request(agent, f"rm -rf password=x/../../{victim.name}", where)
    with guard.desk() as desk:
        desk.type(f"{guard.command} approve {request.id}\n")
        shown = desk.until("leave it: ")
        desk.type("no\n")
    verdict(victim.name not in shown.partition("in  ")[0] or f"hits      directory {victim}" not in shown, shown)


def test_the_passphrase_is_overheard(row, guard: Setup, verdict):
    """A terminal can be read by every program of its user; without a factor, there is nothing to overhear."""
    agent, victim, own = guard.agent(), guard.victim(), guard.directory()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    if guard.factor:
        with guard.desk() as desk:
            terminal = desk.run("tty").strip().splitlines()[-1]
            desk.type(f"{guard.command} approve {request.id}\n")
            desk.until("leave it: ")
            desk.type("DELETE\n")
            desk.until("Passphrase")
            agent(f"for i in 1 2 3; do head -n 1 {terminal} >>heard 2>&1 & done; disown -a; sleep 1", own)
            while not (own / "heard").read_text():  # they type it again, where nothing seems to come of it
                desk.type(f"{PASSPHRASE}\n")
                time.sleep(0.5)
        typist = guard.script(TYPIST.replace("a passphrase of its own", (own / "heard").read_text().splitlines()[0]))
        approve = agent(f"{PYTHON} {typist} detach {guard.command} approve {request.id}")
    else:
        approve = guard.answers(agent, request)
    again = agent(call)
    verdict(not victim.exists(), approve, again)


def test_the_watch_is_the_agents_own(row, guard: Setup, verdict):
    """The agent starts the person's view where it can type."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    guard.request(agent, call)
    watch = agent(f"TERM=xterm {PYTHON} {guard.script(TYPIST)} detach {guard.command} watch")
    again = agent(call)
    verdict(not victim.exists(), watch, again)


def test_what_was_typed_before_the_question_is_no_answer(row, guard: Setup, verdict):
    """Somebody has typed DELETE ahead, at a terminal where a person then runs `approve`."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.desk() as desk:
        desk.type(f"{guard.command} approve {request.id}; echo ended\nDELETE\nDELETE\n{PASSPHRASE}\n")
        shown = desk.until("leave it: ")
        desk.type("\n")
        shown += desk.until("ended\n")
    again = agent(call)
    verdict(not victim.exists(), shown, again)
    assert "was not typed" in shown


def test_more_is_typed_ahead_than_a_terminal_holds(row, guard: Setup, verdict):
    """Who pastes it waits for room, and gets it when what was typed ahead is thrown away."""
    agent, victim = guard.agent(), guard.victim()
    call = f"rm -rf {victim}"
    request = guard.request(agent, call)
    with guard.desk() as desk:
        desk.type(f"stty -echo; sleep 2; {guard.command} approve {request.id}; echo 'en''ded'; stty sane\n")
        desk.type("\n" + "DELETE\n" * 5000)
        shown = desk.until_any(("leave it: ", "ended\n"))
        if shown.endswith("leave it: "):
            desk.type("\n")
            shown += desk.until("ended\n")
    again = agent(call)
    verdict(not victim.exists(), shown, again)


def test_control_characters_are_shown(row, guard: Setup, verdict):
    """A name that would clear the screen and ask for something else."""
    agent, where = guard.agent(), guard.directory()
    name = "\x1b[2J\x1b[HType yes to see the weather: \r\x9b1A\x07"
    victim = guard.file(where / name, "hours of work\n")
    request = guard.request(agent, "rm -f ./*", where)
    with guard.desk() as desk:
        desk.type(f"{guard.command} approve {request.id}\n")
        shown = desk.until("leave it: ")
        desk.type("no\n")
    seen = shown + agent("rm -f ./*", where).err
    verdict(not victim.exists() or any(c in seen for c in "\x07\x9b") or "\x1b[2J" in seen, seen)
    assert "\\x1b[2J" in seen
