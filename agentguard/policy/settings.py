"""The settings in config.toml: how long a call waits, what must be typed, when a factor is wanted."""

from __future__ import annotations

from ..core.effect import BY_PATH, Reading, Target
from ..core.text.deceptive import deceptive
from ..core.text.glob import like
from ..core.text.redact import masked_text
from ..core.world import LOOKING
from ..lean.typing import TYPE_CHECKING
from ..lean.value import Value

if TYPE_CHECKING:
    from typing import Literal

    Guard = Literal["agents", "everyone"]
else:
    Guard = str

#: Whose calls may be guarded.
GUARDED: tuple[Guard, ...] = ("agents", "everyone")
#: What a person types to approve, where nothing else is wanted.
WORD = "DELETE"
#: What stands in a policy for the name of the thing that would be lost.
NAME = "name"
#: The longest name that a person is asked to type, in characters.
LONGEST_NAME = 100
#: How long an approval may be spent after it was given, in seconds; the longest that can be chosen instead.
APPROVAL_LIFE, LONGEST_APPROVAL = 600.0, 3600.0
#: How often a passphrase may be typed before whoever types it is refused.
TRIES = 3
#: Values of the variable CI that mean that it is not continuous integration.
_NO_CI = ("", "0", "false")


class Policy(Value):
    """The settings of an installation; each default is the strict choice.

    `wait` is in seconds, below the 120 that agents give a command; `approval` is how long an approval may be
    spent after it was given, in seconds; `looking` is how long the world may be looked at before what was
    not seen is unknown, in seconds. `factor` holds "destructive" (every call that asks),
    "catastrophic" or ids of rules, in which `*` stands for any text; `words` holds such ids, each
    with what must be typed: a word, or NAME. `guard` says whose calls ask: those of "agents" only, so that a
    person's own terminal passes, or those of "everyone".
    """

    wait: float = 100.0
    approval: float = APPROVAL_LIFE
    factor: tuple[str, ...] = ("destructive",)
    words: tuple[tuple[str, str], ...] = ()
    looking: float = LOOKING
    guard: Guard = "everyone"

    def patience(self, ci: str | None) -> float:
        """How many seconds a call waits for a person, by its variable CI: none in continuous integration."""
        return self.wait if (ci or "") in _NO_CI else 0.0

    def wants_factor(self, reading: Reading, denied: bool = False) -> bool:
        """Whether a person must prove themselves by a factor to approve this; `denied`: it aims at what they denied."""
        marks = {"destructive" if denied else reading.rating, "catastrophic" if reading.catastrophic else ""}
        return any(wanted in marks or _speaks(reading, wanted) for wanted in self.factor)

    def word(self, reading: Reading) -> str:
        """What a person must type to approve this."""
        for rule, word in self.words:
            if _speaks(reading, rule):
                return _name(reading) if word == NAME else word
        return _name(reading) if reading.catastrophic else WORD


def named(target: Target) -> str:
    """What a person is told that a thing is called. A path is no secret, and what it leads to must be seen."""
    return target.name if target.kind in BY_PATH else masked_text(target.name)


def _speaks(reading: Reading, rule: str) -> bool:
    return any(like(reason.rule, rule) for reason in reading.reasons)


def _name(reading: Reading) -> str:
    """The name of what would be lost, the worst first; WORD if it has none that a person could type."""
    lost = [effect for effect in reading.effects if effect.rating == reading.rating]
    for effect in sorted(lost, key=lambda effect: not effect.catastrophic):
        name = named(effect.target)
        if name and name == name.strip() and name.isprintable() and len(name) <= LONGEST_NAME and not deceptive(name):
            return name
    return WORD
