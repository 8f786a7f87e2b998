"""Everything that can be wrong with an installation, looked at in order; what fails does not keep the rest from it."""

from __future__ import annotations

from collections.abc import Iterator

from ...edge.layout import Root
from ..person import place
from .chosen import factors, settings
from .finding import Finding
from .installed import made, manifest
from .places import places
from .recorded import recorded
from .shells import shells


def examine(root: Root) -> Iterator[Finding]:
    """Every finding: what lies there, then what live shells make of it."""
    for finding in at_rest(root):
        yield finding
        if finding.subject == "installation":
            return
    yield this_terminal()
    yield from shells(root)


def this_terminal() -> Finding:
    """Whether this very terminal counts as the person's own, and if not, why."""
    here = place()
    if not here.why and here.trust.shared:
        return Finding("terminal", "note", f"{here.trust.shared} holds it, which has agents of its own: your calls ask")
    if not here.why:
        return Finding("terminal", "good", "it counts as your own")
    hint = "another terminal, or a factor, proves you" if here.provable else ""
    return Finding("terminal", "note", f"it does not count as your own: {here.why}", hint)


def at_rest(root: Root) -> Iterator[Finding]:
    """What can be told without starting a shell. One about the installation as a whole is the last."""
    yield from places(root)
    broken = manifest(root)
    if broken:
        yield broken
        return
    yield from recorded(root)
    yield settings(root)
    yield from made(root)
    yield factors(root)
