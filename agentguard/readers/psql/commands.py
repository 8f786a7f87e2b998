"""psql's backslash commands: what each of them does besides talking."""

from __future__ import annotations

import os.path
import re

from ...core.effect import Target
from ...core.word import Known, Unknown, joined
from ...lean.typing import TYPE_CHECKING
from ..sql.calls import is_safe
from . import branches
from .connection import Settings, complete, is_conninfo
from .variables import ON

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.word import Word
    from .script import Scanner
    from .session import Psql

#: Commands that show something or change how psql shows it.
LOOKS = frozenset(
    r"""
    a bind C conninfo copyright dl echo errverbose f h help H html l l+ lx lx+ list list+ lo_list lo_list+
    p print pset qecho t T timing warn x z zS ?
    """.split()  # noqa: SIM905
)
#: Commands that cannot fail: psql throws away what stands behind one that did on the same line.
SURE = frozenset(
    """
    a bind echo elif else endif g gdesc gexec gset gx H html if p print q qecho quit r reset warn
    """.split()  # noqa: SIM905
)
#: Commands that take the rest of the line as it stands, without backquotes.
WHOLE_LINE = frozenset("h help sf sf+ sv sv+ ef ev".split())  # noqa: SIM905
#: Environment variables that choose the programs which psql and its shell start.
CHOOSES_PROGRAMS = re.compile(r"PATH|SHELL|(PSQL_)?(WATCH_)?PAGER|(PSQL_)?EDITOR|VISUAL|ENV|BASH_ENV|LD_.*|DYLD_.*|IFS")


def command(psql: Psql, scanner: Scanner) -> bool:
    """Follow the backslash command that the scanner has met; False if it ends the script."""
    name = scanner.command.lower() if scanner.command.lower() == "copy" else scanner.command
    psql.sure = name in SURE
    goes_on = True
    if psql.restricted is not None and name != "unrestrict":
        psql.unknown("psql-restricted", f"\\{name} is refused after \\restrict, so that what follows it runs")
    if name in ("q", "quit"):
        goes_on = not psql.session.certain
    elif name in WHOLE_LINE and not name.startswith("e"):
        scanner.line()
    elif name in COMMANDS:
        COMMANDS[name](psql, scanner)
    elif name not in LOOKS and not name.startswith("d"):
        psql.unknown("psql-unknown-command", f"the command \\{name} is not one that agentguard knows")
    scanner.finish()
    if scanner.rest and not psql.sure:
        psql.unknown("psql-same-line", f"what stands behind \\{name} on the same line runs only if it succeeds")
    for line in scanner.shells:
        psql.shell(line)
    scanner.shells.clear()
    return goes_on


def _argument(scanner: Scanner) -> Word:
    """The next argument, empty behind the last one."""
    found = scanner.argument()
    return Known("") if found is None else found


def _shell(psql: Psql, scanner: Scanner) -> None:
    line = scanner.line()
    if line:
        psql.shell(Known(line))
    else:
        psql.unknown("psql-shell", "starts an interactive shell, whose commands cannot be seen")


def _include(psql: Psql, scanner: Scanner) -> None:
    path = scanner.argument()
    if path is not None:
        psql.include(path, psql.directory if scanner.command in ("ir", "include_relative") else "")


def _send(psql: Psql, scanner: Scanner) -> None:
    r"""`\g`, `\gx`, also with options in parentheses before the file."""
    where = scanner.pipe()
    if where is not None and where.guess.startswith("("):
        while where is not None and not where.guess.endswith(")"):
            where = scanner.pipe()
        where = scanner.pipe()
    psql.send_buffer(scanner, again=True)
    if where is not None:
        psql.output(where, "\\g")


def _send_again(psql: Psql, scanner: Scanner) -> None:
    psql.send_buffer(scanner, again=True)


def _describe(psql: Psql, scanner: Scanner) -> None:
    psql.remember(scanner.take())


def _store(psql: Psql, scanner: Scanner) -> None:
    psql.send_buffer(scanner, again=True)
    prefix = scanner.argument()
    psql.variables.doubt("" if prefix is None else prefix.start)


def _execute_result(psql: Psql, scanner: Scanner) -> None:
    """The values of a query's result are run; they are known if the query only gives constants."""
    from ..sql.parse import constants

    psql.send_buffer(scanner, again=True)
    texts = constants(psql.previous[0]) if len(psql.previous) == 1 else None
    if texts is None:
        psql.unknown("psql-gexec", "\\gexec runs what a query gives, which is not known before it runs")
    certain, psql.session.certain = psql.session.certain, False  # the query may give no row
    for text in texts or ():
        psql.send(text)
    psql.session.certain = certain


def _reset(psql: Psql, scanner: Scanner) -> None:
    scanner.take()
    scanner.missing.clear()


def _output(psql: Psql, scanner: Scanner) -> None:
    where = scanner.pipe()
    if where is not None:
        psql.output(where, f"\\{scanner.command}")


def _save_history(psql: Psql, scanner: Scanner) -> None:
    where = scanner.argument()
    if where is not None:
        psql.write(where, "\\s")


def _restrict(psql: Psql, scanner: Scanner) -> None:
    psql.restricted = _argument(scanner)


def _unrestrict(psql: Psql, scanner: Scanner) -> None:
    token = scanner.argument()
    if psql.session.certain and token == psql.restricted and isinstance(token, Known):
        psql.restricted = None


def _encoding(psql: Psql, scanner: Scanner) -> None:
    name = scanner.argument()
    if name is not None and (isinstance(name, Unknown) or not is_safe(name.text)):
        psql.encoding(name.written)


def _set(psql: Psql, scanner: Scanner) -> None:
    name, pieces = scanner.argument(), []
    while (piece := scanner.argument()) is not None:
        pieces.append(piece)
    if name is None:
        return
    if isinstance(name, Known):  # those in capitals have meanings, and values that they refuse
        psql.sure = name.text.isidentifier() and not name.text.isupper()
    psql.assign(name, joined(pieces, "") if psql.session.certain else None)


def _unset(psql: Psql, scanner: Scanner) -> None:
    name = scanner.argument()
    if name is not None:
        psql.unset(name)


def _ask(psql: Psql, scanner: Scanner) -> None:
    name = None
    while (word := scanner.argument()) is not None:
        name = word
    if name is not None:
        psql.assign(name, None)
    psql.takes_input("\\prompt")


def _get_environment(psql: Psql, scanner: Scanner) -> None:
    name, variable = scanner.argument(), scanner.argument()
    if name is not None and variable is not None:
        surely = isinstance(variable, Known) and psql.session.certain
        psql.assign(name, psql.invocation.env.get(variable.guess) if surely else None)


def _set_environment(psql: Psql, scanner: Scanner) -> None:
    name, value = _argument(scanner), scanner.argument()
    if isinstance(name, Unknown) or CHOOSES_PROGRAMS.fullmatch(name.text):
        psql.unknown("psql-setenv", f"\\setenv {name.written} changes which programs run later")
    env = {key: old for key, old in psql.invocation.env.items() if key != name.guess}
    if value is not None:
        env[name.guess] = value if psql.session.certain else Unknown(value.guess, f"${name.written}")
    psql.invocation = psql.invocation.replace(env=env)


def _change_directory(psql: Psql, scanner: Scanner) -> None:
    where = scanner.argument()
    if where is None:
        where = psql.invocation.env.get("HOME", Known(""))
    path = where.guess
    cwd = where if path[:1] == "/" else psql.invocation.cwd.map(lambda here: os.path.join(here, path))
    if isinstance(where, Unknown) or not psql.session.certain or not psql.is_directory(cwd):
        cwd = Unknown(cwd.guess, f"\\cd {where.written}")
    psql.invocation = psql.invocation.replace(cwd=cwd)


def _connect(psql: Psql, scanner: Scanner) -> None:
    words = []
    while (word := scanner.argument()) is not None:
        words.append(word)
    said = words.pop(0).partition("=")[2] if words and words[0].guess.startswith("-reuse-previous=") else Known("")
    whole = bool(words) and is_conninfo(words[0].guess)
    settings = Settings()
    if isinstance(said, Unknown):
        settings.faults.append(f"{said.written} is not known before it runs")
    if isinstance(said, Unknown) or said.text.lower() in ON or (not whole and not said.text):
        settings.values.update(psql.settings.values)
        settings.faults.extend(psql.settings.faults)
    if whole:
        settings.conninfo(words[0])
    else:
        for name, word in zip(("dbname", "user", "host", "port"), words, strict=False):
            if word != Known("-"):
                settings.set(name, word, f"\\connect to {name} {word.written}")
                if name == "host":
                    settings.values.pop("hostaddr", None)
    complete(settings, psql.invocation, psql.context.world)
    psql.connect(settings)


def _password(psql: Psql, scanner: Scanner) -> None:
    role = _argument(scanner).written or "its own user"
    target = psql.session.target("role", (role,))
    psql.note("replace", target, "psql-password", f"changes the password of {role}; the old one is gone")


def _edit(psql: Psql, scanner: Scanner) -> None:
    psql.unknown("psql-edit", f"\\{scanner.command} runs what an editor leaves behind, which is not known before")


def _large_object_export(psql: Psql, scanner: Scanner) -> None:
    scanner.argument()
    path = scanner.argument()
    if path is not None:
        psql.write(path, "\\lo_export")


def _large_object_import(psql: Psql, scanner: Scanner) -> None:
    reason = f"creates a large object from {_argument(scanner).written}"
    psql.note("create", Target("large object", ""), "sql-large-object-create", reason)


def _large_object_unlink(psql: Psql, scanner: Scanner) -> None:
    number = _argument(scanner).written
    target = psql.session.target("large object", (number,))
    psql.note("remove", target, "sql-large-object-unlink", f"deletes the large object {number}")


_QUOTED = r"(?:'(?:[^']|'')*'|[^\s;]+)"
_COPY = re.compile(
    r"(?:binary\s+)?(?P<what>\(.*\)|(?:\"(?:[^\"]|\"\")*\"|[^\s(\"])+)\s*(?P<columns>\([^)]*\))?\s*"
    rf"\b(?P<way>from|to)\s+(?P<program>program\s+)?(?P<file>{_QUOTED})(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


def _copy(psql: Psql, scanner: Scanner) -> None:
    """COPY whose file or program is on this side."""
    line = scanner.line()
    match = _COPY.fullmatch(line)
    if match is None:
        psql.unknown("psql-copy", f"\\copy that cannot be read: {line}")
        return
    way, file = match["way"].upper(), match["file"]
    quoted = len(file) > 1 and file[0] == file[-1] == "'"
    path = file[1:-1].replace("''", "'") if quoted else file
    standard = not quoted and file.lower() in ("stdin", "stdout", "pstdin", "pstdout")
    psql.send(
        f"COPY {match['what']} {match['columns'] or ''} {way} STD{'IN' if way == 'FROM' else 'OUT'} {match['rest']}"
    )
    if match["program"]:
        psql.shell(Known(path))
    elif not standard and way == "TO":
        psql.write(Known(path), "\\copy")
    elif way == "FROM" and file.lower() == "stdin" and not scanner.whole:
        psql.data(scanner)
    elif standard and way == "FROM":
        psql.takes_input("\\copy")


COMMANDS: dict[str, Callable[[Psql, Scanner], None]] = {
    "!": _shell,
    **dict.fromkeys(("i", "include", "ir", "include_relative"), _include),
    **dict.fromkeys(("g", "gx"), _send),
    **dict.fromkeys(("crosstabview", "watch"), _send_again),
    "gdesc": _describe,
    "gset": _store,
    "gexec": _execute_result,
    **dict.fromkeys(("r", "reset"), _reset),
    **dict.fromkeys(("o", "out", "w", "write"), _output),
    "s": _save_history,
    "if": branches.begin,
    **dict.fromkeys(("elif", "else"), branches.other),
    "endif": branches.end,
    "set": _set,
    "unset": _unset,
    "prompt": _ask,
    "getenv": _get_environment,
    "setenv": _set_environment,
    "cd": _change_directory,
    **dict.fromkeys(("c", "connect"), _connect),
    "password": _password,
    **dict.fromkeys(("e", "edit", "ef", "ev"), _edit),
    "lo_export": _large_object_export,
    "lo_import": _large_object_import,
    "lo_unlink": _large_object_unlink,
    "copy": _copy,
    "encoding": _encoding,
    "restrict": _restrict,
    "unrestrict": _unrestrict,
}
