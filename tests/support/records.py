"""Everything that one installation keeps in its database, for tests that look at several parts of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentguard.edge.layout import Root
from agentguard.edge.records.audit_log import AuditLog
from agentguard.edge.records.database import BUSY, Database
from agentguard.edge.records.requests import Requests
from agentguard.edge.records.sessions import NamedSessions


class Records:
    """The audit log, the requests and the named sessions of a root, on one connection."""

    def __init__(self, root: Root, now: Callable[[], float] = time.time, busy: float = BUSY) -> None:
        self.database = Database(root, now, busy)
        self.log = AuditLog(self.database)
        self.requests = Requests(self.database)
        self.sessions = NamedSessions(self.database)

    def close(self) -> None:
        self.database.close()
