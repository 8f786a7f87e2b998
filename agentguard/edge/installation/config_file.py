"""The text of config.toml: each key explained, its default behind a `#`; and changes that keep a person's own text."""

from __future__ import annotations

import textwrap

from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING
from ...policy.configuration import BY_NAME, KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...policy.configuration import Key

_HEAD = """\
# What can be chosen for this guard. A line behind "# " is the default: take the "# " away and change it, or say
# `agentguard config set KEY VALUE`. A new value holds from the next call on. `agentguard config edit` opens this file,
# and takes nothing that is not understood: with such a file, every call that would ask is refused.
"""
_WIDTH = 118


def commented(chosen: Mapping[str, Any] | None = None) -> str:
    """A file in which every key is explained, and these are chosen; raises InstallError for what TOML cannot hold."""
    text = "\n".join([_HEAD, *map(_explained, KEYS)])
    for name, value in (chosen or {}).items():
        text = with_value(text, name, value)
    return text


def with_value(text: str, name: str, value: Any) -> str:
    """The text with that value chosen, in the place of the default if it still stands there; all else stays.

    Raises InstallError if the text is no TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    default = f"# {line(name, BY_NAME[name].default)}"
    lines = text.split("\n")
    try:
        document = tomlkit.parse(text)
        if name not in document and default in lines:
            lines[lines.index(default)] = default.removeprefix("# ")
            document = tomlkit.parse("\n".join(lines))
        if isinstance(value, dict) and isinstance(document.get(name), dict):
            table = tomlkit.inline_table()
            table.update(value)
            value = table if document[name] == {} else value
        document[name] = value
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError) as fault:
        raise InstallError(f"config.toml: {fault}", "mend it with `agentguard config edit`") from fault


def _explained(key: Key) -> str:
    told = (f"{key.name}: {key.what}", key.why, f"Who may change it: {key.who}.", f"For example: {key.example}")
    lines = [line for part in told for line in textwrap.wrap(part, _WIDTH, break_long_words=False)]
    return "".join(f"# {line}\n" for line in lines) + f"# {line(key.name, key.default)}\n"


def line(name: str, value: Any) -> str:
    """A key and its value in one line of TOML."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        value = table
    return f"{name} = {tomlkit.item(value).as_string()}"
