"""What a call carries: scripts, interpreters, packages, and the surroundings in which that runs."""

from __future__ import annotations

import os.path

from ..core.call import Call
from ..core.context import content
from ..core.paths import absolute
from ..core.text.encoding import decode
from ..core.unseen import Unseen
from ..core.word import Known, Unknown
from ..core.world import OtherHost
from ..lean.typing import TYPE_CHECKING
from ..readers.shebang import interpreter

if TYPE_CHECKING:
    from ..core.call import Invocation
    from ..core.word import Word
    from ..core.world import World
    from ..rulebook.model import Command, Programs

#: Where links lie that lead elsewhere in each process.
_DIFFERING = ("/proc/", "/dev/fd/")
#: Where systems keep their programs.
_SYSTEM = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/", "/usr/local/sbin/")


def surroundings(call: Call, command: Command, world: World) -> Call:
    """The call with the directory and the variables that what it carries will have (`env -C /srv A=1 …`)."""
    env, cwd = dict(call.invocation.env), call.cwd
    for name in command.unsets:
        env[name] = Unknown(env[name].guess if name in env else "", f"${name}")
    for argument in call.arguments:
        if argument.option in command.unsets_with and argument.value is None:
            env = {}
        elif argument.option in command.unsets_with and isinstance(argument.value, Known):
            env.pop(argument.value.text, None)
        elif argument.option in command.unsets_with:  # which may be any of them
            env = {name: Unknown(word.guess, f"${name}") for name, word in env.items()}
    for assignment in call.played("ASSIGN"):
        variable, _, value = assignment.partition("=")
        if isinstance(variable, Unknown):  # which may be any of them
            env = {name: Unknown(word.guess, f"${name}") for name, word in env.items()}
        env[variable.guess] = value
    if call.has(*command.cwd_unknown_with) or command.runs_in == "elsewhere":
        cwd = Unknown(cwd.guess, "the directory that it runs in")
    elif command.runs_in and isinstance(cwd, Known):
        try:
            found = world.lookup(command.runs_in, "", call)
            cwd = Known(found) if found else cwd
        except Unseen:
            cwd = Unknown(cwd.guess, "the directory that it runs in")
    return call.replace(invocation=call.invocation.replace(env=env, cwd=cwd))


def script_text(path: Word, call: Invocation, world: World) -> Known:
    """The text of a script that a call runs; raises Unseen."""
    return Known(decode(content(path, call.cwd, world)))


def interpreter_of(call: Invocation, world: World) -> tuple[str, ...]:
    """What a file that is started by its path is given to, `("/bin/sh",)`; nothing if it is seen to be no script."""
    if "/" not in call.argv[0].guess:
        return ()
    try:
        return interpreter(content(call.argv[0], call.cwd, world)) or ()
    except Unseen:
        return ()


def differing(call: Invocation) -> str:
    """Why nobody knows what a path leads to that is started: it leads elsewhere in each process."""
    path = os.path.normpath(absolute(call.argv[0].guess, call.cwd.guess)) if "/" in call.argv[0].guess else ""
    return f"starts what {path} leads to in its process" if path.startswith(_DIFFERING) else ""


def is_the_taught_one(call: Invocation, world: World) -> bool:
    """Whether a program that runs with another user's rights is the one of its name: a path may lead to anything."""
    path = call.argv[0].guess
    if "/" not in path:
        return True
    if isinstance(world, OtherHost):  # whose system directories are believed to be its system's
        return path.startswith(_SYSTEM)
    try:
        return world.lookup("system-program", path, Call(path, (), (), (), call)) is not None
    except Unseen:
        return False


def program_of_package(package: Word, rulebook: Programs) -> Word:
    """The program that a package (`@railway/cli@5`) brings: a taught one, else one of the package's own name."""
    if isinstance(package, Unknown):
        return package
    version = package.text.find("@", 1)
    name = package.text if version < 0 else package.text[:version]
    program = rulebook.program(name)
    return Known(program.name if program else name)
