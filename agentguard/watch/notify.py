"""A desktop notification for each call that arrives. Never waits, and never fails."""

from __future__ import annotations

import asyncio
import logging
import threading

from ..approval.question import printable, quoted
from .inbox import Group

#: How long the desktop may take, in seconds.
_PATIENCE = 5
#: The longest title, in characters.
_LONGEST = 120
_BODY = "It waits for you in agentguard watch."


class Notes:
    """Sends one note after the other, each in a thread that nobody waits for."""

    def __init__(self) -> None:
        self._sending: threading.Thread | None = None
        logging.getLogger("desktop_notifier").setLevel(logging.CRITICAL + 1)  # it would write over the view

    def send(self, arrived: tuple[Group, ...]) -> None:
        """Tell of calls that have come; while an earlier note still hangs, there is none."""
        if self._sending is None or not self._sending.is_alive():
            self._sending = threading.Thread(target=_send, args=(title(arrived),), daemon=True)
            self._sending.start()


def title(arrived: tuple[Group, ...]) -> str:
    """What a note says: titles are plain text on every desktop, what stands below one may be read as markup."""
    if len(arrived) > 1:
        return f"{len(arrived)} calls wait"
    request = arrived[0][0]
    told = printable(quoted(request.question.argv))
    told = told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"
    return f"{'catastrophic' if request.question.catastrophic else 'destructive'}: {told}"


def _send(title: str) -> None:
    try:
        from desktop_notifier import DesktopNotifier

        async def send() -> None:
            await asyncio.wait_for(DesktopNotifier(app_name="agentguard").send(title, _BODY), _PATIENCE)

        asyncio.run(send())
    except Exception:  # noqa: BLE001, S110 - no desktop, no bus, a broken one: the view itself and its bell are there
        pass
