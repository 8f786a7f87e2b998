"""The entry point of `agentguard`: runs a verb, and prints every failure as "Error: … Hint: …"."""

from __future__ import annotations

import errno
import os
import sys

from .. import __version__
from ..approval.question import printable
from ..errors import INTERRUPTED, AgentguardError
from ..lean.typing import TYPE_CHECKING
from . import without_click

if TYPE_CHECKING:
    from typing import NoReturn

BUG = 70
#: Exit status where the system refuses or lacks something, as sysexits.h has it.
SYSTEM = 71

_RIGHTS = "give yourself the right to it, or do it as who owns it"
_SPACE = "free some space there"
_LIMIT = "end some programs, or raise the limit (`ulimit -n`)"
#: What is a person's system's own doing, each with what helps: it is no bug of ours.
_REMEDIES = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "make that file system writable, or name a place that is by --root, HOME or XDG_DATA_HOME",
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EIO: "look at the disk or the device",
    errno.ESTALE: "look at the server that it lies on",
    errno.EMFILE: _LIMIT,
    errno.ENFILE: _LIMIT,
    errno.ENOMEM: "end some programs",
    errno.EAGAIN: "end some programs, or raise the limit (`ulimit -u`)",
    errno.ENOTDIR: "see what lies there instead of a directory",
    errno.EISDIR: "see why a directory lies there",
    errno.ELOOP: "see where that link leads",
    errno.ENAMETOOLONG: "choose a shorter path",
}


def main() -> NoReturn:
    """Run the verb in sys.argv; ends the process with its status."""
    try:
        status = _run()
        sys.stdout.flush()
    except AgentguardError as error:
        status = error.status
        _tell("Error", error.message)
        if error.excerpt:
            print(*map(printable, error.excerpt.splitlines()), sep="\n", file=sys.stderr)
        if error.hint:
            _tell("Hint", error.hint)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:  # the reader of the output has gone: end as if by SIGPIPE
        _discard_output()
        status = 141
    except Exception as error:  # noqa: BLE001 - click's own, or a bug of ours
        status = _failed(error)
    sys.exit(status if isinstance(status, int) else 0)


def _run() -> object:
    """What the verb gives back."""
    status = without_click.answered(sys.argv[1:])
    if status is not None:
        return status
    from .verbs import cli

    return cli.main(prog_name="agentguard", standalone_mode=False)


def _failed(error: Exception) -> int:
    """Say what went wrong; the exit status."""
    import click

    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort):
        if error.__cause__ is None:  # at a question of click's, whose line nothing has ended
            click.echo(err=True)
        return INTERRUPTED
    if isinstance(error, OSError) and (remedy := _remedy(error)):
        _discard_output()  # it may be what cannot be written
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        _tell("Error", f"{where}{error.strerror or error}")
        _tell("Hint", remedy)
        return SYSTEM
    _tell("Error", f"agentguard has a bug: {type(error).__name__}: {error}")
    _tell("Details", _report())
    _tell("Hint", "please report it to agentguard's issue tracker, together with that")
    return BUG


def _remedy(fault: OSError) -> str:
    """What a person can do about a fault of their system's; "" if it may be ours."""
    if fault.errno == errno.ENOENT and not fault.filename:
        try:
            os.getcwd()
        except FileNotFoundError:
            return "the directory that you are in was removed: change into another one"
    return _REMEDIES.get(fault.errno or 0, "")


def _discard_output() -> None:
    """What is still buffered would fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _tell(label: str, text: str) -> None:
    import click

    click.echo(f"{click.style(label, bold=True)}: {printable(text)}", err=True)


def _report() -> str:
    """Keep the traceback of the present exception, so that the bug can be mended; the file's path, or all of it."""
    import platform
    import tempfile
    import traceback

    told = f"agentguard {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    told += traceback.format_exc()
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="agentguard-", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file:
            file.write(told)
    except OSError:  # nothing can be written there
        return told
    return file.name


if __name__ == "__main__":
    main()
