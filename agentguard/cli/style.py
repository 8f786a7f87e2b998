"""The styles of ratings, and the type of a styled line."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    #: A line for people: texts, each with the style that it has where there are styles.
    Line = tuple[tuple[str, str], ...]

#: The style of each rating.
STYLES = {"read": "green", "reversible": "yellow", "destructive": "bold red"}
