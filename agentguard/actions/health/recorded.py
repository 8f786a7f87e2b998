"""The record: whether its chain is whole, whether more can be written, and which requests wait for nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ...approval.request import Request
from ...edge.caller.marked import marked_sessions
from ...edge.layout import Root
from ...edge.records import aside, spool
from ...edge.records.audit_log import AuditLog
from ...edge.records.callers import callers
from ...edge.records.database import Database
from ...edge.records.requests import Requests
from ...edge.system.file_users import file_users
from ...errors import DamagedRecord, RecordError
from ..owner import as_owner, others, owners_record
from .finding import Finding, Remedy


def recorded(root: Root) -> Iterator[Finding]:
    """What is to say of the spool, of the record, and of the requests in it."""
    if told := others(root):
        yield Finding("record", "note", told, "its owner, or root, looks at it")
        return
    if os.access(root.data, os.X_OK) and not spool.is_sound(root.data):
        yield Finding("spool", "bad", f"{root.data}/spool/current leads to no file of the spool", "", _SPOOL)
    try:
        with owners_record(root) as database:
            log = AuditLog(database)
            with database.writing():
                pass
            broken = log.verify()
            database.check()
            rows = log.extent().rows
            dead = [request.id for request in _dead(database)]
    except DamagedRecord as error:
        yield Finding("record", "bad", error.message, error.hint, _aside(error.message.rpartition(": ")[2]))
        return
    except RecordError as error:
        users = file_users(root.record) if "locked" in error.message else ()
        yield Finding("record", "bad", error.message, f"end {', '.join(users)}" if users else error.hint)
        return
    except OSError as fault:
        yield Finding("record", "bad", f"{fault.filename}: {fault.strerror}", "give yourself the right to it")
        return
    if broken:
        told = f"row {broken.seq} is broken: {broken.why}"
        yield Finding("record", "bad", told, "see `agentguard audit verify`", _aside(told))
    else:
        yield Finding("record", "good", f"{rows} rows, each fits the one before, and more can be written")
    if dead:
        told = f"nobody waits any more for the answer to {', '.join(dead)}"
        yield Finding("requests", "note", told, "only the same call, repeated, could use one", _WITHDRAW)


def _renew_spool(root: Root, by: Mapping[str, Any]) -> list[str]:
    with as_owner(root):
        spool.renew(root.data)
    return [f"Began a new file in {root.data}/spool"]


_SPOOL = Remedy("begin a new file of the spool", _renew_spool)


def _aside(why: str) -> Remedy:
    def seal(root: Root, by: Mapping[str, Any]) -> list[str]:
        with as_owner(root):
            new = aside.put_aside(root, why, by, marked_sessions())
        return [
            f"Moved the record to {new}, where it can only be read, and began a new one that says so",
            "What waited for an answer has to be called again",
        ]

    return Remedy("put the record aside, sealed, and begin a new one with a row that says so", seal)


def _withdraw(root: Root, by: Mapping[str, Any]) -> list[str]:
    """Take requests off the list whose caller has ended."""
    with owners_record(root) as database:
        dead = _dead(database)
        for request in dead:
            Requests(database).withdraw(request)
    return [f"Took request {request.id} off the list: {os.path.basename(request.question.argv[0])}" for request in dead]


def _dead(database: Database) -> list[Request]:
    """The requests whose callers have ended, with what made the call."""
    pending = Requests(database).pending()
    known = callers(database, pending)
    return [request for request in pending if known[request.id].presence == "gone"]


_WITHDRAW = Remedy("take requests off the list whose caller has gone", _withdraw)
