"""Files that a line makes itself, as far as it is known what is in them."""

from __future__ import annotations

from ...core.paths import may_change
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...core.effect import Effect, Reading

#: Programs that change about a file what is not its content.
ABOUT = frozenset(("chmod", "chown", "chgrp", "gchmod", "gchown", "gchgrp", "touch", "chattr", "setfacl"))


class MadeFiles:
    """What the line has written where nothing was; None for what may be anything by now."""

    def __init__(self, before: tuple[tuple[str, bytes], ...]) -> None:
        self._contents: dict[str, bytes | None] = dict(before)

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        """The files whose content is known, if they are there when they are looked at."""
        return tuple((path, data) for path, data in self._contents.items() if data is not None)

    def write(self, path: str, data: bytes | None) -> None:
        """A file gets this content; one that is written twice may have either."""
        self._contents[path] = None if path in self._contents else data

    def after(self, reading: Reading, ahead: Iterable[Effect]) -> None:
        """Forget what other effects may change, in the world as earlier parts of the line have left it."""
        changes = [one for one in reading.effects if one.program not in ABOUT and one.verb != "observe"]
        links = [one for one in ahead if one.program == "ln"]
        for path in self._contents if changes else ():
            if may_change((*links, *changes), path):
                self._contents[path] = None
