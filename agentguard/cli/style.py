"""The styles of ratings, the type of a styled line, and whether anybody sees styles."""

from __future__ import annotations

import os
import sys

from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    #: A line for people: texts, each with the style that it has where there are styles.
    Line = tuple[tuple[str, str], ...]

#: The style of each rating.
STYLES = {"read": "green", "reversible": "yellow", "destructive": "bold red"}


def is_styled() -> bool:
    """Whether colours may be wanted: a terminal reads it, or a variable asks for them whoever does."""
    return sys.stdout.isatty() or bool({"FORCE_COLOR", "TTY_COMPATIBLE"} & set(os.environ))
