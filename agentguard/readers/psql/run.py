"""psql running: its commands, files and standard input, in the order in which it takes them."""

from __future__ import annotations

import os.path
import re

from ...core.call import Call, Stream, Unresolved
from ...core.context import Context, stdin
from ...core.effect import Effect, Target, Verb
from ...core.paths import on_path
from ...core.world import Unseen
from ...lean.typing import TYPE_CHECKING
from ..sql.calls import QUOTING, is_safe
from ..sql.session import Session
from . import connection
from .variables import ON, Variables

if TYPE_CHECKING:
    from .script import Scanner

#: How deep scripts may include each other.
MAX_INCLUDES = 16
#: Words that begin or end transactions.
TURNS = re.compile(r"\b(begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b", re.IGNORECASE)
#: Devices that take output and keep nothing.
SINKS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1", "/dev/fd/2")


class Psql:
    """psql while it runs, as far as it can be followed."""

    def __init__(self, call: Call, context: Context) -> None:
        self.call = call
        self.context = context
        self.invocation = call.invocation
        self.settings = connection.settings(call, context.world)
        self.session = Session(call.program, connection.place(self.settings))
        self.variables = Variables()
        self.unguarded: tuple[str, ...] = ()
        #: What was sent last; several where it is not certain which.
        self.previous: list[str] = []
        self.directory = ""
        #: The token of \\restrict, while only \\unrestrict is allowed.
        self.restricted: str | None = None
        #: Whether the backslash command that is being followed cannot fail.
        self.sure = False
        self._ahead = call.invocation.ahead
        self._includes = 0
        self._stdin_read = self._from_stdin = False
        #: Whether the next query may have lines before it that a failed COPY did not take.
        self._joined = False
        self._taker = "a password, if there is no terminal," if call.has("--password") else ""

    def run(self) -> None:
        """All that this call runs, in psql's order."""
        self._connected()
        self.outputs()
        for value in self.call.values("--set"):
            name, given, text = value.partition("=")
            if isinstance(value, Unresolved):
                self.variables.prefixes.append("")
            elif given:
                self.assign(name, text)
            else:
                self.unset(name)
        for option, variable in (("--single-line", "SINGLELINE"), ("--single-step", "SINGLESTEP")):
            if self.call.has(option):
                self.assign(variable, "on")
        actions = [a for a in self.call.arguments if a.option in ("--command", "--file")]
        self._startup()
        if self.call.has("--single-transaction") and actions:
            self.session.begin()
        for action in actions:
            if action.value is None:
                continue
            if action.option == "--file":
                self.include(action.value)
            else:
                self._command(action.value)
        if not actions:
            self.include("-")

    def _command(self, text: str) -> None:
        """A `-c`: one backslash command, or SQL that goes to the server as it stands."""
        if isinstance(text, Unresolved):
            self.unknown("psql-unresolved", f"runs {text.written}, which is not known before it runs")
        elif text.startswith("\\"):
            self.script(text, whole=True)
        elif self.send(text):
            self.takes_input("COPY")

    def outputs(self) -> None:
        """What the options write to; psql opens it while it reads them."""
        for output in self.call.values("--output"):
            self.output(output, "-o")
        for log in self.call.values("--log-file"):
            if log in SINKS:
                continue
            self.note("create", Target("file", log), "psql-log", f"adds the session's log to {log}")

    def _startup(self) -> None:
        """~/.psqlrc, or what PSQLRC names, and the forms of it for a certain version."""
        if self.call.has("--no-psqlrc"):
            return
        env, cwd = self.invocation.env, self.invocation.cwd
        named, home = env.get("PSQLRC", ""), env.get("HOME", "")
        file = self._home(named) if named else os.path.join(home, ".psqlrc")
        unclear = not (named or home) or isinstance(named, Unresolved) or isinstance(home, Unresolved)
        if unclear or any(c in file for c in "*?[\\"):
            self.unknown("psql-startup", "which start-up file psql reads first cannot be told", "psql -X reads none")
            return
        world = self.context.world
        try:
            there = (*world.expand(file, cwd), *world.expand(f"{file}-*", cwd))
        except Unseen:  # another host, whose settings are believed to be a person's, as git's there are
            return
        for found in there:
            if found == file or found[len(file) + 1 : len(file) + 2].isdigit():
                self.include(found)

    # Texts

    def include(self, path: str, beside: str = "") -> None:
        """Run a script file; "-" is standard input."""
        from_stdin = path == "-"
        if not from_stdin:
            path = os.path.join(beside, path) if beside and not isinstance(path, Unresolved) else self._home(path)
        text = self._stdin() if from_stdin else self._file(path)
        if text is None:
            return
        if b"\0" in text:
            self.unknown("psql-nul", f"{path} holds a NUL byte, at which psql breaks off the line")
        if self._includes >= MAX_INCLUDES:
            self.unknown("psql-too-deep", f"{path}: scripts include each other too deeply to be followed")
            return
        certain, directory, outer = self.session.certain, self.directory, self._from_stdin
        self._includes += 1
        self.directory = os.path.dirname(path) if not from_stdin else ""
        self._from_stdin = from_stdin
        self.script(text.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))
        self._includes -= 1
        self.session.certain, self.directory, self._from_stdin = certain, directory, outer

    def _file(self, path: str) -> bytes | None:
        try:
            return self.context.world.read(self._known(path), self.invocation.cwd)
        except Unseen as why:
            self.unknown("psql-unseen-file", f"runs a script that cannot be read: {why}")
            return None

    def _stdin(self) -> bytes | None:
        if self._stdin_read:
            return b""
        self._stdin_read = True
        if self._taker:
            self.unknown("psql-input", f"{self._taker} takes lines of standard input before they run as commands")
        try:
            return stdin(self.call.invocation.stdin, self.context.world)
        except Unseen as why:
            self.unknown("psql-unseen-stdin", f"runs its standard input, which cannot be read: {why}")
            return None

    def script(self, text: str, whole: bool = False) -> None:
        """Run a script; a whole one (`-c`) is a single backslash command."""
        from .commands import command
        from .script import Scanner

        scanner = Scanner(text, self.variables, whole)
        outer, self.previous = self.previous, []
        while (found := scanner.next()) != "end":
            if found == "query":
                self.send_buffer(scanner)
            elif not command(self, scanner) or whole:
                break
        self.send_buffer(scanner)  # also after \\q
        self.previous = outer

    def send_buffer(self, scanner: Scanner, again: bool = False) -> None:
        """Send the query buffer, or if it is empty and `again`, what was sent last."""
        text = scanner.take()
        for name in dict.fromkeys(scanner.missing):
            self.unknown("psql-unknown-variable", f"puts the variable :{name} into SQL, whose value is not known")
        scanner.missing.clear()
        if not text and not again:
            return
        self.remember(text)
        certain = self.session.certain
        self.session.certain = certain and len(self.previous) == 1 and not self._joined
        self._joined = False
        for one in (text,) if text else tuple(self.previous):
            for _ in range(self.send(one)):
                self.data(scanner)
        self.session.certain = certain

    def remember(self, text: str) -> None:
        """That text is what \\g sends again; if it is not certain to be, so may be what was sent before."""
        if text:
            self.previous = [*(() if self.session.certain else self.previous), text]

    def send(self, text: str) -> int:
        """Send a query string; how many of its statements take data from the script."""
        from ..sql import execute

        return execute(text, self.session)

    def data(self, scanner: Scanner) -> None:
        """Lines that COPY FROM STDIN takes; they would run as script if the COPY failed."""
        lines = scanner.data()
        if self.session.stops or not lines:
            return
        self._joined = True
        if TURNS.search(lines):
            self.session.commit()
        psql = Psql(self.call, self.context)
        psql.settings, psql.session = self.settings, self.session.inner()
        psql.session.place = self.session.place
        psql.invocation, psql.directory, psql._includes = self.invocation, self.directory, self._includes + 1
        if self._includes < MAX_INCLUDES:
            psql.script(lines)
        for effect in psql.session.effects:
            if effect.rating == "destructive" and effect.rule not in ("sql-unparsed", "psql-unknown-command"):
                self.session.add(
                    effect.replace(reason=f"{effect.reason} (data that runs as a command if COPY fails)"), False
                )

    # What psql itself does

    def assign(self, name: str, value: str | None) -> None:
        """Set a variable; None is a value that is not known."""
        self.variables[name] = value
        on = value is not None and (value or "on").lower() in ON
        if name == "ON_ERROR_STOP":
            self.session.stops = on and self.session.certain
            self.session.forget()
        elif name == "ON_ERROR_ROLLBACK":
            self.session.forgives = value is None or value.lower() != "off"
            self.session.forget()
        elif name == "SINGLELINE" and (value is None or on):
            self.unknown(
                "psql-single-line", "in single-line mode every line is a command, which agentguard does not follow"
            )
        elif name == "SINGLESTEP" and (value is None or on):
            self.unknown("psql-single-step", "in single-step mode lines of the input answer whether a command runs")

    def unset(self, name: str) -> None:
        """Delete a variable."""
        if self.session.certain:
            self.variables.pop(name, None)
        if name in ("ON_ERROR_STOP", "ON_ERROR_ROLLBACK"):
            self.assign(name, "off")

    def takes_input(self, what: str) -> None:
        """Something besides the script reads lines of standard input."""
        if self._from_stdin:
            self.unknown("psql-input", f"{what} takes lines of the script that it stands in")
        self._taker = what

    def _connected(self) -> None:
        """What the connection changes about how texts are read."""
        options = self.settings.get("options").replace("\\", "").replace("-", "_").lower()
        if QUOTING in options:
            self.unknown("sql-quoting", "the connection's options change how quotes are read")
        encoding = self.settings.get("client_encoding") or self.invocation.env.get("PGCLIENTENCODING", "")
        if "client_encoding" in options or not is_safe(encoding):
            self.encoding("that the connection is given")

    def encoding(self, name: str) -> None:
        """An encoding in which a byte of a character can look like a quote or a backslash, or an unknown one."""
        self.unknown("sql-quoting", f"in the encoding {name} quotes and backslashes cannot be told for sure")

    def connect(self, settings: connection.Settings) -> None:
        """A new connection: the old one's transaction is gone."""
        self.session.commit()
        self.session.forget()
        place = connection.place(settings)
        if not self.session.certain:
            place = place.replace(names=self.session.place.names + place.names, local="")
        self.settings, self.session.place = settings, place
        self._connected()

    def shell(self, line: str) -> None:
        """A command that psql gives to the shell."""
        ahead = self._ahead + tuple(self.session.effects)
        stdin = Stream("unseen", why="it is what psql has not read of its own input")
        invocation = self.invocation.replace(argv=("sh", "-c", line), stdin=stdin, ahead=ahead)
        reading = self.context.text("shell", line, invocation)
        self.unguarded = tuple(dict.fromkeys(self.unguarded + reading.unguarded))
        for effect in reading.effects:
            self.session.add(effect, undone=False)

    def output(self, where: str, option: str) -> None:
        """Output to a file, which is overwritten, or to a `|command`."""
        if where.startswith("|"):
            if isinstance(where, Unresolved):
                self.unknown("psql-unresolved", f"{option} runs {where.written}, which is not known before it runs")
            else:
                self.shell(where[1:])
        else:
            self.write(where, option)

    def write(self, path: str, option: str) -> None:
        """Overwrite a local file."""
        if path in SINKS and not isinstance(path, Unresolved):
            return
        path = self._home(path)
        base = Effect("replace", Target("file", path), rule="psql-writes-file", program=self.call.program)
        try:
            known = self._known(path)
        except Unseen as why:
            self.session.add(base.replace(reason=f"{option} overwrites a file: {why}"), undone=False)
            return
        base = base.replace(reason=f"{option} overwrites {path}")
        for state in self.context.world.paths((known,), self.invocation.cwd, True):
            self.session.add(on_path(base, state, self._ahead + tuple(self.session.effects)), undone=False)

    def note(self, verb: Verb, target: Target, rule: str, reason: str, instead: str = "") -> None:
        """Add an effect that no ROLLBACK takes back."""
        effect = Effect(verb, target, "", self.session.place.environment, rule, self.call.program, reason, instead)
        self.session.add(effect, undone=False)

    def unknown(self, rule: str, reason: str, instead: str = "") -> None:
        """Add an effect that nobody can tell."""
        self.note("unknown", Target("command", ""), rule, reason, instead)

    # Paths

    def _home(self, path: str) -> str:
        """`~/x` as psql expands it."""
        home = self.invocation.env.get("HOME", "")
        if path.startswith("~/") and home and not isinstance(path, Unresolved):
            return home + path[1:]
        return path

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory to go to."""
        try:
            found = self.context.world.paths((self._known(path),), self.invocation.cwd, True)
        except Unseen:
            return False
        return all(state.kind == "directory" for state in found)

    def _known(self, path: str) -> str:
        """The path, if it says which file is meant; raises Unseen."""
        if isinstance(path, Unresolved):
            raise Unseen(f"{path.written} is not known before it runs")
        if path.startswith("~"):
            raise Unseen(f"{path} is in a home directory that is not known")
        if isinstance(self.invocation.cwd, Unresolved) and not path.startswith("/"):
            raise Unseen(f"the directory {self.invocation.cwd.written} is not known before it runs")
        return path
