"""Mending an installation: each remedy that its findings have, for a person, until no finding has another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..edge.layout import Root
from ..edge.records.audit_log import AuditLog
from ..errors import AgentguardError
from .health.examination import at_rest
from .health.finding import Remedy
from .owner import owners_record
from .person import prove, require_person


def remedies(root: Root) -> tuple[Remedy, ...]:
    """What can be done for a person now, in the order in which it has to be."""
    return tuple(dict.fromkeys(finding.remedy for finding in at_rest(root) if finding.remedy))


def mender(root: Root) -> Mapping[str, Any]:
    """The person who has it mended, proved; the record may be what is broken. Raises NotAPerson."""
    deed = "mend the guard"
    return prove(root, require_person(root, deed, lost=True), deed)


def mend(root: Root, by: Mapping[str, Any]) -> Iterator[str]:
    """Do what can be done; each thing done, or why it could not be.

    One remedy lets others be seen: what lies in a directory that could not be read. So this looks again after each.
    What was done is on the record, together, as soon as there is one that can be written to.
    """
    tried: set[str] = set()
    done: list[str] = []
    while remedy := next((one for one in remedies(root) if one.deed not in tried), None):
        tried.add(remedy.deed)
        try:
            changes = remedy.make(root, by)
        except (AgentguardError, OSError) as fault:
            changes = []
            yield f"Could not {remedy.deed}: {fault}"
        done += changes
        yield from changes
    if done:
        try:
            with owners_record(root) as database:
                AuditLog(database).append("mended", {"program": "agentguard", "changes": done, "by": dict(by)})
        except AgentguardError as fault:
            yield f"This could not be put on the record: {fault}"
