"""A psql that runs: its connection, variables and files, and what its commands do with them."""

from __future__ import annotations

import os.path
import re

from ...core.call import Call, Stream
from ...core.context import Context
from ...core.effect import Effect, Target, Verb
from ...core.paths import base_directory, holds, on_path
from ...core.unseen import AtTerminal, Unseen
from ...core.word import Known, Unknown, known
from ...lean.typing import TYPE_CHECKING
from ..sql import execute
from ..sql.calls import QUOTING, is_safe
from ..sql.catalogue import Catalogue
from ..sql.session import Session
from . import connection
from .source import Source
from .variables import ON, Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.word import Word
    from .script import Scanner

    Script = Callable[["Psql", str, bool, Iterator[str] | None], None]

#: How deep scripts may include each other.
MAX_INCLUDES = 16
#: What is said of text that is no script, and of a statement whose end is not there.
MISREAD = ("sql-unparsed", "psql-unknown-command", "psql-same-line")
UNENDED = re.compile("at end of input|unterminated")
#: Words that begin or end transactions.
TURNS = re.compile(r"(begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b", re.IGNORECASE)
#: Devices that take output and keep nothing.
SINKS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1", "/dev/fd/2")


class Psql:
    """psql while it runs, as far as it can be followed; `script` runs a text as a script of it: see run.py."""

    def __init__(self, call: Call, context: Context, script: Script) -> None:
        self.call = call
        self.context = context
        self._script = script
        self.invocation = call.invocation
        self.settings = connection.settings(call, context.world)
        self.session = Session(call.program, connection.database(self.settings), execute)
        self.session.stored.look = self._catalogue
        self.variables = Variables()
        self.unguarded: tuple[str, ...] = ()
        #: What was sent last; several where it is not certain which.
        self.previous: list[str] = []
        self.directory = ""
        #: The token of \\restrict, while only \\unrestrict is allowed.
        self.restricted: Word | None = None
        #: Whether the backslash command that is being followed cannot fail.
        self.sure = False
        self._ahead = call.invocation.ahead
        self._includes = 0
        self._stdin_read = self._from_stdin = False
        #: Whether the next query may have lines before it that a failed COPY did not take.
        self._joined = False
        self._taker = "a password, if there is no terminal," if call.has("--password") else ""

    def outputs(self) -> None:
        """What the options write to; psql opens it while it reads them."""
        for output in self.call.values("--output"):
            self.output(output, "-o")
        for log in self.call.values("--log-file"):
            if isinstance(log, Known) and log.text in SINKS:
                continue
            target = Target("file", log.text if isinstance(log, Known) else "")
            self.note("create", target, "psql-log", f"adds the session's log to {log.written}")

    def include(self, path: Word, beside: str = "") -> None:
        """Run a script file; "-" is standard input."""
        from_stdin = path == Known("-")
        if isinstance(path, Known) and not from_stdin:
            path = Known(os.path.join(beside, path.text) if beside else self.home(path.text))
        pieces = self._stdin() if from_stdin else self._file(path)
        if pieces is None:
            return
        if self._includes >= MAX_INCLUDES:
            self.unknown("psql-too-deep", f"{path.written}: scripts include each other too deeply to be followed")
            return
        certain, directory, outer = self.session.certain, self.directory, self._from_stdin
        self._includes += 1
        self.directory = os.path.dirname(path.guess) if not from_stdin else ""
        self._from_stdin = from_stdin
        source = Source(pieces, lambda: self._nul(path), self._broken)
        self._script(self, "", False, iter(source))
        source.finish()
        self._includes -= 1
        self.session.certain, self.directory, self._from_stdin = certain, directory, outer

    def _nul(self, path: Word) -> None:
        self.unknown("psql-nul", f"{path.written} holds a NUL byte, at which psql breaks off the line")

    def _broken(self, why: Unseen) -> None:
        rule = "psql-unseen-stdin" if self._from_stdin else "psql-unseen-file"
        what = "its standard input, which" if self._from_stdin else "a script that"
        self.unknown(rule, f"runs {what} cannot be read: {why}", typed=isinstance(why, AtTerminal))

    def _file(self, path: Word) -> Iterator[bytes] | None:
        try:
            return self.context.world.stream(*self._known(path))
        except Unseen as why:
            self.unknown("psql-unseen-file", f"runs a script that cannot be read: {why}")
            return None

    def _stdin(self) -> Iterator[bytes] | None:
        if self._stdin_read:
            return None
        self._stdin_read = True
        stream = self.call.invocation.stdin
        if self._taker:
            why = f"{self._taker} takes lines of standard input before they run as commands"
            self.unknown("psql-input", why, typed=stream.kind == "inherited")
        if stream.kind == "known":
            return iter((stream.data,))
        if stream.kind == "unseen":
            self.unknown("psql-unseen-stdin", f"runs its standard input, which cannot be read: {stream.why}")
            return None
        return self.context.world.stream("", "")

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
        return self.session.execute(text)

    def data(self, scanner: Scanner) -> None:
        """Lines that COPY FROM STDIN takes; they would run as script if the COPY failed."""
        lines = scanner.data()
        if self.session.stops:
            for _ in lines:
                continue
            return
        from .data import scripts  # its patterns are long, and only COPY needs them

        for text in scripts(self._noted(lines)):
            if TURNS.match(text):
                self.session.commit()
            self._would_run(text)

    def _noted(self, lines: Iterator[str]) -> Iterator[str]:
        for piece in lines:
            self._joined = self._joined or bool(piece)
            yield piece

    def _would_run(self, text: str) -> None:
        """Add what a statement or command would do that begins a part of some data."""
        from .data import LONGEST
        from .script import Scanner

        scanner = Scanner(text, self.variables)
        found = scanner.next()
        cut = found == "end" and len(text) == LONGEST
        if found == "command":
            text = text[: scanner.at] + text[scanner.at :].partition("\n")[0]
        else:
            text = text[: scanner.at]
        psql = Psql(self.call, self.context, self._script)
        psql.settings, psql.session = self.settings, self.session.inner()
        psql.session.database = self.session.database
        psql.invocation, psql.directory, psql._includes = self.invocation, self.directory, self._includes + 1
        if self._includes < MAX_INCLUDES:
            self._script(psql, text, False, None)
        if cut and not psql.session.effects:
            self.unknown("psql-data", "COPY's data hold what runs as a command if it fails, and is too long to be read")
        for effect in psql.session.effects:
            misread = effect.rule in MISREAD and not (cut and UNENDED.search(effect.reason))
            if effect.rating == "destructive" and not misread:
                self.session.add(
                    effect.replace(reason=f"{effect.reason} (data that runs as a command if COPY fails)"), False
                )

    def _catalogue(self) -> Catalogue | None:
        """The catalogue of the database that the call connects to, where it can be looked at: on this machine."""
        if not connection.is_here(self.settings):
            return None
        try:
            text = self.context.world.lookup("postgres-catalogue", self.session.database.server, self.call)
            return None if text is None else Catalogue.of(text)
        except (Unseen, ValueError, TypeError, KeyError):
            return None

    # What psql itself does

    def assign(self, variable: Word, given: Word | None) -> None:
        """Set a variable; None is a value that is not known either."""
        if isinstance(variable, Unknown):
            self.variables.doubt("")
            self.unknown("psql-unresolved", f"sets a variable whose name, {variable.written}, is not known")
            return
        name, value = variable.text, given.text if isinstance(given, Known) else None
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
        elif name in ("PROMPT1", "PROMPT2", "PROMPT3") and (value is None or "%`" in value):
            self.unknown("psql-prompt", "runs a command each time that it asks for a line, by its prompt")
        elif name == "SINGLESTEP" and (value is None or on):
            self.unknown("psql-single-step", "in single-step mode lines of the input answer whether a command runs")

    def unset(self, variable: Word) -> None:
        """Delete a variable."""
        if isinstance(variable, Unknown):
            self.assign(variable, None)
            return
        if self.session.certain:
            self.variables.pop(variable.text, None)
        if variable.text in ("ON_ERROR_STOP", "ON_ERROR_ROLLBACK"):
            self.assign(variable, Known("off"))

    def takes_input(self, what: str) -> None:
        """Something besides the script reads lines of standard input."""
        if self._from_stdin:
            self.unknown("psql-input", f"{what} takes lines of the script that it stands in")
        self._taker = what

    def connected(self) -> None:
        """What the connection changes about how texts are read."""
        given = self.settings.word("options")
        options = given.guess.replace("\\", "").replace("-", "_").lower()
        if QUOTING in options:
            self.unknown("sql-quoting", "the connection's options change how quotes are read")
        encoding = self.settings.word("client_encoding")
        if encoding == Known(""):
            encoding = self.invocation.env.get("PGCLIENTENCODING", encoding)
        unclear = isinstance(given, Unknown) or isinstance(encoding, Unknown)
        if unclear or "client_encoding" in options or not is_safe(encoding.guess):
            self.encoding("that the connection is given")

    def encoding(self, name: str) -> None:
        """An encoding in which a byte of a character can look like a quote or a backslash, or an unknown one."""
        self.unknown("sql-quoting", f"in the encoding {name} quotes and backslashes cannot be told for sure")

    def connect(self, settings: connection.Settings) -> None:
        """A new connection: the old one's transaction is gone."""
        self.session.commit()
        self.session.forget()
        self.session.stored.moved(lambda: None)
        database = connection.database(settings)
        if not self.session.certain:
            database = database.replace(names=self.session.database.names + database.names, local="")
        self.settings, self.session.database = settings, database
        self.connected()

    def shell(self, line: Word) -> None:
        """A command that psql gives to the shell."""
        ahead = self._ahead + tuple(self.session.effects)
        stdin = Stream("unseen", why="it is what psql has not read of its own input")
        invocation = self.invocation.replace(argv=(*known(("sh", "-c")), line), stdin=stdin, ahead=ahead)
        reading = self.context.text("shell", line, invocation)
        self.unguarded = tuple(dict.fromkeys(self.unguarded + reading.unguarded))
        for effect in reading.effects:
            self.session.add(effect, undone=False)

    def output(self, where: Word, option: str) -> None:
        """Output to a file, which is overwritten, or to a `|command`."""
        if not where.guess.startswith("|"):
            self.write(where, option)
        elif isinstance(where, Unknown):
            self.unknown("psql-unresolved", f"{option} runs {where.written}, which is not known before it runs")
        else:
            self.shell(where.cut(1))

    def write(self, path: Word, option: str) -> None:
        """Overwrite a local file."""
        if isinstance(path, Known):
            if path.text in SINKS and not holds(path, self.context.world):
                return
            path = Known(self.home(path.text))
        target = Target("file", path.text if isinstance(path, Known) else "")  # without a name, it may be any file
        base = Effect("replace", target, rule="psql-writes-file", program=self.call.program)
        try:
            file, cwd = self._known(path)
        except Unseen as why:
            self.session.add(base.replace(reason=f"{option} overwrites a file: {why}"), undone=False)
            return
        base = base.replace(reason=f"{option} overwrites {file}")
        for state in self.context.world.paths((file,), cwd, True):
            self.session.add(on_path(base, state, self._ahead + tuple(self.session.effects)), undone=False)

    def note(
        self, verb: Verb, target: Target, rule: str, reason: str, instead: str = "", *, typed: bool = False
    ) -> None:
        """Add an effect that no ROLLBACK takes back."""
        effect = Effect(verb, target, "", self.session.database.environment, rule, self.call.program, reason, instead)
        self.session.add(effect.replace(typed=typed), undone=False)

    def unknown(self, rule: str, reason: str, instead: str = "", *, typed: bool = False) -> None:
        """Add an effect that nobody can tell."""
        self.note("unknown", Target("command", ""), rule, reason, instead, typed=typed)

    # Paths

    def home(self, path: str) -> str:
        """`~/x` as psql expands it."""
        home = self.invocation.env.get("HOME", Known(""))
        if path.startswith("~/") and isinstance(home, Known) and home.text:
            return home.text + path[1:]
        return path

    def is_directory(self, path: Word) -> bool:
        """Whether there is a directory to go to."""
        try:
            file, cwd = self._known(path)
            found = self.context.world.paths((file,), cwd, True)
        except Unseen:
            return False
        return all(state.kind == "directory" for state in found)

    def _known(self, path: Word) -> tuple[str, str]:
        """The path, if it says which file is meant, and the directory that it is looked up in; raises Unseen."""
        if isinstance(path, Unknown):
            raise Unseen(f"{path.written} is not known before it runs")
        if path.text.startswith("~"):
            raise Unseen(f"{path.text} is in a home directory that is not known")
        return path.text, base_directory(path.text, self.invocation.cwd)
