"""How long a call may look at the world in all: after that, what was not seen yet is unknown."""

from __future__ import annotations

import time

from ...core.unseen import Unseen
from ...core.world import LOOKING
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline:
    """The time that one look at the world has left, which begins now. `now` gives seconds, from any start.

    `limit` is what a first look may take, in seconds (None: what is `usual`). `cut` says whether something was
    left unseen because the time was over.
    """

    usual = LOOKING

    def __init__(self, limit: float | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = self.usual if limit is None else limit
        self._now = now
        self.begin(1)

    def begin(self, times: float) -> None:
        """Begin another look, of so many times the limit. One of no time sees only what is seen at once."""
        self.cut = False
        self._end = self._now() + times * self.limit

    @property
    def over(self) -> bool:
        """Whether there is no time left."""
        return self._now() >= self._end

    def left(self) -> float:
        """The seconds that are left; raises Unseen if there are none."""
        left = self._end - self._now()
        if left <= 0:
            self.cut = True
            raise Unseen(f"looking took longer than {self.limit:g} s")
        return left

    def extend(self, seconds: float) -> None:
        """Leave out time that was spent otherwise than by looking."""
        self._end += seconds
