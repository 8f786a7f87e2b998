"""`agentguard` as a process, also by `python -m agentguard`: Ctrl-C ends it quietly whenever it comes.

Before there is somebody to catch it, when all is done, and where nobody can catch it, it ends the process as the system
does: a traceback would tell a person nothing. Whoever ignores it when they start agentguard goes on ignoring it.
"""

from __future__ import annotations

import sys
from _signal import SIG_DFL, SIG_IGN, SIGINT, default_int_handler, getsignal, raise_signal, signal

from .lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def main() -> None:
    """Run the verb in sys.argv; ends the process with its status."""
    heard = getsignal(SIGINT) != SIG_IGN
    if heard:
        signal(SIGINT, SIG_DFL)
    from .cli.main import main as run
    from .errors import INTERRUPTED

    sys.unraisablehook = _nowhere
    try:
        if heard:
            signal(SIGINT, default_int_handler)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        if heard:
            signal(SIGINT, SIG_DFL)


def _nowhere(fault: UnraisableHookArgs) -> None:
    """For what is raised where nothing can catch it, as when the interpreter tidies up after an import."""
    if fault.exc_type is KeyboardInterrupt:
        signal(SIGINT, SIG_DFL)
        raise_signal(SIGINT)
    sys.__unraisablehook__(fault)


if __name__ == "__main__":
    main()
