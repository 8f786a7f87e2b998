"""Ask a question at the caller's own terminal, as sudo asks for a password.

Everything goes through /dev/tty, the controlling terminal, opened for each question; standard
input and output are the caller's and are never used.
"""

from __future__ import annotations

import os

from ...approval.question import Question, cut, further, in_full, lines, phrase, printable
from ...lean.typing import TYPE_CHECKING
from ..caller.controlling_terminal import opened, own_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

    #: What is shown, each line with its label.
    Lines = Iterable[tuple[str, str]]

#: How much of one value is shown where everything is, in characters: less than one argument can have.
EVERYTHING = 150_000

_LABEL = 10  # columns for the labels of a question
#: How long nothing may be typed before a question stands there, in seconds, and how often that is looked for.
_PAUSE, _LOOKS = 0.15, 20
_LOWEST = 8  # lines of a page, also where a terminal has fewer


def prompt(terminal: str, question: Question, by: str = "", *, more: tuple[Question, ...] = ()) -> bool:
    """Show what was asked for, and `by` whom, and have its word typed: True only for exactly that line.

    `more` are answered together with it. False for everything else, for the end of input, and if the terminal is no
    longer the one that `own_terminal` found. Raises KeyboardInterrupt for Ctrl-C.
    """
    if own_terminal() != terminal:
        return False
    questions = (question, *more)
    word, them = phrase(questions), f"exactly these {len(questions)}" if more else "it"
    title = "agentguard: this cannot be undone, and waits for your word"
    told = (*lines(question, by), *further(questions), *in_full(questions))
    return ask(title, told, f"Type {printable(word)} to run {them}, anything else to refuse: ") == word


def ask(title: str, told: Lines, question: str) -> str | None:
    """Show what was asked for on the controlling terminal and return the line typed in answer.

    `told` is as `approval.question.lines` gives it. None at the end of input, or if the terminal cannot be
    used. What was typed before the question stood there is thrown away. Raises KeyboardInterrupt for Ctrl-C.
    """
    return _asked(lambda fd: _answer(fd, _pages(fd, title, told), question))


def answer(question: str, hidden: bool = False) -> str | None:
    """The line typed in answer to a question on the controlling terminal, None as for `ask`; unseen if `hidden`."""
    return _asked(lambda fd: _answer(fd, ("",), question, hidden))


def _asked(ask: Callable[[int], str | None]) -> str | None:
    """What is answered on the controlling terminal; None if it cannot be opened, or is closed meanwhile."""
    try:
        fd = opened()
    except OSError:
        return None
    try:
        return ask(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def say(text: str) -> None:
    """Write a line to the controlling terminal, if there is one."""
    try:
        fd = opened()
    except OSError:
        return
    try:
        _write(fd, text + "\n")
    finally:
        os.close(fd)


class _Ended(BaseException):
    """A signal that ends the process arrived while a question stood there."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _answer(fd: int, pages: tuple[str, ...], question: str, hidden: bool = False) -> str | None:
    """Write what is asked, page by page, and read one line, in modes in which a person can type and interrupt."""
    import contextlib
    import signal
    import termios

    def end(number: int, _frame: FrameType | None) -> None:
        raise _Ended(number)

    before = termios.tcgetattr(fd)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)}
    handlers = {number: old for number, old in handlers.items() if old not in (None, signal.SIG_IGN)}
    ended = 0
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the caller ignores it
    try:
        for number in handlers:
            signal.signal(number, end)
        termios.tcsetattr(fd, termios.TCSANOW, _typing(before, hidden))
        for place, page in enumerate(pages[:-1], 1):
            turned = _line(fd, page, f"\n  page {place} of {len(pages)}: Enter reads on, `end` skips to the question: ")
            if not turned.endswith(b"\n"):
                return None
            if turned == b"end\n":
                break
        line = _line(fd, pages[-1], question)
        if hidden or not line.endswith(b"\n"):
            _write(fd, "\n")
        if not line.endswith(b"\n"):
            return None
        return line[:-1].decode("utf-8", "replace")
    except KeyboardInterrupt:
        _write(fd, "\n")
        raise
    except _Ended as signalled:
        ended = signalled.number
        return None
    finally:
        with contextlib.suppress(termios.error):  # the terminal may be gone, and its modes with it
            termios.tcsetattr(fd, termios.TCSADRAIN, before)
        signal.signal(signal.SIGINT, interrupt)
        for number, old in handlers.items():
            signal.signal(number, old)
        if ended:
            os.kill(os.getpid(), ended)


def _line(fd: int, shown: str, question: str) -> bytes:
    """Write, and read the line that follows: what was typed before the question stood there is no answer to it."""
    _write(fd, shown)
    if not _quiet(fd):
        _write(fd, "\nagentguard: this terminal is typed into without a pause, so that nothing counts as an answer\n")
        return b""
    _write(fd, question)
    return os.read(fd, 4096)  # one line: that is what canonical mode gives


def _quiet(fd: int) -> bool:
    """Throw away what is typed until there is a pause; False if there is none for long.

    Once is not enough: who has filled the terminal waits in a write, and goes on as soon as there is room.
    """
    import termios
    import time

    os.set_blocking(fd, False)  # this descriptor was opened for the question
    try:
        for _ in range(_LOOKS):
            termios.tcflush(fd, termios.TCIFLUSH)
            time.sleep(_PAUSE)
            try:
                os.read(fd, 4096)
            except BlockingIOError:
                termios.tcflush(fd, termios.TCIFLUSH)  # what has not become a line
                return True
        return False
    finally:
        os.set_blocking(fd, True)


def _typing(modes: list[Any], hidden: bool) -> list[Any]:
    """These modes with line editing, Ctrl-C and, unless hidden, echo on: a program may have left the terminal raw."""
    import termios as t

    iflag, oflag, cflag, lflag, *rest = modes
    return [
        (iflag | t.ICRNL) & ~(t.IGNCR | t.INLCR),
        oflag | t.OPOST | t.ONLCR,
        cflag,
        (lflag | t.ICANON | t.ECHOE | t.ECHOK | t.ISIG) & ~t.ECHO | (0 if hidden else t.ECHO),
        *rest,
    ]


def _write(fd: int, text: str) -> None:
    raw = text.encode("utf-8", "backslashreplace")
    while raw:
        raw = raw[os.write(fd, raw) :]


def _pages(fd: int, title: str, told: Lines) -> tuple[str, ...]:
    """Lines laid out for this terminal, on one page if it does not say how high it is."""
    try:
        width, height = os.get_terminal_size(fd)
    except OSError:
        width, height = 0, 0
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "dumb") == "dumb"
    return paged(layout(title, told, max(width or 80, 40), colour=not plain), height)


def paged(text: str, height: int) -> tuple[str, ...]:
    """A text in pages for a terminal of that many lines, each with room for the question below."""
    lines, most = text.split("\n"), max(height - 2, _LOWEST)
    if not height or len(lines) <= most:
        return (text,)
    return tuple("\n".join(lines[at : at + most]) for at in range(0, len(lines), most))


def layout(title: str, told: Lines, width: int, colour: bool) -> str:
    """Labelled lines as text for a terminal of that many columns.

    Long values are broken here, below their own start: a terminal that broke them would let
    them begin a line that looks like one of ours.
    """
    bold, dim, red, plain = ("\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[0m") if colour else ("", "", "", "")
    text = ["", f"{bold}{title}{plain}", ""]
    for label, value in told:
        first, *more = broken(cut(value, EVERYTHING), width - _LABEL - 2)
        mark = red if label == "rated" else bold if label == "command" else ""
        text.append(f"  {dim}{label:<{_LABEL}}{plain}{mark}{first}{plain if mark else ''}")
        text += [f"  {'':<{_LABEL}}{mark}{part}{plain if mark else ''}" for part in more]
    return "\n".join([*text, "", ""])


def broken(value: str, width: int) -> list[str]:
    """`value` in pieces of at most `width` columns; what is not ASCII may take two."""
    pieces, piece, used = [], "", 0
    for char in value:
        columns = 1 if char.isascii() else 2
        if used + columns > width:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += columns
    return [*pieces, piece]
