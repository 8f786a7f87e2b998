"""The shell's own commands that change what follows, or run something."""

from __future__ import annotations

from ...core.call import Stream, Unresolved
from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .pieces import NotUnderstood
from .prints import contents

if TYPE_CHECKING:
    from collections.abc import Callable

    from .walk import Walk

#: Their arguments of the form NAME=VALUE are assignments.
DECLARING = ("export", "declare", "typeset", "local", "readonly")
#: Options of `shopt` that do not change what a pattern stands for.
_HARMLESS = (
    "extglob",
    "expand_aliases",
    "lastpipe",
    "inherit_errexit",
    "histappend",
    "checkwinsize",
    "cmdhist",
    "autocd",
)
#: Programs that never read standard input.
QUIET = ("echo", "printf", "true", "false", "test", "[", "pwd", "kill", "ls", "mkdir", "touch", "sleep", "date")


def _nothing(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    return b""


def _cd(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    words = list(argv[1:])
    while words and words[0] in ("-L", "-P", "-e", "-@", "-n", "--"):
        words.pop(0)
    scope = walk.scope
    home = scope.variables.get("HOME")
    where = words[0] if words else home if isinstance(home, str) and argv[0] == "cd" else Unresolved("", " ".join(argv))
    if (
        where == "-"
        or where.startswith(("+", "-"))
        or ("CDPATH" in scope.variables and not where.startswith(("/", ".")))
    ):
        where = Unresolved("", " ".join(argv))
    before = scope.cwd
    scope.cwd = walk.absolute(where)
    scope.fallback = None if walk.exists(scope.cwd) else before
    return b"" if argv[0] == "cd" else None


def _popd(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    walk.scope.cwd = Unresolved(walk.scope.cwd, "popd")
    return None


def _declare(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """The assignments have been made while the words were expanded."""
    names = [word.partition("=")[0] for word in argv[1:] if not word.startswith("-")]
    for name in (word for word in argv[1:] if word.isidentifier()):
        walk.shadow(argv, name)
    options = "".join(word for word in argv[1:] if word.startswith("-"))
    if argv[0] == "export" or "x" in options:
        change = walk.scope.exported.difference_update if "n" in options else walk.scope.exported.update
        change(names)
    if by_value := set(options) & set("iulc") or argv[0] == "readonly" or "r" in options:
        walk.scope.changed.update(names)
        walk.scope.forget(*(names if by_value else ()))
    if argv[0] == "local" and not walk.shadowed:
        walk.scope.forget(*names)
    if argv[0] == "local":
        walk.scope.forget(*(word for word in argv[1:] if word.isidentifier()))
    by_reference = "n" in options and argv[0] != "export"
    if by_reference or any(isinstance(name, Unresolved) for name in argv[1:]):
        walk.scope.forget(*names)
    return b"" if names else None


def _unset(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    for name in argv[1:]:
        if "-f" not in argv:
            walk.scope.variables.pop(name, None)
        if "-v" not in argv:
            walk.scope.functions.pop(name, None)
    return b""


def _set(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    words = list(argv[1:])
    while words and words[0][:1] in ("-", "+") and words[0] not in ("-", "--"):
        option = words.pop(0)
        name = words.pop(0) if option[1:].endswith("o") and words else ""
        errexit = "e" in option or name == "errexit"
        if "f" in option or name == "noglob":
            walk.scope.globs = "off" if option[0] == "-" else "on"
        if set(option) & set("kB") or name in ("keyword", "braceexpand") or isinstance(option, Unresolved):
            raise NotUnderstood(f"`set {option}`, after which words are others")
        walk.scope.errexit = (option[0] == "-") if errexit else walk.scope.errexit
    if words:
        walk.scope.arguments = tuple(words[words[0] in ("-", "--") :])
    return b""


def _shift(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    arguments, count = walk.scope.arguments, (*argv[1:], "1")[0]
    known = arguments is not None and count.isdigit() and not isinstance(count, Unresolved)
    walk.scope.arguments = arguments[int(count) :] if known and arguments is not None else None
    return b""


def _shopt(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """`shopt`, `setopt`: with some of the options patterns match other names, or stand for nothing."""
    if len(argv) > 1 and not set(argv) <= {"shopt", "-s", "-u", "-q", "-p", *_HARMLESS}:
        walk.scope.globs = "otherwise"
    return b""


def _read(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """`read`, `mapfile`, `getopts`: the operands are variables; so is every other word, to be sure."""
    walk.scope.forget("REPLY", "MAPFILE", "OPTARG", "OPTIND", *(word for word in argv[1:] if word.isidentifier()))
    if walk.scope.stdin != Stream("known"):
        walk.scope.stdin = Stream("unseen", why=f"`{argv[0]}` may have read part of it")
    return b""


def _mapfile(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """`mapfile -C TEXT` runs the text with the number and the line after it."""
    at = next((i for i, word in enumerate(argv) if word[:1] == "-" and "C" in word), 0)
    text = argv[at].partition("C")[2] or "".join(argv[at + 1 : at + 2]) if at else ""
    if text:
        walk.add(walk.context.text("shell", Unresolved(f"{text} 0 ''", text), walk.invocation(argv)))
    return _read(walk, argv)


def _let(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    for word in argv[1:]:
        walk.words.arithmetic(word)
    return b""


def _printf(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    if argv[1:2] == ("-v",):
        walk.scope.forget(*argv[2:3])
        return b""
    return walk.program(argv)


def _alias(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    for word in argv[1:]:
        name, given, value = word.partition("=")
        if given:
            walk.scope.aliases[name] = value
    return None


def _hash(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """`hash -p FILE NAME`, `enable -f FILE NAME`: another program of that name."""
    if any(word[:1] == "-" != word[1:2] and set(word) & set("pf") for word in argv[1:]):
        reason = "makes a name stand for another program, so that what follows cannot be told"
        walk.tell(Effect("unknown", Target("call", argv[0]), rule="sh-other-program", program=argv[0], reason=reason))
    return b""


def _eval(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    return _text(walk, " ".join(argv[1:]), argv)


def _text(walk: Walk, text: str, argv: tuple[str, ...]) -> bytes | None:
    """Run a text in this very shell; in another one too, to say so, if it is not wholly known."""
    if any(isinstance(word, Unresolved) for word in argv[1:]):
        written = " ".join(getattr(word, "written", word) for word in argv[1:])
        walk.add(walk.context.text("shell", Unresolved(text, written), walk.invocation(argv)))
        return None
    return walk.run(text)


def _source(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    words = [word for word in argv[1:] if word != "--"]
    if not words:
        return b""
    stream = contents(walk, words[0])
    if stream.kind != "known":
        reason = f"runs a script that cannot be read: {stream.why}"
        walk.tell(Effect("unknown", Target("file", words[0]), rule="sh-unseen-script", program=argv[0], reason=reason))
        return None
    outer = walk.scope.arguments
    walk.scope.arguments = tuple(words[1:]) or outer
    before = walk.scope.copy()
    text = stream.data.decode("utf-8", "surrogateescape")
    walk.run(text)
    if "return" in text:
        walk.scope.merge(before)
    walk.scope.arguments = outer
    return None


def _exec(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    words = list(argv[1:])
    while words and words[0].startswith("-"):
        words = words[2 if words[0].endswith("a") else 1 :]
    return walk.program(tuple(words)) if words else b""


def _command(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """`command NAME` and `builtin NAME`: the builtin or program, whatever function has that name."""
    words = list(argv[1:])
    while words and words[0].startswith("-"):
        if set(words[0]) & set("vV"):
            return None
        words.pop(0)
    if not words:
        return b""
    builtin = BUILTINS.get(words[0])
    return builtin(walk, tuple(words)) if builtin else walk.program(tuple(words))


def _trap(walk: Walk, argv: tuple[str, ...]) -> bytes | None:
    """What is trapped runs at once, or at the end, or anywhere in between."""
    words = [word for word in argv[1:] if word != "--"]
    if len(words) > 1 and words[0] not in ("", "-") and not words[0].startswith("-"):
        before = walk.scope.copy()

        def run() -> bytes | None:
            return _text(walk, words[0], ("trap", words[0]))

        def late() -> bytes | None:
            walk.scope.merge(before)
            return run()

        walk.apart(run)
        walk.at_end.append(late)
    return b""


BUILTINS: dict[str, Callable[[Walk, tuple[str, ...]], bytes | None]] = {
    "cd": _cd, "pushd": _cd, "chdir": _cd, "popd": _popd,
    **dict.fromkeys(DECLARING, _declare), "unset": _unset, "set": _set, "shift": _shift,
    "read": _read, "getopts": _read, "mapfile": _mapfile, "readarray": _mapfile, "let": _let, "printf": _printf,
    "shopt": _shopt, "setopt": _shopt, "unsetopt": _shopt, "alias": _alias, "hash": _hash, "enable": _hash,
    "eval": _eval, "source": _source, ".": _source, "exec": _exec, "command": _command, "builtin": _command,
    "trap": _trap,
    **dict.fromkeys((
        ":", "exit", "return", "break", "continue", "logout", "wait", "umask", "ulimit", "type", "jobs", "fg", "bg",
        "disown", "times", "unalias", "complete", "compgen", "compopt", "bind",
        "history", "dirs", "caller", "suspend", "help", "emulate", "autoload",
    ), _nothing),
}  # fmt: skip
