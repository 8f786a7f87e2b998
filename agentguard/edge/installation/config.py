"""An installation's policy, from its config.toml. Reading one is slow: only a call that asks needs it."""

from __future__ import annotations

from ...core.world import LOOKING
from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING
from ...policy.settings import Policy
from ..layout import Root

if TYPE_CHECKING:
    from typing import Any

_HINT = "mend it with `agentguard config edit`; `agentguard doctor --mend` puts it aside and keeps what it understands"


def policy(root: Root) -> Policy:
    """The policy in ROOT/config.toml; raises InstallError, which names line and key, for what is not understood."""
    content = _content(root)
    return _policy(content, root.config) if any(map(_says, content.splitlines())) else Policy()


def looking(root: Root) -> float:
    """How long a call may look before it is rated, in seconds; TOML is read only where it is set."""
    try:
        content = _content(root)
        if any(_says(line, b"looking") for line in content.splitlines()):
            return _policy(content, root.config).looking
    except InstallError:  # told to whom it matters: a call that asks
        pass
    return LOOKING


def policy_of(text: str, path: str) -> Policy:
    """The policy that a text makes which is to be the file at `path`; raises InstallError."""
    return _policy(text.encode("utf-8", "surrogateescape"), path)


def understood(text: str) -> dict[str, Any]:
    """What a text chooses, as TOML has it, without what is wrong there; nothing where it is no TOML."""
    import tomllib

    from ...policy.configuration import BY_NAME

    try:
        found = tomllib.loads(text)
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if name in BY_NAME and BY_NAME[name].accepts(value)}


def _content(root: Root) -> bytes:
    try:
        with open(root.config, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as fault:
        raise InstallError(f"{root.config}: {fault.strerror}", _HINT) from fault


def _says(line: bytes, key: bytes = b"") -> bool:
    """Whether a line may choose anything, or name that key: the comments of the file name every key."""
    return key in line and line.strip()[:1] not in (b"", b"#")


def _policy(content: bytes, path: str) -> Policy:
    import tomllib

    from ...policy.configuration import BY_NAME, frozen

    try:
        chosen = tomllib.loads(content.decode("utf-8"))
    except ValueError as fault:
        raise InstallError(f"{path}:{_line_of_fault(content, fault)}: {fault}", _HINT) from fault
    for name, value in chosen.items():
        place = f"{path}:{_line_of_key(content, name)}"
        if name not in BY_NAME:
            raise InstallError(f"{place}: {name} is no setting{_near(name)}", _HINT)
        if not BY_NAME[name].accepts(value):
            raise InstallError(f"{place}: {name} must be {BY_NAME[name].takes}, not {value!r}", _HINT)
    return Policy(**{name: frozen(value) for name, value in chosen.items()})


def _near(name: str) -> str:
    """Which settings there are, the one that was probably meant alone."""
    from difflib import get_close_matches

    from ...policy.configuration import BY_NAME

    near = get_close_matches(name, BY_NAME, 1)
    return f": did you mean {near[0]}?" if near else f", those are {', '.join(BY_NAME)}"


def _line_of_fault(content: bytes, fault: ValueError) -> int:
    """Where a text is no TOML: the line that the parser names, else the first that is not Unicode, else the last."""
    if isinstance(fault, UnicodeDecodeError):
        return content.count(b"\n", 0, fault.start) + 1
    named = str(fault).rpartition("(at line ")[2].partition(",")[0]
    return int(named) if named.isdigit() else content.count(b"\n") + 1


def _line_of_key(content: bytes, name: str) -> int:
    """The first line that begins with the key, or opens its table; 1 if it is written in another way."""
    for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
        if line.lstrip(" \t[\"'").partition("=")[0].partition(".")[0].rstrip(" \t]\"'") == name:
            return number
    return 1
