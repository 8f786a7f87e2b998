"""A database session while its statements are read: what they did so far, and what is taken back."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from .database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

#: Kinds of things that share one name space (pg_class), so that a name made is a name known.
RELATIONS = ("table", "view", "materialized view", "sequence", "index", "foreign table")
#: Those of them whose rows are other tables' rows: what was made here is only the way to them.
WINDOWS = ("view", "foreign table")
#: Rules of effects after which a relation is not there any more.
DROPS = ("sql-drop", "sql-drop-table")


class Session:
    """Collects effects in order.

    ROLLBACK takes back what a transaction did, and what one script made itself it can make again.
    Both are believed only where nothing can have gone differently: not for statements that may be
    skipped (`certain` is False), nor after an error that may have been passed over.
    """

    def __init__(self, program: str, database: Database, execute: Callable[[str, Session], int]) -> None:
        self.program = program
        self._execute = execute
        self.database = database
        self.effects: list[Effect] = []
        self.certain = True
        #: An error ends everything (psql's ON_ERROR_STOP).
        self.stops = False
        #: An error inside a transaction does not abort it (psql's ON_ERROR_ROLLBACK).
        self.forgives = False
        #: What PREPAREd statements would do, and the names of functions made here.
        self.prepared: dict[str, list[Session]] = {}
        self.functions: set[str] = set()
        #: What the use of a relation or operator made or changed here would do besides; "" for whatever comes next.
        self.armed: dict[str, list[Session]] = {}
        self._born: dict[tuple[str, ...], str] = {}
        self._forgot = False
        self._lasting: set[int] = set()
        self._start: int | None = None
        self._savepoints: list[tuple[str, int]] = []
        self._one_query = self._first = self._begun_late = False

    def execute(self, text: str) -> int:
        """Run a query string in this session; how many of its statements take data from standard input."""
        return self._execute(text, self)

    def add(self, effect: Effect, undone: bool = True) -> None:
        """Note an effect; `undone` says whether ROLLBACK would take it back."""
        if effect.verb in ("replace", "remove") and self._made_here(effect.target):
            effect = effect.replace(recoverable_by=effect.recoverable_by or "regeneration")
            if effect.rule in DROPS:
                del self._born[effect.target.identity[2:]]
        if not undone:
            self._lasting.add(len(self.effects))
        self.effects.append(effect)

    def include(self, inner: Session) -> None:
        """Add all that an inner session did: one whose statements run inside one of this session's."""
        if inner._forgot:
            self.forget()
        for i, effect in enumerate(inner.effects):
            self.add(effect, i not in inner._lasting)

    def inner(self) -> Session:
        """A session for statements inside one of this session's, of which nothing is certain."""
        session = Session(self.program, self.database, self._execute)
        session.functions, session.armed = self.functions, self.armed
        session.certain = False
        return session

    def target(self, kind: str, parts: tuple[str, ...]) -> Target:
        """A thing of this database by its dotted name."""
        schema, name = (parts[-2] if len(parts) > 1 else "", parts[-1]) if parts else ("", "")
        return Target(kind, ".".join(parts), (self.database.server, self.database.name, schema, name))

    def bear(self, target: Target) -> None:
        """A relation has just been made here: losing it again loses nothing, if it cannot be another's."""
        if self.certain and self._atomic and target.kind in RELATIONS:
            self._born[target.identity[2:]] = target.kind

    def forget(self) -> None:
        """Names may mean something else from here on, and what was made here may hold what was not."""
        self._forgot = True
        self._born.clear()

    def _made_here(self, target: Target) -> bool:
        kind = self._born.get(target.identity[2:]) if target.kind in RELATIONS else None
        return kind is not None and (kind not in WINDOWS or kind == target.kind)

    # Transactions

    def query(self, begins: bool) -> None:
        """One query string begins, or ends: an error in it ends it."""
        if not begins and self._begun_late and not self.stops:
            self.commit()
        self._one_query = self._first = begins
        self._begun_late = False
        self._settled()

    def goes_on(self) -> None:
        """A statement of a query string is over: whether the next one runs depends on its success."""
        self._first = False

    @property
    def _sure(self) -> bool:
        """Whether a statement about the transaction runs, or cannot matter where it does not."""
        return self.certain and (self._first or not self.forgives)

    def begin(self) -> None:
        """BEGIN: a second one in a row is only a warning."""
        if self.certain and self._start is None:
            self._start = len(self.effects)
            self._begun_late = not self._first

    def commit(self, chain: bool = False) -> None:
        """COMMIT, or anything that ends the transaction without taking all of it back for sure."""
        self._start = len(self.effects) if chain and self._sure and self._start is not None else None
        self._savepoints.clear()
        self.forget()

    def rollback(self, chain: bool = False) -> None:
        """ROLLBACK."""
        if self._sure and self._start is not None:
            self._take_back(self._start)
        self.commit(chain)

    def savepoint(self, name: str) -> None:
        """SAVEPOINT."""
        if not self._sure:
            self._savepoints.clear()
        elif self._start is not None:
            self._savepoints.append((name, len(self.effects)))

    def release(self, name: str) -> None:
        """RELEASE SAVEPOINT: it and those after it are gone."""
        at = self._find(name) if self._sure else 0
        if at is not None:
            del self._savepoints[at:]

    def rollback_to(self, name: str) -> None:
        """ROLLBACK TO SAVEPOINT."""
        at = self._find(name)
        if at is not None and self._sure:
            self._take_back(self._savepoints[at][1])
            del self._savepoints[at + 1 :]
        elif not self._sure:
            self._savepoints.clear()
        self.forget()

    def _find(self, name: str) -> int | None:
        return next((i for i in reversed(range(len(self._savepoints))) if self._savepoints[i][0] == name), None)

    def _take_back(self, start: int) -> None:
        for i in range(start, len(self.effects)):
            effect = self.effects[i]
            if i not in self._lasting and effect.verb in ("replace", "remove") and not effect.recoverable_by:
                self.effects[i] = effect.replace(recoverable_by="transaction")

    def _settled(self) -> None:
        """After the end of what an error would have ended, nobody knows whether what was made exists."""
        if not self._atomic:
            self.forget()

    @property
    def _atomic(self) -> bool:
        """Whether an error now would end all that follows too."""
        return self.stops or self._one_query or (self._start is not None and not self.forgives)
