"""Variables of the environment that say what an option says: `GIT_CONFIG_KEY_0=a GIT_CONFIG_VALUE_0=b` is `-c a=b`."""

from __future__ import annotations

from ..core.call import Argument, Misfit
from ..core.word import Known, Unknown, joined
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..core.word import Word
    from .model import Program


def said_by_variables(program: Program, env: Mapping[str, Word]) -> Iterator[Argument | Misfit]:
    """The arguments that a call has by its environment, and what of it cannot be read."""
    options = program.commands[()].options
    for name, (names, values, quoted) in program.grammar.said_by.items():
        option, start = options[name], names.rstrip("*")
        for variable in sorted(env):
            if variable.startswith(start) and start:
                number = variable[len(start) :]
                value = env.get(values.rstrip("*") + number, Known(""))
                yield Argument(option.name, option.role, joined((env[variable], value), "="), f"${variable}")
        if quoted in env:
            text = env[quoted]
            words = None if isinstance(text, Unknown) else _unquoted(text.text)
            if words is None:
                yield Misfit(Unknown("", text.written), f"in ${quoted}")  # nobody knows, also where options are open
            for word in words or ():
                yield Argument(option.name, option.role, Known(word), f"${quoted}")


def _unquoted(text: str) -> list[str] | None:
    """Words in the quotes of a shell; None if they are not closed."""
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return None
