"""A rating in colours, and as a tree how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from .explanation import tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..classify.explain import Step
    from .style import Line


def show(lines: Iterable[Line], step: Step | None) -> None:
    """Write them to standard output; colours are left out where nothing shows them."""
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line))
    if step:
        console.print(tree(step), soft_wrap=False)
