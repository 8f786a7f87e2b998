"""Output that is known before a command runs (echo, printf, cat, pwd, git): what the next one in a pipe reads."""

from __future__ import annotations

from ...core.call import Call, Stream
from ...core.context import content
from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from .syntax.word_parts import unescaped

if TYPE_CHECKING:
    from ...core.call import Invocation
    from ...core.word import Word
    from .interpreter import Interpreter

#: Questions to git that name what HEAD is, and kinds of targets of earlier parts of the line that leave that alone.
_OF_HEAD = (
    ["branch", "--show-current"],
    ["rev-parse", "--abbrev-ref", "HEAD"],
    ["symbolic-ref", "--short", "HEAD"],
)
_BESIDE_HEAD = ("index", "commit", "remote-tracking", "preference")
_STDIN = ("/dev/stdin", "/dev/fd/0")


def known_output(shell: Interpreter, call: Invocation) -> bytes | None:
    """The standard output of a command, or None if it is not known before it runs."""
    try:
        name, *words = map(text_of, call.argv)
    except Unseen:
        return None
    known = {"echo": _echo, "printf": _printf}.get(name)
    if known is not None:
        text = known(words)
        return None if text is None else encode(text)
    if name == "cat":
        return _cat(shell, words, call.stdin)
    if name == "git" and words in _OF_HEAD:
        return _git(shell, call, words)
    if name == "pwd" and not words and isinstance(shell.scope.cwd, Known):
        return encode(shell.scope.cwd.text) + b"\n"
    return None


def _echo(words: list[str]) -> str | None:
    end = "\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], ""
    if words[:1] and words[0].startswith("-") and set(words[0][1:]) <= set("neE"):
        return None
    text = " ".join(words)
    # dash's echo resolves escapes, bash's does not.
    return None if unescaped(text) != text.replace('\\"', '"') and unescaped(text) != text else text + end


def _printf(words: list[str]) -> str | None:
    if not words or words[0].startswith("-"):
        return None
    form, *rest = words
    first, *parts = form.split("%")
    if any(part[:1] not in ("s", "b") for part in parts) or ("%b" in form and any("\\" in word for word in rest)):
        return None
    printed: list[str] = []
    while not printed or (rest and parts):  # the form is used until all words are
        printed.append(unescaped(first))
        for part in parts:
            printed += (rest.pop(0) if rest else "", unescaped(part[1:]))
    return "".join(printed)


def _git(shell: Interpreter, call: Invocation, words: list[str]) -> bytes | None:
    moved = any(one.verb != "observe" and one.target.kind not in _BESIDE_HEAD for one in shell.ahead)
    if moved or not shell.scope.is_untouched("git"):
        return None
    try:
        said = shell.world.lookup("git-says", " ".join(words), Call("git", (words[0],), (), (), call))
    except Unseen:
        return None
    return None if said is None else encode(said) + b"\n"


def _cat(shell: Interpreter, words: list[str], stdin: Stream) -> bytes | None:
    if any(word.startswith("-") and word != "-" for word in words):
        return None
    parts = [stdin if word in ("-", *_STDIN) else contents(shell, Known(word)) for word in words or ["-"]]
    return b"".join(part.data for part in parts) if all(part.kind == "known" for part in parts) else None


def contents(shell: Interpreter, file: Word) -> Stream:
    """A file as standard input."""
    if isinstance(file, Unknown):
        return Stream("unseen", why=f"it is the file {file.written}, which is not known before the line runs")
    path = file.text
    if path == "/dev/null":
        return Stream("known")
    if path in _STDIN:
        return shell.scope.stdin
    whole = shell.absolute(file)
    made = dict(shell.made.contents).get(whole.guess)
    if made is not None and isinstance(whole, Known):
        return Stream("known", made)
    if shell.touched(file):
        return Stream("unseen", why=f"it is the file {path}, which an earlier part of the same line may change")
    try:
        return Stream("known", content(file, shell.scope.cwd, shell.world))
    except Unseen as why:
        return Stream("unseen", why=f"it is the file {path}: {why}")
