"""The shell's own commands that change what follows, or run something."""

from __future__ import annotations

from ...core.call import Stream
from ...core.effect import Effect, Target
from ...core.text.encoding import decode
from ...core.word import Known, Unknown, Word, joined, known
from ...lean.typing import TYPE_CHECKING
from .arithmetic import arms
from .assignments import DECLARING, assign, declare, name_variables, named, refer
from .known_output import contents
from .lookup import on_path
from .options import set_options, shopt
from .program import program
from .syntax.word_parts import decimal
from .words import OF_PROCESS, may_be_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .interpreter import Interpreter

#: The letters of options that take a value.
_VALUED = {"read": "adinNptu", "mapfile": "dnOsuCc", "readarray": "dnOsuCc"}
#: Programs that print assignments and nothing else for `eval`, of these variables (ssh-agent(1), dircolors(1)).
_PRINTS_VARIABLES = {
    "ssh-agent": ("SSH_AUTH_SOCK", "SSH_AGENT_PID"),
    "ssh-agent -s": ("SSH_AUTH_SOCK", "SSH_AGENT_PID"),
    "dircolors": ("LS_COLORS",),
    "dircolors -b": ("LS_COLORS",),
}
_TWO_DASHES = Known("--")


def _nothing(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    return b""


def _prints(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """What tells of the shell's state, which is not followed in all that it can tell."""
    return None


def _history(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`history -w FILE` writes a file over; nothing else that it does lasts."""
    if any("w" in word.guess if word.guess[:1] == "-" else isinstance(word, Unknown) for word in argv[1:]):
        _tell_of_history(shell, argv, "may write the history over a file")
    return None


def _fc(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`fc -l` lists what is in the history; anything else runs some of it."""
    first = argv[1] if argv[1:] else Known("")
    listed = isinstance(first, Known) and "l" in first.text and not first.text.strip("lnr-")
    rest = "".join(word.guess for word in argv[2:] if word.guess[:1] == "-")
    if not listed or "s" in rest or "e" in rest or any(isinstance(word, Unknown) for word in argv[2:]):
        _tell_of_history(shell, argv, "runs what is in the history, which is not followed")
    return None


def _tell_of_history(shell: Interpreter, argv: tuple[Word, ...], reason: str) -> None:
    name = argv[0].guess
    shell.tell(Effect("unknown", Target("call", name), rule="sh-history", program=name, reason=reason))


def _jobs(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`jobs -x COMMAND` runs the command."""
    return program(shell, argv[2:]) if argv[1:2] == known(("-x",)) and argv[2:] else None


def _compgen(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`compgen`: of what it is given, -W is expanded, and -C and -F run."""
    for option, word in zip(argv[1:], (*argv[2:], Known("")), strict=True):
        letter = option.guess[1:2] if option.guess[:1] == "-" else ""
        value = option.cut(2) if option.guess[2:] else word
        if letter == "W":
            shell.words.prompt(value)
        elif letter in ("C", "F") and value != Known(""):  # with arguments of its own
            shell.add(shell.context.text("shell", Unknown(value.guess, value.written), shell.invocation(argv)))
    return None


def _cd(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    words = list(argv[1:])
    if argv[0] == Known("pushd") and Known("-n") in words:  # which only puts it on the stack
        return None
    while words and words[0] in known(("-L", "-P", "-e", "-@", "-n", "--")):
        words.pop(0)
    scope, goes_home = shell.scope, argv[0] == Known("cd")
    home, elsewhere = scope.variables.get("HOME"), Unknown("", joined(argv).written)
    where = words[0] if words else home if isinstance(home, Word) and goes_home else elsewhere
    is_searched = "CDPATH" in scope.variables and not where.guess.startswith(("/", "."))
    if where.guess.startswith(("+", "-")) or is_searched:
        where = elsewhere
    elif where.guess.startswith(OF_PROCESS):
        where = Unknown(where.guess, where.written)
    before = scope.cwd
    scope.cwd = shell.absolute(where)
    may_lack = argv[0] == Known("pushd") and scope.is_posix
    scope.fallback = None if shell.exists(scope.cwd) and not may_lack else before
    return b"" if goes_home and where != elsewhere else None


def _popd(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    shell.scope.cwd = Unknown(shell.scope.cwd.guess, "popd")
    return None


def _declare(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """What an option says is so of every name."""
    command, words = argv[0].guess, argv[1:]
    options = "".join(word.guess for word in words if word.guess.startswith("-"))
    scope, names = shell.scope, [named(word) for word in words]
    affected = {*scope.variables} if None in names else {name for name in names if name}
    if "i" in options:  # what is assigned in the same breath is an expression, too
        scope.integers.update(affected)
    for word, name in zip(words, names, strict=True):
        if name != "":
            shell.shadow(argv, name)
            declare(shell, word)
    if None in names and command == "export":
        scope.forget_most()
    elif None in names:
        scope.forget(None)
    if command == "export" or "x" in options:
        change = scope.exported.difference_update if "n" in options else scope.exported.update
        change(affected)
        scope.tell_options()
    if "f" in options and (command == "export" or "x" in options):
        for name in affected.intersection(scope.functions):
            scope.hand_on(name)
    if set(options) & set("iulc") or command == "readonly" or "r" in options:
        scope.changed.update(affected)
        scope.forget(*affected)
    if command == "local" and shell.shadowed and Known("-") in words:  # the options are the function's own
        shell.shadowed[-1]["-"] = None
    if command == "local" and not shell.shadowed:
        scope.forget(*affected)
    if command == "local":
        scope.forget(*(word.guess for word in words if word.guess.isidentifier()))
    if "n" in options and command != "export":
        scope.forget(*affected)
        for word, name in zip(words, names, strict=True):
            if name:
                refer(shell, name, word.cut(len(name) + 1))
        scope.references.update({name: "" for name in affected - scope.references.keys()})
    return b"" if affected and not set(options) & set("pfF") else None


def _unset(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """Without an option, a function goes only where there is no variable of that name."""
    scope, only_functions = shell.scope, Known("-f") in argv
    for word in argv[1:]:
        if not only_functions:
            scope.forget(named(word))
            scope.variables.pop(word.guess if isinstance(word, Known) else "", None)
        if Known("-v") in argv:
            continue
        if isinstance(word, Unknown):
            scope.may_lose(*scope.functions)
        elif only_functions:
            scope.functions.pop(word.text, None)
        else:
            scope.may_lose(word.text)
    return b""


def _shift(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """Where there are fewer arguments than are to go, all stay."""
    arguments, given = shell.scope.arguments, (*argv[1:], Known("1"))[0]
    count = decimal(given.text) if isinstance(given, Known) else None
    shell.scope.arguments = None
    if arguments is not None and count is not None and not any(map(may_be_many, arguments[:count])):
        shell.scope.arguments = arguments[count:] if count <= len(arguments) else arguments
    return b""


def _targets(argv: tuple[Word, ...], valued: str) -> Iterator[Word]:
    """The words of `read` that name variables: operands, what -a is given, and what may turn out to be several."""
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        letter = next((c for c in word.start[1:] if c in valued), "") if word.start[:1] == "-" else ""
        if not letter:
            yield word
            continue
        value = word.cut(word.start.index(letter, 1) + 1)
        if value == Known("") and words:
            value = words.pop(0)
        if letter == "a" or may_be_many(value):
            yield value


def _read(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`read`, `mapfile`: the operands are variables; so is every other word that could be one, to be sure."""
    targets = map(named, _targets(argv, _VALUED[argv[0].guess]))
    return _has_read(shell, argv, "REPLY", "MAPFILE", *targets)


def _getopts(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`getopts LETTERS NAME`"""
    first = 1 if any(map(may_be_many, argv[1:2])) else 2
    return _has_read(shell, argv, "OPTARG", "OPTIND", *map(named, argv[first:3]))


def _has_read(shell: Interpreter, argv: tuple[Word, ...], *names: str | None) -> bytes | None:
    targets = {*names, *(word.guess for word in argv[1:] if word.guess.isidentifier())}
    shell.scope.forget(*targets)
    _guess(shell, {name for name in targets if name}, decode(shell.scope.stdin.data).strip())
    if shell.scope.stdin != Stream("known"):
        shell.scope.stdin = Stream("unseen", why=f"`{argv[0].guess}` may have read part of it")
    return b""


def _guess(shell: Interpreter, names: set[str], text: str) -> None:
    """Variables get a value that comes of a text, which matters where it is evaluated."""
    for name in names if arms(text) or shell.scope.integers & names else ():
        assign(shell, name, "=", Unknown(text, f"${name}"))


def _mapfile(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`mapfile -C TEXT` runs the text with the number and the line after it."""
    at = next((i for i, word in enumerate(argv) if word.guess[:1] == "-" and "C" in word.guess), 0)
    attached = argv[at].partition("C")[2]
    text = attached if attached != Known("") else joined(argv[at + 1 : at + 2])
    if at and text != Known(""):
        shell.add(shell.context.text("shell", Unknown(f"{text.guess} 0 ''", text.written), shell.invocation(argv)))
    return _read(shell, argv)


def _let(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    for word in argv[1:]:
        shell.words.expressions.arithmetic(word.guess)
        if isinstance(word, Unknown):  # which may set any variable
            shell.scope.forget(None)
        if isinstance(word, Unknown) and not word.start:
            shell.add(shell.context.text("shell", word, shell.invocation(argv)))
    return b""


def _printf(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`printf -v NAME …` prints nothing."""
    first = argv[1] if argv[1:] else Known("")
    if first.start.startswith("-v"):
        targets, rest = (argv[2:3], argv[3:]) if first == Known("-v") else ((first.cut(2),), argv[2:])
        names = [named(word) for word in targets]
        shell.scope.forget(*names)
        _guess(shell, {name for name in names if name}, joined(rest).guess)
        return b""
    if isinstance(first, Unknown) and first.may_be_option:
        shell.scope.forget(None)
    return program(shell, argv)


def _alias(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    for word in argv[1:]:
        name, given, value = word.partition("=")
        if given:
            shell.scope.aliases[name.guess] = value
    return None


def alias_of(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """Run what a name is an alias of, in this very shell; the name itself is none in there."""
    name = argv[0].guess
    alias = shell.scope.aliases.pop(name)
    line = _line(shell, alias, argv[1:])
    if "<<" in alias.guess:  # a here-document of an alias is read from what follows
        line = Unknown(line.guess, line.written)
    printed = _text(shell, line, argv)
    shell.scope.aliases.setdefault(name, alias)
    return printed


def _line(shell: Interpreter, alias: Word, arguments: tuple[Word, ...]) -> Word:
    """The text that an alias becomes; behind one that ends in a blank, the next word may be an alias, too."""
    from shlex import quote

    if arguments and alias.guess[-1:] in (" ", "\t") and arguments[0].guess in shell.scope.aliases:
        following = shell.scope.aliases[arguments[0].guess]
        return joined((alias, _line(shell, following, arguments[1:])))
    return joined((alias, *(word.map(quote) for word in arguments)))


def _hash(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`hash -p FILE NAME`, `enable -f FILE NAME`: another program of that name; `enable -n NAME`, no builtin."""
    name, *words = (word.guess for word in argv)
    if (name == "enable" and not BUILTINS.keys().isdisjoint(words)) or any(
        word[:1] == "-" != word[1:2] and set(word) & set("pf") for word in words
    ):
        reason = "makes a name stand for another program, so that what follows cannot be told"
        shell.tell(Effect("unknown", Target("call", name), rule="sh-other-program", program=name, reason=reason))
    return None


def _eval(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    text = joined(argv[2:] if argv[1:2] == (_TWO_DASHES,) else argv[1:])
    program = text.written.strip('"').removeprefix("$(").removesuffix(")") if isinstance(text, Unknown) else ""
    name = program.partition(" ")[0]
    if program not in _PRINTS_VARIABLES or not shell.scope.is_untouched(name):
        return _text(shell, text, argv)
    shell.scope.variables |= {one: Unknown("", f"${one}") for one in _PRINTS_VARIABLES[program]}
    return None


def _text(shell: Interpreter, text: Word, argv: tuple[Word, ...]) -> bytes | None:
    """Run a text in this very shell; in another one too, to say so, if it is not wholly known."""
    if isinstance(text, Unknown):
        shell.add(shell.context.text("shell", text, shell.invocation(argv)))
        return None
    return shell.run(text.text)


def _source(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    words = [word for word in argv[1:] if word != _TWO_DASHES]
    if not words:
        return b""
    file = words[0]
    if "/" not in file.guess:
        file, _ = next(on_path(shell.invocation(argv), file.guess, shell.world, None), (file, True))
    stream = contents(shell, file)
    if stream.kind != "known":
        reason = f"runs a script that cannot be read: {stream.why}"
        target = Target("file", words[0].guess)
        shell.tell(
            Effect("unknown", target, rule="sh-unseen-script", program=argv[0].guess, reason=reason, target_known=False)
        )
        return None
    outer = shell.scope.arguments
    shell.scope.arguments = tuple(words[1:]) or outer
    before = shell.scope.copy()
    text = decode(stream.data)
    shell.run(text)
    if "return" in text:
        shell.scope.merge(before)
    shell.scope.arguments = outer
    return None


def _exec(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    words = list(argv[1:])
    while words and isinstance(words[0], Known) and words[0].text.startswith("-"):
        words = words[2 if words[0].text.endswith("a") else 1 :]
    return program(shell, tuple(words)) if words else b""


def _command(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`command NAME` and `builtin NAME`: the builtin or program, whatever function has that name."""
    words = list(argv[1:])
    while words and isinstance(words[0], Known) and words[0].text.startswith("-"):
        if set(words[0].text) & set("vV"):
            return None
        words.pop(0)
    if not words:
        return b""
    name_variables(shell, tuple(words))
    builtin = BUILTINS.get(words[0].text) if isinstance(words[0], Known) else None
    return builtin(shell, tuple(words)) if builtin else program(shell, tuple(words))


def _trap(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """What is trapped runs at once, or at the end, or anywhere in between."""
    words = [word for word in argv[1:] if word != _TWO_DASHES]
    may_trap = len(words) > 1 or any(map(may_be_many, words))
    if may_trap and words[0] != Known("") and not words[0].start.startswith("-"):
        before = shell.scope.copy()

        def run() -> bytes | None:
            return _text(shell, words[0], (Known("trap"), words[0]))

        def late() -> bytes | None:
            shell.scope.merge(before)
            return run()

        if set(words[1:]) <= set(known(("EXIT", "0"))):
            shell.apart(run)
        else:
            shell.at_any_time(run)
        shell.at_end.append(late)
    return b"" if may_trap else None


BUILTINS: dict[str, Callable[[Interpreter, tuple[Word, ...]], bytes | None]] = {
    "cd": _cd, "pushd": _cd, "chdir": _cd, "popd": _popd,
    **dict.fromkeys(DECLARING, _declare), "unset": _unset, "set": set_options, "shift": _shift,
    "read": _read, "getopts": _getopts, "mapfile": _mapfile, "readarray": _mapfile, "let": _let, "printf": _printf,
    "shopt": shopt, "setopt": shopt, "unsetopt": shopt, "alias": _alias, "hash": _hash, "enable": _hash,
    "eval": _eval, "source": _source, ".": _source, "exec": _exec, "command": _command, "builtin": _command,
    "trap": _trap,
    **dict.fromkeys((
        ":", "exit", "return", "break", "continue", "logout", "wait", "disown", "unalias", "compopt", "suspend",
        "emulate", "autoload",
    ), _nothing),
    **dict.fromkeys((
        "umask", "ulimit", "type", "fg", "bg", "times", "complete", "bind", "dirs", "caller", "help",
    ), _prints),
    "jobs": _jobs, "history": _history, "fc": _fc, "compgen": _compgen,
}  # fmt: skip
