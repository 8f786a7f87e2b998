"""curl's configuration files (`-K`, `.curlrc`) as the command line words that they stand for."""

from __future__ import annotations

from ...core.unseen import Unseen

#: Where every curl looks for one before it reads its arguments, and where only some versions do (7.88 to 8.17).
STARTUP = ("$CURL_HOME/.curlrc", "~/.curlrc")
STARTUP_OF_SOME = (
    "$XDG_CONFIG_HOME/.curlrc",
    "$CURL_HOME/.config/curlrc",
    "$XDG_CONFIG_HOME/curlrc",
    "~/.config/curlrc",
)
#: What stands behind an option without a value: a flag that changes nothing.
NO_VALUE = "--no-progress-meter"
_SPACES = " \t\v\f\r"
_ENDS = _SPACES + "\n"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "v": "\v"}


def words(text: str) -> tuple[str, ...]:
    """The words of a configuration file: `request = "DELETE"` is `--request DELETE`. Raises Unseen."""
    found: list[str] = []
    *ended, last = text.split("\n")
    for line in (*(f"{line}\n" for line in ended), last):
        line = line.lstrip(_SPACES)
        if not line.strip("\n") or line[0] in "#/*":
            continue
        dashed = line[0] == "-"
        end = next((i for i, c in enumerate(line) if c in _ENDS or (not dashed and c in "=:")), len(line))
        if line.startswith("--") and "=" in line[:end]:
            raise Unseen(f"versions of curl differ about {line[:end]}")
        found.append(line[:end] if dashed else "--" + line[:end].lower())
        value = line[end:].lstrip(_SPACES if dashed else _SPACES + "=:")
        if value[:1] == '"':
            found.append(_unquoted(value[1:]))
        elif value.strip("\n"):
            found.append(value[: next((i for i, c in enumerate(value) if c in _ENDS), len(value))])
        else:  # an option that lacks its value takes this flag, rather than the next line
            found.append(NO_VALUE)
    return tuple(found)


def _unquoted(text: str) -> str:
    """What stands before the closing quote, or the end of the line with it; its escapes resolved."""
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
