"""What has passed, as a log that can be read: a line for each stopped call, one for all that ran in a row unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ..approval.outcome import call_key, outcome
from ..approval.question import quoted
from ..lean.value import Value

if TYPE_CHECKING:
    from ..edge.records.audit_log import Row

#: The rows of stopped calls; what ran is one of them only if it was asked about.
_STOPPED = ("asked", "approved", "denied", "refused")
#: How many programs are named of what ran in a row.
_NAMED = 4


class Entry(Value):
    """One line: when its last row came (as the row has it), what it says, whose call it is, and why. All text is raw.

    `calls` are the calls that it stands for by their keys, `programs` how often each ran where nothing was asked.
    """

    time: object
    label: str
    session: str
    call: str
    why: str = ""
    calls: frozenset[str] = frozenset()
    programs: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """The call; of several ones how many there are, and the last or the first of them."""
        ran = sum(count for _, count in self.programs)
        if ran > 1:
            named = ", ".join(f"{count} {program}" for program, count in self.programs[:_NAMED])
            more = ", …" if len(self.programs) > _NAMED else ""
            return f"{named}{more}, last: {self.call}"
        return self.call + (f"  and {len(self.calls) - 1} more" if len(self.calls) > 1 else "")


class Passed:
    """The last entries, the newest at the end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[str, Entry] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The oldest first."""
        return tuple(self._entries.values())

    def take(self, rows: tuple[Row, ...]) -> None:
        """Fold new rows in, the oldest first."""
        for row in rows:
            body = row.body
            if body.get("kind") in _STOPPED or (body.get("kind") == "ran" and self._was_asked(body)):
                self._take_stopped(row.seq, body)
            elif body.get("kind") == "ran":
                self._take_ran(row.seq, body)
            else:
                self._entries[f"row {row.seq}"] = _entry(body, str(body.get("kind", "")))
        for key in list(self._entries)[: -self._most]:
            del self._entries[key]

    def _was_asked(self, body: Mapping[str, Any]) -> bool:
        return bool(body.get("request")) or call_key(body) in self._entries

    def _take_stopped(self, seq: int, body: Mapping[str, Any]) -> None:
        """What has become of a call, or of the group that is answered with it, replaces what was there of it."""
        key = str(body.get("group") or call_key(body))
        before = self._entries.pop(key, None)
        label = outcome(before.label if before else "", body)
        entry = _entry(body, label).replace(calls=frozenset((call_key(body),)))
        if before:
            why = before.why if before.label == label and before.why else entry.why
            entry = entry.replace(call=before.call, why=why, calls=before.calls | entry.calls)
        is_over = not body.get("request") and label != "waiting"  # asked at a terminal: the same again is another call
        self._entries[f"row {seq}" if is_over else key] = entry

    def _take_ran(self, seq: int, body: Mapping[str, Any]) -> None:
        """What ran unasked is one line with what its session has run since anything else happened."""
        entry = _entry(body, "ran")
        program = str(body.get("program") or "") or entry.call.partition(" ")[0]
        latest = takewhile(lambda one: one[1].programs, reversed(self._entries.items()))
        same = next((key for key, one in latest if one.session == entry.session), "")
        before = self._entries.pop(same).programs if same else ()
        counts = Counter(dict(before))
        counts[program] += 1
        self._entries[same or f"row {seq}"] = entry.replace(programs=tuple(counts.most_common()))


def _entry(body: Mapping[str, Any], label: str) -> Entry:
    """A row by itself; it may hold anything."""
    argv = body.get("argv")
    call = quoted(tuple(map(str, argv))) if isinstance(argv, list) else str(body.get("program", ""))
    why = str(body.get("why") or body.get("answer") or "")
    return Entry(body.get("time"), label, str(body.get("session_name") or ""), call, why)
