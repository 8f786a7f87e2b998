"""`agentguard`: finds the verb, and gives every failure one face."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
import tempfile
import traceback
from typing import NoReturn

import click
import platformdirs

from .. import __version__
from ..core.sheet import printable
from ..edge.root import Root
from ..errors import AgentguardError

#: Each verb is the function of its name in the module of its name.
VERBS = ("run", "install", "uninstall", "doctor", "check", "approve", "deny", "watch", "audit")
INTERRUPTED = 130
BUG = 70


class Verbs(click.Group):
    """Loads a verb's module only when it is used, so that each verb starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs that this installation has."""
        return [verb for verb in VERBS if importlib.util.find_spec(f"agentguard.cli.{verb}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(importlib.import_module(f"agentguard.cli.{cmd_name}"), cmd_name)
        return command


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Completion for your shell: eval "$(_AGENTGUARD_COMPLETE=bash_source agentguard)" '
    "in ~/.bashrc, or the same with zsh_source or fish_source.",
)
@click.option(
    "--root",
    type=click.Path(file_okay=False),
    default=lambda: platformdirs.user_data_dir("agentguard"),
    show_default="this user's data directory",
    help="Where configuration, data and shims lie.",
)
@click.version_option(__version__, "--version", prog_name="agentguard")
@click.pass_context
def cli(ctx: click.Context, root: str) -> None:
    """Stand between an AI agent and the programs that can ruin your day."""
    ctx.obj = Root(os.path.abspath(root))


def main() -> NoReturn:
    """Run the verb in sys.argv; ends the process with its status."""
    try:
        status = cli.main(prog_name="agentguard", standalone_mode=False)
        sys.stdout.flush()
    except AgentguardError as error:
        status = error.status
        _tell("Error", error.message)
        if error.hint:
            _tell("Hint", error.hint)
    except click.ClickException as error:
        status = error.exit_code
        error.show()
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:  # the reader of the output has gone: end as if by SIGPIPE
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 141
    except Exception as error:  # noqa: BLE001 - a bug of ours: say so, and keep what is needed to mend it
        status = BUG
        _tell("Error", f"agentguard has a bug: {type(error).__name__}: {error}")
        _tell("Details", _report())
        _tell("Hint", "please report it to agentguard's issue tracker, together with that file")
    sys.exit(status if isinstance(status, int) else 0)


def _tell(label: str, text: str) -> None:
    click.echo(f"{click.style(label, bold=True)}: {printable(text)}", err=True)


def _report() -> str:
    """Keep the traceback of the present exception; the file's path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="agentguard-", suffix=".txt", delete=False, errors="backslashreplace"
    ) as file:
        file.write(f"agentguard {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        file.write(traceback.format_exc())
    return file.name


if __name__ == "__main__":
    main()
