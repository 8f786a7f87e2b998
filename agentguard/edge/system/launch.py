"""Replaces the shim by the real program (`exec`), in the state that its caller left.

What passes exactly: every argument byte, working directory, umask, open files, signal mask and
dispositions, process id, and the environment apart from what follows.

What does not, because of the shell that a shim starts in (dash; measured with 0.5.12):

- `argv[0]` is the name by which the shim was found, without a directory; where the shim decides by itself
  (shims/plain.sh), it is the program's path, because `exec` of a shell gives no other.
- Variables whose names start with `_ag_`, if they were exported, hold the shim's own values.
- Variables whose names are no shell identifiers (`a.b`, bash's exported functions) are dropped; of
  a variable given twice the last one is kept, and a string without `=` is dropped.
- `AGENTGUARD_DEPTH` says how many shims the call is below.
- `PWD` is added where it was missing, and put right where it named another directory.
- `IFS`, `OPTIND` and `PPID`, if they were exported, hold that shell's own values.
- A call within some hundred bytes of the system's limit for arguments and environment is refused by the
  system, because the shim adds its own few words.

Standard input that had to be read in order to rate the call is handed on as a file of exactly
those bytes: a pipe or terminal has then become a file that can be seeked.
"""

from __future__ import annotations

import errno
import os
from _signal import SIG_DFL, SIGPIPE, SIGXFSZ, signal  # `signal` itself would load `enum`

from ...core.text.encoding import decode, encode
from ...errors import NoProgram, NotRunnable
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

#: What Python may set LC_CTYPE to when the locale is "C" (PEP 538).
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def environment() -> dict[str, str]:
    """The environment that this process was started with, as UTF-8 with `surrogateescape`.

    On Linux it is the initial block (/proc/self/environ), in which nothing of what Python adds
    can be. Elsewhere it is the present one without an LC_CTYPE that Python may have added; one
    that the caller gave, equal to that and alone, is taken for Python's.

    A variable that is there twice is handed on once, as getenv(3) sees it: the first.
    """
    try:
        with open("/proc/self/environ", "rb") as block:
            strings = block.read().split(b"\0")
    except OSError:
        return _without_coercion({decode(name): decode(value) for name, value in os.environb.items()})
    given: dict[str, str] = {}
    for string in strings:
        name, equals, value = string.partition(b"=")
        if name and equals:  # execve(2) takes other strings, but os.execve does not
            given.setdefault(decode(name), decode(value))
    return given


def launch(
    path: str, argv: Sequence[str], env: Mapping[str, str], sigign: str = "", stdin: bytes | None = None
) -> NoReturn:
    """Replace this process by the program at `path`.

    `argv` and `env` are UTF-8 with `surrogateescape`. `sigign` is the mask of signals that the
    caller ignored, as hexadecimal digits (proc(5), SigIgn), "" if unknown. `stdin` are the bytes
    to hand on as standard input, None to leave it as it is.

    Raises NoProgram or NotRunnable, with the status that a shell would give, if it cannot be.
    """
    if stdin is not None:
        _become_stdin(stdin)
    _restore_signals(sigign)
    try:
        os.execve(encode(path), [encode(word) for word in argv], {encode(name): encode(env[name]) for name in env})
    except OSError as fault:
        raise _failure(path, fault) from fault


def _restore_signals(sigign: str) -> None:
    """Python ignores SIGPIPE and SIGXFSZ, and what is ignored stays so over an exec."""
    try:
        ignored = int(sigign or "0", 16)
    except ValueError:
        ignored = 0
    for number in (SIGPIPE, SIGXFSZ):
        if not ignored >> (number - 1) & 1:
            signal(number, SIG_DFL)


def _become_stdin(data: bytes) -> None:
    """Put a file of exactly these bytes on descriptor 0."""
    from .memfd import sealed_file

    descriptor = sealed_file("stdin", data)
    os.dup2(descriptor, 0)
    os.set_inheritable(0, True)


def _failure(path: str, fault: OSError) -> NoProgram:
    """One clear line for an execve(2) that failed."""
    if fault.errno == errno.ENOENT:
        if os.path.lexists(path):
            return NoProgram(f"{path}: its interpreter does not exist")
        return NoProgram(f"{path}: no longer there")
    if fault.errno == errno.E2BIG:
        return NotRunnable(f"{path}: arguments and environment are too long", "pass fewer at a time, as xargs does")
    if fault.errno == errno.ENOEXEC:
        return NotRunnable(f"{path}: neither a program for this machine nor a script with a #! line")
    return NotRunnable(f"{path}: {fault.strerror}")


def _without_coercion(env: dict[str, str]) -> dict[str, str]:
    plain = all(env.get(name, "C") in ("", "C", "POSIX") for name in ("LC_ALL", "LANG"))
    if plain and env.get("LC_CTYPE") in _COERCED:
        del env["LC_CTYPE"]
    return env
