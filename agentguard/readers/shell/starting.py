"""What a shell does before its text: the options that it is started with, and start-up files that the line makes."""

from __future__ import annotations

from ...core.word import Known, Unknown, Word, joined, known
from ...lean.typing import TYPE_CHECKING
from .builtins import BUILTINS
from .lookup import located, may_make
from .options import set_options, shopt
from .syntax.word_parts import NotUnderstood

if TYPE_CHECKING:
    from ...core.call import Invocation
    from .interpreter import Interpreter

#: What shells run in the home directory first, if they are interactive or for a login; zsh does so anyway.
_FILES = (".bash_profile", ".bash_login", ".profile", ".bashrc")
_ZSH_FILES = (".zshenv", ".zprofile", ".zshrc", ".zlogin")
#: Programs whose own options are those of `set`; others that run a text (ssh, watch) have theirs.
_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh")


def start(shell: Interpreter, call: Invocation) -> None:
    """Do what a shell does that is called so, before its text."""
    options = call.argv[1:] if call.name in _SHELLS else ()
    given = {letter for word in options if word.guess[:1] == "-" for letter in word.guess}
    if shell.scope.is_zsh:
        _start_up(shell, call, _ZSH_FILES)
    else:
        _start_up(shell, call, _FILES if given & {"i", "l"} else ())
        _set_options(shell, call, options)


def _set_options(shell: Interpreter, call: Invocation, options: tuple[Word, ...]) -> None:
    """Set the options that it is given as arguments and variables, by `set` and `shopt`."""
    words: list[Word] = []
    for name, letter in (("SHELLOPTS", "-o"), ("BASHOPTS", "-O")):
        value = call.env.get(name, Known(""))
        if isinstance(value, Unknown):
            raise NotUnderstood(f"it runs with the options in {value.written}")
        words += (word for option in value.text.split(":") if option for word in known((letter, option)))
    words += options
    while words and words[0].guess[:1] in ("-", "+") and words[0] != Known("--"):
        option = words.pop(0)
        if option.guess[:2] == "--":
            continue
        value = words.pop(0) if option.guess[-1:] in ("o", "O") and words else Known("")
        if option.guess[-1:] == "O":
            shopt(shell, (Known("shopt"), Known("-s"), value))
        else:
            set_options(shell, (Known("set"), option, value) if value != Known("") else (Known("set"), option))


def _start_up(shell: Interpreter, call: Invocation, names: tuple[str, ...]) -> None:
    """Run the start-up files that an earlier part of the line makes; those that were there are the person's own."""
    home = call.env.get("HOME", Unknown("~", "~"))
    for name in names:
        file = joined((home, Known(name)), "/")
        if may_make(call.ahead, located(file, call.cwd)):
            BUILTINS["."](shell, (Known("."), file))
