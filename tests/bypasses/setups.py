"""The three set-ups that every way around the guard is tried in, an agent in each, and a person who answers.

The agent and the person are one ordinary user: whoever runs the tests, or `nobody` if that is root. What is
tried is real: shells, shims, terminals, files.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pytest
from support.desk import Desk
from support.guarded import Guarded, Ran, with_passphrase
from support.records import Records
from support.stores import Stores

from agentguard.approval.request import Request
from agentguard.edge.factors.factors import Factor, factors, sign
from agentguard.edge.factors.proof import grant
from agentguard.edge.records.used_grants import release

TABLE = Path(__file__).with_name("bypasses.toml")
PASSPHRASE = "four unrelated plain words"
#: Whom agent and person are where root runs the tests, for subprocess.
NOBODY = 65534
ORDINARY: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}

#: Runs each line that it is sent as agents run their tool calls: by bash, in a session of its own, without a
#: terminal and without input, for at most so many seconds.
_AGENT = """
import json, subprocess, sys
for given in sys.stdin:
    line, where, seconds = json.loads(given)
    try:
        done = subprocess.run(
            ["bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, cwd=where,
            encoding="utf-8", errors="backslashreplace", timeout=seconds,
        )
        print(json.dumps([done.returncode, done.stdout, done.stderr]), flush=True)
    except subprocess.TimeoutExpired:
        print(json.dumps([-1, "", "took too long"]), flush=True)
"""

#: The text of a program that types what is asked for.
TYPIST = (Path(__file__).parents[1] / "support" / "typist.py").read_text()


def become_ordinary() -> None:
    """In a process that root has forked: become the agent's and the person's user."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def _interpreter() -> tuple[str, dict[str, str]]:
    """An interpreter that an ordinary user can start, with what it needs to find agentguard; "" if there is none."""
    places = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{sysconfig.get_path('purelib')}"}
    beside = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (sys.executable, beside):
        tried = [python, "-c", "import agentguard.cli.install"]
        with contextlib.suppress(OSError):
            if subprocess.run(tried, env=places, cwd="/", capture_output=True, **ORDINARY).returncode == 0:
                return python, places
    return "", {}


PYTHON, PLACES = _interpreter()


class Row(NamedTuple):
    """One way, as the table has it."""

    id: str
    what: str
    kind: str
    test: str
    user: str
    user_factor: str
    system_factor: str
    closes: str = ""
    out_of_scope: str = ""


def rows() -> tuple[Row, ...]:
    """The table, in its order."""
    with open(TABLE, "rb") as file:
        return tuple(Row(**table) for table in tomllib.load(file)["way"])


class Agent:
    """An agent at work: one session, in which it makes one call after the other."""

    def __init__(self, guard: Setup, where: Path) -> None:
        self.name = f"agent-{os.urandom(4).hex()}"
        self.where = where
        self._process = subprocess.Popen(
            [guard.command, "run", "--name", self.name, "--", PYTHON, "-I", "-c", _AGENT],
            env=guard.env, cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            **ORDINARY,
        )  # fmt: skip

    def __call__(self, line: str, where: Path | None = None, seconds: float = 60) -> Ran:
        """How a command line ended that the agent's shell was given."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([line, str(where or self.where), seconds]) + "\n")
        self._process.stdin.flush()
        return Ran(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=60)


class Setup(Guarded):
    """`user`: installed by the user that the agent runs as, without a factor."""

    name = "user"
    factor = False

    def __init__(self, place: Path, stores: Stores) -> None:
        if not PYTHON:
            pytest.skip("there is no interpreter that an ordinary user can start with what agentguard needs")
        self._agents: list[Agent] = []
        place.chmod(0o755)
        self.lay(place)
        super().__init__(place, stores)
        for path in (self.home, *self.home.iterdir()):
            self.owned(path)

    def lay(self, place: Path) -> None:
        """Whose the place of the installation is: whoever installs can write there."""
        self.owned(place)

    def seed(self, stores: Stores) -> None:
        """The store is the agent's user's, who may write to it."""
        stores.seed(self.root, PYTHON, PLACES, copy=True)
        for path in (Path(self.root.path), *Path(self.root.path).rglob("*")):
            self.owned(path)

    @property
    def command(self) -> str:
        """agentguard's command, as a person and an agent call it."""
        return f"{self.root.path}/bin/agentguard"

    def agentguard(self, *words: str) -> str:
        """What the command says to a person; it must succeed."""
        done = subprocess.run(
            [PYTHON, "-m", "agentguard", "--root", self.root.path, *words], env=self.env | PLACES, cwd=self.place,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, **ORDINARY,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def records(self) -> Iterator[Records]:
        """The record and the requests, as their owner sees them."""
        with as_ordinary(), super().records() as records:
            yield records

    def agent(self, where: Path | None = None) -> Agent:  # type: ignore[override]
        """A new agent, in a session of its own."""
        made = Agent(self, where or self.home)
        self._agents.append(made)
        return made

    @property
    def only_grows(self) -> bool:
        """Whether root's directory of what was used is one that nobody else can take anything from."""
        available("lsattr")
        listed = subprocess.run(["lsattr", "-d", self.root.spent], capture_output=True, text=True).stdout
        return "a" in listed.partition(" ")[0]

    def remove(self) -> None:
        """Let everything be removed."""
        release(self.root)

    def dismiss(self) -> None:
        """The agents end."""
        while self._agents:
            self._agents.pop().close()

    def owned(self, path: Path) -> Path:
        """A path that the agent's user owns."""
        if ORDINARY:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return path

    def script(self, text: str) -> Path:
        """A file of the agent's with that text, executable."""
        path = self.file(self.directory() / "script", text)
        path.chmod(0o755)
        return path

    def directory(self) -> Path:
        """A new directory of the agent's."""
        path = self.home / f"d-{os.urandom(4).hex()}"
        path.mkdir()
        return self.owned(path)

    def victim(self) -> Path:
        """A directory with the only copy of something."""
        path = self.directory()
        self.file(path / "only-copy", "hours of work\n")
        return path

    def file(self, path: Path, text: str) -> Path:
        """A file of the agent's with that text."""
        path.write_text(text)
        return self.owned(path)

    def pending(self) -> tuple[Request, ...]:
        """The requests that wait."""
        with self.records() as records:
            return records.requests.pending()

    def request(self, agent: Agent, line: str, where: Path | None = None) -> Request:
        """What a person is asked about a call that the agent makes, and that is refused meanwhile."""
        ran = agent(line, where)
        assert ran.status == 126, ran
        named = [request for request in self.pending() if request.id in ran.err]
        assert len(named) == 1, (ran, named)
        return named[0]

    def approve(self, *requests: Request, shift: float = 0) -> None:
        """What a person does who lets calls run; `shift` is by how much their clock differs, in seconds."""
        proof = self.proof(requests, shift)
        with self.records() as records:
            records.requests.answer(requests, True, {"user": "a person"}, proof=proof)
        if shift:
            with as_ordinary(), contextlib.closing(sqlite3.connect(self.record)) as database, database:
                ids = [(shift, one.id) for one in requests]
                database.executemany("UPDATE requests SET answered = answered + ? WHERE id = ?", ids)

    def deny(self, request: Request) -> None:
        """What a person does who does not."""
        with self.records() as records:
            records.requests.answer((request,), False, {"user": "a person"})

    def proof(self, requests: tuple[Request, ...], shift: float) -> str:
        """What a person signs, where a factor is wanted."""
        return ""

    def signed(self, requests: tuple[Request, ...], factor: Factor, passphrase: str, shift: float = 0) -> str:
        """What a key says to these requests."""
        with as_ordinary():
            given = grant(self.root, tuple(one.digest for one in requests), factor, passphrase)
        if shift:
            given = given.replace(until=given.until + shift)
            given = given.replace(signature=sign(factor, given.message, passphrase))
        return given.written()

    @contextlib.contextmanager
    def desk(self, program: str = "xterm") -> Iterator[Desk]:
        """A person's own terminal, or one that another program holds."""
        person = Desk(self.home, {"PATH": self.env["PATH"]}, program, ORDINARY, PYTHON)
        try:
            yield person
        finally:
            person.close()

    @contextlib.contextmanager
    def terminal_program(self, name: str, copied: str) -> Iterator[str]:
        """A program of the system's that is called like one that holds terminals: a copy of another one."""
        if not ORDINARY:
            pytest.skip("only root can put a program there that is root's")
        available(copied)
        with tempfile.TemporaryDirectory(prefix="programs-") as folder:
            os.chmod(folder, 0o755)
            yield shutil.copy(shutil.which(copied) or copied, f"{folder}/{name}")

    def approve_at_desk(self, request: Request) -> str:
        """A person approves a request at their terminal, if it lets them; what they see."""
        shown = ""
        with self.desk() as desk:
            desk.type(f"{self.command} approve {request.id}; echo 'en''ded'\n")
            for question in ("leave it: ", "Passphrase")[: 1 + self.factor]:
                shown += desk.until_any((question, "ended\n"), 60)
                if shown.endswith("ended\n"):  # it is not asked
                    return shown
                word = re.findall("Type (.+?) to ", shown)
                desk.type(f"{word[-1] if question == 'leave it: ' else PASSPHRASE}\n")
            return shown + desk.until("ended\n", 60)

    def attempts(self, agent: Agent | None = None) -> list[dict[str, Any]]:
        """What of the person's side somebody else has tried, as the record has it."""
        tried = [row for row in self.rows() if row["kind"] == "attempt"]
        return [row for row in tried if agent is None or row["session_name"] == agent.name]

    def answers(self, agent: Agent, request: Request, proof: str = "") -> Ran:
        """The agent answers a request by the guard's own modules, as far as it may."""
        script = self.script(
            "import sys\n"
            "sys.path.insert(0, sys.argv[1] + '/current/lib')\n"
            "from agentguard.edge.records.database import Database\n"
            "from agentguard.edge.records.requests import Requests\n"
            "from agentguard.edge.layout import Root\n"
            "requests = Requests(Database(Root(sys.argv[1])))\n"
            "requests.answer((requests.request(sys.argv[2]),), True, {'user': 'a person'}, proof=sys.argv[3])\n"
        )
        return agent(shlex.join([PYTHON, "-I", str(script), self.root.path, request.id, proof]))

    def sql(self, agent: Agent, *statements: str) -> Ran:
        """The agent writes to the database of requests, as far as it may."""
        script = self.script(
            "import sqlite3, sys\n"
            "base = sqlite3.connect(sys.argv[1], timeout=10)\n"
            "with base:\n"
            "    for statement in sys.argv[2:]:\n"
            "        print(base.execute(statement).rowcount)\n"
        )
        words = [PYTHON, "-I", str(script), self.record, *statements]
        return agent(shlex.join(words))

    @property
    def data(self) -> str:
        """Where the agent's calls are kept."""
        return self.root.data

    @property
    def record(self) -> str:
        """The database that the agent's calls are recorded in."""
        return f"{self.data}/record.db"

    @contextlib.contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Calls wait that long for a person, meanwhile."""
        with self._config(lambda before: before.replace("wait = 0", f"wait = {seconds}", 1)):
            yield

    @contextlib.contextmanager
    def agents_only(self) -> Iterator[None]:
        """Only agents are guarded, meanwhile."""
        with self._config(lambda before: 'guard = "agents"\n' + before.replace('guard = "everyone"\n', "")):
            yield

    @contextlib.contextmanager
    def _config(self, change: Callable[[str], str]) -> Iterator[None]:
        config = Path(self.root.config)
        before = config.read_text()
        assert change(before) != before
        config.write_text(change(before))
        try:
            yield
        finally:
            config.write_text(before)

    @contextlib.contextmanager
    def restored(self, store: bool = False) -> Iterator[None]:
        """What is done to the installation meanwhile is undone; to its store, which is large, only if that is said."""
        root, kept = Path(self.root.path), self.place / "kept"
        spared = ("spent",) if store else ("spent", "store")
        kept.mkdir()
        subprocess.run(["cp", "-a", *(one for one in root.iterdir() if one.name not in spared), kept], check=True)
        try:
            yield
        finally:
            for one in root.iterdir():
                if one.name not in spared:
                    shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
            for one in kept.iterdir():
                one.rename(root / one.name)
            kept.rmdir()


class UserFactor(Setup):
    """`user_factor`: with a passphrase, which is wanted for every destructive call unless somebody says otherwise."""

    name = "user_factor"
    factor = True
    installer: ClassVar[dict[str, Any]] = {"preexec_fn": become_ordinary} if ORDINARY else {}
    options: tuple[str, ...] = ()

    def install(self, stores: Stores, wait: float) -> None:
        """Put the guard in force, as a person does at a terminal who types a passphrase twice."""
        words = ["--root", self.root.path, "install", "--shell", "none", "--wait", str(wait), "--guard", "everyone"]
        words += ["--factor", "passphrase"]
        options = {"env": self.env | PLACES, "cwd": self.place, **self.installer}
        with_passphrase(
            [PYTHON, "-m", "agentguard", *words, *self.options], PASSPHRASE, lambda: self.seed(stores), **options
        )

    def proof(self, requests: tuple[Request, ...], shift: float) -> str:
        """What the person signs with their passphrase."""
        return self.signed(requests, factors(self.root)[0], PASSPHRASE, shift)


class SystemFactor(UserFactor):
    """`system_factor`: installed by root for the agent's user."""

    name = "system_factor"
    installer: ClassVar[dict[str, Any]] = {}

    def __init__(self, place: Path, stores: Stores) -> None:
        if not ORDINARY:
            pytest.skip("only root can install for the whole system")
        self.options = ("--system", "--user", pwd.getpwuid(NOBODY).pw_name)
        super().__init__(place, stores)

    def lay(self, place: Path) -> None:
        """The place is root's."""

    def seed(self, stores: Stores) -> None:
        """Nobody but root can write to the store."""
        stores.seed(self.root, PYTHON, PLACES)


@contextlib.contextmanager
def as_ordinary() -> Iterator[None]:
    """What the tests do themselves is done by the agent's and the person's user meanwhile."""
    if not ORDINARY:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def until(condition: Any, seconds: float = 60) -> Any:
    """What a condition gives once it holds."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


def available(*programs: str) -> None:
    """Skip the test where a program is not here."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not here")


SETUPS = {made.name: made for made in (Setup, UserFactor, SystemFactor)}
