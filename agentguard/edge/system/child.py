"""Runs a child process with a limit on its time and its output.

`subprocess` alone costs a shim 30 ms; this is the small part of it that a probe needs.
"""

from __future__ import annotations

import os
import time
from _signal import SIG_DFL, SIG_IGN, SIGCHLD, SIGKILL, SIGPIPE, SIGXFSZ, getsignal, signal  # `signal` loads `enum`

from ...core.text.encoding import encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .deadline import Deadline

#: More than any probe's answer has, in bytes.
OUTPUT_LIMIT = 64 << 20
#: How long to wait before looking again at a child that has closed its output but not ended, in
#: seconds, and at most: as a rule it is about to end.
_PAUSE, _LONGEST_PAUSE = 0.00005, 0.002


class Tool:
    """A program that may be asked for facts, at an absolute path ("": there is none), until `deadline`."""

    def __init__(self, path: str, deadline: Deadline) -> None:
        self.path = path
        self.deadline = deadline

    def run(self, words: Sequence[str], env: Mapping[bytes, bytes]) -> Finished:
        """Run it with these arguments; raises Unseen if it cannot be started or does not end in time."""
        try:
            return run([encode(word) for word in (self.path, *words)], env, self.deadline.left())
        except Unseen:
            self.deadline.left()  # if it is over, that is why
            raise


class Finished(Value):
    """The end of a child: its exit status (negative: the signal that killed it) and its output."""

    status: int
    out: bytes
    err: bytes


def run(
    argv: list[bytes],
    env: Mapping[bytes, bytes],
    seconds: float,
    limit: int = OUTPUT_LIMIT,
    stdin: int | None = None,
) -> Finished:
    """Run the program at the absolute path `argv[0]` to its end, without a terminal.

    `stdin` is a descriptor to read from, None for no input.

    Raises Unseen if it cannot be started, takes longer than that many seconds or says more than
    `limit` bytes; then it is killed, and with it what it started itself.
    """
    if getsignal(SIGCHLD) != SIG_IGN:
        return _run(argv, env, seconds, limit, stdin)
    # Where the caller ignores SIGCHLD the system throws the child's exit status away.
    signal(SIGCHLD, SIG_DFL)
    try:
        return _run(argv, env, seconds, limit, stdin)
    finally:
        signal(SIGCHLD, SIG_IGN)


def _run(argv: list[bytes], env: Mapping[bytes, bytes], seconds: float, limit: int, stdin: int | None) -> Finished:
    name = os.path.basename(argv[0]).decode("utf-8", "replace")
    deadline = time.monotonic() + seconds
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    try:
        try:
            pid = _spawn(argv, env, stdin, out_end, err_end)
        except OSError as fault:
            raise Unseen(f"{name} cannot be started: {fault.strerror}") from fault
        finally:
            os.close(out_end)
            os.close(err_end)
        ended = False
        try:
            said = _listen(name, (out, err), deadline, limit)
            status = _wait(name, pid, deadline)
            ended = True
        finally:
            if not ended:
                _end(pid)
        return Finished(status, *said)
    finally:
        os.close(out)
        os.close(err)


def _spawn(argv: list[bytes], env: Mapping[bytes, bytes], stdin: int | None, out: int, err: int) -> int:
    nothing = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    actions = (
        nothing if stdin is None else (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, err, 2),
    )
    defaults = (SIGPIPE, SIGXFSZ)
    try:
        # A session of its own has no terminal that could be asked for a password.
        return os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True, setsigdef=defaults)
    except NotImplementedError:
        return os.posix_spawn(argv[0], argv, env, file_actions=actions, setpgroup=0, setsigdef=defaults)


def _listen(name: str, ends: tuple[int, int], deadline: float, limit: int) -> tuple[bytes, bytes]:
    """All that is said on both pipes until they are closed."""
    from select import POLLIN, poll

    said: dict[int, list[bytes]] = {end: [] for end in ends}
    total = 0
    waiting = poll()
    for end in ends:
        waiting.register(end, POLLIN)
    open_ends = len(ends)
    while open_ends:
        left = deadline - time.monotonic()
        ready = waiting.poll(left * 1000) if left > 0 else []
        if not ready:
            raise Unseen(f"{name} took too long to answer")
        for end, _event in ready:
            chunk = os.read(end, 1 << 16)
            if not chunk:
                waiting.unregister(end)
                open_ends -= 1
            said[end].append(chunk)
            total += len(chunk)
            if total > limit:
                raise Unseen(f"{name} answered with more than {limit >> 20} MiB")
    return b"".join(said[ends[0]]), b"".join(said[ends[1]])


def _wait(name: str, pid: int, deadline: float) -> int:
    pause = _PAUSE
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            raise Unseen(f"{name} took too long to end")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _end(pid: int) -> None:
    """Kill a child that has not been waited for, and its process group, which bears its number."""
    try:
        os.killpg(pid, SIGKILL)
    except ProcessLookupError:
        os.kill(pid, SIGKILL)
    os.waitpid(pid, 0)
