"""An installation's policy, from its config.toml. Reading one is slow: only a call that asks needs it."""

from __future__ import annotations

from ...core.world import LOOKING
from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING
from ...policy.settings import GUARDED, LONGEST_APPROVAL, Policy
from ..layout import Root

if TYPE_CHECKING:
    from typing import Any

#: The longest that a call may look at the world, in seconds.
LONGEST_LOOK = 60.0
_HINT = "mend it, or remove it and run `agentguard install` again"


def policy(root: Root) -> Policy:
    """The policy in ROOT/config.toml; raises InstallError, which names the key, for anything that is not understood."""
    try:
        with open(root.config, "rb") as file:
            import tomllib

            chosen = tomllib.load(file)
    except FileNotFoundError:
        return Policy()
    except (OSError, ValueError) as fault:
        raise InstallError(f"{root.config}: {fault}", _HINT) from fault
    fields: dict[str, Any] = {}
    for key, value in chosen.items():
        if key not in _KEYS:
            raise InstallError(f"{root.config}: {key} is no setting", f"those are {', '.join(_KEYS)}")
        is_right, told = _KEYS[key]
        if not is_right(value):
            raise InstallError(f"{root.config}: {key} must be {told}, not {value!r}", _HINT)
        fields[key] = value
    if "factor" in fields:
        fields["factor"] = tuple(fields["factor"])
    if "words" in fields:
        fields["words"] = tuple(fields["words"].items())
    return Policy(**fields)


def looking(root: Root) -> float:
    """How long a call may look before it is rated, in seconds; TOML is read only where it is set."""
    try:
        with open(root.config, "rb") as file:
            if b"looking" not in file.read():
                return LOOKING
        return policy(root).looking
    except (OSError, InstallError):  # told to whom it matters: a call that asks
        return LOOKING


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_life(value: object) -> bool:
    """How long an approval is good: one that is good for ever is no approval of what was shown."""
    return _is_seconds(value) and 0 < float(str(value)) <= LONGEST_APPROVAL


def _is_patience(value: object) -> bool:
    """How long a call may look before it is rated: for what waits longer, agents have no patience."""
    return _is_seconds(value) and 0 < float(str(value)) <= LONGEST_LOOK


def _is_guarded(value: object) -> bool:
    return value in GUARDED


def _are_marks(value: object) -> bool:
    return isinstance(value, list) and all(one in _RATINGS or _is_rule(one) for one in value)


def _are_words(value: object) -> bool:
    return isinstance(value, dict) and all(_is_rule(rule) and _is_word(word) for rule, word in value.items())


def _is_rule(value: object) -> bool:
    """Whether it may be the id of a rule that asks: a misspelt rating is none."""
    return isinstance(value, str) and bool({"-", "*"} & set(value))


def _is_word(value: object) -> bool:
    """Whether a person can type it."""
    return isinstance(value, str) and value != "" and value == value.strip() and value.isprintable()


_RATINGS = ("catastrophic", "destructive")
_KEYS = {
    "wait": (_is_seconds, "a number of seconds"),
    "approval": (_is_life, f"a number of seconds, at most {LONGEST_APPROVAL:g}"),
    "looking": (_is_patience, f"a number of seconds, at most {LONGEST_LOOK:g}"),
    "factor": (_are_marks, 'a list of "catastrophic", "destructive" or ids of rules'),
    "guard": (_is_guarded, '"agents" or "everyone"'),
    "words": (_are_words, "a table of ids of rules, each with the word to be typed"),
}
