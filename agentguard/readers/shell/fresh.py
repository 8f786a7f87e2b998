"""What `$(mktemp)` becomes: a new entry below the temporary directory, or nothing where mktemp fails."""

from __future__ import annotations

from ...core.text.glob import literal
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, known
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.word import Word
    from ...core.world import World

#: Spellings that name an entry of the temporary directory and nothing else.
_CALLS = ("mktemp", "mktemp -d", "mktemp --directory", "mktemp -q", "mktemp -qd", "mktemp -dq", "mktemp -q -d")
#: What only adds to a directory: there `"$(mktemp -d)"/` may also be `/`.
_ADDING = ("cp", "install", "cd", "ls", "curl", "wget")


class Fresh(Unknown):
    """A word of that kind: `guess` is what it is where mktemp has failed, `place` what it is otherwise."""

    place: str = ""


def fresh(commands: str, directory: str) -> Unknown:
    """The value of a substitution that prints what is not known: a fresh name, if it is one of mktemp."""
    written = f"$({commands})"
    if commands.strip() not in _CALLS:
        return Unknown("", written)
    return Fresh("", written, "", f"{directory.rstrip('/') or '/tmp'}/tmp.XXXXXXXXXX")


def longer(word: Word, rest: Word) -> Fresh | None:
    """A fresh name with a known text behind it."""
    if not isinstance(word, Fresh) or not isinstance(rest, Known):
        return None
    return word.replace(guess=word.guess + rest.text, place=word.place + rest.text)


def settled(word: Fresh, world: World) -> Word:
    """The word as it is where mktemp works, if there is nothing where it leads to otherwise."""
    below = word.guess.strip("/")
    if word.guess and (not below or word.guess[0] != "/" or ".." in below.split("/")):
        return word
    try:
        return word if word.guess and world.expand(literal(word.guess), "/") else Known(word.place)
    except Unseen:
        return word


def given_to(command: Word, word: Word) -> Word:
    """A word as an argument of a command."""
    if isinstance(word, Fresh) and word.guess == "/" and command in known(_ADDING):
        return Known(word.place)
    return word
