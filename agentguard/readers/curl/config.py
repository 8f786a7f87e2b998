"""curl's configuration files (`-K`, `.curlrc`) as the command line words that they stand for."""

from __future__ import annotations

#: Where curl looks for one before it reads its arguments (7.88 to 8.17; versions differ in the order).
STARTUP = (
    "$CURL_HOME/.curlrc",
    "$XDG_CONFIG_HOME/.curlrc",
    "~/.curlrc",
    "$CURL_HOME/.config/curlrc",
    "$XDG_CONFIG_HOME/curlrc",
    "~/.config/curlrc",
)
_SPACES = " \t\v\f\r"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "v": "\v"}


def words(text: str) -> tuple[str, ...]:
    """The words of a configuration file: `request = "DELETE"` is `--request DELETE`."""
    found: list[str] = []
    for line in text.split("\n"):
        line = line.lstrip(_SPACES)
        if not line or line[0] in "#/*":
            continue
        dashed = line[0] == "-"
        end = next((i for i, c in enumerate(line) if c in _SPACES or (not dashed and c in "=:")), len(line))
        found.append(line[:end] if dashed else "--" + line[:end].lower())
        value = line[end:].lstrip(_SPACES if dashed else _SPACES + "=:")
        if value[:1] == '"':
            found.append(_unquoted(value[1:]))
        elif value:
            found.append(value[: next((i for i, c in enumerate(value) if c in _SPACES), len(value))])
    return tuple(found)


def _unquoted(text: str) -> str:
    """What stands before the closing quote, its escapes resolved."""
    found = ""
    escaped = False
    for char in text:
        if escaped:
            found += _ESCAPES.get(char, char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            break
        else:
            found += char
    return found
