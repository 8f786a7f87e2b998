"""psql running: its commands, files and standard input, in the order in which it takes them."""

from __future__ import annotations

import os.path

from ...core.call import Call, Stream, Unresolved
from ...core.effect import Effect, Target, Verb
from ...core.paths import on_path
from ...core.reading import Context, stdin
from ...core.value import TYPE_CHECKING
from ...core.world import Unseen
from ..sql.session import Session
from . import connection

if TYPE_CHECKING:
    from .script import Scanner

#: How deep scripts may include each other.
MAX_INCLUDES = 16
#: Devices that take output and keep nothing.
SINKS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1", "/dev/fd/2")


class Variables(dict[str, "str | None"]):
    """psql's variables; None where the value is not known.

    `\\gset` may set any name that begins with one of `prefixes`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: list[str] = []

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._maybe(str(name))

    def __missing__(self, name: str) -> None:
        if not self._maybe(name):
            raise KeyError(name)

    def _maybe(self, name: str) -> bool:
        return not name.isdigit() and any(name.startswith(prefix) for prefix in self.prefixes)


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
        self.previous = ""
        self.directory = ""
        self._ahead = call.invocation.ahead
        self._includes = 0
        self._stdin_read = False

    def run(self) -> None:
        """All that this call runs, in psql's order."""
        if "standard_conforming_strings" in self.settings.get("options"):
            self.unknown("sql-quoting", "the connection's options change how quotes are read")
        self._output()
        for value in self.call.values("--set"):
            name, _, text = value.partition("=")
            if isinstance(value, Unresolved):
                self.variables.prefixes.append("")
            else:
                self.assign(name, text)
        if self.call.has("--single-line"):
            self.assign("SINGLELINE", "on")
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
        else:
            self.send(text)

    def _output(self) -> None:
        output = self.call.value("--output")
        if output is not None:
            self.output(output, "-o")
        log = self.call.value("--log-file")
        if log is not None and log not in SINKS:
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
        if path == "-":
            text = self._stdin()
        else:
            text = self._file(self._home(path) if not beside else os.path.join(beside, path))
        if text is None:
            return
        if self._includes >= MAX_INCLUDES:
            self.unknown("psql-too-deep", f"{path}: scripts include each other too deeply to be followed")
            return
        certain, directory = self.session.certain, self.directory
        self._includes += 1
        self.directory = os.path.dirname(path) if path != "-" else ""
        self.script(text.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))
        self._includes -= 1
        self.session.certain, self.directory = certain, directory

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
        while (found := scanner.next()) != "end":
            if found == "query":
                self.send_buffer(scanner)
            elif not command(self, scanner) or whole:
                break
        else:
            self.send_buffer(scanner)

    def send_buffer(self, scanner: Scanner, again: bool = False) -> None:
        """Send the query buffer, or if it is empty and `again`, what was sent last."""
        text = scanner.take()
        for name in dict.fromkeys(scanner.missing):
            self.unknown("psql-unknown-variable", f"puts the variable :{name} into SQL, whose value is not known")
        scanner.missing.clear()
        if not text and not again:
            return
        self.previous = text or self.previous
        for _ in range(self.send(self.previous)):
            self.data(scanner)

    def send(self, text: str) -> int:
        """Send a query string; how many of its statements take data from the script."""
        from ..sql import execute

        return execute(text, self.session)

    def data(self, scanner: Scanner) -> None:
        """Lines that COPY FROM STDIN takes; they would run as script if the COPY failed."""
        lines = scanner.data()
        if self.session.stops or not lines:
            return
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
        on = value is not None and (value or "on").lower() in ("on", "1", "true", "yes", "t", "y")
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

    def connect(self, settings: connection.Settings) -> None:
        """A new connection: the old one's transaction is gone."""
        self.session.commit()
        self.session.forget()
        place = connection.place(settings)
        if not self.session.certain:
            place = place.replace(names=self.session.place.names + place.names, local="")
        self.settings, self.session.place = settings, place

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

    def _known(self, path: str) -> str:
        """The path, if it says which file is meant; raises Unseen."""
        if isinstance(path, Unresolved):
            raise Unseen(f"{path.written} is not known before it runs")
        if path.startswith("~"):
            raise Unseen(f"{path} is in a home directory that is not known")
        if isinstance(self.invocation.cwd, Unresolved) and not path.startswith("/"):
            raise Unseen(f"the directory {self.invocation.cwd.written} is not known before it runs")
        return path
