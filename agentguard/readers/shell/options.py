"""Options of a shell: `set`, `shopt` and `setopt`."""

from __future__ import annotations

from ...core.word import Known, Unknown, Word, known
from ...lean.typing import TYPE_CHECKING
from .syntax.word_parts import NotUnderstood

if TYPE_CHECKING:
    from .interpreter import Interpreter

#: Options of `shopt` that do not change what a pattern stands for.
_HARMLESS = known(
    ("extglob", "expand_aliases", "lastpipe", "inherit_errexit", "histappend", "checkwinsize", "cmdhist", "autocd")
)


def set_options(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`set`: options, and the arguments."""
    words = list(argv[1:])
    while words and words[0].guess[:1] in ("-", "+") and words[0].guess not in ("-", "--"):
        given = words.pop(0)
        option = given.guess
        name = words.pop(0).guess if option[1:].endswith("o") and words else ""
        errexit = "e" in option or name == "errexit"
        if option[0] == "-" and ("x" in option or name == "xtrace"):
            traced = shell.scope.variables.get("PS4", Known(""))
            shell.words.prompt(traced if isinstance(traced, Word) else traced[0])
        if "f" in option or name == "noglob":
            shell.scope.globs = "otherwise" if shell.scope.is_zsh else "off" if option[0] == "-" else "on"
        if "a" in option or name == "allexport":
            shell.scope.exports_all = option[0] == "-"
        letter, long = ("k", "keyword") if option[0] == "-" else ("B", "braceexpand")
        if letter in option or name == long or isinstance(given, Unknown):
            raise NotUnderstood(f"`set {given.written}`, after which words are others")
        shell.scope.errexit = (option[0] == "-") if errexit else shell.scope.errexit
    shell.scope.tell_options()
    if words:
        shell.scope.arguments = tuple(words[words[0].guess in ("-", "--") :])
    return b"" if argv[1:] and argv[-1].guess[1:] != "o" else None


def shopt(shell: Interpreter, argv: tuple[Word, ...]) -> bytes | None:
    """`shopt`, `setopt`: with some of the options patterns match other names, or stand for nothing."""
    if len(argv) > 1 and not set(argv) <= {*known(("shopt", "-s", "-u", "-q", "-p")), *_HARMLESS}:
        shell.scope.globs = "otherwise"
        shell.scope.tell_options()
    return b"" if {*argv} & {*known(("-s", "-u", "-q"))} else None
