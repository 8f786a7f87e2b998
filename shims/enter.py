"""What a shim runs: ROOT/current/enter.py SIGIGN:FACTORS NAME ARGUMENT…

This is the seam between shims and store: a shim of an older version calls it in the same way, and
one that was made before there were factors gives SIGIGN alone.
"""

import posix
import sys


def enter():
    """The exit status of one call; whatever is broken, the call is refused and a line says so."""
    here, made, name, *arguments = sys.argv
    ignored, _, factors = made.partition(":")
    root = here.rpartition("/current/")[0]
    try:
        import gc

        gc.disable()  # one call makes too little garbage to be worth looking for

        # Through the link once: a switch to another version in mid-call must not mix the two.
        packages = f"{root}/{posix.readlink(f'{root}/current')}/lib"
        # By itself, without the packages that it lies in: they come out of the bundle.
        sys.path.insert(0, f"{packages}/agentguard/lean")
        import bundle

        sys.path[0] = packages
        bundle.use()
        from agentguard.shim import main

        return main(root, ignored, name, arguments, factors)
    except Exception as fault:  # noqa: BLE001 - fail closed
        why = " ".join(f"{type(fault).__name__}: {fault}".split())
        sys.stderr.write(
            f"agentguard: cannot judge this call of {name}: {why}; a person can repair it with `agentguard install`\n"
        )
        return 126


# At once: taking the interpreter apart would only cost time, nothing is left to be written.
posix._exit(enter())
