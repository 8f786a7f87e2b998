"""Interpreters of other languages: whether anybody could see the code that they are given.

What a script or a text in Python or Perl does is not read here: it runs, and what it starts meets the shims in turn.
But code that comes out of a pipe, a download or a variable is code that nobody has seen.
"""

from __future__ import annotations

from ..core.paths import within
from ..core.word import Known, Unknown, known
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from ..core.call import Invocation
    from ..core.word import Word
    from ..core.world import World


class Interpreter(Value):
    """How one is called: letters of options that take code, and of those with another value; what ends its options."""

    code: str
    valued: str = ""
    long: tuple[str, ...] = ()
    ends: str = ""


#: By name, without the version behind it.
INTERPRETERS = {
    "python": Interpreter("c", "WX", ends="m"),
    "pypy": Interpreter("c", "WX", ends="m"),
    "node": Interpreter("ep", "rC", ("--eval", "--print")),
    "nodejs": Interpreter("ep", "rC", ("--eval", "--print")),
    "bun": Interpreter("ep", "r", ("--eval", "--print")),
    "perl": Interpreter("eE", "IMm"),
    "ruby": Interpreter("e", "IrCE"),
    "php": Interpreter("rBRE", "dcz", ends="fS"),
    "lua": Interpreter("e", "l"),
    "luajit": Interpreter("e", "l"),
    "Rscript": Interpreter("e"),
    "osascript": Interpreter("e", "l"),
    "tclsh": Interpreter(""),
}
#: Programs that bring a file from elsewhere without saying which, as long as they are not taught.
_FETCHING = ("wget", "aria2c", "axel", "fetch", "http", "xh")
#: Effects that say what was written: a download, a redirection, a copy of what is piped.
_WRITING = ("curl", "sh", "tee")


def unseen(call: Invocation, world: World) -> str:
    """Why nobody can see the code that a call runs, or "" where it can be seen or is none."""
    about = INTERPRETERS.get(call.name.rstrip("0123456789."))
    if about is None:
        return ""
    words = list(call.argv[1:])
    while words:
        word = words.pop(0)
        if word == Known("-"):
            break
        if word.start[:1] != "-":
            return _script(word, call, world)
        found = _option(word, about)
        if found == "ends":
            return ""
        value = word.cut(2) if len(word.guess) > 2 and word.guess[1] in about.code else next(iter(words), Known(""))
        if found == "code":
            return f"runs {value.written}, which is not known before the line runs" if _is_unseen(value) else ""
        if found == "valued" and words:
            words.pop(0)
    comes_from_pipe = call.stdin.kind == "unseen" and call.stdin.why.startswith("it comes from")
    return f"runs its standard input, which cannot be read: {call.stdin.why}" if comes_from_pipe else ""


def _option(word: Word, about: Interpreter) -> str:
    if word.guess.startswith("--"):
        return "code" if word.guess in about.long else ""
    for at, letter in enumerate(word.guess[1:], 1):
        if letter in about.code:
            return "code"
        if letter in about.ends:
            return "ends"
        if letter in about.valued:
            return "valued" if at + 1 == len(word.guess) else ""
    return ""


def _is_unseen(word: Word) -> bool:
    return isinstance(word, Unknown) and not word.start


def _script(path: Word, call: Invocation, world: World) -> str:
    """The same of a script file: what a substitution prints, or what an earlier part of the line has fetched."""
    if isinstance(path, Unknown):
        return f"runs what {path.written} prints" if path.written[:2] == "<(" else ""
    if path in known(("/dev/stdin", "/dev/fd/0")) and call.stdin.kind == "unseen":
        return f"runs its standard input, which cannot be read: {call.stdin.why}"
    whole = path.text if path.text.startswith("/") else f"{call.cwd.guess}/{path.text.removeprefix('./')}"
    if whole in dict(call.written) or not _is_brought(whole, call, world):
        return ""
    return f"runs {path.text}, which an earlier part of the same line writes"


def _is_brought(path: str, call: Invocation, world: World) -> bool:
    """Whether an earlier part of the line writes a file, or may have fetched it."""
    for one in call.ahead:
        if one.program in _WRITING and one.target.kind == "file" and one.verb != "observe":
            if within(path, one.target.name):
                return True
        elif one.program in _FETCHING and world.paths((path,), "/", True)[0].state == "missing":
            return True
    return False
