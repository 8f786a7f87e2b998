"""How the tests are given to the workers of pytest-xdist."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

_SETUP = re.compile(r"/bypasses/.*\b(user|user_factor|system_factor)\]$")


class Shares(LoadScopeScheduling):
    """A module to a worker, so that what a module makes is made once; of the ways around the guard, a set-up."""

    def _split_scope(self, nodeid: str) -> str:
        setup = _SETUP.search(nodeid)
        return f"bypasses[{setup[1]}]" if setup else super()._split_scope(nodeid)
