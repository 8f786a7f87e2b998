"""What can be chosen in config.toml: one entry for each key, from which all else that deals with keys is made.

Reading it, `agentguard config`, the comments in the file itself and docs/configuration.md go by this table: a new key
is an entry here, and the field of its name in `Policy` with the default.
"""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value
from .settings import GUARDED, LONGEST_APPROVAL, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: The longest that a call may look at the world, in seconds.
LONGEST_LOOK = 60.0
_RATINGS = ("catastrophic", "destructive")


class Key(Value):
    """One key of the file.

    `takes` completes "it must be …"; `what`, `why` and `who` are what a person reads: what it is, why the default
    is what it is, and who may change it. `weakens` says of two values, as they stand in a `Policy`, whether going from
    the first to the second could make the guard weaker: that wants a person.
    """

    name: str
    takes: str
    accepts: Callable[[object], bool]
    weakens: Callable[[Any, Any], bool]
    example: str
    what: str
    why: str
    who: str

    @property
    def default(self) -> Any:
        """Its value where it is not chosen, as TOML has it."""
        return thawed(getattr(Policy(), self.name))


def frozen(value: Any) -> Any:
    """A value of TOML as a `Policy` holds it."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


def thawed(value: Any) -> Any:
    """A value of a `Policy` as TOML has it."""
    if not isinstance(value, tuple):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return dict(value) if not value or isinstance(value[0], tuple) else list(value)


def weakened(before: Policy, after: Policy) -> tuple[Key, ...]:
    """The keys whose change could make the guard weaker."""
    both = ((key, getattr(before, key.name), getattr(after, key.name)) for key in KEYS)
    return tuple(key for key, was, is_now in both if was != is_now and key.weakens(was, is_now))


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_at_most(longest: float) -> Callable[[object], bool]:
    return lambda value: _is_seconds(value) and 0 < float(str(value)) <= longest


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


def _any_change(before: Any, after: Any) -> bool:
    return True


KEYS = (
    Key(
        "wait",
        "a number of seconds",
        _is_seconds,
        _any_change,
        "wait = 60",
        "How many seconds a call waits for a person.",
        "Agents give a command 120 seconds: a call that waited longer would be ended while you read its question.",
        "a person, since who could make calls wait for nothing would leave you no time to answer",
    ),
    Key(
        "guard",
        '"agents" or "everyone"',
        lambda value: value in GUARDED,
        lambda before, after: after != "everyone",
        'guard = "agents"',
        "Whose calls ask: those of agents only, so that your own terminal passes, on the record; or everyone's.",
        "Whatever is not written is strict; `agentguard install` asks for it first.",
        "a person; anybody may have everyone guarded",
    ),
    Key(
        "approval",
        f"a number of seconds, at most {LONGEST_APPROVAL:g}",
        _is_at_most(LONGEST_APPROVAL),
        lambda before, after: after > before,
        "approval = 300",
        "How many seconds an approval is good for the same call, once.",
        "It is long enough for an agent to try again after its call timed out. What is good for ever is no approval of "
        "what was shown.",
        "a person; anybody may make it shorter",
    ),
    Key(
        "looking",
        f"a number of seconds, at most {LONGEST_LOOK:g}",
        _is_at_most(LONGEST_LOOK),
        _any_change,
        "looking = 10",
        "How many seconds a call may look at files and ask git before it is rated.",
        "What was not seen by then is unknown, and asked about. Large repositories on slow disks may want more.",
        "a person, since a shorter look asks about everything, which teaches people to say yes",
    ),
    Key(
        "factor",
        'a list of "catastrophic", "destructive" or ids of rules',
        _are_marks,
        lambda before, after: "destructive" not in after and not set(before) <= set(after),
        'factor = ["catastrophic", "git-push-force"]',
        "For what a factor (a passphrase, a key) is wanted, where there is one; the word is enough for the rest.",
        "A word can be typed by any program that runs as you; a signature cannot be made without you.",
        "a person; anybody may want one for more",
    ),
    Key(
        "words",
        "a table of ids of rules, each with the word to be typed",
        _are_words,
        _any_change,
        'words = { "psql-*" = "name", "git-clean" = "CLEAN" }',
        'What must be typed to approve what a rule asks about: a word, or "name" for the name of what is hit. In the '
        "id of a rule, * stands for any text.",
        "Without it the word is DELETE, and for a catastrophic call the name of what would be lost.",
        "a person, since a word that the fingers know is no question",
    ),
)  # fmt: skip
#: The same by name.
BY_NAME = {key.name: key for key in KEYS}
