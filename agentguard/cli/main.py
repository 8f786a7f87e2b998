"""The entry point of `agentguard`: runs a verb, and prints every failure as "Error: … Hint: …"."""

from __future__ import annotations

import os
import sys

from .. import __version__
from ..approval.question import printable
from ..errors import AgentguardError
from ..lean.typing import TYPE_CHECKING
from . import without_click

if TYPE_CHECKING:
    from typing import NoReturn

INTERRUPTED = 130
BUG = 70


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
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
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
        return INTERRUPTED
    _tell("Error", f"agentguard has a bug: {type(error).__name__}: {error}")
    _tell("Details", _report())
    _tell("Hint", "please report it to agentguard's issue tracker, together with that file")
    return BUG


def _tell(label: str, text: str) -> None:
    import click

    click.echo(f"{click.style(label, bold=True)}: {printable(text)}", err=True)


def _report() -> str:
    """Keep the traceback of the present exception, so that the bug can be mended; the file's path."""
    import platform
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="agentguard-", suffix=".txt", delete=False, errors="backslashreplace"
    ) as file:
        file.write(f"agentguard {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        file.write(traceback.format_exc())
    return file.name


if __name__ == "__main__":
    main()
