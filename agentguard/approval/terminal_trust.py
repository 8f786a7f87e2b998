"""Whether a terminal is a person's: judged by the programs that hold its other end, such as xterm, tmux or sshd.

The facts come from edge/terminal/holders.py.
"""

from __future__ import annotations

from ..core.caller import Process
from ..lean.typing import TYPE_CHECKING, Protocol
from ..lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Level = Literal["person", "doubtful", "not"]
    #: Where the other end of a connection is: at another machine, or at this very one.
    Peer = Literal["elsewhere", "here", "unknown"]

#: How far a terminal is trusted to be a person's, the best first.
LEVELS: tuple[Level, ...] = ("person", "doubtful", "not")

#: Terminal emulators and editors' terminals, by their executables: they show what is written and pass on what is typed.
TERMINALS = frozenset(
    (
        *("alacritty", "blackbox", "cool-retro-term", "deepin-terminal", "foot", "ghostty", "gnome-terminal-server"),
        *("kgx", "kitty", "konsole", "lxterminal", "mate-terminal", "ptyxis", "ptyxis-agent", "qterminal", "rio"),
        *("rxvt", "sakura", "st", "terminology", "tilda", "tilix", "urxvt", "urxvtd", "warp", "wezterm-gui"),
        *("xfce4-terminal", "xterm", "yakuake", "code", "code-insiders", "codium", "zed", "zed-editor"),
        *("iTerm2", "iTermServer", "Terminal"),
    )
)
#: Those of them that have agents of their own, which type as a person does.
WITH_AGENTS = frozenset(("code", "code-insiders", "codium", "warp", "zed", "zed-editor"))
#: Programs that hold a terminal within a terminal: as good as the one that they run in.
NESTED = frozenset(("doas", "su", "sudo"))
#: Editors that hold a terminal within a terminal, and type there what a script of theirs says.
SCRIPTED = frozenset(("emacs", "nvim", "vim", "vim.basic", "vim.gtk3", "vim.nox", "vim.tiny"))
#: Programs that show one terminal in several others, which come and go.
MULTIPLEXERS = frozenset(("screen", "tmux"))
#: Programs of which nobody can tell who sits at the other end.
OPAQUE = frozenset(
    (
        *("abduco", "conmon", "containerd-shim", "containerd-shim-runc-v2", "docker", "dtach", "init", "mosh-server"),
        *("wezterm-mux-server", "zellij"),
    )
)
#: Where the servers of editors that run elsewhere lie, in the paths of executables that are called "node".
OPAQUE_PATHS = ("/.vscode-server", "/.cursor-server/", "/.windsurf-server/", "/.zed_server/")
SSH = frozenset(("sshd", "sshd-session"))


class Trust(Value):
    """How far a terminal is trusted; `why` says in plain words what speaks against a person, "" if nothing does.

    `shared` names a program that holds it and has agents of its own: who types there may be one of these.
    """

    level: Level
    terminal: str = ""
    why: str = ""
    shared: str = ""


class Holder(Value):
    """A process that holds the other end of a terminal.

    `program` is the file name of its executable, which it cannot choose as it can its own name and
    arguments. `replaceable` is the executable's path if the user could replace it, else "". `agent`
    says which agent it was started by, if one, `terminal` is its own controlling terminal (None: it
    has none). `loading` is what makes it run code of its user's choice, else "".
    """

    process: Process
    program: str
    replaceable: str = ""
    agent: str = ""
    terminal: int | None = None
    loading: str = ""


class Facts(Protocol):
    """What must be known of this machine to judge a terminal."""

    def holders(self, terminal: int) -> tuple[Holder, ...]:
        """Every process that can be seen to hold the other end of a pseudo-terminal (its device number)."""
        raise NotImplementedError

    def starter(self, terminal: int) -> tuple[int, int]:
        """The process, by pid and start, whose child leads the session on a terminal; (0, 0) if that cannot be told."""
        raise NotImplementedError

    def hidden(self) -> Process | None:
        """A process of this user's that cannot be looked into and could hold any master; None if there is none."""
        raise NotImplementedError

    def clients(self, server: Holder) -> tuple[int, ...] | None:
        """The terminals that a multiplexer shows itself in now; None if it does not say."""
        raise NotImplementedError

    def is_console(self, terminal: int) -> bool:
        """Whether it is a terminal of the machine itself and no pseudo-terminal."""
        raise NotImplementedError

    def peer(self, holder: Holder, terminal: int) -> Peer:
        """Where the other end of the SSH connection is by which the system's sshd shows a terminal."""
        raise NotImplementedError


def judge(terminal: int, facts: Facts, seen: tuple[int, ...] = ()) -> Trust:
    """How far the terminal with that device number is trusted.

    Every holder that can be seen must be a person's, and one of them must have started what runs there: else it may
    have been given a master that another program types into, one that cannot be seen.
    """
    if facts.is_console(terminal):
        return Trust("person")
    if terminal in seen:
        return Trust("not", why="its terminal is shown only in itself")
    holders = facts.holders(terminal)
    if not holders:
        return Trust("doubtful", why="the program that holds its terminal cannot be seen from here")
    trust = lowest(_held(holder, facts, (*seen, terminal)) for holder in holders)
    starter = facts.starter(terminal)
    if starter not in {(holder.process.pid, holder.process.start) for holder in holders}:
        told = "which did not start what runs there" if any(starter) else "and who started what runs there is not clear"
        why = f"its terminal is held by {_name(holders[0])}, {told}"
        return lowest((trust, Trust("doubtful", why=why)))
    return trust


def lowest(trusts: Iterable[Trust]) -> Trust:
    """The least trust of several: a terminal is as good as the worst of its holders."""
    judged = tuple(trusts)
    shared = next((trust.shared for trust in judged if trust.shared), "")
    return max(judged, key=lambda trust: LEVELS.index(trust.level)).replace(shared=shared)


def _held(holder: Holder, facts: Facts, seen: tuple[int, ...]) -> Trust:
    """How far a terminal with that holder is trusted."""
    program, name = holder.program, _name(holder)
    if holder.agent:
        return Trust("not", why=f"its terminal is held by {name}, which was started by {holder.agent}")
    opaque = program in OPAQUE or any(part in holder.process.exe for part in OPAQUE_PATHS)
    if not opaque and program not in TERMINALS | NESTED | SCRIPTED | MULTIPLEXERS | SSH:
        return Trust("not", why=f"its terminal is held by {name}, which is no terminal program")
    if holder.replaceable:
        why = f"its terminal is held by {name}, and any program of yours could replace {holder.replaceable}"
        return Trust("doubtful", why=why)
    if opaque:
        return Trust("doubtful", why=f"its terminal is held by {name}, and who sits there cannot be seen")
    if holder.loading:
        why = f"its terminal is held by {name}, and {holder.loading} makes that run any code"
        return Trust("doubtful", why=why)
    if program in SCRIPTED:
        return Trust("doubtful", why=f"its terminal is held by {name}, which types what a script of yours says")
    if program in SSH:
        return _reached(facts.peer(holder, seen[-1]))
    own = Trust("person", shared=program if program in WITH_AGENTS else "")
    return lowest((own, _placed(holder, name, facts, seen), _shared(facts)))


def _reached(peer: Peer) -> Trust:
    """How far a terminal is trusted that is reached by SSH.

    Where the server was started says nothing, and nobody can take from it what it holds.
    """
    if peer == "elsewhere":
        return Trust("person")
    whence = " from this very machine" if peer == "here" else ", and where from cannot be told"
    return Trust("doubtful", why=f"its terminal is reached by SSH{whence}")


def _placed(holder: Holder, name: str, facts: Facts, seen: tuple[int, ...]) -> Trust:
    """How far a terminal is trusted by where its holder is shown itself."""
    if holder.program in MULTIPLEXERS:
        return _shown(holder, name, facts, seen)
    if holder.terminal is not None:  # a window, too, is as good as where it was started
        return judge(holder.terminal, facts, seen)
    if holder.program in NESTED:
        return Trust("doubtful", why=f"its terminal is held by {name}, which has none of its own")
    return Trust("person")


def _shared(facts: Facts) -> Trust:
    """How far any terminal is trusted that a program of the user's holds: another may hold it as well, unseen."""
    hidden = facts.hidden()
    if hidden is None:
        return Trust("person")
    name = f"{hidden.name} (pid {hidden.pid})"
    why = f"{name} hides what it holds, which may be this terminal: end it for now, or prove yourself by a factor"
    return Trust("doubtful", why=why)


def _name(holder: Holder) -> str:
    return f"{holder.program or 'a process'} (pid {holder.process.pid})"


def _shown(server: Holder, name: str, facts: Facts, seen: tuple[int, ...]) -> Trust:
    """How far the terminal of a multiplexer is trusted: as far as the terminals that it is attached to."""
    clients = facts.clients(server)
    if clients is None:
        return Trust("doubtful", why=f"its terminal is held by {name}, which does not say who is attached")
    outside = [client for client in clients if client not in seen]  # what it shows in itself is typed outside
    if not outside:
        return Trust("not", why=f"its terminal is held by {name}, and nobody is attached to it")
    return lowest(judge(client, facts, seen) for client in outside)
